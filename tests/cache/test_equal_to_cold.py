"""Equal to cold, always: after any edits a report from the cache is, byte for byte, that of a run without it."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.cache.comparing import said, steps
from tests.cache.little_monorepo import LittleMonorepo
from tests.cache.random_edits import KINDS, Edit

_NUMBER = st.integers(0, 9999)
_ANY = st.lists(st.builds(Edit, st.sampled_from(sorted(KINDS)), _NUMBER, _NUMBER, _NUMBER), min_size=4, max_size=4)
# hypothesis begins with the simplest example, which is the same trivial edit four times: with one example for the whole
# test nothing random would ever be tried.
_EDITS = _ANY.filter(lambda edits: len({edit.kind for edit in edits}) == 4 and all(edit.first > 20 for edit in edits))


# The seed is fixed and nothing is shrunk, since every step takes seconds: `make soak` is the place for new ones.
@pytest.mark.slow
@seed(20)
@settings(
    max_examples=1,
    deadline=None,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(_EDITS)
def test_after_random_edits_a_cached_report_equals_a_cold_one(edits: list[Edit]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        repo = LittleMonorepo(Path(folder) / "repo")
        said(repo.tree)
        assert len(list(steps(repo, edits))) == len(edits)
