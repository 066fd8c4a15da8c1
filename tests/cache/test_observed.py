"""A remembered answer is never stale: after a change in a place that nobody declares, a cached run says what a cold one says."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cache.comparing import difference
from tests.cache.little_monorepo import LittleMonorepo
from tests.cache.unseen_places import PLACES, user_of

TOOLS = ("--tool", "pylint", "--tool", "mypy")


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> LittleMonorepo:
    """A little monorepo with a module in each place, after a run that has found all of them."""
    repo = LittleMonorepo(tmp_path_factory.mktemp("observed"))
    for name, place in PLACES.items():
        repo.tree.write({place.file: user_of(name)})
        place.put(repo, "one")
    assert not difference(repo.tree, *TOOLS)
    return repo


def said(repo: LittleMonorepo, file: str) -> set[str]:
    """The tools that find something at the import in a file."""
    lines = repo.tree.run("check", *TOOLS).stdout.splitlines()
    return {line.rpartition("[")[2].rstrip("]") for line in lines if line.startswith(f"{file}:3:")}


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
def test_after_all_of_them_the_report_is_that_of_a_cold_run(repo: LittleMonorepo) -> None:
    for place in PLACES.values():
        place.put(repo, "two")
    assert not difference(repo.tree, *TOOLS)
