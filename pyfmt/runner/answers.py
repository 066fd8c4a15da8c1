"""What a worker's child leaves behind: its answer, its log, and what they say of how it ended."""

from __future__ import annotations

import json
import os
import signal
import threading
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from pyfmt.runner.processes import memory_limit

TAIL_BYTES = 6_000
_TAIL_LINES = 20
_RAISED, _MEMORY = 70, 71  # tools/worker/server.py: EXIT_RAISED; limits.py: EXIT_MEMORY


class End(Enum):
    """How a request without an answer ended, where trying again may help."""

    KILLED = "killed"  # by a signal
    LATE = "late"  # its time was over
    HUNGRY = "hungry"  # it took more memory than it may


@dataclass(frozen=True, slots=True)
class WorkerAnswer:
    """What came back for a request: an answer, or the reason why there is none."""

    answer: dict[str, Any] | None
    reason: str = ""  # "" with an answer
    log: str = ""  # the last lines that the worker printed
    waited: float = 0.0  # seconds until the worker was ready and took the request
    cpu: float = 0.0  # seconds of a processor, 0.0 where nobody counted
    end: End | None = None
    at: str = ""  # without an answer: the file (absolute) that the tool was at, where that is known


def tail(path: Path) -> str:
    """The last lines of a log, decoded leniently; "" where there is none."""
    try:
        with path.open("rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.rstrip().splitlines()[-_TAIL_LINES:])


def collect(files: RequestFiles, status: int) -> WorkerAnswer:
    """Read the files that a child left."""
    last = tail(files.log)
    if status == 0:
        return _read(files.answer, last)
    if status < 0:
        return WorkerAnswer(None, f"killed by signal {signal_name(-status)}", last, end=End.KILLED, at=files.place())
    if status == _MEMORY:
        reason = f"it took more than {memory_limit()} MiB of memory"
        return WorkerAnswer(None, reason, last, end=End.HUNGRY, at=files.place())
    if status == _RAISED and last:
        return WorkerAnswer(None, f"crashed: {last.splitlines()[-1].strip()}", last)
    return WorkerAnswer(None, f"crashed (exit code {status})", last)


def _read(answer: Path, log: str) -> WorkerAnswer:
    try:
        value = json.loads(answer.read_text("utf-8", "surrogateescape"))
    except (OSError, ValueError) as error:
        return WorkerAnswer(None, f"its answer cannot be read: {error}", log)
    if not isinstance(value, dict):
        return WorkerAnswer(None, f"its answer cannot be read: it is {type(value).__name__}, no object", log)
    return WorkerAnswer(value, "", log)


def signal_name(number: int) -> str:
    """A signal's number and name, and what it may mean."""
    try:
        name = signal.Signals(number).name
    except ValueError:
        return str(number)
    return f"{number} ({name}; perhaps the system ran out of memory)" if name == "SIGKILL" else f"{number} ({name})"


class RequestFiles:
    """Names of the files of each request, distinct within a run."""

    _lock = threading.Lock()
    _count = 0

    def __init__(self, scratch: Path) -> None:
        with RequestFiles._lock:
            RequestFiles._count += 1
            self.number = RequestFiles._count
        self.answer = scratch / f"{self.number}.answer.json"
        self.log = scratch / f"{self.number}.log"
        self._at = scratch / f"{self.number}.at"

    def request(self, payload: dict[str, Any]) -> dict[str, Any]:
        """The request that a server understands."""
        places = {"answer": str(self.answer), "log": str(self.log), "at": str(self._at)}
        return {"id": self.number, "payload": payload, **places}

    def place(self) -> str:
        """The file that the tool was at; "" where it has not said."""
        try:
            return os.fsdecode(self._at.read_bytes())
        except OSError:
            return ""

    def late(self, timeout: float) -> WorkerAnswer:
        """What there is of a request whose time is over."""
        return WorkerAnswer(None, f"timed out after {timeout:g} s", tail(self.log), end=End.LATE, at=self.place())

    def remove(self) -> None:
        """Remove what was read."""
        for path in (self.answer, self.log, self._at):
            path.unlink(missing_ok=True)
