"""Waiting for something that takes as long as the machine needs."""

from __future__ import annotations

import time
from collections.abc import Callable

PATIENCE = 240  # seconds: only there so that a broken test ends


def until(condition: Callable[[], object]) -> None:
    """Wait for `condition`."""
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, condition
        time.sleep(0.05)
