"""Tests of what the notebooks share."""

from batch_proc import payments


def test_they_are_the_same_each_time() -> None:
    """Notebooks that are run again show the same numbers."""
    assert payments(5) == payments(5)
