"""Projects that share an environment, and settings that hold for some paths."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.end_to_end import trees
from tests.support.monorepo import Monorepo

HELPER = '"""Helps the tests."""\n\n\ndef value() -> {kind}:\n    """A value."""\n    return {value}\n'
TEST = '"""Tests."""\n\nfrom tests.helper import value\n\nRESULT: {kind} = value()\n'


def shared(folder: Path, ledger_kind: str = "str") -> Monorepo:
    """Two projects below one environment, each with a package `tests` of its own."""
    tree = Monorepo.create(folder, {"pyproject.toml": "[tool.pyfmt]\n"})
    for name, kind, value in (("billing", "int", "1"), ("ledger", "str", '"a"')):
        wanted = kind if name == "billing" else ledger_kind
        tree.write(
            {
                f"{name}/pyproject.toml": trees.manifest(name, name),
                f"{name}/{name}/__init__.py": '"""A service."""\n',
                f"{name}/tests/__init__.py": '"""Tests."""\n',
                f"{name}/tests/helper.py": HELPER.format(kind=kind, value=value),
                f"{name}/tests/test_value.py": TEST.format(kind=wanted),
            }
        )
    tree.environment(".")
    return tree


def test_two_tests_packages_in_one_environment_do_no_harm(tmp_path: Path) -> None:
    result, report = shared(tmp_path).check()
    result.expect(0)
    assert (report["findings"], report["failures"]) == ([], [])
    assert {project["environment"] for project in report["projects"]} == {".venv"}


def test_each_tests_package_is_checked_against_its_own_modules(tmp_path: Path) -> None:
    result, report = shared(tmp_path, ledger_kind="int").check()
    result.expect(1)
    assert [(item["path"], item["rule"]) for item in report["findings"]] == [
        ("ledger/tests/test_value.py", "assignment")
    ]


def test_without_collisions_one_environment_is_linted_once(tmp_path: Path) -> None:
    tree = Monorepo.create(tmp_path, {"pyproject.toml": "[tool.pyfmt]\n"})
    for name in ("billing", "ledger"):
        tree.write(
            {
                f"{name}/pyproject.toml": trees.manifest(name, name),
                f"{name}/{name}/__init__.py": '"""A service."""\n',
            }
        )
    tree.environment(".")
    _, report = tree.check(command_name="lint")
    assert [sorted(unit["projects"]) for unit in report["units"] if unit["tool"] == "mypy"] == [["billing", "ledger"]]
    by_pylint = [name for unit in report["units"] if unit["tool"] == "pylint" for name in unit["projects"]]
    assert sorted(by_pylint) == ["billing", "ledger"]


WRONG = '"""Wrong."""\n\n\ndef collect(into: list[int] = []) -> list[str]:\n    """Collects."""\n    return into\n'


@pytest.mark.parametrize(
    ("settings", "left", "code"),
    [
        ('disable = ["W0102"]', {"return-value"}, 1),
        ('disable = ["dangerous-default-value", "return-value"]', set(), 0),
        ('disable = ["mypy"]', {"W0102"}, 1),
        ('severity = { "*" = "info" }', {"W0102", "return-value"}, 0),
    ],
)
def test_overrides_hold_for_their_paths(tmp_path: Path, settings: str, left: set[str], code: int) -> None:
    tree = trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n', "app/legacy/old.py": WRONG})
    text = f'[tool.pyfmt]\nfail-on = "warning"\n[[tool.pyfmt.overrides]]\npaths = ["app/app/legacy/"]\n{settings}\n'
    tree.write({"pyproject.toml": text})
    result, report = tree.check()
    assert {item["rule"] for item in report["findings"]} == left
    result.expect(code)


def test_an_excluded_folder_is_not_looked_at(tmp_path: Path) -> None:
    tree = trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n', "app/legacy/old.py": WRONG})
    tree.write({"pyproject.toml": '[tool.pyfmt]\nexclude = ["legacy/"]\n'})
    result, report = tree.check()
    result.expect(0)
    assert report["summary"]["files"] == 1


def test_a_projects_own_overrides_for_mypy_are_merged_in(tmp_path: Path) -> None:
    source = '"""App."""\n\nimport nowhere_to_be_found\n\nprint(nowhere_to_be_found)\n'
    tree = trees.one_project(tmp_path, {"app/__init__.py": source})
    missing = {item["rule"] for item in tree.check("--tool", "mypy")[1]["findings"]}
    assert missing == {"import-not-found"}
    more = '\n[[tool.mypy.overrides]]\nmodule = ["nowhere_to_be_found"]\nignore_missing_imports = true\n'
    with (tree.root / "app/pyproject.toml").open("a", encoding="utf-8") as file:
        file.write(more)
    assert tree.check("--tool", "mypy")[1]["findings"] == []
