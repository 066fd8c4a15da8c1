"""Environments that have little in common, in one run: each project is told only what is true in its own."""

from __future__ import annotations

import subprocess

import pytest

from tests.conftest import MakeMonorepo
from tests.end_to_end.trees import manifest
from tests.environments.places import find_pypy
from tests.support import virtualenvs
from tests.support.monorepo import Monorepo, findings, said

LIBRARY = '''
    """Used by all of them."""

    from __future__ import annotations

    NAMES: dict[str, int] = {"one": 1}
'''
# `model_dump` came with pydantic 2, `parse_obj` is deprecated there: each is right with its own major version.
MODEL = '''
    """Written for pydantic {major}."""

    from __future__ import annotations

    from acme.names import NAMES
    from pydantic import BaseModel


    class Item(BaseModel):
        """Something with a size."""

        size: int


    def shown(item: Item) -> str:
        """The item in words."""
        return str(item.{method}()) + str(NAMES)


    WRONG: int = shown(Item(size=1))
'''
PLAIN = '''
    """Needs nothing but the standard library and the library of all."""

    import {module}

    from acme.names import NAMES

    print({module}.__name__, NAMES)
    WRONG: int = "no number"
'''


def plain_manifest(name: str, packages: str) -> str:
    """For any Python."""
    return manifest(name, packages).replace(">=3.11", ">=3.8")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    made = Monorepo.create(
        tmp_path_factory.mktemp("mixed"),
        {
            "pyproject.toml": '[tool.pyfmt]\nprojects = ["lib/*", "services/*"]\n',
            "lib/names/pyproject.toml": plain_manifest("acme-names", "acme"),
            "lib/names/acme/names/__init__.py": LIBRARY,
            "lib/names/acme/names/py.typed": "",
        },
    )
    services = {
        "old": ("3.10", MODEL.format(major=1, method="dict"), ("pydantic<1.10",)),
        "new": ("3.12", MODEL.format(major=2, method="model_dump"), ("pydantic>=2",)),
        "bare": ("3.13", PLAIN.format(module="tomllib"), ()),
    }
    for name, (python, source, requirements) in services.items():
        made.write(
            {
                f"services/{name}/pyproject.toml": plain_manifest(name, name),
                f"services/{name}/{name}/__init__.py": source,
            }
        )
        folders = ["lib/names", f"services/{name}"]
        made.environment(f"services/{name}", *requirements, editable=folders, python=python)
    add_pypy(made)
    return made


def add_pypy(tree: Monorepo) -> None:
    """A service whose environment is PyPy's, with a package of its own installed."""
    pypy = find_pypy()
    if pypy is None:
        pytest.skip("there is no PyPy: neither pypy3 on PATH nor Debian's package to download")
    tree.write(
        {
            "services/jit/pyproject.toml": plain_manifest("jit", "jit"),
            "services/jit/jit/__init__.py": PLAIN.format(module="attr").replace("attr.__name__", "attr.define"),
        }
    )
    prefix = tree.root / "services/jit/.venv"
    environ = {**tree.environment_variables(), **pypy.environ}
    subprocess.run([pypy.executable, "-m", "venv", "--without-pip", prefix], check=True, env=environ)
    uv = virtualenvs.uv_binary()
    assert uv
    folders = ["-e", str(tree.root / "lib/names"), "-e", str(tree.root / "services/jit")]
    command = [uv, "pip", "install", "--quiet", "--python", str(prefix / "bin/python"), "attrs==25.3.0", *folders]
    subprocess.run(command, check=True, env=environ, cwd="/")


def test_no_false_finding_in_any_of_them(tree: Monorepo) -> None:
    result, report = tree.check("--tool", "pylint", "--tool", "mypy")
    result.expect(1)
    assert report["failures"] == [] and report["skipped"] == []
    # Only the mistakes that are there; nothing cannot be imported, no attribute of one major is missed in the other.
    assert {(path, line, rule) for path, line, rule, _ in findings(report)} == {
        ("services/bare/bare/__init__.py", 8, "assignment"),
        ("services/jit/jit/__init__.py", 8, "assignment"),
        ("services/new/new/__init__.py", 20, "assignment"),
        ("services/old/old/__init__.py", 20, "assignment"),
    }
    pythons = {item["name"]: item["python"] for item in report["environments"]}
    assert pythons["services/jit/.venv"].startswith("PyPy 3.")
    assert [pythons[f"services/{name}/.venv"].rpartition(".")[0] for name in ("old", "new", "bare")] == [
        "3.10",
        "3.12",
        "3.13",
    ]


def test_a_method_of_the_other_major_version_is_told(tree: Monorepo) -> None:
    for name, right, wrong in (("old", "dict", "model_dump"), ("new", "model_dump", "model_rebuilt")):
        file = tree.root / f"services/{name}/{name}/__init__.py"
        text = file.read_text("utf-8")
        file.write_text(text.replace(f"item.{right}()", f"item.{wrong}()"), "utf-8")
        try:
            _, report = tree.check(str(file), "--tool", "mypy")
        finally:
            file.write_text(text, "utf-8")
        assert (17, "attr-defined") in {(line, rule) for _, line, rule, _ in findings(report)}


def test_what_pypy_cannot_have_is_said_once(tree: Monorepo) -> None:
    _, report = tree.check("--tool", "pylint", "--tool", "mypy")
    notes = [note for note in report["notes"] if "PyPy" in note]
    assert len([note for note in notes if "pylint" in note]) == 1, notes
    assert len([note for note in notes if "mypy" in note]) == 1, notes


def test_environments_of_old_pythons_are_linted_as_far_as_possible_and_that_is_said_once(
    monorepo: MakeMonorepo,
) -> None:
    """3.8 and 3.9: no tool of today runs on them, and mypy checks for 3.10 at the least."""
    tree = monorepo({"pyproject.toml": '[tool.pyfmt]\nprojects = ["app38", "app39"]\n'})
    source = '''
        """Old."""
        import attr
        import nothing_there

        print( attr, nothing_there )


        def collect(into: list = []) -> int:
            """Collects."""
            return into
    '''
    for name, python in {"app38": "3.8", "app39": "3.9"}.items():
        tree.write({f"{name}/pyproject.toml": plain_manifest(name, name), f"{name}/{name}/__init__.py": source})
        tree.environment(name, "attrs==23.2.0", python=python)
    result, report = tree.check()
    result.expect(1)
    assert report["failures"] == [] and report["skipped"] == []
    for name in ("app38", "app39"):
        file = f"{name}/{name}/__init__.py"
        told = {(item["tool"], item["rule"]) for item in said(report) if item["path"] == file}
        assert told >= {("pylint", "W0102"), ("pylint", "E0401"), ("mypy", "import-not-found")}
        imports = [m for path, _, rule, m in findings(report) if path == file and rule in ("E0401", "import-not-found")]
        assert all("nothing_there" in message for message in imports), imports
        assert file in [edit["path"] for edit in report["edits"]]
        about = [note for note in report["notes"] if f"{name}/.venv" in note]
        assert len(about) == 2, report["notes"]
        assert any("mypy" in note and "3.10" in note for note in about)
        assert any("pylint" in note and "does not run on" in note for note in about)
    text = tree.run("check").stdout
    assert text.count("app38/.venv has Python 3.8") == 1
