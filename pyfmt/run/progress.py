"""Progress on stderr: a live view on a terminal, a plain line every few seconds in CI, a line for each unit with -v.

With -q there is silence, and so there is where stderr is neither a terminal nor a CI's log: a hook's manager that shows
what a failed hook has written shows the report, and nothing of the way to it.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TextIO

from pyfmt.core.estimating import time_left
from pyfmt.core.model import Outcome, Unit

_TICK = 0.2  # seconds between two redraws
_EVERY = 5.0  # seconds between two plain lines
_MAX_LINES = 8
_MAX_NAMES = 3  # units that a plain line names


@dataclass(frozen=True, slots=True)
class _Running:
    """A unit under way."""

    label: str
    brief: str
    began: float
    expected: float | None  # seconds that it will take


class Progress:  # pylint: disable=too-many-instance-attributes  # what is shown, and how
    """Takes the runner's events from any thread; `close` leaves the terminal as it was.

    `clock` gives seconds that never go back.
    """

    def __init__(
        self, verbosity: int, stream: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._stream = stream or sys.stderr
        self._clock = clock
        # A CI may give a terminal, too, but its log keeps every line that is drawn.
        in_ci = os.environ.get("CI", "").lower() not in ("", "0", "false")
        self._live = verbosity >= 0 and self._stream.isatty() and os.environ.get("TERM") != "dumb" and not in_ci
        self._plain = verbosity > 0 and not self._live
        self._regular = verbosity >= 0 and in_ci
        self._next = clock() + _EVERY  # when the next plain line is due
        self._lock = threading.Lock()
        self._running: dict[int, _Running] = {}
        self._waiting: dict[int, float] = {}  # seconds that units will take, in the order in which they start
        self._jobs = 1
        self._done = 0
        self._cached = 0
        self._total = 0
        self._drawn = 0
        self._next_draw = clock()
        self._shown: list[str] = []
        self._stop = threading.Event()
        self._may_have_thread = False
        self._thread: threading.Thread | None = None

    def begin(self, total: int, threaded: bool = False) -> None:
        """Expect `total` further units; with `threaded` the view is kept up to date even where no unit ends.

        That takes a thread, from when the first unit starts. None where processes are forked: a fork copies the locks
        that other threads hold.
        """
        with self._lock:
            self._total += total
            self._may_have_thread = threaded and (self._live or self._regular)

    def expected(self, units: Sequence[Unit], seconds: Sequence[float | None], jobs: int) -> None:
        """The units that will run, in this order and `jobs` at once, and how long each will take, where it is known."""
        with self._lock:
            known = zip(units, seconds, strict=True)
            self._waiting = {id(unit): expected for unit, expected in known if expected is not None}
            self._jobs = jobs

    def started(self, unit: Unit) -> None:
        """A unit runs now."""
        with self._lock:
            expected = self._waiting.pop(id(unit), None)
            labels = (_printable(unit.label), _printable(unit.brief))
            self._running[id(unit)] = _Running(*labels, self._clock(), expected)
            if self._may_have_thread and self._thread is None:
                self._thread = threading.Thread(target=self._keep_up, daemon=True)
                self._thread.start()

    def done(self, outcome: Outcome) -> None:
        """A unit has ended."""
        with self._lock:
            self._done += 1
            self._cached += outcome.cached
            self._running.pop(id(outcome.unit), None)
            if self._plain:
                state = "failed" if outcome.failures else f"{len(outcome.findings)} findings"
                unit = outcome.unit
                line = f"[{self._done}/{self._total}] {_printable(unit.label)}: {len(unit.files)} files, {state}"
                took = "from the cache" if outcome.cached else f"{outcome.seconds:.1f} s"
                self._stream.write(f"{line}, {took}\n")
                self._stream.flush()
            # A thousand units from the cache come at once: without a limit, drawing would take longer than they do.
            if self._thread is None and (not self._live or self._clock() >= self._next_draw):
                self._update()

    def say(self, line: str) -> None:
        """A line of its own, in both modes."""
        with self._lock:
            if self._live:
                self._erase()
            if self._live or self._plain:
                self._stream.write(_printable(line) + "\n")
                self._stream.flush()

    def close(self) -> None:
        """Stop redrawing and erase the live lines."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        with self._lock:
            if self._live:
                self._erase()
                self._stream.flush()

    def _keep_up(self) -> None:
        while not self._stop.wait(_TICK):
            with self._lock:
                self._update()

    def _update(self) -> None:
        """Bring what is shown up to date."""
        if self._live:
            self._draw()
        elif self._regular and self._clock() >= self._next:
            self._next = self._clock() + _EVERY
            self._stream.write(f"{self._line()}\n")
            self._stream.flush()

    def _line(self) -> str:
        """All in one line, for a log."""
        now = self._clock()
        parts = [f"pyfmt: {self._done} of {self._total} units done" + self._of_cache()]
        running = [f"{each.brief} {now - each.began:.0f} s" for each in self._running.values()]
        if running:
            more = [f"and {len(running) - _MAX_NAMES} more"] if len(running) > _MAX_NAMES else []
            parts.append("running: " + ", ".join([*running[:_MAX_NAMES], *more]))
        return ", ".join([*parts, *self._left(now)])

    def _of_cache(self) -> str:
        return f" ({self._cached} cached)" if self._cached else ""

    def _left(self, now: float) -> list[str]:
        """How long it will take, where that is known of all that is to run."""
        running = self._running.values()
        known = [each.expected - (now - each.began) for each in running if each.expected is not None]
        if len(known) < len(running):
            return []
        seconds = time_left(known, self._waiting.values(), self._jobs)
        return [f"about {_about(seconds)} left"] if seconds >= 1 else []

    def _erase(self) -> None:
        if self._drawn:
            self._stream.write(f"\x1b[{self._drawn}F\x1b[J")
            self._drawn = 0

    def _columns(self) -> int:
        # Not shutil.get_terminal_size: importing shutil costs as much as the rest of this module's imports.
        try:
            return int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size(self._stream.fileno()).columns or 80
        except (OSError, ValueError):
            return 80

    def _draw(self) -> None:
        width = self._columns() - 1
        now = self._clock()
        self._next_draw = now + _TICK
        lines = [", ".join([f"{self._done}/{self._total} units done" + self._of_cache(), *self._left(now)])]
        running = list(self._running.values())
        lines += [f"  {each.label}  {now - each.began:.0f} s" for each in running[:_MAX_LINES]]
        if len(running) > _MAX_LINES:
            lines.append(f"  and {len(running) - _MAX_LINES} more")
        if lines == self._shown and self._drawn:
            return
        self._erase()
        self._stream.write("".join(line[:width] + "\n" for line in lines))
        self._stream.flush()
        self._drawn, self._shown = len(lines), lines


def _about(seconds: float) -> str:
    """A time as exact as a guess is: "4 s", "30 s", "3 min"."""
    if seconds >= 90:
        return f"{seconds / 60:.0f} min"
    return f"{seconds:.0f} s" if seconds < 10 else f"{5 * round(seconds / 5)} s"


def _printable(text: str) -> str:
    """`text` without what would move the cursor or give orders to a CI (`##[`): a folder's name may hold anything."""
    return "".join(char if char.isprintable() else "?" for char in text).replace("##", "#?")
