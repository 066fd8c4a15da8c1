"""How long the steps of a run took, one after the other."""

from __future__ import annotations

import time

from pyfmt.core.report import StepSpan


class StepSpans:
    """Takes the time at the end of each step; the first one begins here, and each other where the one before ended."""

    def __init__(self) -> None:
        self.began = self._last = time.monotonic()
        self.found: list[StepSpan] = []

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self.began

    def done(self, name: str) -> None:
        """The step `name` ends here."""
        now = time.monotonic()
        self.found.append(StepSpan(name, self._last, now))
        self._last = now
