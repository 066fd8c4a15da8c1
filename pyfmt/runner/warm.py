"""Servers that outlive their run (`tools/worker/warm.py`): reached by a private socket, started where there is none.

One for each interpreter, task, place and state of the tools, and for all that a process inherits and that a server
cannot take over from a run (limits, namespaces, priority). Whatever is wrong with one costs time, never a finding: the
run has a worker of its own then. Linux only, since only there the other end of a socket is known for sure.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import select
import signal
import socket
import stat
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from pyfmt import disk
from pyfmt.runner.processes import clean_environ, is_alive, is_stopped_process, memory_limit, popen_server

if TYPE_CHECKING:
    from pyfmt.runner.server import WorkerSpec

_ANSWER_SECONDS = 10.0  # in which a server that runs takes a run, whatever else the machine does
_END_SECONDS = 3.0
_LONGEST = 106  # bytes of the path of a socket, and of a dot behind it
_PAUSE = 0.01  # seconds
# Variables that libraries look at while they are imported; of a run's own a server gets no others.
_INHERITED = ("HOME", "LANG", "LC_", "LD_", "PYTHON", "TZ", "XDG_")
_INHERITED_STATE = ("Uid", "Gid", "Groups", "Umask", "Cap", "NoNewPrivs", "Seccomp", "Cpus_allowed_list", "Mems_")
_started: list[int] = []  # processes that this one has started, and fetches when they have ended


class Connection:
    """A session of a server, in the place of a process that this run has started; `pid` is the server's until the
    session has said who it is."""

    def __init__(self, connected: socket.socket, pid: int) -> None:
        self._socket = connected
        self._server = self.pid = pid
        self.stdin: IO[bytes] | None = cast(IO[bytes], connected.makefile("wb"))
        self.stdout: IO[bytes] | None = cast(IO[bytes], connected.makefile("rb"))

    def poll(self) -> int | None:
        """None: it has ended when the connection does."""
        return None

    def wait(self, timeout: float | None = None) -> int:
        """Hang up, and wait for the session's end; what ended it is not known, so it counts as killed. Raises
        TimeoutExpired."""
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_WR)
        until = time.monotonic() + (_END_SECONDS if timeout is None else timeout)
        while self.pid != self._server and is_alive(self.pid):
            if time.monotonic() > until:
                raise subprocess.TimeoutExpired([], timeout or _END_SECONDS)
            time.sleep(_PAUSE)
        self._socket.close()
        return -signal.SIGKILL


def connect(spec: WorkerSpec, state: object, folder: Path, log: Path) -> Connection | None:
    """A session of the server for `spec`, which is started where there is none; None where that is not possible.

    `state` tells apart whatever the interpreter and the tools may be replaced by; `log` is where the session prints to.
    """
    try:
        _make_private(folder)
        path = folder / f"{_key(spec, state)}.sock"
        if len(os.fsencode(path)) > _LONGEST - len(str(os.getpid())):
            return None
        connected = _connected(path)
        if connected is None:
            return _start(spec, path, log)
        with contextlib.ExitStack() as stack:
            stack.callback(connected.close)
            pid = _other(connected)
            if is_stopped_process(pid):
                return None
            connected.sendall(_hello(spec, log))
            found = _session(connected)
            if found is None:
                return None
            stack.pop_all()
        connected.settimeout(None)
        connection = Connection(connected, pid)
        connection.pid = found
        return connection
    except (OSError, ValueError):
        return None


def _session(connected: socket.socket) -> int | None:
    """The process id that a session says when it is ready; None where nothing sensible comes in time."""
    until = time.monotonic() + _ANSWER_SECONDS
    while (left := until - time.monotonic()) > 0 and select.select([connected], [], [], left)[0]:
        said = connected.recv(1 << 12, socket.MSG_PEEK)
        if b"\n" in said or not said:
            break
        time.sleep(_PAUSE)
    else:
        return None
    event = json.loads(said.partition(b"\n")[0])
    return event["pid"] if isinstance(event, dict) and isinstance(event.get("pid"), int) else None


def _start(spec: WorkerSpec, path: Path, log: Path) -> Connection:
    """Start a server that has this run as its first one. Of two that are started at once the later one stays."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    with socket.socket(socket.AF_UNIX) as listening:
        fresh.unlink(missing_ok=True)
        listening.bind(os.fspath(fresh))
        fresh.chmod(0o600)
        listening.listen(64)
        connected = socket.socket(socket.AF_UNIX)
        connected.connect(os.fspath(fresh))
        fresh.replace(path)
        environ = {name: value for name, value in clean_environ(os.environ).items() if name.startswith(_INHERITED)}
        if idle := os.environ.get("PYFMT_SERVER_IDLE"):
            environ["PYFMT_SERVER_IDLE"] = idle
        process = popen_server(replace(spec, shared=True).command("--serve"), listening.fileno(), environ)
    process.returncode = 0  # it outlives this process, at whose end Python would warn of it
    _started[:] = [*filter(_goes_on, _started), process.pid]
    connected.sendall(_hello(spec, log))
    return Connection(connected, process.pid)


def _goes_on(pid: int) -> bool:
    try:
        return os.waitpid(pid, os.WNOHANG)[0] == 0
    except ChildProcessError:
        return False


def _hello(spec: WorkerSpec, log: Path) -> bytes:
    environ = {**clean_environ(os.environ), "PYFMT_MEMORY": str(memory_limit() or "")}
    if not spec.shared:
        environ["PYFMT_SINGLE"] = "1"
    return json.dumps({"environ": environ, "cwd": os.getcwd(), "log": str(log)}).encode() + b"\n"


def _connected(path: Path) -> socket.socket | None:
    """A connection to the server at a socket; None where there is none. Raises OSError where it takes nobody."""
    connected = socket.socket(socket.AF_UNIX)
    connected.settimeout(_ANSWER_SECONDS)
    try:
        connected.connect(os.fspath(path))
        return connected
    except (FileNotFoundError, ConnectionRefusedError):
        connected.close()
        return None
    except OSError:
        connected.close()
        raise


def _other(connected: socket.socket) -> int:
    """The process that listens at the other end; raises PermissionError where it is another user's."""
    if sys.platform != "linux":
        raise PermissionError("nobody says who is at the other end")
    credentials = connected.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    pid, user, _ = struct.unpack("3i", credentials)
    if user != os.geteuid():
        raise PermissionError("another user's server")
    return int(pid)


def _make_private(folder: Path) -> None:
    """Make a folder that nobody else can write to or look into; raises PermissionError where it is another one."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise PermissionError(f"{folder} is not private")


def _key(spec: WorkerSpec, state: object) -> str:
    """The name of a server: the same for runs that can share one."""
    status = disk.read_text("/proc/self/status").splitlines()
    inherited = (
        [line for line in status if line.startswith(_INHERITED_STATE)],
        disk.read_text("/proc/self/limits"),
        [os.readlink(f"/proc/self/ns/{name}") for name in ("mnt", "pid", "user", "net")],
        (os.stat("/").st_dev, os.stat("/").st_ino, os.getpriority(os.PRIO_PROCESS, 0)),
        sorted(item for item in clean_environ(os.environ).items() if item[0].startswith(_INHERITED)),
    )
    return hashlib.sha256(repr((replace(spec, shared=True), state, inherited)).encode()).hexdigest()[:20]


@dataclass(frozen=True, slots=True)
class RunningServer:
    """A server that runs, as /proc shows it."""

    pid: int
    interpreter: str
    task: str
    mebibytes: int  # of memory, with what it shares with its sessions
    stopped: bool  # by a signal: it serves nobody


def running(folder: Path) -> Iterator[RunningServer]:
    """The servers of this user; sockets without one are removed."""
    for path in sorted(folder.glob("*.sock")):
        try:
            connected = _connected(path)
            if connected is None:
                path.unlink()
                continue
            with connected:
                pid = _other(connected)
            words = disk.read_text(f"/proc/{pid}/cmdline").split("\0")
            if "--serve" not in words:
                continue  # just being started
            pages = int(disk.read_text(f"/proc/{pid}/statm").split()[1])
        except (OSError, ValueError):
            continue
        task = words[words.index("--serve") + 1]
        mebibytes = pages * os.sysconf("SC_PAGE_SIZE") >> 20
        yield RunningServer(pid, words[0], task, mebibytes, is_stopped_process(pid))


def stop(server: RunningServer) -> None:
    """End it, in any case; runs that it serves go on."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(server.pid, signal.SIGTERM)
        until = time.monotonic() + _END_SECONDS
        while not server.stopped and is_alive(server.pid) and time.monotonic() < until:
            time.sleep(_PAUSE)
        os.kill(server.pid, signal.SIGKILL)
