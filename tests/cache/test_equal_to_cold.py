"""Equal to cold, always: after any edits a report from the cache is, byte for byte, that of a run without it.

Each run of the tests draws new edits; the header of pytest's output says the seed (`PYFMT_TEST_SEED=N` repeats it).
Edits after which a report was once another one are kept as data in `failing_edits.jsonl`: a failure prints the line to
add.
"""

from __future__ import annotations

import json
import os
import random
from contextlib import nullcontext
from pathlib import Path

import pytest

from tests.cache.comparing import chosen, said, steps
from tests.cache.little_monorepo import LittleMonorepo
from tests.cache.random_edits import KINDS, Edit
from tests.support.warm import kept_workers

_KEPT = [json.loads(line) for line in Path(__file__).with_name("failing_edits.jsonl").read_text("utf-8").splitlines()]
_PARTS, _STEPS = 4, 10


def _compare(folder: Path, edits: list[Edit], stay: bool = False) -> None:
    """`stay`: whether workers stay for the next run with the cache."""
    repo = LittleMonorepo(folder / "repo")
    with kept_workers(repo.tree) if stay else nullcontext():
        said(repo.tree)
        assert len(list(steps(repo, edits))) == len(edits)


# Nothing is shrunk, since every step takes seconds; `make soak` takes thousands.
@pytest.mark.slow
@pytest.mark.parametrize("part", range(_PARTS))
def test_after_random_edits_a_cached_report_equals_a_cold_one(tmp_path: Path, part: int) -> None:
    generator = random.Random(f"{os.environ['PYFMT_TEST_SEED']}-{part}")
    edits = [chosen(generator) for _ in range(_STEPS)]
    for place, kind in ((part, "unseen"), (part + 3, "decorated"), (part + 5, "latin")):  # in each run of the tests
        edits[place] = Edit(kind, *(generator.randrange(10_000) for _ in range(3)))
    _compare(tmp_path, edits, stay=part > 0)


@pytest.mark.slow
@pytest.mark.parametrize("kept", _KEPT, ids=lambda kept: str(kept["why"]).replace(" ", "-"))
def test_edits_that_once_made_a_difference_make_none(tmp_path: Path, kept: dict[str, object]) -> None:
    edits = kept["edits"]
    assert isinstance(edits, list)
    _compare(tmp_path, [Edit(*edit) for edit in edits if edit[0] in KINDS])
