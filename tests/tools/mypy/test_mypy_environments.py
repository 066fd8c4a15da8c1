"""What mypy sees of an environment is what its interpreter would tell it, and nothing of the monorepo besides."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import mypy
import pytest

from pyfmt.environments.reading import read
from pyfmt.tools.mypy.worker import search_dirs
from tests.conftest import MakeEnvironment, MakeLoop, MakeMonorepo
from tests.support.careful_loop import LoopProject
from tests.support.pythons import clean_environ
from tests.tools.mypy.checking import Checker, sound
from tests.tools.mypy.test_mypy_against_loop import library, service

PYINFO = str(Path(mypy.__file__).parent / "pyinfo.py")


@pytest.mark.parametrize("python", ["3.8", "3.9", "3.10", "3.11", "3.12", "3.13"])
def test_the_search_folders_are_those_that_the_interpreter_tells(
    monorepo: MakeMonorepo, python: str, tmp_path: Path
) -> None:
    tree = monorepo({"lib/pyproject.toml": library("acme-x", setuptools=False), "lib/acme/x/__init__.py": ""})
    built = tree.environment("p", editable=["lib"], python=python)
    environment = read(built.prefix, tree.root)
    payload = {"search_path": environment.search_path, "site_packages": environment.site_packages}

    done = subprocess.run(
        [built.python, PYINFO, "getsearchdirs"],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env=clean_environ() | {"PYTHONSAFEPATH": "1"},
    )
    paths, sites = ast.literal_eval(done.stdout)
    assert search_dirs.directories(payload) == ([path for path in paths if path != str(tmp_path)], sites)


def test_stubs_typed_packages_and_namespaces_of_packages(monorepo: MakeMonorepo, careful_loop: MakeLoop) -> None:
    """PEP 561 in all its forms, in site-packages: py.typed, stub-only, partial stubs, a typed portion of a
    namespace."""
    tree = monorepo(
        {
            "p/pyproject.toml": service("p"),
            "p/src/p/__init__.py": """
                import typed, untyped, stubbed, partial, partial.rest
                import space.typed, space.untyped, space.nothing, absent

                a: str = typed.x
                b: str = untyped.x
                c: str = stubbed.x
                d: str = partial.x
                e: str = partial.rest.x
                f: str = space.typed.x
                """,
            "mypy.ini": "[mypy]\nwarn_unused_ignores = True\n",
        }
    )
    site = tree.environment("p").site_packages
    files = {
        "typed/py.typed": "",
        "typed/__init__.py": "x: int = 1\n",
        "untyped/__init__.py": "x: int = 1\n",
        "stubbed/__init__.py": "x = 1\n",
        "stubbed-stubs/__init__.pyi": "x: int\n",
        "partial/__init__.py": "x = ''\n",
        "partial/py.typed": "",
        "partial/rest.py": "x: int = 1\n",
        "partial-stubs/py.typed": "partial\n",
        "partial-stubs/__init__.pyi": "x: int\n",
        "space/typed/py.typed": "",
        "space/typed/__init__.py": "x: int = 1\n",
        "space/untyped/__init__.py": "",
    }
    for name, text in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text, encoding="utf-8")
    config = tree.root / "mypy.ini"

    found = sound(Checker(tree, {"p": "p/.venv"}, config=config).check())

    assert found == careful_loop(tree, mypy_ini=config).mypy([LoopProject("p", "p/.venv", source_roots=("src",))])
    assert {(line, rule) for _, line, rule, _ in found} >= {(line, "assignment") for line in (4, 6, 7, 8, 9)}
    assert (2, "import-not-found") in {(line, rule) for _, line, rule, _ in found}


def test_folders_of_the_root_are_no_packages(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment, careful_loop: MakeLoop
) -> None:
    """With the root as working folder, mypy would take `docs`, `lib` and `projects` for namespace packages."""
    tree = monorepo(
        {
            "docs/conf.py": "",
            "lib/pyproject.toml": service("lib"),
            "lib/lib_code.py": "",
            "projects/p/pyproject.toml": service("p"),
            "projects/p/a.py": "import docs\nimport lib.lib_code\nimport projects.p\nimport lib_code\n",
        }
    )
    found = sound(Checker(tree, {"projects/p": str(kept_environment().prefix)}).check())

    assert found == careful_loop(tree).mypy([LoopProject("projects/p", str(kept_environment().prefix))])
    assert {(line, rule) for _, line, rule, _ in found} == {(line, "import-not-found") for line in (1, 2, 3, 4)}


def test_the_version_is_the_environments(monorepo: MakeMonorepo, kept_environment: MakeEnvironment) -> None:
    source = """
        import sys
        import tomllib
        from typing import override

        if sys.version_info >= (3, 12):
            x: int = ""
        match 1:
            case _:
                pass
        type A = int
        """
    tree = monorepo({"p/pyproject.toml": service("p"), "p/a.py": source, "p/b.py": "import tomllib\ny: int = ''\n"})
    rules = {}
    for python in ("3.9", "3.10", "3.13"):
        reading = Checker(tree, {"p": str(kept_environment(python=python).prefix)}).check()
        rules[python] = {(path[2:], line, rule) for path, line, rule, _ in sound(reading)}
        assert any("checks it as CPython 3.10" in note for note in reading.notes) == (python == "3.9")
    assert rules["3.13"] == {("a.py", 6, "assignment"), ("b.py", 2, "assignment")}
    assert rules["3.9"] == rules["3.10"]
    assert {item for item in rules["3.10"] if item[0] == "b.py"} == {
        ("b.py", 1, "import-not-found"),
        ("b.py", 2, "assignment"),
    }
    assert ("a.py", 10, "syntax") in rules["3.10"]


def test_without_fork_and_without_a_shim_the_answer_is_the_same(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree = monorepo(
        {
            "p/pyproject.toml": service("p"),
            "p/a.py": "import attr\n\nattr.nope\nx: int = ''\n",
            "p/b.py": "def broken(:\n",
            "p/c.py": "def broken(:\n",
        }
    )
    environments = {"p": str(kept_environment("attrs").prefix)}
    forked = Checker(tree, environments).check()
    monkeypatch.setenv("PYFMT_NO_FORK", "1")
    alone = Checker(tree, environments, fork=False).check()

    assert alone == forked
    assert {(path, rule) for path, _, rule, _ in sound(alone)} == {
        ("p/a.py", "attr-defined"),
        ("p/a.py", "assignment"),
        ("p/b.py", "syntax"),
        ("p/c.py", "syntax"),
    }


def test_mypy_can_be_told_the_folders_without_a_script(kept_environment: MakeEnvironment, tmp_path: Path) -> None:
    """The way for Windows and for a scratch folder mounted noexec, in a process of its own."""
    environment = read(kept_environment("attrs").prefix, tmp_path)
    code = f"""
import sys
from pyfmt.tools.mypy.worker import search_dirs
payload = {{"search_path": {list(environment.search_path)!r}, "site_packages": {list(environment.site_packages)!r}}}
from mypy.modulefinder import get_search_dirs
search_dirs.tell_in_process(([], []))
executable = search_dirs.tell_in_process(search_dirs.directories(payload))
assert executable == sys.executable
assert tuple(get_search_dirs(executable)) == search_dirs.directories(payload), get_search_dirs(executable)
print(get_search_dirs(executable)[1])
"""
    done = subprocess.run(
        [__import__("sys").executable, "-c", code],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[3],
    )
    assert done.stdout.strip() == repr(list(environment.site_packages)), done.stderr
