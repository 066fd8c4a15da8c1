"""Every kind of file that pyfmt reads, damaged in every way: said with its name, at once, and nobody else pays for it.

All damaged projects of a table stand in one monorepo beside a healthy one, so that each of them could spoil all others.
"""

from __future__ import annotations

import shutil
import signal
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

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
SITE = f".venv/lib/python{virtualenvs.HERE}/site-packages"
INFO = f"{SITE}/other-1.0.dist-info"
EGG_INFO = {f"{SITE}/other.egg-info/PKG-INFO": "Version: 1\n"}
NO_LINK = without(UNREADABLE, "dangling", "loop")  # what leads nowhere is stepped over: see STEPPED_OVER


def url(value: str) -> Damage:
    return text(f'{{"url": "{value}", "dir_info": {{"editable": true}}}}')


ENVIRONMENTS = [
    *cases(".venv/pyvenv.cfg", UNREADABLE, {
        "empty": text(""), "garbage": text(bytes(range(256))), "NUL": text("home = a\0b\nversion = 3.1.1\n"),
        "huge version": text(f"home = /usr\nversion = {'9' * 5000}.1\n"),
        "other version": text("home = /usr/bin\nversion = 1.0.0\n"),
        "long": text("version = 3\n" * 100_000),
    }),
    *cases(".venv/bin/python", without(UNREADABLE, "endless")),
    *cases(f"{SITE}/x.pth", NO_LINK),
    *cases(f"{INFO}/direct_url.json", NO_LINK, JSON, {
        "list": text("[]"), "number": text('{"url": 1}'), "NUL in the url": url("file:///a\\u0000b"),
        "half a pair": url("file:///a\\ud800"),
    }),
    *cases(f"{INFO}/RECORD", NO_LINK),
    *cases(f"{SITE}/other.egg-link", NO_LINK, LINES, {"NUL": text("/a\0b\n../\n"), "empty": text("")}, beside=EGG_INFO),
    *cases(SITE, {kind: UNREADABLE[kind] for kind in ("pipe", "dangling", "loop", "socket")}),
    *(case for lock in ("poetry.lock", "uv.lock", "pdm.lock", "pylock.toml")
      for case in cases(lock, TOML, {"wrong types": text("package = 1\npackages = 1\n"),
                                     "wrong entries": text("package = [1]\npackages = [1]\n"),
                                     "wrong names": text("[[package]]\nname = 1\n[[packages]]\nname = 1\n")})),
    *cases("Pipfile.lock", JSON, {"list": text("[]"), "wrong types": text('{"default": 1}'),
                                  "wrong entries": text('{"default": {"a": 1}}')}),
    *cases("requirements.txt", LINES),
]  # fmt: skip

# One odd entry in site-packages, by which nothing is lost: everything beside it is found.
STEPPED_OVER = [
    *cases(f"{SITE}/x.pth", {
        "dangling": UNREADABLE["dangling"], "loop": UNREADABLE["loop"],
        "NUL": text("/a\0b\n"), "garbage": text(bytes(range(256))), "not UTF-8": text(b"\xff\n"), "root": text("/\n"),
        "deep": text("import os; " + "(" * 5000 + ")" * 5000 + "\n"),
        "nots": text("import os; " + "not " * 9000 + "1\n"),
    }),
    *cases(f"{SITE}/.#lock.pth", {"dangling": UNREADABLE["dangling"]}),
    *cases(f"{SITE}/odd.py", UNREADABLE),
    *cases(f"{SITE}/odd-1.0.dist-info", {kind: UNREADABLE[kind] for kind in ("dangling", "loop", "pipe", "socket")}),
    *cases(f"{INFO}/direct_url.json", {"bad host": url("file://["), "NUL escaped": url("file:///a%00b")}),
    *cases(f"{INFO}/RECORD", {"garbage": text(bytes(range(256))), "NUL": text("a\0,,\n")}),
    *cases(f"{SITE}/__editable___other_finder.py", UNREADABLE, {
        "deep": text("MAPPING = " + "{" * 5000 + "}" * 5000 + "\n"), "NUL": text("MAPPING = {'a': '/a\\0b'}\n"),
        "types": text("MAPPING = {1: 2}\nNAMESPACES = {'a': 1, 2: [3]}\n"), "garbage": text(bytes(range(256))),
    }),
]  # fmt: skip


@pytest.fixture(autouse=True)
def no_hang() -> Iterator[None]:
    """Ends a test that hangs, where it hangs."""
    signal.alarm(SECONDS)
    yield
    signal.alarm(0)


def make(folder: Path, table: list[Case], settings: str = "[tool.pyfmt]\n") -> Monorepo:
    """The monorepo of a table, with a project "healthy" that has an environment and two findings.

    Where a case is about what is installed, its project has an environment with one package, "neighbour".
    """
    tree = Monorepo.create(
        folder, {"pyproject.toml": settings, "healthy/pyproject.toml": MANIFEST.format(name="healthy")}
    )
    tree.write({"healthy/fine.py": HEALTHY})
    tree.environment("healthy")
    for case in table:
        home = tree.root / case.project
        tree.write({f"{case.project}/mine.py": '"""Mine."""\n'})
        if case.name not in ("pyproject.toml", "setup.cfg", "setup.py"):
            tree.write({f"{case.project}/pyproject.toml": MANIFEST.format(name=case.project)})
        if table is not PROJECTS:
            prefix = tree.environment(case.project).prefix
            for script in prefix.glob("bin/activate*"):
                script.unlink()
            tree.write({f"{case.project}/{SITE}/neighbour-1.0.dist-info/METADATA": "Name: neighbour\nVersion: 1.0\n"})
        tree.write({f"{case.project}/{name}": content for name, content in (case.beside or {}).items()})
        place = home / case.file
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.is_dir():
            shutil.rmtree(place)
        place.unlink(missing_ok=True)
        case.damage(place)
    return tree


def expect_healthy(report: Mapping[str, Any]) -> None:
    found = {(item["tool"], item["rule"]) for item in report["findings"] if item["path"] == "healthy/fine.py"}
    assert found == HEALTHY_FINDINGS


def ran(tree: Monorepo, *arguments: str) -> Result:
    result = tree.run(*arguments, timeout=SECONDS)
    assert "Traceback" not in result.stderr + result.stdout, result
    return result


@pytest.fixture(scope="module")
def damaged(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    """The monorepo of PROJECTS."""
    return make(tmp_path_factory.mktemp("projects"), PROJECTS)


@pytest.fixture(scope="module")
def projects(damaged: Monorepo) -> dict[str, list[str]]:
    """The report's failures over PROJECTS, by project."""
    result = ran(damaged, "check", "--output", "json", "--no-cache")
    result.expect(2)
    expect_healthy(result.json)
    return failures(result.json)


def failures(report: Mapping[str, Any]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for failure in report["failures"]:
        for project in failure["projects"]:
            found.setdefault(project, []).append(failure["reason"])
    return found


@pytest.mark.parametrize("case", PROJECTS, ids=lambda case: f"{case.file} {case.kind}")
def test_a_damaged_file_of_a_project_is_that_projects_failure(projects: dict[str, list[str]], case: Case) -> None:
    said = projects.get(case.project, [])
    assert any(case.name in line and "cannot be read" in line for line in said), said
    assert all(len(line) < 500 and "\0" not in line for line in said)


@pytest.mark.parametrize(
    "command",
    [["envs"], ["config"], ["graph"], ["explain", "healthy/fine.py"], ["doctor"], ["baseline", "write"]],
    ids=" ".join,
)
def test_no_command_breaks_down_where_projects_are_damaged(damaged: Monorepo, command: list[str]) -> None:
    result = ran(damaged, *command)
    assert "healthy" in result.stdout or command[0] in ("config", "doctor", "baseline")


Rows = dict[str, dict[str, Any]]


def environments_of(tree: Monorepo) -> Rows:
    """`pyfmt envs --json` by project, twice: the second time from what the first one remembers."""
    first = ran(tree, "envs", "--json")
    assert ran(tree, "envs", "--json").stdout == first.stdout
    rows = {row["project"]: row for row in first.json["projects"]}
    assert rows["healthy"]["environment"]["status"] == "ok"
    return rows


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """What is said of the environments of ENVIRONMENTS."""
    return environments_of(make(tmp_path_factory.mktemp("environments"), ENVIRONMENTS))


@pytest.mark.parametrize("case", ENVIRONMENTS, ids=lambda case: f"{case.file} {case.kind}")
def test_a_damaged_file_of_an_environment_is_named(environments: Rows, case: Case) -> None:
    row = environments[case.project]
    environment = row["environment"]
    said = [f"{candidate['path']}: {candidate['reason']}" for candidate in row["passed_over"]]
    if environment is not None:
        assert environment["status"] == "warning", row
        assert environment["distributions"] >= 1, "what is beside it is still there"
        said.append(environment["reason"])
    named = ".venv" if case.kind == "other version" else case.name  # the file is sound, only of another environment
    assert any(named in line for line in said), said
    assert all(len(line) < 500 and "\0" not in line for line in said)


@pytest.fixture(scope="module")
def stepped_over(tmp_path_factory: pytest.TempPathFactory) -> Rows:
    """What is said of the environments of STEPPED_OVER."""
    return environments_of(make(tmp_path_factory.mktemp("stepped-over"), STEPPED_OVER))


@pytest.mark.parametrize("case", STEPPED_OVER, ids=lambda case: f"{case.file} {case.kind}")
def test_an_odd_entry_hides_nothing_else(stepped_over: Rows, case: Case) -> None:
    environment = stepped_over[case.project]["environment"]
    assert environment is not None, stepped_over[case.project]
    assert environment["distributions"] >= 1


def test_odd_entries_do_not_stop_the_linters(tmp_path: Path) -> None:
    tree = make(tmp_path, [])
    site = tree.root / "healthy" / SITE
    for number, case in enumerate(STEPPED_OVER + [case for case in ENVIRONMENTS if case.file.endswith(".pth")]):
        name = case.file.removeprefix(SITE + "/").replace("other", f"other{number}")
        place = site / name.replace("odd", f"odd{number}").replace("x.pth", f"x{number}.pth").replace("#", f"#{number}")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.unlink(missing_ok=True)
        case.damage(place)
    result = ran(tree, "check", "--output", "json", "--no-cache")
    expect_healthy(result.expect(1).json)
    assert result.json["failures"] == []


SLOW = {"conditions", "subscripts"}  # exponential in black, quadratic in mypy: see the test of the time limit
SOUND = {"sums", "attributes", "calls", "elifs", "few lists", "indents", "long line", "long number", "minuses", "nots"}


def sources(folder: Path, *kinds: str) -> Monorepo:
    """A project "odd" with such sources, beside the healthy one."""
    tree = make(folder, [])
    tree.write({"odd/pyproject.toml": MANIFEST.format(name="odd")})
    for kind in kinds:
        content = malformed.SOURCES[kind]
        tree.write({f"odd/{kind.replace(' ', '_')}.py": content if isinstance(content, bytes) else content.encode()})
    tree.environment("odd")
    return tree


def told(report: Mapping[str, Any]) -> set[str]:
    """The files that are told of, whether in a finding, an edit or a failure."""
    paths = {item["path"] for item in (*report["findings"], *report["edits"])}
    return paths | {word.rstrip(":") for item in report["failures"] for word in item["reason"].split()}


def test_no_source_hangs_or_spoils_the_formatters(tmp_path: Path) -> None:
    kinds = sorted(malformed.SOURCES.keys() - SLOW)
    tree = sources(tmp_path, *kinds)
    tree.write({"healthy/ugly.py": '"""Ugly."""\nprint( 1 )\n'})
    result = ran(tree, "check", "--tool", "isort", "--tool", "black", "--output", "json", "--no-cache")
    report = result.expect(2).json
    assert "healthy/ugly.py" in told(report)
    missing = {kind for kind in kinds if f"odd/{kind.replace(' ', '_')}.py" not in told(report)}
    assert missing <= SOUND, "what Python refuses is never clean"


def test_no_source_spoils_pylint(tmp_path: Path) -> None:
    tree = sources(tmp_path, *malformed.SOURCES)
    result = ran(tree, "check", "--tool", "pylint", "--output", "json", "--no-cache")
    assert {item["rule"] for item in result.json["findings"] if item["path"] == "healthy/fine.py"} == {"W0102"}
    missing = {kind for kind in malformed.SOURCES if f"odd/{kind.replace(' ', '_')}.py" not in told(result.json)}
    assert missing <= SOUND
    assert not any(str(tree.root) in item["message"] for item in result.json["findings"])


def test_no_source_spoils_mypy(tmp_path: Path) -> None:
    tree = sources(tmp_path, "lambdas", "long number", "lists", "not UTF-8")
    result = ran(tree, "check", "--tool", "mypy", "--output", "json", "--no-cache")
    assert {item["rule"] for item in result.json["findings"] if item["path"] == "healthy/fine.py"} == {"return-value"}
    names = {f"odd/{kind}.py" for kind in ("lambdas", "long_number", "lists", "not_UTF-8")}
    assert names <= told(result.json)


@pytest.mark.parametrize("more", [0, 5], ids=["few files", "a pool"])
def test_the_time_limit_holds_for_each_file_that_is_formatted(tmp_path: Path, more: int) -> None:
    tree = sources(tmp_path, "conditions")
    tree.write({f"odd/ugly{number}.py": '"""Ugly."""\nprint( 1 )\n' for number in range(1 + more)})
    result = ran(tree, "check", "--tool", "black", "--output", "json", "--no-cache", "--timeout", "5", "odd")
    report = result.expect(2).json
    (failure,) = report["failures"]
    assert failure["reason"] == "odd/conditions.py: formatting took more than 5 s and was ended"
    assert {edit["path"] for edit in report["edits"]} == {f"odd/ugly{number}.py" for number in range(1 + more)}


def test_the_tables_are_long_enough() -> None:
    assert len(PROJECTS) + len(ENVIRONMENTS) + len(STEPPED_OVER) >= 250
