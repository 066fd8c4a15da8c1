"""The client of `tools/worker/server.py`: sends requests, waits for answers, enforces time limits."""

from __future__ import annotations

import contextlib
import json
import subprocess
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol

from pyfmt.runner.answers import TAIL_BYTES, End, RequestFiles, WorkerAnswer, collect, signal_name, tail
from pyfmt.runner.apart import can_fork
from pyfmt.runner.processes import ProcessLike, is_stopped, kill_tree, popen_worker

__all__ = ["ForkServer", "ProcessPerRequest", "Worker", "WorkerAnswer", "WorkerSpec", "open_worker"]

Connect = Callable[[Path], ProcessLike | None]

_SERVER = Path(__file__).parent.parent / "tools" / "worker" / "server.py"
_START_SECONDS = 60.0  # for a server to import what it preloads, at least
_STUCK_SECONDS = 30.0  # a server that has not even forked by then never will
_GRACE_SECONDS = 5.0  # for the end of what was killed
_LOOK = 0.2  # seconds between two looks at whether a server that is late was stopped


@dataclass(frozen=True, slots=True)
class WorkerSpec:
    """Which worker serves a request: the interpreter, the task module, and where the tools are importable from."""

    interpreter: str
    task: str
    tool_paths: tuple[str, ...]
    shared: bool = True  # several requests will come: worth preparing what all of them need

    def command(self, *options: str) -> list[str]:
        """The command that starts the worker."""
        return [
            self.interpreter,
            "-s",
            "-S",
            str(_SERVER),
            *options,
            *(() if self.shared else ("--single",)),
            self.task,
            *self.tool_paths,
        ]


class Worker(Protocol):
    """Something that answers requests: a forking server, or a process for each."""

    @property
    def alive(self) -> bool:
        """Whether it can still answer."""
        ...  # pylint: disable=unnecessary-ellipsis

    def ask(self, payload: dict[str, Any], timeout: float) -> WorkerAnswer: ...

    def close(self) -> None: ...


def open_worker(spec: WorkerSpec, scratch: Path, connect: Connect = lambda log: None) -> Worker:
    """A worker for `spec`, with a forked child for each request where that can be; `scratch` is an existing folder of
    the run for requests, answers and logs.

    `connect` may give it a server that runs already, which prints to the log.
    """
    return ForkServer(spec, scratch, connect) if can_fork() else ProcessPerRequest(spec, scratch)


@dataclass
class _Pending:
    """A request that is under way in a forking server."""

    started: threading.Event = field(default_factory=threading.Event)
    done: threading.Event = field(default_factory=threading.Event)
    pid: int | None = None
    status: int | None = None  # None when the server itself ended first
    began: float | None = None  # when the child was there, by the monotonic clock
    cpu: float = 0.0


class ForkServer:
    """One server process that forks a child for each request; used from several threads at once."""

    def __init__(self, spec: WorkerSpec, scratch: Path, connect: Connect = lambda log: None) -> None:
        self._scratch = scratch
        self._log = RequestFiles(scratch).log
        with self._log.open("wb") as log:
            self._process = connect(self._log) or popen_worker(spec.command(), log.fileno())
        self._lock = threading.Lock()
        self._writing = threading.Lock()  # apart from the other: a write may wait for the server to read
        self._pending: dict[int, _Pending] = {}
        self._ended = False
        self._ready = threading.Event()
        self._reader = threading.Thread(target=self._read_events, daemon=True)
        self._reader.start()

    @property
    def alive(self) -> bool:
        """Whether the server runs and can be talked to."""
        return not self._ended and self._process.poll() is None

    def _read_events(self) -> None:
        assert self._process.stdout is not None
        # A server that ends before it takes the connection resets it: it is an end like any other.
        with contextlib.suppress(OSError, ValueError):
            for line in self._process.stdout:
                self._hear(line)
        with self._lock:
            self._ended = True
            waiting = list(self._pending.values())
        self._ready.set()
        for pending in waiting:
            pending.started.set()
            pending.done.set()

    def _hear(self, line: bytes) -> None:
        try:
            event = json.loads(line)
        except ValueError:
            return  # noise of the interpreter; requests still get their events
        if isinstance(event, dict):
            self._take(event)

    def _take(self, event: dict[str, Any]) -> None:
        """Act on one event of the server."""
        kind = event.get("event")
        if kind == "ready":
            self._process.pid = event.get("pid", self._process.pid)  # of a server that runs already: its session
            self._ready.set()
            return
        with self._lock:
            pending = self._pending.get(event.get("id", 0))
        if pending is None:
            return
        if kind == "started":
            pending.pid = event["pid"]
            pending.began = time.monotonic()
            pending.started.set()
        elif kind == "ended":
            pending.status, pending.cpu = event["status"], event.get("cpu", 0.0)
            pending.started.set()
            pending.done.set()

    def _send(self, request: dict[str, Any]) -> bool:
        """Hand a request to the server; False where it does not take any."""
        data = json.dumps(request).encode() + b"\n"
        assert self._process.stdin is not None
        with self._writing:
            if self._ended:
                return False
            try:
                self._process.stdin.write(data)
                self._process.stdin.flush()
            except (OSError, ValueError):
                return False
        return True

    def ask(self, payload: dict[str, Any], timeout: float) -> WorkerAnswer:
        """Serve one request; `timeout` in seconds counts from when the server is ready."""
        asked = time.monotonic()
        if not self._comes(self._ready, timeout, max(timeout, _START_SECONDS)):
            kill_tree(self._process.pid)
            return WorkerAnswer(None, "the worker did not start in time", tail(self._log), end=End.KILLED)
        files = RequestFiles(self._scratch)
        pending = _Pending()
        with self._lock:
            self._pending[files.number] = pending
        try:
            if not self._send(files.request(payload)):
                return self._lost("the worker could not be started or ended unexpectedly", tail(self._log))
            if not pending.done.wait(timeout):
                if self._end_late(pending):
                    return files.late(timeout)
                return self._lost(f"the worker was stopped and did nothing for {timeout:g} s", tail(self._log))
            if pending.status is None:
                if pending.pid is not None:
                    kill_tree(pending.pid)  # the server can do it no more
                return self._lost("the worker ended unexpectedly", tail(files.log) or tail(self._log))
            waited = pending.began - asked if pending.began is not None else 0.0
            return replace(collect(files, pending.status), waited=waited, cpu=pending.cpu)
        finally:
            with self._lock:
                self._pending.pop(files.number, None)
            files.remove()

    def _lost(self, reason: str, log: str) -> WorkerAnswer:
        """What is said where the server itself has ended; by which signal, if it was one."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            code = self._process.wait(_GRACE_SECONDS)
            if code < 0 and "stopped" not in reason:
                reason = f"the worker was killed by signal {signal_name(-code)}"
            return WorkerAnswer(None, reason, log, end=End.KILLED if code < 0 else None)
        return WorkerAnswer(None, reason, log)

    def _comes(self, event: threading.Event, timeout: float, longest: float) -> bool:
        """Whether something happens within `longest` seconds, or `timeout` where the server was stopped."""
        began = time.monotonic()
        while not event.wait(_LOOK):
            spent = time.monotonic() - began
            if spent > longest or (spent > timeout and is_stopped(self._process)):
                return event.is_set()
        return True

    def _end_late(self, pending: _Pending) -> bool:
        """End the child of a request whose time is over, or the whole server where it does not even start one; False
        in that case."""
        started = self._comes(pending.started, 0.0, _STUCK_SECONDS)
        if not started:
            kill_tree(self._process.pid)
        elif pending.pid is not None:
            kill_tree(pending.pid)
        if is_stopped(self._process):
            kill_tree(self._process.pid)  # the others need not wait for as long
        pending.done.wait(_GRACE_SECONDS)
        return started

    def close(self) -> None:
        """End the server and every child that still runs."""
        with self._lock:
            pids = [pending.pid for pending in self._pending.values() if pending.pid is not None]
        # Only a server that does not read makes a write take long; it fails when that one is killed.
        if self._writing.acquire(timeout=1.0):  # pylint: disable=consider-using-with  # which has no time limit
            self._writing.release()
        else:
            kill_tree(self._process.pid)
        with self._writing:
            assert self._process.stdin is not None
            try:
                self._process.stdin.close()
            except OSError:
                pass  # what was not yet written, to a server that is gone
        for pid in pids:
            kill_tree(pid)
        try:
            self._process.wait(2.0)
        except subprocess.TimeoutExpired:
            kill_tree(self._process.pid)
            with contextlib.suppress(subprocess.TimeoutExpired):  # of a session that not even a kill ends at once
                self._process.wait()
        self._reader.join(_GRACE_SECONDS)
        if self._process.stdout is not None and not self._reader.is_alive():
            self._process.stdout.close()


class ProcessPerRequest:
    """A process for each request, for systems without fork; the same answers, only slower."""

    def __init__(self, spec: WorkerSpec, scratch: Path) -> None:
        self._spec = spec
        self._scratch = scratch
        self._lock = threading.Lock()
        self._running: set[int] = set()
        self._closed = False

    @property
    def alive(self) -> bool:
        """Nothing of it can die between two requests."""
        return not self._closed

    def ask(self, payload: dict[str, Any], timeout: float) -> WorkerAnswer:
        """Serve one request in a process of its own; `timeout` in seconds counts from its start."""
        files = RequestFiles(self._scratch)
        try:
            with self._lock:
                if self._closed:
                    return WorkerAnswer(None, "the run has ended")
                process = popen_worker(self._spec.command("--once"), subprocess.STDOUT)
                self._running.add(process.pid)
        except OSError as error:
            return WorkerAnswer(None, f"{self._spec.interpreter} cannot be started: {error}")
        try:
            noise, _ = process.communicate(json.dumps(files.request(payload)).encode() + b"\n", timeout)
            result = collect(files, process.returncode)
            if result.answer is None and not result.log:
                return replace(result, log=noise.decode("utf-8", "replace")[-TAIL_BYTES:].strip())
            return result
        except subprocess.TimeoutExpired:
            kill_tree(process.pid)
            self._drain(process)
            return files.late(timeout)
        finally:
            with self._lock:
                self._running.discard(process.pid)
            files.remove()

    @staticmethod
    def _drain(process: subprocess.Popen[bytes]) -> None:
        """Collect a killed process, without waiting for one that it left behind and that holds its output open."""
        try:
            process.communicate(timeout=_GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    stream.close()

    def close(self) -> None:
        """Kill what still runs, and start nothing more."""
        with self._lock:
            self._closed = True
            for pid in self._running:
                kill_tree(pid)
