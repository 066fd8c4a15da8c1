"""What a worker's child leaves behind: its answer, its log, and what they say of how it ended."""

from __future__ import annotations

import json
import os
import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TAIL_BYTES = 6_000
_TAIL_LINES = 20
_RAISED = 70  # tools/worker/server.py: EXIT_RAISED


@dataclass(frozen=True, slots=True)
class WorkerAnswer:
    """What came back for a request: an answer, or the reason why there is none."""

    answer: dict[str, Any] | None
    reason: str = ""  # "" with an answer
    log: str = ""  # the last lines that the worker printed
    waited: float = 0.0  # seconds until the worker was ready and took the request
    cpu: float = 0.0  # seconds of a processor, 0.0 where nobody counted


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


def collect(answer: Path, log: Path, status: int) -> WorkerAnswer:
    """Read the files that a child left."""
    last = tail(log)
    if status == 0:
        try:
            value = json.loads(answer.read_text("utf-8", "surrogateescape"))
        except (OSError, ValueError) as error:
            return WorkerAnswer(None, f"its answer cannot be read: {error}", last)
        if not isinstance(value, dict):
            return WorkerAnswer(None, f"its answer cannot be read: it is {type(value).__name__}, no object", last)
        return WorkerAnswer(value, "", last)
    if status < 0:
        return WorkerAnswer(None, f"killed by signal {_signal_name(-status)}", last)
    if status == _RAISED and last:
        return WorkerAnswer(None, f"crashed: {last.splitlines()[-1].strip()}", last)
    return WorkerAnswer(None, f"crashed (exit code {status})", last)


def _signal_name(number: int) -> str:
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

    def request(self, payload: dict[str, Any]) -> dict[str, Any]:
        """The request that a server understands."""
        return {"id": self.number, "payload": payload, "answer": str(self.answer), "log": str(self.log)}

    def remove(self) -> None:
        """Remove what was read."""
        for path in (self.answer, self.log):
            path.unlink(missing_ok=True)
