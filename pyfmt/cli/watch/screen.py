"""What a watch session shows: the latest report on a cleared screen, or one report after another."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Sequence

from pyfmt.core.errors import PyfmtError
from pyfmt.core.listing import count, some
from pyfmt.core.request import OutputSpec
from pyfmt.reports.escaping import printable, printable_text

_CLEAR = "\x1b[H\x1b[2J"  # what was scrolled off stays: it may be the user's own


class Screen:
    """On a terminal each report takes the place of the one before; elsewhere a line tells them apart.

    What is said besides the reports goes to standard output with a text report, else to standard error: another
    format's consumer gets nothing but reports.
    """

    def __init__(self, outputs: Sequence[OutputSpec], root: str) -> None:
        self._root = root
        to_stdout = any(output.file is None for output in outputs)
        is_text = any(output.file is None and output.format == "text" for output in outputs)
        self._stream = sys.stdout if is_text or not to_stdout else sys.stderr
        self._clears = sys.stdout.isatty() and os.environ.get("TERM") != "dumb"

    def begin(self, paths: Sequence[str]) -> None:
        """A run begins, since these (absolute) paths have changed; none for the first run."""
        if paths:
            names = [printable(os.path.relpath(path, self._root).replace(os.sep, "/")) for path in paths]
            text = f"changed: {some(names)}"
            self._say(f"{text}; running" if self._clears else f"--- {_now()} {text} ---")

    def show(self, deliver: Callable[[], object]) -> None:
        """The report of a run."""
        self._clear()
        deliver()

    def fail(self, error: PyfmtError) -> None:
        """A run that came to nothing."""
        self._clear()
        print(printable_text(f"pyfmt: error: {error}"), file=sys.stderr, flush=True)

    def rest(self, number: int | None) -> None:
        """Nothing runs; `number` projects are watched, None: nobody knows how many."""
        what = "" if number is None else f" {count(number, 'project')}"
        self._say(f"watching{what}, last run {_now()}; press Ctrl-C to end")

    def _clear(self) -> None:
        if self._clears:
            sys.stdout.write(_CLEAR)
            sys.stdout.flush()

    def _say(self, line: str) -> None:
        self._stream.write(line + "\n")
        self._stream.flush()


def _now() -> str:
    return time.strftime("%H:%M:%S")
