"""A remembered answer is never stale: after a change where nobody declares it, a cached run equals a cold one."""

from __future__ import annotations

import contextlib
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyfmt.cache.units import UNIT_ANSWER, UnitAnswer
from tests.cache.comparing import difference
from tests.cache.little_monorepo import LittleMonorepo
from tests.cache.unseen_places import PLACES, user_of
from tests.end_to_end import trees
from tests.support.monorepo import rules
from tests.support.monorepo import said as parts
from tests.support.warm import kept_workers

TOOLS = ("--tool", "pylint", "--tool", "mypy")


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LittleMonorepo]:
    """A little monorepo with a module in each place, after a run that has found all of them."""
    repo = LittleMonorepo(tmp_path_factory.mktemp("observed"))
    for name, place in PLACES.items():
        repo.tree.write({place.file: user_of(name)})
        place.put(repo, "one")
    with kept_workers(repo.tree):
        assert not difference(repo.tree, *TOOLS)
        yield repo


def said(repo: LittleMonorepo, file: str) -> set[str]:
    """The tools that find something at the import in a file."""
    lines = repo.tree.run("check", *TOOLS).stdout.splitlines()
    rules = [line.rpartition("[")[2].rstrip("]") for line in lines if line.startswith(f"{file}:3:")]
    return {rule.partition(":")[0] for said_of_one in rules for rule in said_of_one.split(", ")}


@pytest.mark.slow
@pytest.mark.parametrize("kind", sorted(PLACES))
def test_a_change_where_nobody_declares_it_is_seen(repo: LittleMonorepo, kind: str) -> None:
    place = PLACES[kind]
    before = said(repo, place.file)
    assert before.isdisjoint(place.tools)
    place.put(repo, "two")
    try:
        assert said(repo, place.file) == before | set(place.tools)
    finally:
        place.put(repo, "one")
    assert said(repo, place.file) == before


@pytest.mark.slow
def test_what_a_link_to_nothing_leads_to_later_is_found_by_its_package_too(repo: LittleMonorepo) -> None:
    """`from package import module` reads the package, in which nothing changes."""
    place = PLACES["link_to_nothing"]
    repo.tree.write({place.file: '"""Uses."""\n\nfrom halflib import later\n\nprint(later.one())\n'})
    try:
        for version, found in (("two", {"mypy", "pylint"}), ("one", set()), ("two", {"mypy", "pylint"})):
            place.put(repo, version)
            assert said(repo, place.file) == found, version
    finally:
        place.put(repo, "one")
        repo.tree.write({place.file: user_of("link_to_nothing")})


@pytest.mark.slow
def test_after_all_of_them_the_report_is_that_of_a_cold_run(repo: LittleMonorepo) -> None:
    for place in PLACES.values():
        place.put(repo, "two")
    assert not difference(repo.tree, *TOOLS)


@pytest.mark.slow
def test_explain_names_what_has_changed(repo: LittleMonorepo) -> None:
    repo.tree.run("check", *TOOLS)
    PLACES["edited_package"].put(repo, "three")  # "one" and "two" are known
    told = repo.tree.run("explain", "-v", PLACES["edited_package"].file).stdout
    assert "miss: changed since then: projects/beta/.venv/lib/" in told
    assert "site-packages/onewheel/__init__.py" in told


@pytest.mark.slow
def test_an_audit_computes_hits_again(repo: LittleMonorepo) -> None:
    repo.tree.run("check", *TOOLS)
    code, plain = (done := repo.tree.run("check", *TOOLS)).code, done.stdout
    audited = repo.tree.run("check", "--cache-audit", "100%", *TOOLS)
    assert (audited.code, audited.stdout) == (code, plain)
    store = repo.tree.home.glob(".cache/pyfmt/*/results-*.sqlite")
    _lose_findings(next(iter(store)))
    audited = repo.tree.run("check", "--cache-audit", "100%", *TOOLS)
    assert "the cache remembered what is not true" in audited.expect(2).stdout
    assert repo.tree.run("check", "--no-cache", "--cache-audit", "5%").code == 2


def _lose_findings(store: Path) -> None:
    """Make all remembered outcomes clean."""
    with contextlib.closing(sqlite3.connect(store)) as database:
        rows = database.execute("SELECT key, value FROM result").fetchall()
        for key, value in rows:
            answer = UNIT_ANSWER.unpack(zlib.decompress(value))
            if answer is not None and answer.findings:
                clean = UNIT_ANSWER.pack(UnitAnswer((), answer.notes))
                database.execute("UPDATE result SET value = ? WHERE key = ?", (zlib.compress(clean), key))
        database.commit()


# In the main process: which folders it lists.
LISTED = """
import os, sys

def hear(event, arguments):
    if event in ("os.scandir", "os.listdir"):
        log = os.open({log!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        os.write(log, f"{{arguments[0]}}\\n".encode("utf-8", "replace"))
        os.close(log)

sys.addaudithook(hear)
"""


def test_a_pth_file_that_names_a_folder_above_makes_nobody_walk_it_and_hides_no_change(tmp_path: Path) -> None:
    """It may be "/"."""
    mine = '"""Mine."""\n\nfrom beside import value\n\nprint(value() + 1)\n'
    tree = trees.one_project(tmp_path, {"app/__init__.py": mine})
    (site,) = (tree.root / "app/.venv/lib").glob("python*/site-packages")
    (site / "up.pth").write_text(f"{tmp_path}\n", "utf-8")
    (tmp_path / "beside.py").write_text(
        '"""Beside."""\n\n\ndef value() -> int:\n    """One."""\n    return 1\n', "utf-8"
    )
    (tmp_path / "deep/deeper").mkdir(parents=True)
    (tmp_path / "itself").symlink_to("itself")  # what else is in the folder is seen all the same
    (tmp_path / "sitecustomize.py").write_text(LISTED.format(log=str(tmp_path / "log")), "utf-8")
    hook = {"PYTHONPATH": str(tmp_path)}
    for _ in range(2):
        assert rules(tree.check(environ=hook)[1]) == []
    assert str(tree.root) in (tmp_path / "log").read_text("utf-8")
    assert str(tmp_path / "deep/deeper") not in (tmp_path / "log").read_text("utf-8")
    (tmp_path / "beside.py").unlink()
    assert sorted(each["rule"] for each in parts(tree.check()[1])) == ["E0401", "import-not-found"]
    (tmp_path / "beside.py").write_text('"""Beside."""\n', "utf-8")
    assert rules(tree.check()[1]) == ["E0611"]
