"""Calls a function in a process of its own: what hangs, crashes or eats the memory there ends there."""

from __future__ import annotations

import os
import pickle
import select
import signal
import sys
import threading
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from typing import Any, TypeVar

_T = TypeVar("_T")
_R = TypeVar("_R")
_LENGTH = 8  # bytes in front of each answer
_GRACE_SECONDS = 5.0  # after which a process ends itself, if its parent is not there to end it


class Lost(Exception):
    """There is no answer: the process took too long, or died; the message says which."""


def can_fork() -> bool:
    """Whether a copy of this process can be made at no cost; `PYFMT_NO_FORK=1` forbids it."""
    return hasattr(os, "fork") and os.environ.get("PYFMT_NO_FORK") != "1"


def results(
    work: Callable[[_T], _R], items: Sequence[_T], timeout: float
) -> Generator[tuple[_T, _R | Lost], None, None]:
    """Each item with what `work` gives for it, in order; `timeout` is in seconds for each.

    One process works on one item after the other; after one that ends or hangs it, another goes on with the next. An item
    whose process was killed is tried once more. What `work` raises is raised here. Where there is no fork, `work` is called
    in this process, without a limit. To be called from the main thread.
    """
    if not can_fork():
        for item in items:
            yield item, work(item)
        return
    waiting = list(items)
    again = True
    while waiting:
        with closing(_Child(work, waiting)) as child:
            try:
                while waiting:
                    answer = child.answer(timeout)
                    yield waiting.pop(0), answer
                    again = True
            except Lost as lost:
                if child.killed and again:
                    again = False
                    continue
                again = True
                yield waiting.pop(0), lost


class _Child:
    """A process that answers for items in order."""

    def __init__(self, work: Callable[[Any], Any], items: Sequence[Any]) -> None:
        self.killed = False  # by a signal that we did not send
        self._reading, writing = os.pipe()
        alive, self._alive = os.pipe()  # ends for the child when we are gone, however that came
        sys.stdout.flush()
        sys.stderr.flush()
        self._pid = os.fork()
        if self._pid == 0:
            status = 1
            try:
                os.close(self._reading)
                os.close(self._alive)
                _serve(work, items, (writing, alive))
                status = 0
            finally:
                os._exit(status)
        os.close(writing)
        os.close(alive)

    def answer(self, timeout: float) -> Any:
        """The next one; raises Lost, or what `work` raised."""
        until = time.monotonic() + timeout
        length = int.from_bytes(self._read(_LENGTH, until, timeout), "big")
        fine, value = pickle.loads(self._read(length, until, timeout))
        if not fine:
            raise value
        return value

    def _read(self, count: int, until: float, timeout: float) -> bytes:
        parts = []
        while count:
            ready, _, _ = select.select([self._reading], [], [], max(0.0, until - time.monotonic()))
            if not ready:
                raise Lost(f"took more than {timeout:g} s and was ended")
            part = os.read(self._reading, count)
            if not part:
                raise Lost(self._end())
            parts.append(part)
            count -= len(part)
        return b"".join(parts)

    def _end(self) -> str:
        """How the process ended."""
        _, status = os.waitpid(self._pid, 0)
        self._pid = 0
        code = os.waitstatus_to_exitcode(status)
        self.killed = code < 0
        return f"ended its process ({died(code)})"

    def close(self) -> None:
        """End the process, if it has not ended."""
        os.close(self._reading)
        os.close(self._alive)
        if self._pid:
            os.kill(self._pid, signal.SIGKILL)
            os.waitpid(self._pid, 0)


def _serve(work: Callable[[Any], Any], items: Sequence[Any], pipes: tuple[int, int]) -> None:
    """In the child: write an answer for each item."""
    import gc

    writing, alive = pipes
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    gc.freeze()  # what is shared with the parent stays shared
    gc.disable()
    threading.Thread(target=_end_with_parent, args=(alive,), daemon=True).start()
    for item in items:
        try:
            answer = (True, work(item))
        except Exception as error:  # pylint: disable=broad-exception-caught  # raised again in the parent
            answer = (False, error)
        data = pickle.dumps(answer)
        data = len(data).to_bytes(_LENGTH, "big") + data
        while data:
            data = data[os.write(writing, data) :]


def _end_with_parent(alive: int) -> None:
    os.read(alive, 1)
    os._exit(1)


def died(code: int) -> str:
    """An exit code in words: "signal SIGSEGV", "exit code 3"."""
    known = {-number for number in signal.valid_signals()}
    return f"signal {signal.Signals(-code).name}" if code in known else f"exit code {code}"
