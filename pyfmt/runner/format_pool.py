"""Chunks through a pool of processes: each file has exactly one answer, also where a process dies or hangs."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import TYPE_CHECKING, Any, TypeVar

from pyfmt.core.cells import has_notebooks
from pyfmt.runner import apart, interruption, processes
from pyfmt.runner.format_chunks import Chunk, ChunkResult, FileResult, FormatOptions, work
from pyfmt.tools import formatting

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing.context import BaseContext

# multiprocessing and concurrent.futures.process are imported where a pool is really started: start-up.

_Task = TypeVar("_Task")
_Done = TypeVar("_Done")
_FEW_FILES = 4  # for so few, a pool would cost more than it gains
_LOOK = 0.1  # seconds between two looks at whether an interrupt has come
_SUSPECTS = 2  # chunks per process that may have been under way when a process died


def answers(chunks: list[Chunk], options: FormatOptions) -> Generator[tuple[int, ChunkResult], None, None]:
    """Every file's answer exactly once, with the number of its unit, as they come."""
    if not chunks:
        return
    # A bad configuration is said before a file is touched; forks share the imports
    formatting.prepare(chunks[0].settings)
    if any(has_notebooks(chunk.files) for chunk in chunks):
        from pyfmt.tools import notebooks  # deferred: only where there are any

        notebooks.prepare()
    few = sum(len(chunk.files) for chunk in chunks) <= _FEW_FILES
    # The largest first, so that the processes end together; sorting is stable, so the order is the same in every run.
    waiting = sorted(chunks, key=lambda chunk: -chunk.size)
    if few and apart.can_fork():
        for chunk in waiting:
            yield chunk.unit, _apart(chunk, options.timeout)
        return
    if few:
        for chunk in waiting:
            yield chunk.unit, work(chunk)
        return

    def alone(chunk: Chunk) -> Iterator[ChunkResult]:
        return (_alone(chunk.only(file), options.timeout) for file in chunk.files)

    for chunk, done in through_pools(work, waiting, alone, options.jobs, options.timeout):
        yield chunk.unit, done


def through_pools(
    function: Callable[[_Task], _Done],
    waiting: Sequence[_Task],
    alone: Callable[[_Task], Iterable[_Done]],
    jobs: int,
    timeout: float,
) -> Generator[tuple[_Task, _Done], None, None]:
    """What `function` makes of each task, as they come, from pools of processes.

    A task that ends or holds up its process for `timeout` seconds breaks the whole pool. The tasks go through it in
    order, so the culprit is among the first unfinished ones: these go to `alone`, the others through another pool.
    """
    while waiting:
        pool = process_pool(min(jobs, len(waiting)))
        if pool is None:
            for task in waiting:
                yield task, function(task)
            return
        unfinished = []
        with closing(_through(pool, function, waiting, timeout)) as results:
            for task, done in results:
                if done is None:
                    unfinished.append(task)
                else:
                    yield task, done
        suspects = _SUSPECTS * jobs
        for task in unfinished[:suspects]:
            for done in alone(task):
                yield task, done
        waiting = unfinished[suspects:]


def _alone(chunk: Chunk, timeout: float) -> ChunkResult:
    """One file in a process of its own, also on systems without fork: it may be what ended the others."""
    if apart.can_fork():
        return _apart(chunk, timeout)
    pool = process_pool(1)
    assert pool is not None, "there was one for all"
    ((_, done),) = _through(pool, work, [chunk], timeout)
    return done or _failed(chunk, f"the process that formatted it died, or took more than {timeout:g} s")


def _apart(chunk: Chunk, timeout: float, again: bool = True) -> ChunkResult:
    """A chunk in a process of its own; where that fails, each file in one, so that only the culprit has no answer.

    A file whose process was killed is tried once more: it may have been bad luck.
    """
    try:
        ended = apart.call(lambda: work(chunk), timeout)
    except OSError:  # no process to be had
        return work(chunk)
    if ended.value is not None:
        return ended.value
    if len(chunk.files) > 1:
        parts = [_apart(chunk.only(file), timeout) for file in chunk.files]
        seconds = sum(part.seconds for part in parts)
        return ChunkResult(tuple(a for part in parts for a in part.answers), seconds, parts[0].started)
    if again and os.WIFSIGNALED(ended.status):
        return _apart(chunk, timeout, again=False)
    return _failed(chunk, why_ended(ended, timeout))


def _failed(chunk: Chunk, why: str) -> ChunkResult:
    return ChunkResult((FileResult(chunk.files[0], trouble=why),), 0.0, time.monotonic())


def why_ended(ended: apart.Ended[Any], timeout: float) -> str:
    """In words why there is no answer."""
    if ended.timed_out:
        return f"formatting took more than {timeout:g} s and was ended"
    return f"the process that formatted it died ({_died(os.waitstatus_to_exitcode(ended.status))})"


def _context() -> BaseContext:
    """Fork where there is fork: the processes then share what is imported, and start in milliseconds."""
    import multiprocessing  # lazy: start-up

    return multiprocessing.get_context("fork" if apart.can_fork() else "spawn")


def process_pool(processes: int) -> ProcessPoolExecutor | None:
    """A pool; None on systems that cannot have one (no semaphores, as in some sandboxes)."""
    from concurrent.futures import ProcessPoolExecutor  # lazy: start-up

    try:
        return ProcessPoolExecutor(processes, mp_context=_context(), initializer=_start_process)
    except (ImportError, NotImplementedError, OSError):
        return None


def _start_process() -> None:
    """In a new process of the pool: leave the interrupt to the parent, and end when the parent is gone."""
    import gc
    import threading

    interruption.leave_to_parent()
    processes.limit_memory()
    gc.freeze()  # what is shared with the parent stays shared
    gc.disable()  # see _collect_later; a higher threshold was measured to gain nothing
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A parent that is killed cannot end its processes, and they would wait for work for ever."""
    from multiprocessing import connection, parent_process

    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _through(
    pool: ProcessPoolExecutor, function: Callable[[_Task], _Done], tasks: Sequence[_Task], timeout: float
) -> Generator[tuple[_Task, _Done | None], None, None]:
    """Send tasks through a pool and end it; None for each that has no answer, these last and in order."""
    from concurrent.futures.process import BrokenProcessPool
    from queue import Empty, SimpleQueue

    ready: SimpleQueue[Future[_Done]] = SimpleQueue()
    pending: dict[Future[_Done], _Task] = {}
    sent = 0
    latest = time.monotonic()  # when an answer came
    try:
        try:
            for task in tasks:
                interruption.check()
                future = pool.submit(function, task)
                pending[future] = task
                sent += 1
                future.add_done_callback(ready.put)
        except BrokenProcessPool:
            pass  # so early; what was not taken in counts as unfinished below
        while pending:
            interruption.check()
            try:
                future = ready.get(timeout=min(_LOOK, timeout))
            except Empty:
                if time.monotonic() - latest < timeout:
                    continue
                _kill(pool)  # nothing for so long: something hangs
                break
            latest = time.monotonic()
            if isinstance(future.exception(), BrokenProcessPool):
                break  # all the others that are not done yet have the same exception
            yield pending.pop(future), future.result()
    except BaseException:
        _kill(pool)
        raise
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
    for task in (*pending.values(), *tasks[sent:]):
        yield task, None


def _kill(pool: ProcessPoolExecutor) -> None:
    """End a pool's processes at once. concurrent.futures has that in public from Python 3.14 on."""
    processes = pool._processes  # pylint: disable=protected-access  # see above
    for process in list((processes or {}).values()):
        process.kill()
    # Who is killed while it sends leaves half an answer, and the pool would wait for the rest for ever: it holds the
    # other end of that pipe itself.
    results = getattr(pool, "_result_queue", None)
    if results is not None:
        results._writer.close()  # pylint: disable=protected-access  # there is no other way


def _died(code: int) -> str:
    known = {-number for number in signal.valid_signals()}
    return f"signal {signal.Signals(-code).name}" if code in known else f"exit code {code}"
