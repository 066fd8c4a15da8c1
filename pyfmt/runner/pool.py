"""The worker processes that lint units share: of one run, or kept warm over many."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from pyfmt import disk
from pyfmt.runner.processes import ProcessLike
from pyfmt.runner.server import Connect, Worker, WorkerSpec, open_worker


@dataclass(frozen=True, slots=True)
class _Opened:
    """A worker, or why it cannot be started, and the state of the interpreter and the tools that it was started
    from."""

    worker: Worker | OSError
    state: tuple[object, ...]


class WorkerPool:
    """One worker for each interpreter and task, started when first asked for; whoever makes a pool closes it.

    `scratch` is an existing folder for requests, answers and logs that outlives the pool. `shared` says whether several
    requests of a kind will come, so that preparing what all of them need is worth it; by default they will.
    Used from several threads at once.
    """

    def __init__(self, scratch: Path, shared: Callable[[WorkerSpec], bool] = lambda _: True) -> None:
        self._scratch = scratch
        self._shared = shared
        self._lock = threading.Lock()
        self._opened: dict[WorkerSpec, _Opened] = {}
        self._closed = False

    def get(self, spec: WorkerSpec, anew: bool = False, warm: Path | None = None) -> Worker | OSError:
        """The worker, or why it cannot be started; with `anew` another one where it has died, which is this run's own.

        `warm` is the folder of the servers that outlive their run, where one is to be used.
        """
        spec = replace(spec, shared=self._shared(spec))
        with self._lock:
            if self._closed:
                return OSError("the run was interrupted")
            opened = self._opened.get(spec)
            if opened is None or (anew and not (isinstance(opened.worker, OSError) or opened.worker.alive)):
                if opened is not None:
                    _close([opened])
                state = _state(spec)
                try:
                    connect = _connector(spec, state, None if anew else warm)
                    self._opened[spec] = _Opened(open_worker(spec, self._scratch, connect), state)
                except OSError as error:
                    self._opened[spec] = _Opened(error, state)
            return self._opened[spec].worker

    def refresh(self) -> None:
        """Between two runs: end workers that died, or whose interpreter or tools are others by now.

        The next request starts new ones. What could not be started is tried again.
        """
        with self._lock:
            stale = {spec: opened for spec, opened in self._opened.items() if _is_stale(spec, opened)}
            for spec in stale:
                del self._opened[spec]
        _close(stale.values())

    def close(self) -> None:
        """End all of them, with everything that still runs; no more are started."""
        with self._lock:
            self._closed = True
            opened = list(self._opened.values())
        _close(opened)


def _connector(spec: WorkerSpec, state: object, folder: Path | None) -> Connect:
    """What gives a worker a server that runs already; None where there is to be none."""

    def connect(log: Path) -> ProcessLike | None:
        if folder is None:
            return None
        from pyfmt.runner import warm  # deferred: only where one is to be used

        return warm.connect(spec, state, folder, log)

    return connect


def _close(opened: Iterable[_Opened]) -> None:
    for each in opened:
        if not isinstance(each.worker, OSError):
            each.worker.close()


def _is_stale(spec: WorkerSpec, opened: _Opened) -> bool:
    return isinstance(opened.worker, OSError) or not opened.worker.alive or opened.state != _state(spec)


def _state(spec: WorkerSpec) -> tuple[object, ...]:
    """What changes when the interpreter is replaced, or something is installed beside the tools."""
    return tuple(_mark(path) for path in (spec.interpreter, *spec.tool_paths))


def _mark(path: str) -> tuple[str, int, int, int] | None:
    try:
        found = disk.stat(path)
    except OSError:
        return None  # gone; starting it says so
    return disk.realpath(path), found.st_ino, found.st_size, found.st_mtime_ns
