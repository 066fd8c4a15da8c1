"""A watch session: run, wait for a change that matters, run again; until Ctrl-C."""

from __future__ import annotations

import gc
import hashlib
import os
import tempfile
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NoReturn

from pyfmt import disk
from pyfmt.cli.watch.changes import Invocation, State, all_places, state_of, tree_places
from pyfmt.cli.watch.notifier import Notifier, check_installed
from pyfmt.cli.watch.places import TreeChange, WatchedPlaces, relevant_change
from pyfmt.cli.watch.screen import Screen
from pyfmt.core.errors import PyfmtError
from pyfmt.core.report import Report
from pyfmt.reports.tally import table
from pyfmt.run.pipeline import RunResult
from pyfmt.runner import interruption
from pyfmt.runner.pool import WorkerPool
from pyfmt.tools.forgetting import forget
from pyfmt.tools.versions import own_state

_SETTLED = 1.0  # seconds without a change in an environment after which an installer is taken to have ended
_BUSY = 10.0  # seconds for which a git that changes the work tree is waited for
_LOOKS = 5  # folders may appear while others are listed


@dataclass(frozen=True, slots=True)
class Round:
    """What is done in every round: a run with these workers, and what comes of its result."""

    run: Callable[[WorkerPool], RunResult]
    deliver: Callable[[RunResult], object]


def watch(each: Round, invocation: Invocation) -> NoReturn:
    """Run, and run again after each change, until KeyboardInterrupt; no process is left behind then.

    Raises PyfmtError where nothing can be watched, and where pyfmt itself has changed meanwhile. An error of a single
    run is shown, and the session goes on.
    """
    check_installed()
    places = tree_places(invocation)
    with tempfile.TemporaryDirectory(prefix="pyfmt-watch-", ignore_cleanup_errors=True) as scratch:
        with closing(WorkerPool(Path(scratch))) as workers, closing(Notifier(places.watched)) as notifier:
            screen = Screen(invocation.outputs, places.root)
            session = _WatchSession(each, invocation, workers, notifier, screen=screen, places=places, own=own_state())
            try:
                session.loop()
            except KeyboardInterrupt:
                interruption.taken()
                raise


@dataclass(slots=True)
class _WatchSession:
    """The loop, and what it knows between two runs."""

    each: Round
    invocation: Invocation
    workers: WorkerPool
    notifier: Notifier
    screen: Screen
    places: WatchedPlaces
    own: str  # of pyfmt's code and tools
    moved: bool = True  # there may be other environments than those that are watched

    def loop(self) -> NoReturn:
        """Run for ever."""
        change = TreeChange()
        while True:
            if own_state() != self.own:
                raise PyfmtError("pyfmt or one of its tools has changed meanwhile", "--watch", "start it again")
            forget()
            self.workers.refresh()
            self.screen.begin(change.paths)
            result = self._run()
            gc.collect()  # while somebody reads
            change = self._after(result) or self._next(_written(result.report) if result else {})

    def _run(self) -> RunResult | None:
        """One run; None where it came to nothing."""
        try:
            result = self.each.run(self.workers)
            self.screen.show(lambda: self.each.deliver(result))
        except PyfmtError as error:
            self.screen.fail(error)
            self.screen.rest(None)
            return None
        self.screen.rest(table(result.report).looked_at)
        return result

    def _after(self, result: RunResult | None) -> TreeChange | None:
        """Watch the environments that the run has found; a change where they are others by now."""
        if not self.moved or result is None or result.checked is None:
            return None
        before = state_of(result.checked.work.resolutions.values())
        try:
            now = self._refresh_all()
        except PyfmtError:
            return None  # the next change tries again
        self.moved = False
        return TreeChange(tuple(sorted({prefix for _, prefix, _ in before ^ now}))) if before != now else None

    def _refresh_all(self) -> State:
        """Watch the places of the checkout and of the environments, and give the state of the environments."""
        for _ in range(_LOOKS):
            observed = all_places(self.invocation)
            if not self._turn_to(observed.places):
                break
        return observed.state

    def _refresh_tree(self) -> None:
        """Watch the places of the checkout as they are now; those of before where that cannot be found out."""
        self.moved = True  # the run finds the environments
        for _ in range(_LOOKS):
            try:
                tree = tree_places(self.invocation)
            except PyfmtError:
                return  # the run says so
            if not self._turn_to(replace(tree, outside=self.places.outside, environments=self.places.environments)):
                return

    def _turn_to(self, places: WatchedPlaces) -> bool:
        """Watch these places from now on; whether there are others among them than before."""
        before, self.places = self.places.watched, places
        if places.watched == before:
            return False
        self.notifier.change(places.watched)
        return True

    def _next(self, written: Mapping[str, str]) -> TreeChange:
        """Wait for a change that matters; `written` has the digests of the files that the last run wrote."""
        while True:
            change = self._wait(None, written)
            deadline = time.monotonic() + _BUSY
            while os.path.exists(self.places.busy) and time.monotonic() < deadline:
                change = change.joined(self._wait(_SETTLED / 4, written))
            if change.installed:
                while (more := self._wait(_SETTLED, written)).installed:
                    change = change.joined(more)
                change = change.joined(more)
            if change.shape:
                self._refresh_tree()
            if change.paths:
                return change

    def _wait(self, seconds: float | None, written: Mapping[str, str]) -> TreeChange:
        events = self.notifier.wait(seconds)
        return relevant_change(
            [event for event in events if written.get(event.path, "-") != _digest(event.path)], self.places
        )


def _written(report: Report) -> dict[str, str]:
    """What the run itself wrote: the digest of each file, by its absolute path."""
    return {os.path.join(report.root, edit.path): edit.digest for edit in report.edits if edit.digest}


def _digest(path: str) -> str:
    """A file's SHA-256 as it is now; "" where it cannot be read."""
    try:
        return hashlib.sha256(disk.read_bytes(path, disk.ANY_SIZE)).hexdigest()
    except OSError:
        return ""
