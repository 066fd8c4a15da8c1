"""A server that outlives its run: preloaded once, it forks a *session* for each run that connects.

Its standard input is a Unix socket that the run which started it has bound (`pyfmt/runner/warm.py`). A session is a
copy of the server that takes the run's variables, folder and log, and then serves it as a server of that run alone
would (`server.py`), until the connection ends. It holds no answers: modules, and trees of the standard library.

The server ends when nobody has come for ten minutes (`PYFMT_SERVER_IDLE`: seconds), when memory is short, and when a
file that it has loaded, or its socket, is not what it was. Standard library only.
"""

import contextlib
import json
import os
import posix  # its `stat` is nobody's question; `os.stat` is watched (`observing.py`)
import select
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable
from typing import Any

_LOOK = 20.0  # seconds between two looks at whether all is as it was
_IDLE = 600.0
_FRESH_NS = 2_000_000_000  # what was written so shortly before it was read may be something else by now
_HELLO_SECONDS = 10
_SCARCE = 0.1  # the part of the memory that must be available

Mark = tuple[int, int, int]


def serve(task: Any) -> tuple[int, Callable[[], None]]:
    """Be the server until its end, which ends the process; returns in each session's own process: the descriptor for
    its events, its standard input being that of requests, and what is to be called in the end."""
    with socket.socket(fileno=os.dup(0)) as listening:
        return _StayingServer(task, listening).loop()


class _StayingServer:
    """The loop of the server."""

    def __init__(self, task: Any, listening: socket.socket) -> None:
        listening.listen(64)  # once more: who connects is told this process's number from now on
        self._task, self._listening = task, listening
        self._path: str = listening.getsockname().rpartition(".")[0]  # it was moved there when it was whole
        self._own = _mark(self._path)
        self._idle = float(os.environ.get("PYFMT_SERVER_IDLE") or _IDLE)
        self._sessions: set[int] = set()  # a pipe for each, which ends with it
        self._used = time.monotonic()
        self._known: dict[str, Mark | None] = {}
        self._valid = True
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for sessions
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))

    def loop(self) -> tuple[int, Callable[[], None]]:
        """See `serve`."""
        server = os.getpid()
        try:
            while self._holds() and _mark(self._path) == self._own:
                more = not self._sessions and self._ask("build")
                waited: list[Any] = [self._listening, *self._sessions]
                ready = select.select(waited, [], [], 0 if more else min(_LOOK, self._idle / 2))[0]
                for pipe in self._sessions.intersection(ready):
                    self._hear(pipe)
                if self._listening in ready and self._holds():
                    found = self._accept()
                    if found is not None:
                        return found
                if not (ready or more or self._sessions or self._is_wanted()):
                    break
            sys.exit(0)
        finally:
            if os.getpid() == server and _mark(self._path) == self._own:
                with contextlib.suppress(OSError):
                    os.unlink(self._path)

    def _is_wanted(self) -> bool:
        """Whether somebody may come, and there is memory for it."""
        return time.monotonic() - self._used < self._idle and not is_scarce("/proc/meminfo")

    def _holds(self) -> bool:
        """Whether all that was loaded and built is what the disk holds now."""
        paths = {path for module in list(sys.modules.values()) if (path := getattr(module, "__file__", None))}
        look = getattr(self._task, "look", lambda found, mark: {path: mark(path) for path in found})
        racy = time.time_ns() - _FRESH_NS
        for path, mark in look(paths, _mark).items():
            if path.startswith("/proc/") or "/__pycache__" in path:
                continue
            if path not in self._known:
                self._known[path] = mark
                self._valid = self._valid and not (mark and mark[2] > racy)
            elif self._known[path] != mark:
                self._valid = False
        return self._valid

    def _ask(self, name: str, *values: Any) -> bool:
        """What the task says to something that it may have; what goes wrong there costs only time."""
        try:
            return bool(getattr(self._task, name, lambda *_: False)(*values))
        except Exception as error:  # pylint: disable=broad-exception-caught  # see above
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr, flush=True)
            return False

    def _hear(self, pipe: int) -> None:
        """A session tells which trees it had to build, and ends."""
        told = os.read(pipe, 1 << 16)
        if told:
            self._used = time.monotonic()
            self._ask("learn", {"built": json.loads(told)})
        else:
            self._sessions.discard(pipe)
            os.close(pipe)

    def _accept(self) -> tuple[int, Callable[[], None]] | None:
        """A process for who connects, if it is this user; None in this one."""
        connection, _ = self._listening.accept()
        with connection:
            if _user(connection) != os.geteuid():
                return None
            reading, writing = os.pipe()
            sys.stdout.flush()
            sys.stderr.flush()
            if os.fork():
                os.close(writing)
                self._sessions.add(reading)
                return None
            for pipe in (reading, *self._sessions):
                os.close(pipe)
            return self._session(connection, writing)

    def _session(self, connection: socket.socket, pipe: int) -> tuple[int, Callable[[], None]]:
        """In the session's own process: be as a server that this run has started."""
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.alarm(_HELLO_SECONDS)
        connection.setblocking(True)
        with connection.makefile("rb") as stream:
            line = stream.readline()
        signal.alarm(0)
        if not line:
            os._exit(0)  # it only wanted to know whether somebody is here
        hello = json.loads(line)
        os.environ.clear()
        os.environ.update(hello["environ"])
        log = os.open(hello["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        for target in (1, 2):
            os.dup2(log, target)
        os.close(log)
        os.chdir(hello["cwd"])
        os.dup2(connection.fileno(), 0)

        def end() -> None:
            with contextlib.suppress(OSError):
                os.write(pipe, json.dumps(getattr(self._task, "learnt", lambda: [])()).encode())

        return os.dup(connection.fileno()), end


def is_scarce(meminfo: str) -> bool:
    """Whether little memory is available, by a file like /proc/meminfo."""
    try:
        with open(meminfo, encoding="ascii") as file:
            amounts = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in file)}
        return amounts["MemAvailable"] < amounts["MemTotal"] * _SCARCE
    except (OSError, ValueError, KeyError, IndexError):
        return False


def _user(connection: socket.socket) -> int:
    credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    return int(struct.unpack("3i", credentials)[1])


def _mark(path: str) -> Mark | None:
    try:
        found = posix.stat(path)
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_size, found.st_mtime_ns
