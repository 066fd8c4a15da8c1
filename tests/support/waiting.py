"""Waiting for something that takes as long as the machine needs."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import TypeVar

PATIENCE = 240  # seconds: only there so that a broken test ends
_T = TypeVar("_T")


def until(condition: Callable[[], _T]) -> _T:
    """Wait for `condition`, and give what it says."""
    end = time.monotonic() + PATIENCE
    while not (found := condition()):
        assert time.monotonic() < end, condition
        time.sleep(0.05)
    return found


def limits(first: float) -> Iterator[float]:
    """Time limits in seconds, each longer than the one before: for what is to come to a point within its limit, and
    would on a quicker machine."""
    while first <= PATIENCE:
        yield first
        first *= 4
