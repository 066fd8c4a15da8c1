"""Where modules are imported from, by the files of a project."""

from __future__ import annotations

import ast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfmt.projects.layout import imported_names, layout, script_names, visible_roots


def test_a_flat_project() -> None:
    found = layout("a", ["a/pkg/__init__.py", "a/mod.py", "a/stub.pyi", "a/setup.py", "a/tests/test_x.py", "a/run"], [])
    assert found.import_roots == ("a",)
    assert found.first_party == ("mod", "pkg", "stub", "tests")


def test_a_src_folder_is_a_root_declared_or_not() -> None:
    found = layout("a", ["a/src/pkg/__init__.py", "a/tests/test_x.py"], [])
    assert found.import_roots == ("a", "a/src")
    assert found.first_party == ("pkg", "tests")
    assert layout("a", ["a/src/__init__.py", "a/src/x.py"], ["src"]).import_roots == ("a",)  # a package of that name
    assert layout("a", ["a/x.py"], ["src"]).import_roots == ("a",)  # nothing there


def test_declared_folders() -> None:
    found = layout("a", ["a/lib/python/pkg/x.py", "a/y.py"], ["lib/python", ".", "../b"])
    assert found.import_roots == ("a", "a/lib/python")
    assert "pkg" in found.first_party


def test_the_root_project() -> None:
    found = layout(".", ["x.py", "src/pkg/__init__.py", "tools/my-script.py", "no-name.py"], [])
    assert found.import_roots == (".", "src")
    assert found.first_party == ("pkg", "tools", "x")


def test_a_namespace_package_counts_by_its_first_part() -> None:
    assert layout("a", ["a/acme/storage/__init__.py"], []).first_party == ("acme",)


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("import a, b.c as d", "a b"),
        ("from a.b import c", "a"),
        ("from . import a\nfrom .b import c", ""),
        ("    import a\n\tfrom b import c", "a b"),
        ("import a; import b; from c import d", "a b c"),
        ("if x: import a\ntry: from b import c\nexcept: pass", "a b"),
        ("import a, \\\n    b", "a b"),
        ("import é.x\nfrom ünder import y", "é ünder"),
        ("import a # import b", "a"),
        ("import a\r\nimport b\r\n", "a b"),
        ("important = 1\nfromage = 2", ""),
        ("from a import (\n  b,\n)", "a"),
    ],
)
def test_the_names_that_a_file_imports(source: str, names: str) -> None:
    assert imported_names(source.encode()) == frozenset(names.split())


NAMES = st.sampled_from(["a", "b", "ä", "c1", "_d"])
IMPORTS = st.one_of(
    st.lists(st.tuples(NAMES, st.booleans()), min_size=1, max_size=3).map(
        lambda items: "import " + ", ".join(f"{name}.sub as x" if dotted else name for name, dotted in items)
    ),
    st.tuples(NAMES, NAMES).map(lambda pair: f"from {pair[0]}.x import {pair[1]}"),
    st.tuples(NAMES, NAMES).map(lambda pair: f"x = 1; import {pair[0]}; from {pair[1]} import (\n  y,\n  z)"),
    NAMES.map(lambda name: f"if x: import {name}"),
    NAMES.map(lambda name: f"def f():\n    import {name}  # why"),
)


@given(st.lists(IMPORTS, max_size=4), st.sampled_from(["\n", "\r\n"]))
def test_nothing_that_python_would_import_is_missed(lines: list[str], newline: str) -> None:
    source = "\n".join(lines)
    wanted = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            wanted |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            wanted.add(node.module.partition(".")[0])
    assert wanted == imported_names(source.replace("\n", newline).encode())


def scripts(files: dict[str, str], *roots: str) -> tuple[str, ...]:
    found = script_names(list(files), roots, lambda file: imported_names(files[file].encode()))
    return tuple(folder for folder, names in found.items() if names != ["installed"])


def test_a_folder_whose_files_import_each_other_is_a_root() -> None:
    files = {"a/tests/helpers.py": "", "a/tests/test_x.py": "import helpers", "a/scripts/x.py": "import os"}
    assert scripts(files, "a") == ("a/tests",)


def test_a_package_beside_a_script_counts_too() -> None:
    assert scripts({"a/bin/tool/__init__.py": "", "a/bin/run.py": "from tool import x"}, "a") == ("a/bin",)


def test_a_folder_without_init_beside_a_script_counts_too() -> None:
    assert scripts({"a/app/routers/v1/users.py": "", "a/app/main.py": "from routers.v1 import users"}, "a") == (
        "a/app",
    )
    assert not scripts({"a/examples/redis/x.py": "import redis"}, "a")  # no script of `examples` itself


def test_what_an_environment_imports_from_is_a_root_unless_it_is_part_of_a_package() -> None:
    files = ("a/lib/acme/x.py", "a/pkg/__init__.py", "a/pkg/pb/x_pb2.py", "a/pkg/sub/__init__.py")
    places = ("a", "a/lib", "a/pkg/pb", "a/pkg", "a/pkg/sub", "a/gone", "b/lib", "a/libs")
    assert visible_roots(files, ("a",), places) == ("a/lib",)
    assert visible_roots(files, ("a", "a/lib"), places) == ()
    assert visible_roots(("lib/x.py",), (".",), ("lib", "other")) == ("lib",)


def test_a_package_that_imports_itself_from_a_folder_below_counts_too() -> None:
    files = {"a/backend/app/__init__.py": "", "a/backend/app/db/__init__.py": "from app import models"}
    assert scripts(files, "a") == ("a/backend",)


def test_a_module_of_a_namespace_package_named_like_an_installed_one_is_not_meant() -> None:
    assert not scripts({"a/acme/installed.py": "", "a/acme/cache.py": "import installed"}, "a")
    assert not scripts({"a/acme/installed/__init__.py": "import installed"}, "a")


def test_packages_and_what_can_be_imported_anyway_are_no_script_names() -> None:
    assert not scripts(
        {"a/tests/__init__.py": "", "a/tests/helpers.py": "", "a/tests/test_x.py": "import helpers"}, "a"
    )
    assert not scripts({"a/acme/json.py": "", "a/acme/x.py": "import json"}, "a")  # the standard library's
    assert not scripts({"a/acme/b.py": "", "a/acme/x.py": "import b", "a/b.py": ""}, "a")  # the project's own b
    assert not scripts({"a/src/acme/b.py": "", "a/src/acme/x.py": "import b"}, "a", "a/src")  # below a source folder
