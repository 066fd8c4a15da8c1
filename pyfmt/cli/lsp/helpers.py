"""Processes that serve the language server's calls, one after the other: runs fork, which a process with threads must
not do, and whatever takes long keeps no answer to the editor waiting."""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
import tempfile
import threading
import traceback
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import closing, suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

from pyfmt.core.errors import PyfmtError
from pyfmt.runner import interruption
from pyfmt.runner.apart import can_fork
from pyfmt.runner.pool import WorkerPool
from pyfmt.tools.forgetting import forget
from pyfmt.tools.versions import own_state

_END = 5.0  # seconds for a helper to end its workers
_P = ParamSpec("_P")
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Serving:
    """What a call has in the helper: workers that stay warm, and a way to say how far it is."""

    workers: WorkerPool
    tell: Callable[[object], None]


class Helper:
    """One of them; a call is a module's function, whose arguments and answer go through a pipe.

    `others` were started before: the new process lets go of what it inherits of them.
    """

    def __init__(self, others: Sequence[Helper] = ()) -> None:
        context = multiprocessing.get_context("fork" if can_fork() else "spawn")
        self._connection, theirs = context.Pipe()
        self._scratch = tempfile.mkdtemp(prefix="pyfmt-lsp-")  # which a helper that is killed cannot remove
        held = [self._connection, *(other._connection for other in others)] if can_fork() else []
        self._process = context.Process(target=_serve, args=(theirs, held, self._scratch), name="pyfmt-lsp")  # type: ignore[attr-defined]
        self._process.start()
        theirs.close()
        self._lock = threading.Lock()

    def call(
        self,
        on_told: Callable[[Any], None] | None,
        function: Callable[Concatenate[Serving, _P], _T],
        *arguments: _P.args,
        **named: _P.kwargs,
    ) -> Future[_T]:
        """What `function` returns or raises, to be waited for in any thread; `on_told` is called in another one."""
        future: Future[_T] = Future()
        threading.Thread(target=self._ask, args=(future, on_told, (function, arguments, named)), daemon=True).start()
        return future

    def _ask(self, future: Future[Any], on_told: Callable[[Any], None] | None, call: object) -> None:
        with self._lock:
            try:
                self._connection.send(call)
                while (said := self._connection.recv())[0] == "told":
                    if on_told is not None:
                        on_told(said[1])
            except (EOFError, OSError):
                ended = PyfmtError("a process of the language server has ended", "pyfmt lsp", "start it again")
                said = ("raised", ended)
            except Exception as error:  # pylint: disable=broad-exception-caught  # who waits must hear of any
                self._connection.close()  # what is still in it would be taken for the answer to the next call
                bug = f"this is a bug of pyfmt: please report it: {type(error).__name__}: {error}"
                said = ("raised", PyfmtError(bug, "pyfmt lsp", "start it again"))
        if said[0] == "raised":
            future.set_exception(said[1])
        else:
            future.set_result(said[1])

    def close(self) -> None:
        """End it, with all that it has started."""
        self._connection.close()
        self._process.terminate()
        self._process.join(_END)
        self._process.kill()
        self._process.join(_END)
        shutil.rmtree(self._scratch, ignore_errors=True)


def _serve(connection: Connection[Any, Any], held: Sequence[Connection[Any, Any]], scratch: str) -> None:
    for other in held:
        other.close()  # the end of the server is the end of the pipe
    nothing, writing = os.pipe()
    os.close(writing)
    os.dup2(nothing, 0)
    os.dup2(2, 1)
    interruption.install()
    try:
        with suppress(KeyboardInterrupt), closing(WorkerPool(Path(scratch))) as workers:
            try:
                _answer_calls(connection, workers)
            except KeyboardInterrupt:
                interruption.taken()
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def _answer_calls(connection: Connection[Any, Any], workers: WorkerPool) -> None:
    """Until the server ends."""
    serving = Serving(workers, lambda said: connection.send(("told", said)))
    own = own_state()
    while True:
        try:
            function, arguments, named = connection.recv()
        except (EOFError, OSError):
            return
        forget()
        workers.refresh()
        connection.send(_answered(own, lambda call=function: call(serving, *arguments, **named)))  # type: ignore[misc]
        gc.collect()  # while somebody reads


def _answered(own: str, call: Callable[[], object]) -> tuple[str, object]:
    try:
        if own_state() != own:
            raise PyfmtError("pyfmt or one of its tools has changed meanwhile", "pyfmt lsp", "start it again")
        return "answer", call()
    except PyfmtError as error:
        return "raised", error
    except Exception as error:  # pylint: disable=broad-exception-caught  # one call's bug must not end the others
        said = f"{type(error).__name__}: {error}\n{traceback.format_exc()}"
        return "raised", PyfmtError(f"this is a bug of pyfmt: please report it: {said}", "pyfmt lsp")
