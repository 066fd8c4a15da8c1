"""Formats the files of units in a pool of processes; the parent alone writes, one file at a time."""

from __future__ import annotations

import hashlib
import os
import signal
import time
import traceback
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyfmt import disk
from pyfmt.core.errors import ConfigError, EditError
from pyfmt.core.model import Edit, Failure, Finding, Outcome, Project, Severity, ToolConfig, Unit
from pyfmt.runner import apart, edits, interruption
from pyfmt.tools import formatting
from pyfmt.tools.formatting import FormatResult, FormatSettings, ToolFault
from pyfmt.tools.registry import TOOLS

if TYPE_CHECKING:
    from concurrent.futures import Future, ProcessPoolExecutor
    from multiprocessing.connection import Connection
    from multiprocessing.context import BaseContext

# multiprocessing and concurrent.futures.process are imported where a pool is really started: start-up.

_FEW_FILES = 4  # for so few, a pool would cost more than it gains
_CHUNK_BYTES = 60_000  # about half a second of black
_CHUNK_FILES = 40
# How much a process formats before it looks for garbage. Looking costs a tenth; black's trees are 150 times as large as
# their text, and nothing but the collector frees them: so it may be 40 MB.
_UNCOLLECTED_BYTES = 250_000
_LOOK = 0.1  # seconds between two looks at whether an interrupt has come
_SUSPECTS = 2  # chunks per process that may have been under way when a process died


@dataclass(frozen=True, slots=True)
class FormatOptions:
    """How to format; `configs` are those of the wanted tools among isort and black.

    `timeout` is in seconds: when no file gets done for so long, what is under way counts as hanging. `on_settled` is
    told of each file that needs no change as it stands now, with the SHA-256 of those bytes (what a cache may
    remember).
    """

    root: Path  # absolute
    configs: tuple[ToolConfig, ...]
    write: bool = True
    diff: bool = False
    jobs: int = 1
    timeout: float = 600.0
    on_settled: Callable[[str, str], None] | None = None


@dataclass(frozen=True, slots=True)
class _Chunk:
    """Files of one unit that go to a process together."""

    unit: int  # its place in the sequence
    files: tuple[str, ...]
    size: int  # bytes
    root: str
    settings: FormatSettings
    write: bool
    diff: bool

    def only(self, file: str) -> _Chunk:
        """The same for one of the files."""
        return replace(self, files=(file,))


@dataclass(frozen=True, slots=True)
class _FileResult:
    """What came of one file; `before` only where it is to be written, to save the way between the processes."""

    path: str
    result: FormatResult = FormatResult()
    before: bytes | None = None
    diff: str = ""
    digest: str = ""  # of the text as it will stand, "" where it is not settled
    trouble: str = ""  # why there is no result
    trouble_detail: str = ""


@dataclass(frozen=True, slots=True)
class _ChunkResult:
    """What came of a chunk."""

    answers: tuple[_FileResult, ...]
    seconds: float
    started: float  # by the monotonic clock, which is the same in all processes of a machine


@dataclass(slots=True)
class _Tally:
    """A unit on its way to an Outcome."""

    unit: Unit
    owners: dict[str, str]  # file -> project's name
    missing: int  # files without an answer
    answers: dict[str, _FileResult] = field(default_factory=dict)
    edit_troubles: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    started: float = 0.0
    pieces: list[tuple[float, float]] = field(default_factory=list)


def format_units(units: Sequence[Unit], options: FormatOptions, on_done: Callable[[Outcome], None]) -> list[Outcome]:
    """Format the files of each unit; the outcomes in the order of the units, `on_done` called as each is complete.

    Raises ConfigError before any file is touched. To be called from the main thread, and with no other threads where
    the pool forks. An interrupt ends the processes and is raised again; every file is then either as it was or done.
    """
    tallies = [_tally(unit) for unit in units]
    outcomes: list[Outcome | None] = [None] * len(units)

    def finish(number: int) -> None:
        outcomes[number] = outcome = _outcome(tallies[number], options)
        on_done(outcome)

    for number, tally in enumerate(tallies):
        if not tally.missing:
            finish(number)
    # Closed in any case: an interrupt may come while a file is written, and must end the processes then.
    with closing(_answers(list(_chunks(units, options)), options)) as parts:
        for number, done in parts:
            tally = tallies[number]
            tally.seconds += done.seconds
            tally.started = min(tally.started or done.started, done.started)
            tally.pieces.append((done.started, done.started + done.seconds))
            for answer in done.answers:
                _take(answer, tally, options)
            interruption.check()
            if not tally.missing:
                finish(number)
    return [outcome for outcome in outcomes if outcome is not None]


def format_stdin(data: bytes, filename: str | None, options: FormatOptions, project: Project | None) -> FormatResult:
    """What the formatters make of a text; `filename` is relative to the root, `project` the one that it belongs to."""
    settings = formatting.settings_for(project, options.root, options.configs)
    formatting.prepare(settings)
    try:
        ended = apart.call(lambda: formatting.format_bytes(data, filename, settings), options.timeout)
    except OSError:  # no process to be had
        return formatting.format_bytes(data, filename, settings)
    if ended.value is not None:
        return ended.value
    tool = options.configs[-1].tool if options.configs else "black"
    return FormatResult(faults=(ToolFault(tool, why_ended(ended, options.timeout)),))


def _tally(unit: Unit) -> _Tally:
    owners = {file: part.project.name for part in unit.parts for file in part.files}
    return _Tally(unit, owners, len(owners))


def _chunks(units: Sequence[Unit], options: FormatOptions) -> Iterator[_Chunk]:
    """Chunks of similar size; no chunk has files of two projects."""
    for number, unit in enumerate(units):
        for part in unit.parts:
            settings = formatting.settings_for(part.project, options.root, options.configs)
            for files, size in _portions(part.files, options.root):
                yield _Chunk(number, files, size, str(options.root), settings, options.write, options.diff)


def _portions(files: Iterable[str], root: Path) -> Iterator[tuple[tuple[str, ...], int]]:
    portion: list[str] = []
    size = 0
    for file in files:
        portion.append(file)
        size += _size(root, file)
        if size >= _CHUNK_BYTES or len(portion) >= _CHUNK_FILES:
            yield tuple(portion), size
            portion, size = [], 0
    if portion:
        yield tuple(portion), size


def _size(root: Path, file: str) -> int:
    try:
        return os.stat(f"{root}/{file}").st_size
    except OSError:
        return 0  # reading it says why


# ---- in any process


def _work(chunk: _Chunk) -> _ChunkResult:
    """Read and format the files of a chunk; writes nothing."""
    start = time.monotonic()
    answers = tuple(_format_file(file, chunk) for file in chunk.files)
    _collect_later(chunk.size)
    return _ChunkResult(answers, time.monotonic() - start, start)


_formatted = [0]  # bytes, in this process


def _collect_later(size: int) -> None:
    """Start to look for garbage where `_start_process` has put that off, and enough has been formatted since."""
    import gc

    _formatted[0] += size
    if _formatted[0] > _UNCOLLECTED_BYTES and not gc.isenabled():
        gc.freeze()  # what has piled up is not looked at again either
        gc.enable()


def _format_file(file: str, chunk: _Chunk) -> _FileResult:
    try:
        before = disk.read_bytes(os.path.join(chunk.root, file))
    except OSError as error:
        return _FileResult(file, trouble=f"cannot be read: {error.strerror or error}")
    try:
        result = formatting.format_bytes(before, file, chunk.settings)
    except ConfigError:
        raise
    except Exception as error:  # pylint: disable=broad-exception-caught  # one file's trouble is no other's
        return _FileResult(file, trouble=f"{type(error).__name__}: {error}", trouble_detail=traceback.format_exc())
    changed = result.data is not None
    diff = edits.unified_diff(before, result.data, file) if chunk.diff and result.data is not None else ""
    final = result.data if result.data is not None and chunk.write else before
    settled = result.settled and (chunk.write or not changed)
    digest = hashlib.sha256(final).hexdigest() if settled else ""
    return _FileResult(file, result, before if changed and chunk.write else None, diff, digest)


# ---- in the parent


def _take(answer: _FileResult, tally: _Tally, options: FormatOptions) -> None:
    """Keep an answer, and write the file if it is to be written."""
    tally.answers[answer.path] = answer
    tally.missing -= 1
    if answer.before is not None and answer.result.data is not None:
        try:
            edits.write(options.root / answer.path, answer.before, answer.result.data, options.root)
        except EditError as error:
            tally.edit_troubles[answer.path] = error.what
            return
    if answer.digest and options.on_settled is not None:
        options.on_settled(answer.path, answer.digest)


def _outcome(tally: _Tally, options: FormatOptions) -> Outcome:
    """The answers of a unit, in the order of its files."""
    findings: list[Finding] = []
    changes: list[Edit] = []
    failures: list[Failure] = []
    for file, project in tally.owners.items():
        answer = tally.answers[file]
        trouble = answer.trouble or tally.edit_troubles.get(file, "")
        if trouble:
            failures.append(_failure(tally.unit.tool, project, f"{file}: {trouble}", answer.trouble_detail))
        elif answer.result.data is not None:
            written = answer.before is not None
            digest = answer.digest if written else ""
            changes.append(Edit(file, answer.result.tools, project, answer.diff, written, digest))
        for fault in answer.result.faults:
            failures.append(_failure(fault.tool, project, f"{file}: {fault.reason}", fault.detail))
        finding = _syntax_finding(answer, project, options, written=not trouble and answer.before is not None)
        if finding is not None:
            findings.append(finding)
    now = time.monotonic()
    return Outcome(
        tally.unit,
        tuple(findings),
        tuple(changes),
        tuple(failures),
        tally.seconds,
        started=tally.started or now,
        ended=now,
        pieces=tuple(tally.pieces),
    )


def _failure(tool: str, project: str, reason: str, detail: str) -> Failure:
    return Failure(tool, (project,), "", reason, detail)


def _syntax_finding(answer: _FileResult, project: str, options: FormatOptions, *, written: bool) -> Finding | None:
    """The place in the file as it stands now: isort may have moved it."""
    fault = answer.result.syntax_after if written else answer.result.syntax
    if fault is None:
        return None
    return Finding(
        path=answer.path,
        line=fault.line,
        column=fault.column,
        end_line=None,
        end_column=None,
        tool=max((config.tool for config in options.configs), key=list(TOOLS).index),  # the last one parses
        rule="syntax-error",
        symbol="syntax-error",
        severity=Severity.ERROR,
        message=fault.message,
        project=project,
        syntax=True,
    )


def _answers(chunks: list[_Chunk], options: FormatOptions) -> Generator[tuple[int, _ChunkResult], None, None]:
    """Every file's answer exactly once, with the number of its unit, as they come."""
    if not chunks:
        return
    # A bad configuration is said before a file is touched; forks share the imports
    formatting.prepare(chunks[0].settings)
    few = sum(len(chunk.files) for chunk in chunks) <= _FEW_FILES
    # The largest first, so that the processes end together; sorting is stable, so the order is the same in every run.
    waiting = sorted(chunks, key=lambda chunk: -chunk.size)
    if few and apart.can_fork():
        for chunk in waiting:
            yield chunk.unit, _apart(chunk, options.timeout)
        return
    while waiting:
        pool = None if few else process_pool(min(options.jobs, len(waiting)))
        if pool is None:
            for chunk in waiting:
                yield chunk.unit, _work(chunk)
            return
        unfinished = []
        with closing(_through(pool, waiting, options.timeout)) as results:
            for chunk, done in results:
                if done is None:
                    unfinished.append(chunk)
                else:
                    yield chunk.unit, done
        # A process died or hung, which breaks the whole pool. The chunks go through it in order, so the culprit is
        # among the first unfinished ones: each of their files gets a process of its own, the others go on.
        suspects = _SUSPECTS * options.jobs
        for chunk in unfinished[:suspects]:
            for file in chunk.files:
                yield chunk.unit, _alone(chunk.only(file), options.timeout)
        waiting = unfinished[suspects:]


def _apart(chunk: _Chunk, timeout: float, again: bool = True) -> _ChunkResult:
    """A chunk in a process of its own; where that fails, each file in one, so that only the culprit has no answer.

    A file whose process was killed is tried once more: it may have been bad luck.
    """
    try:
        ended = apart.call(lambda: _work(chunk), timeout)
    except OSError:  # no process to be had
        return _work(chunk)
    if ended.value is not None:
        return ended.value
    if len(chunk.files) > 1:
        parts = [_apart(chunk.only(file), timeout) for file in chunk.files]
        seconds = sum(part.seconds for part in parts)
        return _ChunkResult(tuple(a for part in parts for a in part.answers), seconds, parts[0].started)
    if again and os.WIFSIGNALED(ended.status):
        return _apart(chunk, timeout, again=False)
    return _ChunkResult((_FileResult(chunk.files[0], trouble=why_ended(ended, timeout)),), 0.0, time.monotonic())


def why_ended(ended: apart.Ended[Any], timeout: float) -> str:
    """In words why there is no answer."""
    return _too_long(timeout) if ended.timed_out else _lost(os.waitstatus_to_exitcode(ended.status))


def _too_long(timeout: float) -> str:
    return f"formatting took more than {timeout:g} s and was ended"


def _lost(code: int) -> str:
    return f"the process that formatted it died ({_died(code)})"


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
    pool: ProcessPoolExecutor, chunks: Sequence[_Chunk], timeout: float
) -> Generator[tuple[_Chunk, _ChunkResult | None], None, None]:
    """Send the chunks through a pool and end it; None for each that has no answer, these last and in order."""
    from concurrent.futures.process import BrokenProcessPool
    from queue import Empty, SimpleQueue

    ready: SimpleQueue[Future[_ChunkResult]] = SimpleQueue()
    pending: dict[Future[_ChunkResult], _Chunk] = {}
    sent = 0
    latest = time.monotonic()  # when an answer came
    try:
        try:
            for chunk in chunks:
                interruption.check()
                future = pool.submit(_work, chunk)
                pending[future] = chunk
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
    for chunk in (*pending.values(), *chunks[sent:]):
        yield chunk, None


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


def _alone(chunk: _Chunk, timeout: float) -> _ChunkResult:
    """One file in a process of its own, whose end says what became of it."""
    context = _context()
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_answer_alone, args=(sender, chunk))  # type: ignore[attr-defined]
    process.start()
    sender.close()
    try:
        done = receiver.recv() if _comes(receiver, timeout) else None
        reason = _too_long(timeout)
        if done is not None:
            return done  # type: ignore[no-any-return]
    except EOFError:
        process.join()
        reason = _lost(process.exitcode or 0)
    finally:
        process.kill()
        process.join()
        receiver.close()
    return _ChunkResult((_FileResult(chunk.files[0], trouble=reason),), 0.0, time.monotonic())


def _comes(receiver: Connection, timeout: float) -> bool:
    """Whether something can be received within so many seconds."""
    deadline = time.monotonic() + timeout
    while not receiver.poll(_LOOK):
        interruption.check()
        if time.monotonic() > deadline:
            return False
    return True


def _died(code: int) -> str:
    known = {-number for number in signal.valid_signals()}
    return f"signal {signal.Signals(-code).name}" if code in known else f"exit code {code}"


def _answer_alone(sender: Connection, chunk: _Chunk) -> None:
    _start_process()
    sender.send(_work(chunk))
    sender.close()
