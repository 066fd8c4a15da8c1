"""Every kind of file that pyfmt reads, damaged in every way: said with its name, at once, and nobody else pays for it.

All damaged projects of a table stand in one monorepo beside a healthy one, so that each of them could spoil all others.
"""

from __future__ import annotations

import json
import signal
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support import malformed, virtualenvs
from tests.support.malformed import Damage, text
from tests.support.monorepo import Monorepo, Result

SECONDS = 120  # a run that takes longer hangs
MANIFEST = '[project]\nname = "{name}"\n'
HEALTHY = '"""Fine."""\n\n\ndef collect(into: list[int] = []) -> list[str]:\n    """Collects."""\n    return into\n'
HEALTHY_FINDINGS = {("pylint", "W0102"), ("mypy", "return-value")}


@dataclass(frozen=True)
class Case:
    """A damaged file of one project: its path there, what is done to it, and the files that make it count."""

    file: str
    kind: str
    damage: Damage
    beside: Mapping[str, str] | None = None

    @property
    def project(self) -> str:
        """The folder, whose name tells of the case."""
        return "".join(char if char.isalnum() else "-" for char in f"{self.file} {self.kind}")

    @property
    def name(self) -> str:
        """The file's own."""
        return self.file.rpartition("/")[2]


def cases(file: str, *tables: Mapping[str, Damage], beside: Mapping[str, str] | None = None) -> list[Case]:
    return [Case(file, kind, damage, beside) for table in tables for kind, damage in table.items()]


def without(table: Mapping[str, Damage], *kinds: str) -> dict[str, Damage]:
    return {kind: damage for kind, damage in table.items() if kind not in kinds}


UNREADABLE, TOML, JSON = malformed.UNREADABLE, malformed.TOML, malformed.JSON
# pip takes any text for requirements, and a `.venv` that is no file is no `.venv` file.
LINES = {"not UTF-8": text(b"\xff\xfe\xff"), "UTF-16": text("../env\n".encode("utf-16"))}
PIPENV = {"Pipfile": "[packages]\n"}

PROJECTS = [
    *cases("pyproject.toml", UNREADABLE, TOML),
    *cases("setup.cfg", UNREADABLE, LINES, {
        "no section": text("name = a\n"), "twice": text("[metadata]\n[metadata]\n"), "merge marks": TOML["merge marks"],
    }),
    *cases("setup.py", UNREADABLE),
    *cases("Pipfile", UNREADABLE, TOML),
    *cases("poetry.toml", UNREADABLE, TOML, beside={"poetry.lock": ""}),
    *cases("hatch.toml", UNREADABLE, TOML),
    *cases(".pdm-python", UNREADABLE, LINES),
    *cases(".python-version", without(UNREADABLE, "folder"), LINES),
    *cases(".python-envs", UNREADABLE, LINES),
    *cases(".venv", LINES),
    *(case for lock in ("poetry.lock", "uv.lock", "pdm.lock", "Pipfile.lock", "pylock.toml")
      for case in cases(lock, UNREADABLE)),
    *cases("requirements.txt", UNREADABLE),
    *cases("requirements-dev.in", UNREADABLE),
]  # fmt: skip


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    """Ends a test that hangs, where it hangs."""
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)


def make(folder: Path, table: list[Case], settings: str = "[tool.pyfmt]\n") -> Monorepo:
    """The monorepo of a table, with a project "healthy" that has an environment and two findings."""
    tree = Monorepo.create(folder, {"pyproject.toml": settings, "healthy/pyproject.toml": MANIFEST.format(name="healthy")})
    tree.write({"healthy/fine.py": HEALTHY})
    tree.environment("healthy")
    for case in table:
        home = tree.root / case.project
        tree.write({f"{case.project}/{name}": content for name, content in (case.beside or {}).items()})
        tree.write({f"{case.project}/mine.py": '"""Mine."""\n'})
        if case.name not in ("pyproject.toml", "setup.cfg", "setup.py"):
            tree.write({f"{case.project}/pyproject.toml": MANIFEST.format(name=case.project)})
        (home / case.file).parent.mkdir(parents=True, exist_ok=True)
        case.damage(home / case.file)
    return tree


def expect_healthy(report: dict[str, object]) -> None:
    found = {(item["tool"], item["rule"]) for item in report["findings"] if item["path"] == "healthy/fine.py"}  # type: ignore
    assert found == HEALTHY_FINDINGS


def ran(tree: Monorepo, *arguments: str) -> Result:
    result = tree.run(*arguments, timeout=SECONDS)
    assert "Traceback" not in result.stderr + result.stdout, result
    return result


@pytest.fixture(scope="module")
def projects(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """The report's failures over PROJECTS, by project."""
    tree = make(tmp_path_factory.mktemp("projects"), PROJECTS)
    result = ran(tree, "check", "--output", "json", "--no-cache")
    result.expect(2)
    expect_healthy(result.json)
    return failures(result.json)


def failures(report: Mapping[str, object]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for failure in report["failures"]:  # type: ignore[attr-defined]
        for project in failure["projects"]:
            found.setdefault(project, []).append(failure["reason"])
    return found


@pytest.mark.parametrize("case", PROJECTS, ids=lambda case: f"{case.file} {case.kind}")
def test_a_damaged_file_of_a_project_is_that_projects_failure(projects: dict[str, list[str]], case: Case) -> None:
    said = projects.get(case.project, [])
    assert any(case.name in line and "cannot be read" in line for line in said), said
    assert all(len(line) < 500 and "\0" not in line for line in said)


def test_the_tables_are_long_enough() -> None:
    assert len(PROJECTS) >= 100
