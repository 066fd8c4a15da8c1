"""Progress on stderr: a live line for each running unit on a terminal, plain lines with -v, silence with -q."""

from __future__ import annotations

import os
import sys
import threading
import time
from typing import TextIO

from pyfmt.model import Outcome, Unit

_TICK = 0.2  # seconds between two redraws
_MAX_LINES = 8


class Progress:
    """Takes the runner's events from any thread; `close` leaves the terminal as it was."""

    def __init__(self, verbosity: int, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._live = verbosity >= 0 and self._stream.isatty() and os.environ.get("TERM") != "dumb"
        self._plain = verbosity > 0 and not self._live
        self._lock = threading.Lock()
        self._running: dict[int, tuple[str, float]] = {}
        self._done = 0
        self._total = 0
        self._drawn = 0
        self._shown: list[str] = []
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    def begin(self, total: int, threaded: bool = False) -> None:
        """Expect `total` further units; with `threaded` the view is redrawn even where no unit ends.

        No thread where processes are forked: a fork copies the locks that other threads hold.
        """
        with self._lock:
            self._total += total
        if self._live and threaded and self._thread is None:
            self._thread = threading.Thread(target=self._redraw, daemon=True)
            self._thread.start()

    def started(self, unit: Unit) -> None:
        """A unit runs now."""
        with self._lock:
            self._running[id(unit)] = (_printable(unit.label), time.monotonic())

    def done(self, outcome: Outcome) -> None:
        """A unit has ended."""
        with self._lock:
            self._done += 1
            self._running.pop(id(outcome.unit), None)
            if self._plain:
                state = "failed" if outcome.failures else f"{len(outcome.findings)} findings"
                unit = outcome.unit
                line = f"[{self._done}/{self._total}] {_printable(unit.label)}: {len(unit.files)} files, {state}"
                self._stream.write(f"{line}, {outcome.seconds:.1f} s\n")
                self._stream.flush()
            if self._live and self._thread is None:
                self._draw()

    def say(self, line: str) -> None:
        """A line of its own, in both modes."""
        with self._lock:
            if self._live:
                self._erase()
            if self._live or self._plain:
                self._stream.write(line + "\n")
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

    def _erase(self) -> None:
        if self._drawn:
            self._stream.write(f"\x1b[{self._drawn}F\x1b[J")
            self._drawn = 0

    def _redraw(self) -> None:
        while not self._stop.wait(_TICK):
            with self._lock:
                self._draw()

    def _columns(self) -> int:
        # Not shutil.get_terminal_size: importing shutil costs as much as the rest of this module's imports.
        try:
            return int(os.environ.get("COLUMNS") or 0) or os.get_terminal_size(self._stream.fileno()).columns or 80
        except (OSError, ValueError):
            return 80

    def _draw(self) -> None:
        width = self._columns() - 1
        now = time.monotonic()
        lines = [f"{self._done}/{self._total} units done"]
        running = list(self._running.values())
        lines += [f"  {label}  {now - began:.0f} s" for label, began in running[:_MAX_LINES]]
        if len(running) > _MAX_LINES:
            lines.append(f"  and {len(running) - _MAX_LINES} more")
        if lines == self._shown and self._drawn:
            return
        self._erase()
        self._stream.write("".join(line[:width] + "\n" for line in lines))
        self._stream.flush()
        self._drawn, self._shown = len(lines), lines


def _printable(text: str) -> str:
    """`text` without what would move the cursor: a folder's name may hold anything."""
    return "".join(char if char.isprintable() else "?" for char in text)
