"""How long the steps of a run took, one after the other."""

from __future__ import annotations

from collections.abc import Callable

from pyfmt.core.report import StepSpan


class StepSpans:
    """Takes the time at the end of each step; the first one begins here, and each other where the one before ended."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self.began = self._last = clock()
        self.found: list[StepSpan] = []

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return self._clock() - self.began

    def done(self, name: str) -> None:
        """The step `name` ends here."""
        now = self._clock()
        self.found.append(StepSpan(name, self._last, now))
        self._last = now
