"""One call in a forked process, without the imports of `multiprocessing`, which a short run would notice.

The caller can be interrupted and has a time limit, whatever the call does: a formatter's compiled code looks at
neither.
"""

from __future__ import annotations

import os
import pickle
import select
import signal
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from pyfmt.runner import interruption, processes

_T = TypeVar("_T")
_LOOK = 0.1  # seconds between two looks at whether an interrupt has come


@dataclass(frozen=True, slots=True)
class Ended(Generic[_T]):
    """What a call gave back, or why it gave nothing: it took too long, or its process ended with a status as
    waitpid's."""

    value: _T | None
    timed_out: bool = False
    status: int = 0


def can_fork() -> bool:
    """Whether a copy of this process can be made at no cost; `PYFMT_NO_FORK=1` forbids it (where fork is broken)."""
    return hasattr(os, "fork") and os.environ.get("PYFMT_NO_FORK") != "1"


def call(function: Callable[[], _T], timeout: float) -> Ended[_T]:
    """What `function` returns or raises in a forked process; raises OSError where none can be made, and
    KeyboardInterrupt.

    To be called with no other threads. The process is gone at the end, in any case.
    """
    if not can_fork():
        raise OSError("this system cannot fork, or must not")
    reading, writing = os.pipe()
    held_reading, held_writing = os.pipe()  # closed when this process is gone
    try:
        child = os.fork()
    except OSError:
        for descriptor in (reading, writing, held_reading, held_writing):
            os.close(descriptor)
        raise
    if not child:
        os.close(reading)
        os.close(held_writing)
        _be_child(function, writing, held_reading)
    os.close(writing)
    os.close(held_reading)
    status = 0
    data = None
    try:
        data = _read(reading, time.monotonic() + timeout)
    finally:
        if data is None:  # else the end of the pipe was the end of the process
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        os.close(reading)
        os.close(held_writing)
    if data is None:
        return Ended(None, timed_out=True)
    if status != 0:
        return Ended(None, status=status)
    value, error = pickle.loads(data)
    if error is not None:
        raise error
    return Ended(value)


def _be_child(function: Callable[[], _T], writing: int, held: int) -> None:
    code = 1
    try:
        interruption.leave_to_parent()
        processes.limit_memory()
        threading.Thread(target=_end_with_parent, args=(held,), daemon=True).start()
        data = memoryview(pickle.dumps(_outcome(function)))
        while data:
            data = data[os.write(writing, data) :]
        code = 0
    finally:
        os._exit(code)  # which closes the pipe


def _outcome(function: Callable[[], _T]) -> tuple[_T | None, Exception | None]:
    try:
        return function(), None
    except Exception as error:  # pylint: disable=broad-exception-caught  # raised where it was asked for
        return None, error


def _end_with_parent(held: int) -> None:
    os.read(held, 1)  # nothing comes but the end
    os._exit(1)


def _read(reading: int, deadline: float) -> bytes | None:
    """All that comes until the other end is closed; None where that takes too long."""
    data = bytearray()
    while True:
        interruption.check()
        left = deadline - time.monotonic()
        if left <= 0:
            return None
        if select.select([reading], [], [], min(_LOOK, left))[0]:
            part = os.read(reading, 1 << 16)
            if not part:
                return bytes(data)
            data += part
