"""Linting a project's files in several processes side by side, where processors would have nothing to do.

All trees are built first, as always; then processes are forked that take the next file from a queue until there are no
more: one, and one for each processor that is idle by then, for which pyfmt makes an empty folder in another one (`idle`
of the payload). So each file is linted after the same trees were built as in one process, and after some of the files
before it. What those after it would have seen of the others, `effects.py` knows.

Standalone: loaded by file path next to `task.py` once pylint is importable; no import of `pyfmt`.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import signal
import struct
import sys
import tempfile
from collections.abc import Generator, Iterator, Mapping, Sequence, Set
from typing import Any

_LEAST = 24  # files: for fewer, the answers cost what the processes save
_MOST = 8000  # pieces of the queue: what a pipe holds
_MANY = 3  # idle processors
_LOOK = 0.2  # seconds between two looks at the idle processors, and at where the processes are


class Parts:
    """The processes that lint a project; `share` gives each what it lints."""

    def __init__(
        self, payload: Mapping[str, Any], modules: Mapping[str, Any], observer: Any, listening: Sequence[Any]
    ) -> None:
        """`listening`: the linter, ProjectWide, Effects and Askers of this lint.

        Without the payload's `idle` all is linted in this process, and where the checkout's code may run: what that
        keeps from file to file is unknown.
        """
        is_known = modules["effects"].has_own_checkers(listening[0]) and not payload.get("trusted")
        self._idle: str = payload.get("idle", "") if is_known else ""
        self._limits, self._asking, self._view = modules["limits"], modules["asking"], modules["view"]
        self._observer = observer
        self._linter, self._wide, self._effects, self._touched = listening
        self._said = 0  # messages of before the fork
        self._taken: list[str] = []  # processors
        self._running: dict[int, tuple[int, str]] = {}  # by where its answer is read: process, where it says its place
        self._built: set[str] = set()
        self.effects: list[Any] = []  # what was noted in each process

    def built(self) -> list[str]:
        """The standard modules that had to be built."""
        return sorted({*self._view.built(), *self._built})

    def share(self, items: dict[Any, Any]) -> Iterator[dict[Any, Any]]:
        """The items that this process lints, in order; a forked one ends after them. Where there are such ones, the
        first process lints none, and takes over what they have to say.
        """
        if not self._idle or len(items) < _LEAST or not self._pays():
            yield items
            return
        self._said = len(self._linter.said)
        answers = yield from self._round(items)
        shares = [answer["effects"] for answer in answers]
        again = self._effects.disturbed(shares)
        self.effects = shares
        second: list[dict[str, Any]] = []
        if again:
            expected = self._effects.joined(shares)
            chosen = {item: tree for item, tree in items.items() if os.path.abspath(item.filepath) in again}
            second = yield from self._round(chosen, expected)
            self.effects = [*(answer["effects"] for answer in second), *(share.without(again) for share in shares)]
            if self._effects.joined(self.effects).late != expected.late:
                self.effects = []
                yield items
                return
        for number, answer in enumerate([*answers, *second]):
            self._add(answer, again if number < len(answers) else set(), number < len(answers))

    def _pays(self) -> bool:
        """Whether it will be done sooner: where installed modules set something on others, half of the files may be
        linted twice."""
        with self._observer.paused():
            return not self._effects.others_set or len(os.listdir(self._idle)) >= _MANY

    def _round(self, items: dict[Any, Any], expected: Any = None) -> Generator[dict[Any, Any], None, list[Any]]:
        """Have items linted by forked processes, which all get an item at a time; what these have to say. `expected`:
        what they are to know of others."""
        every = list(items.items())
        count = -(-len(every) // _MOST)
        queue, writing = os.pipe()
        os.write(writing, b"".join(struct.pack("I", number) for number in range(0, len(every), count)))
        os.close(writing)
        answers: list[dict[str, Any]] = []
        while self._running or not answers:
            while not answers and (not self._running or self._take()):  # who is done has found the queue empty
                answer = self._forked()
                if answer is not None:
                    if expected is not None:
                        self._effects.expect(expected)
                    while piece := os.read(queue, 4):
                        (number,) = struct.unpack("I", piece)
                        yield dict(every[number : number + count])
                    self._end(answer)
            with self._observer.paused():
                ready, _, _ = select.select([*self._running], [], [], _LOOK)
                answers += map(self._collect, ready)
                self._note_place()
        os.close(queue)
        return answers

    def _told(self) -> dict[str, Any]:
        """What this process has to say."""
        return {
            "effects": self._effects.gathered(),
            "said": self._linter.said[self._said :],
            "crashes": self._linter.crashes,
            "wide": self._wide.noted(),
            "touched": self._touched.names,
            "asked": self._asking.asked,
            "named": self._asking.named,
            "observed": self._observer.asked(),
            "built": self._view.built(),
        }

    def _add(self, answer: dict[str, Any], again: Set[str], is_first: bool) -> None:
        """Take what a process has to say, but of the files that were linted `again`."""
        said = answer["said"]
        self._linter.said += (each for each in said if os.path.abspath(each[0].abspath) not in again)
        self._linter.crashes.update(item for item in answer["crashes"].items() if item[0] not in again)
        if is_first:  # what it notes is the same for both
            self._wide.add(answer["wide"])

    def _hear(self, answer: dict[str, Any]) -> dict[str, Any]:
        """Take what a process has asked for, whatever becomes of what it says."""
        self._built.update(answer["built"])
        self._observer.add(answer["observed"])
        self._asking.named.update(answer["named"])
        for asking, names in answer["touched"].items():
            self._touched.names.setdefault(asking, set()).update(names)
        for asking, found in answer["asked"].items():
            known = self._asking.asked.setdefault(asking, {})
            known.update((name, place) for name, place in found.items() if place or name not in known)
        return answer

    def _take(self) -> bool:
        """Take an idle processor, if there is one."""
        with self._observer.paused():
            for name in os.listdir(self._idle):
                place = os.path.join(self._idle, name)
                with contextlib.suppress(OSError):  # another one was quicker
                    os.rmdir(place)
                    self._taken.append(place)
                    return True
        return False

    def _forked(self) -> int | None:
        """None in this process; in a new one, where it writes its answer."""
        reading, writing = os.pipe()
        place = os.path.join(tempfile.gettempdir(), f"at-{os.getpid()}-{reading}")
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid == 0:
            os.close(reading)
            self._limits.move(place)
            return writing
        os.close(writing)
        self._running[reading] = pid, place
        return None

    def _end(self, answer: int) -> None:
        with os.fdopen(answer, "wb") as stream:
            pickle.dump(self._told(), stream, pickle.HIGHEST_PROTOCOL)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)

    def _collect(self, reading: int) -> Any:
        """Take the answer of a process that is done; one that was killed, or failed, ends all."""
        pid, place = self._running.pop(reading)
        with os.fdopen(reading, "rb") as stream:
            said = stream.read()
        status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        if self._taken:
            os.mkdir(self._taken.pop())
        if status == 0:
            return self._hear(pickle.loads(said))
        self._limits.note(self._limits.noted(place))
        for other, _ in self._running.values():
            os.kill(other, signal.SIGKILL)
        if status < 0:
            os.kill(os.getpid(), -status)
        os._exit(status)

    def _note_place(self) -> None:
        """Say where the process is that has been at one file for the longest: it may hang."""
        places = [(os.stat(place).st_mtime_ns, place) for _, place in self._running.values() if os.path.exists(place)]
        if places:
            self._limits.note(self._limits.noted(min(places)[1]))
