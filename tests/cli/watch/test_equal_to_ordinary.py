"""After random edits a watch session comes, by itself, to the report that an ordinary run without a cache gives."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.cache.comparing import chosen, timeless
from tests.cache.little_monorepo import LittleMonorepo
from tests.cache.random_edits import Edit, apply
from tests.cli.watch.sessions import watching


def follow(folder: Path, edits: list[Edit]) -> int:
    """Apply each edit below a running session, and wait until its report is that of a cold run; how many."""
    repo = LittleMonorepo(folder / "repo")
    done: list[str] = []
    with watching(repo.tree, "check") as session:
        session.report(1)
        for edit in edits:
            done.append(f"{edit}: {apply(edit, repo)}")
            cold = timeless(repo.tree.check("--no-cache")[1])
            try:
                session.until_json(cold)
            except AssertionError as error:
                raise AssertionError("\n".join([f"seeds: {edits}", *done, str(error)])) from error
        assert session.end() == 130
    return len(done)


@pytest.mark.slow
def test_a_session_follows_random_edits(tmp_path: Path) -> None:
    generator = random.Random(6)  # always the same: what fails is seen again
    assert follow(tmp_path, [chosen(generator) for _ in range(4)]) == 4
