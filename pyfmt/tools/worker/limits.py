"""How far a request is, and how much memory it may take (standard library only, no import of pyfmt).

A request that hangs, is killed or takes too much memory leaves the name of the file that it was at, so that the others
can be checked without that one.
"""

from __future__ import annotations

import contextlib
import os
import signal
from collections.abc import Iterator
from typing import Any

EXIT_MEMORY = 71  # of a process that took more than it may

_PLACE, _MEBIBYTES = "PYFMT_AT", "PYFMT_MEMORY"
_current = [""]


def begin(request: dict[str, Any]) -> None:
    """In the process of a request, first of all: from now on memory is bound, and `note` says where it is."""
    os.environ[_PLACE] = request.get("at", "")
    if os.environ.get(_MEBIBYTES):
        with contextlib.suppress(ImportError, OSError, ValueError):  # not on Windows, and not where less is allowed
            import resource  # pylint: disable=import-outside-toplevel  # see above

            hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
            resource.setrlimit(resource.RLIMIT_DATA, (int(os.environ[_MEBIBYTES]) << 20, hard))


def note(path: str) -> None:
    """Say which file the request is at; its absolute path, "" for none."""
    if _current[0] == path:
        return
    _current[0] = path
    place = os.environ.get(_PLACE)
    if place:
        with contextlib.suppress(OSError, ValueError):
            file = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            os.write(file, os.fsencode(path))
            os.close(file)


def move(place: str) -> None:
    """From now on this process notes where it is in another file."""
    os.environ[_PLACE] = place


def noted(place: str = "") -> str:
    """What this process or its children have noted last; with `place` one that has noted it there."""
    try:
        with open(place or os.environ.get(_PLACE, ""), "rb") as file:
            return os.fsdecode(file.read())
    except OSError:
        return ""


@contextlib.contextmanager
def at(path: str) -> Iterator[None]:
    """While open, the request is at that file; afterwards where it was before, unless there was no memory for it."""
    before = _current[0]
    note(path)
    try:
        yield
    except Exception as error:
        if not isinstance(error.__cause__ or error, MemoryError):
            note(before)
        raise
    note(before)


def exhausted() -> bool:
    """Whether most of the memory that this process may take is taken: Python says MemoryError of deep code, too."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            data = int(file.read().split()[5]) * os.sysconf("SC_PAGE_SIZE")
        return data > (int(os.environ[_MEBIBYTES]) << 20) * 0.6
    except (OSError, ValueError, KeyError, IndexError):
        return False


def pass_on(status: int, payload: dict[str, Any]) -> None:
    """End as a child of this process did that was killed or took too much memory, if the request will be tried again:
    when nothing else runs, or without the file that it was at."""
    if payload.get("tries") and status < 0:
        os.kill(os.getpid(), -status)
        os.kill(os.getpid(), signal.SIGKILL)  # whatever may handle the first one
    if payload.get("tries") and status == EXIT_MEMORY:
        os._exit(EXIT_MEMORY)
