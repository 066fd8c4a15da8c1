"""Whole runs that start the unit first that took longest before."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from pyfmt.cache.keys import unit_identity
from pyfmt.cache.store import FILE_NAME, Store
from pyfmt.cache.times import RecordedTimes
from pyfmt.core.estimating import Recorded
from pyfmt.core.model import Environment, Failure, Outcome, Part, Project, PythonVersion, Unit
from tests.support.monorepo import Monorepo

CACHE = ".cache"
MODULE = '"""Module."""\n\nVALUE: int = {}\n'
# The first has more files: that one starts first where nothing is recorded.
SIZES = {"many": 3, "other": 1}


def unit(project: str, files: int, context: int = 0, tool: str = "pylint") -> Unit:
    """A unit as the tree's runs have it."""
    environment = Environment(".venv", "/elsewhere", PythonVersion(3, 11), "/python", (), ())
    names = tuple(f"{project}/m{number}.py" for number in range(files + context))
    number = list(SIZES).index(project) if project in SIZES else 0
    return Unit(tool, environment, (Part(Project(project, project), names[:files], names[files:]),), number)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    """Two projects of one environment, and a cache beside them."""
    made = Monorepo.create(
        tmp_path_factory.mktemp("times"), {"pyproject.toml": f'[tool.pyfmt]\ncache-dir = "{CACHE}"\n'}
    )
    for project, files in SIZES.items():
        made.write({f"{project}/pyproject.toml": f'[project]\nname = "{project}"\nversion = "1"\n'})
        made.write({f"{project}/m{number}.py": MODULE.format(number) for number in range(files)})
    made.environment(".")
    made.git("init", "--quiet")  # so that its cache counts, although no run has begun it
    return made


@pytest.fixture
def store(tree: Monorepo) -> Iterator[Store]:
    with Store(tree.root / CACHE) as opened:
        yield opened


def order(report: Mapping[str, Any]) -> list[str]:
    """The projects in the order in which they were started."""
    units = sorted(report["units"], key=lambda item: float(item["started"]))
    assert not any(item["cached"] for item in units), units
    return [name for item in units for name in item["projects"]]


def change(tree: Monorepo) -> None:
    """Other contents for every file: nothing is known of them."""
    for project in SIZES:
        tree.write({f"{project}/m0.py": MODULE.format(int.from_bytes(os.urandom(4)))})


def lint(tree: Monorepo, *arguments: str) -> Any:
    """The report of pylint over all, one unit after the other."""
    return tree.check("--tool", "pylint", "--jobs", "1", *arguments, command_name="lint")[1]


def no_folder(_unit: Unit) -> Path | None:
    return None


def remember(store: Store, seconds: Mapping[str, float]) -> None:
    """Make the cache believe that the projects' units took so long."""
    times = RecordedTimes(store, no_folder)
    units = [unit(project, SIZES[project]) for project in seconds]
    times.recall(units)
    times.remember([Outcome(each, seconds=seconds[each.projects[0]]) for each in units])


def test_the_one_that_took_longest_starts_first(tree: Monorepo, store: Store) -> None:
    change(tree)
    store.put({key: b"[]" for project in SIZES for key in _keys(unit(project, 1))})  # no record that can be read
    report = lint(tree)
    assert order(report) == ["many", "other"]
    took = {item["projects"][0]: item["seconds"] for item in report["units"]}
    known = dict(zip(SIZES, RecordedTimes(store, no_folder).recall([unit(name, 1) for name in SIZES]), strict=True))
    for name, recorded in known.items():
        assert recorded is not None and recorded.weight == SIZES[name]
        assert 0 < recorded.seconds <= took[name]
    for seconds in ({"many": 1.0, "other": 100.0}, {"many": 100.0, "other": 1.0}):
        remember(store, seconds)
        change(tree)
        longest = max(seconds.items(), key=lambda item: item[1])[0]
        assert order(lint(tree))[0] == longest


def _keys(found: Unit) -> list[bytes]:
    """Where the times of a unit stand."""
    asked: list[bytes] = []

    class Spy(Store):
        def __init__(self) -> None:  # pylint: disable=super-init-not-called  # no database
            pass

        def get(self, keys: Any, *, shared: bool = True) -> dict[bytes, bytes]:
            asked.extend(keys)
            return {}

    RecordedTimes(Spy(), no_folder).recall([found])
    return asked


def test_a_run_without_the_cache_neither_reads_nor_writes_times(tree: Monorepo, store: Store) -> None:
    remember(store, {"many": 1.0, "other": 100.0})
    change(tree)
    assert order(lint(tree, "--no-cache")) == ["many", "other"]
    assert RecordedTimes(store, no_folder).recall([unit("other", 1)]) == [Recorded(100.0, 1)]


def test_with_nothing_to_do_nothing_is_written(tree: Monorepo) -> None:
    change(tree)
    lint(tree)
    time.sleep(2)  # until the digests of files that were just written may be kept, which the next run does
    lint(tree)
    database = tree.root / CACHE / FILE_NAME
    files = [Path(f"{database}{suffix}") for suffix in ("", "-wal")]
    before = [file.read_bytes() for file in files if file.exists()]
    assert all(item["cached"] for item in lint(tree)["units"])
    assert [file.read_bytes() for file in files if file.exists()] == before


def test_cold_and_warm_runs_are_told_apart(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    with Store(tmp_path) as store:

        def ran(seconds: float, **failed: Any) -> list[Recorded | None]:
            times = RecordedTimes(store, lambda _: cache)
            known = times.recall([unit("p", 4, tool="mypy")])
            times.remember([Outcome(unit("p", 4, tool="mypy"), seconds=seconds, waited=0.5, **failed)])
            return known

        assert ran(10.5) == [None]
        cache.mkdir()
        assert ran(1.5) == [Recorded(10.0, 4)]  # of a cold run: better than nothing
        assert ran(2.5) == [Recorded(1.0, 4)]
        assert ran(0.6, failures=(Failure("mypy", ("p",), ".venv", "crashed"),)) == [Recorded(2.0, 4)]
        assert ran(1.5) == [Recorded(2.0, 4)]
        cache.rmdir()
        assert ran(9.5) == [Recorded(10.0, 4)]


def test_a_run_over_a_few_files_does_not_stand_for_the_whole(tmp_path: Path) -> None:
    with Store(tmp_path) as store:

        def ran(files: int, seconds: float) -> Recorded | None:
            whole = unit("p", files, context=40 - files)
            times = RecordedTimes(store, no_folder)
            known = times.recall([whole])[0]
            times.remember([Outcome(whole, seconds=seconds)])
            return known

        assert ran(4, 2.0) is None
        assert ran(40, 20.0) == Recorded(2.0, 13)
        assert ran(4, 3.0) == Recorded(20.0, 40)
        assert ran(30, 15.0) == Recorded(20.0, 40)
        assert ran(30, 15.0) == Recorded(15.0, 32)


@pytest.mark.parametrize("value", [b"", b"x", b"[]", b'["a", 1]', b"[1]", b"null", b"[1, null]"])
def test_a_damaged_record_is_none(tmp_path: Path, value: bytes) -> None:
    found = unit("p", 1)
    with Store(tmp_path) as store:
        store.put({key: value for key in _keys(found)})
        assert RecordedTimes(store, no_folder).recall([found]) == [None]


def test_records_are_by_identity_whatever_the_content(tmp_path: Path) -> None:
    one, other = unit("p", 1), unit("p", 30)
    assert unit_identity(one) == unit_identity(other)
    with Store(tmp_path) as store:
        store.put({_keys(one)[0]: json.dumps([3.0, 2]).encode()})
        assert RecordedTimes(store, no_folder).recall([other]) == [Recorded(3.0, 2)]
