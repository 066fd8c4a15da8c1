"""Environments of other Pythons than pyfmt's own: each is checked with its own grammar and standard library."""

from __future__ import annotations

import pytest

from tests.conftest import MakeLoop, MakeMonorepo
from tests.end_to_end.trees import manifest
from tests.support.careful_loop import LoopProject
from tests.support.monorepo import Monorepo, findings

# tomllib came with Python 3.11, and distutils went with 3.12; what pylint brings along is in no environment.
SOURCE = '''
    """Depends on the Python version."""

    import distutils
    import tomllib

    import astroid
    import dill
    import tomlkit

    print(distutils, tomllib, astroid, dill, tomlkit)
'''
NEW_SYNTAX = '''
    """Python 3.12 and later."""

    type Pair[Item] = tuple[Item, Item]


    def swap[T](pair: Pair[T], kept: list[T] = []) -> Pair[T]:
        """Swaps, and mixes up."""
        kept.append(pair[0])
        return pair[1], kept
'''
UNIMPORTABLE = {
    "3.10": {"astroid", "dill", "tomlkit", "tomllib"},
    "3.11": {"astroid", "dill", "tomlkit"},
    "3.12": {"astroid", "dill", "tomlkit", "distutils"},
    "3.13": {"astroid", "dill", "tomlkit", "distutils"},
}


def project(monorepo: MakeMonorepo, version: str, source: str) -> Monorepo:
    """A monorepo with one project, whose environment has Python `version` and no package."""
    text = manifest("app", "app").replace(">=3.11", f">={version}")
    tree = monorepo({"pyproject.toml": "[tool.pyfmt]\n", "app/pyproject.toml": text, "app/app/__init__.py": source})
    tree.environment("app", python=version)
    return tree


@pytest.mark.parametrize("version", sorted(UNIMPORTABLE))
def test_what_is_importable_is_what_that_python_and_environment_have(monorepo: MakeMonorepo, version: str) -> None:
    result, report = project(monorepo, version, SOURCE).check("--tool", "pylint", "--tool", "mypy")
    result.expect(1)
    assert report["failures"] == []
    by_pylint = {message.split("'")[1] for _, _, rule, message in findings(report, "pylint") if rule == "E0401"}
    by_mypy = {message for _, _, rule, message in findings(report, "mypy") if rule == "import-not-found"}
    assert by_pylint == UNIMPORTABLE[version]
    assert {name for name in SOURCE.split() if any(f'"{name}"' in message for message in by_mypy)} == by_pylint


@pytest.mark.parametrize("version", sorted(UNIMPORTABLE))
def test_the_careful_loop_finds_the_same(monorepo: MakeMonorepo, careful_loop: MakeLoop, version: str) -> None:
    tree = project(monorepo, version, SOURCE.replace("    import astroid\n    import dill\n    import tomlkit\n", ""))
    _, report = tree.check("--tool", "pylint", "--tool", "mypy")
    loop, projects = careful_loop(tree), [LoopProject("app", "app/.venv", python=version)]
    assert findings(report, "pylint") == loop.pylint(projects) != set()
    assert findings(report, "mypy") == loop.mypy(projects) != set()


@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_syntax_newer_than_pyfmts_own_python_is_understood(monorepo: MakeMonorepo, version: str) -> None:
    _, report = project(monorepo, version, NEW_SYNTAX).check()
    assert report["failures"] == []
    assert {(item["tool"], item["rule"]) for item in report["findings"]} == {
        ("pylint", "W0102"),
        ("mypy", "return-value"),
    }


def test_several_pythons_in_one_run(monorepo: MakeMonorepo) -> None:
    tree = monorepo({"pyproject.toml": "[tool.pyfmt]\n"})
    for version in UNIMPORTABLE:
        folder = f"app{version.replace('.', '')}"
        tree.write({f"{folder}/pyproject.toml": manifest(folder, folder), f"{folder}/{folder}/__init__.py": SOURCE})
        tree.environment(folder, python=version)
    _, report = tree.check("--tool", "pylint")
    assert report["failures"] == []
    for version, names in UNIMPORTABLE.items():
        told = {item for item in findings(report, "pylint") if item[0].startswith(f"app{version.replace('.', '')}/")}
        assert {message.split("'")[1] for _, _, rule, message in told if rule == "E0401"} == names
