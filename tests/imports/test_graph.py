"""Who imports whom, in every way in which Python finds a module."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfmt.imports.graph import Home, ImportGraph
from pyfmt.imports.parse import read_module


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("import a.b, c as d", ("a.b", "c")),
        ("from a import b, c", ("a.b", "a.c")),
        ("from . import b", (".b",)),
        ("from ..a.b import *", ("..a.b.*",)),
        ("if TYPE_CHECKING:\n    import a\ndef f():\n    import b", ("a", "b")),
        ("import importlib\nimportlib.import_module('a.b')\n__import__('c')", ("importlib", "a.b", "c")),
        ("'import a'", ()),
        ("import a\nimport b.c as (", ("a.**", "b.**", ".**")),
        ("\0", (".**",)),
    ],
)
def test_the_imports_of_a_source(source: str, expected: tuple[str, ...]) -> None:
    assert sorted(text for text in read_module(source.encode()).content.imports if not text.startswith("@")) == sorted(
        expected
    )


def test_names_that_may_mean_a_module_of_a_package_are_told_apart_from_imports() -> None:
    source = b"import a\n\na.b.c()\ngetattr(a, 'd')\nprint('no name')\n"
    assert sorted(read_module(source).content.imports) == ["@b", "@c", "@d", "a"]


def importers(sources: dict[str, str], *changed: str, gone: tuple[str, ...] = ()) -> set[str]:
    """Of a tree with the projects `lib` (with a src folder), `app` and `other`: who sees the changed files."""
    files = (*sources, *gone)
    homes = [
        Home(path, tuple(file for file in files if file.startswith(path + "/")), roots)
        for path, roots in (("lib", ("lib", "lib/src")), ("app", ("app",)), ("other", ("other",)))
    ]
    return set(
        ImportGraph(homes, lambda file: read_module(sources.get(file, "").encode()).content.imports).importers(changed)
    )


LIB = {
    "lib/src/acme/storage/__init__.py": "from acme.storage.files import read",
    "lib/src/acme/storage/files.py": "",
    "lib/src/acme/storage/alone.py": "",
}


def test_imports_are_followed_through_other_files_and_projects() -> None:
    tree = {
        **LIB,
        "app/app/a.py": "import acme.storage",
        "app/app/b.py": "from app import a",
        "app/app/c.py": "import json",
    }
    expected = {"lib/src/acme/storage/__init__.py", "app/app/a.py", "app/app/b.py"}
    # To import `alone` is to run the package's __init__ as well, not the other way round.
    assert importers(tree, "lib/src/acme/storage/files.py") == expected
    assert importers(tree, "lib/src/acme/storage/alone.py") == set()
    assert importers(tree, "app/app/c.py") == set()


@pytest.mark.parametrize(
    ("statement", "sees"),
    [
        ("import acme.storage.alone", True),
        ("from acme.storage import alone", True),
        ("from acme.storage import *", True),
        ("import acme.storage", False),
        ("from acme import storage", False),
        ("import alone", False),
        ("import acme.storage.alone as (", True),  # cannot be parsed
    ],
)
def test_the_forms_of_an_import(statement: str, sees: bool) -> None:
    tree = {**LIB, "app/app/a.py": statement}
    assert ("app/app/a.py" in importers(tree, "lib/src/acme/storage/alone.py")) is sees


def test_relative_imports() -> None:
    tree = {
        "app/app/sub/one.py": "from . import two",
        "app/app/sub/two.py": "from .. import top",
        "app/app/sub/three.py": "from ...elsewhere import x",
        "app/app/top.py": "",
    }
    assert importers(tree, "app/app/top.py") == {"app/app/sub/one.py", "app/app/sub/two.py"}


def test_a_module_that_is_gone_is_still_imported() -> None:
    tree = {"app/app/a.py": "from app import gone", "other/a.py": "from app.gone import x", "other/b.py": "import app2"}
    assert importers(tree, "app/app/gone.py", gone=("app/app/gone.py",)) == {"app/app/a.py", "other/a.py"}


def test_each_projects_own_modules_come_first() -> None:
    tree = {
        "app/tests/helpers.py": "",
        "app/tests/test_a.py": "from tests import helpers",
        "other/tests/helpers.py": "",
        "other/tests/test_b.py": "from tests.helpers import x",
    }
    assert importers(tree, "app/tests/helpers.py") == {"app/tests/test_a.py"}
    assert importers(tree, "other/tests/helpers.py") == {"other/tests/test_b.py"}


def test_scripts_that_import_what_lies_beside_them_and_folders_put_on_the_path() -> None:
    tree = {
        "app/bin/run.py": "import common",
        "app/bin/common.py": "",
        "app/more/deep/tool.py": "",
        "app/app/a.py": "import tool, json",
        "app/app/json.py": "",
    }
    assert importers(tree, "app/bin/common.py") == {"app/bin/run.py"}
    assert importers(tree, "app/more/deep/tool.py") == {"app/app/a.py"}


def test_stubs_count_as_the_modules_that_they_describe() -> None:
    tree = {"app/stubs/yaml/__init__.pyi": "", "app/app/a.py": "import yaml", "other/b.py": "from yaml import load"}
    assert importers(tree, "app/stubs/yaml/__init__.pyi") == {"app/app/a.py", "other/b.py"}


def test_circles_end() -> None:
    tree = {"app/app/a.py": "import app.b", "app/app/b.py": "import app.c", "app/app/c.py": "import app.a"}
    assert importers(tree, "app/app/a.py") == {"app/app/b.py", "app/app/c.py"}


WORDS = st.sampled_from(["a", "b", "json", "a.b"])
PATHS = st.builds(
    lambda home, folders, name: "/".join([home, *folders, name]),
    st.sampled_from(["p", "q"]),
    st.lists(st.sampled_from(["src", "a", "b", "stubs"]), max_size=3),
    st.sampled_from(["a.py", "b.py", "json.py", "a.b.py", "__init__.py", "a.pyi", "__init__.pyi"]),
)
IMPORTS = st.builds(
    lambda mark, dots, words, star: f"{mark}{dots}{'.'.join(words)}{star}",
    st.sampled_from(["", "", "", "!", "@"]),
    st.sampled_from(["", "", ".", "..", "...."]),
    st.lists(WORDS, min_size=1, max_size=3),
    st.sampled_from(["", "", "", ".*", ".**"]),
)


@given(st.dictionaries(PATHS, st.lists(IMPORTS, max_size=3), min_size=2, max_size=10), st.data())
def test_whom_words_lead_to_are_those_that_every_files_targets_lead_to(
    tree: dict[str, list[str]], data: st.DataObject
) -> None:
    homes = [
        Home(home, tuple(sorted(file for file in tree if file.startswith(f"{home}/"))), (home, f"{home}/src"))
        for home in ("p", "q")
    ]
    graph = ImportGraph(homes, lambda file: tree.get(file, ()))
    changed = data.draw(st.sampled_from(sorted(tree)))
    expected: set[str] = set()
    waiting = [changed]
    for target in waiting:
        found = {file for home in homes for file in home.files if target in graph.targets(file, home.path)}
        waiting += sorted(found - expected - {changed})
        expected |= found - {changed}
    assert set(graph.importers([changed])) == expected
