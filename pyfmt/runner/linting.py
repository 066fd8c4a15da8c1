"""Runs lint units over worker processes: never more at once than `jobs`, each with a time limit."""

from __future__ import annotations

import os
import sys
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt.core import estimating
from pyfmt.core.cells import has_notebooks
from pyfmt.core.errors import ToolError
from pyfmt.core.model import Failure, Outcome, Unit
from pyfmt.runner import interruption, trying
from pyfmt.runner.apart import can_fork
from pyfmt.runner.idle import IdleProcessors
from pyfmt.runner.options import LintOptions, LintResult, Listener
from pyfmt.runner.pool import WorkerPool
from pyfmt.runner.server import WorkerAnswer, WorkerSpec
from pyfmt.tools.protocol import JsonObject, LintContext, Reading
from pyfmt.tools.registry import linter

if TYPE_CHECKING:
    from pyfmt.runner.notebooks import UnitNotebooks


def own_workers(units: Sequence[Unit], scratch: Path) -> WorkerPool:
    """Workers for these units alone: preparing what requests share is worth it where there is more than one."""
    counts: Counter[tuple[str, str]] = Counter()
    for unit in units:
        found = linter(unit.tool)
        counts[(found.interpreter(unit.environment), found.worker)] += 1
    return WorkerPool(scratch, lambda spec: counts[(spec.interpreter, spec.task)] > 1)


def tool_paths() -> tuple[str, ...]:
    """Where pyfmt's own pinned tools are importable from: its interpreter's site folders."""
    return tuple(path for path in sys.path if "site-packages" in path or "dist-packages" in path)


def lint_units(units: Sequence[Unit], options: LintOptions, listener: Listener) -> LintResult:
    """Run all units, the longest first; KeyboardInterrupt kills what runs and is raised again."""
    workers = options.workers or own_workers(units, options.scratch)
    results: dict[int, tuple[Outcome, Reading]] = {}
    ended: dict[int, WorkerAnswer] = {}  # early, and to be tried again

    def serve(index: int) -> None:
        idle.started()
        its_own = replace(options, idle=idle.path if index in long else "")
        found = _run(units[index], its_own, workers, ended.get(index), listener)
        idle.ended()
        if isinstance(found, WorkerAnswer):
            ended[index] = found
        else:
            results[index] = found
            listener.done(found[0])

    recorded = options.times.recall(units) if options.times else [None] * len(units)
    seconds = estimating.estimates(units, recorded)
    order = estimating.longest_first(units, seconds)
    long = estimating.long_ones(units, seconds, options.jobs) if can_fork() else frozenset()
    idle = IdleProcessors(options.scratch, len(units), options.jobs)
    listener.expected([units[index] for index in order], [seconds[index] for index in order], options.jobs)
    executor = ThreadPoolExecutor(max(1, options.jobs))
    try:
        _all_of({executor.submit(serve, index) for index in order})
        for index in sorted(ended):  # alone: the machine may have had too much to do
            _all_of({executor.submit(serve, index)})
    except BaseException:
        executor.shutdown(wait=False, cancel_futures=True)
        options.tooling.stop()
        workers.close()
        raise
    executor.shutdown()
    if workers is not options.workers:
        workers.close()
    ordered = [results[index] for index in range(len(units))]
    if options.times:
        options.times.remember([outcome for outcome, _ in ordered])
    return LintResult(
        tuple(outcome for outcome, _ in ordered),
        tuple(reading.notes for _, reading in ordered),
        tuple(reading.effects for _, reading in ordered),
        tuple(reading.asked for _, reading in ordered),
    )


def _all_of(waiting: set[Future[None]]) -> None:
    while waiting:
        done, waiting = wait(waiting, timeout=0.1, return_when=FIRST_COMPLETED)
        interruption.check()
        for future in done:
            future.result()


def call(
    unit: Unit, options: LintOptions, provide: bool = False, notebooks: UnitNotebooks | None = None
) -> tuple[WorkerSpec, JsonObject]:
    """The exact call of a unit's tool: which worker, and what it is given; its notebooks are read where not given.

    With `provide` the tool's environment is made where it needs one of its own; raises ToolError if that fails.
    """
    notebooks = notebooks or _notebooks(unit, options)
    asked, environment = linter(unit.tool), unit.environment
    prefix = environment.prefix if environment else ""
    folder = options.cache_folder(unit)
    context = LintContext(
        root=str(options.root),
        config=options.configs[unit.tool],
        tool_paths=tool_paths(),
        cache_dir=str(folder) if folder else None,
        import_roots=options.import_roots.get(prefix, ()),
        trusted=environment is not None and options.trusted(environment),
        unused_ignores=options.unused_ignores,
        notebooks=notebooks.texts if notebooks else {},
        moved=options.moved,
        replays=options.replays.get((unit.tool, prefix, unit.number), {}),
    )
    payload = asked.payload(unit, context)
    need = asked.need(environment, payload)
    if need is None:
        return WorkerSpec(asked.interpreter(environment), asked.worker, tool_paths()), payload
    place = options.tooling.provide(need) if provide else options.tooling.place(need)
    return WorkerSpec(place.interpreter, asked.worker, place.paths), {**payload, "tool_paths": list(place.paths)}


def _notebooks(unit: Unit, options: LintOptions) -> UnitNotebooks | None:
    """The notebooks of a unit; None where it has none."""
    if not has_notebooks(unit.files):
        return None
    from pyfmt.runner.notebooks import notebooks_of  # deferred: only where there are any

    return notebooks_of(unit, options.root)


def _run(
    unit: Unit, options: LintOptions, workers: WorkerPool, before: WorkerAnswer | None, listener: Listener
) -> tuple[Outcome, Reading] | WorkerAnswer:
    """A unit's outcome, or the end that makes it worth another try; `before`: that end, where this is the try."""
    if before is None:
        listener.started(unit)
    began = time.monotonic()
    left_out: Mapping[str, str] = {}
    try:
        notebooks = _notebooks(unit, options)
        spec, payload = call(unit, options, provide=True, notebooks=notebooks)

        def ask(more: JsonObject) -> WorkerAnswer:
            keeps = options.warm if linter(unit.tool).stays_warm else None
            worker = workers.get(spec, anew=before is not None, warm=keeps)
            if isinstance(worker, OSError):
                return WorkerAnswer(None, f"{spec.interpreter} cannot be started: {worker}")
            return worker.ask({**payload, "tries": 1, **more}, options.timeout)

        answer, left_out = (ask({"idle": options.idle}), {}) if before is None else trying.again(ask, before)
        if before is None and trying.is_worth_it(answer):
            return answer
        if answer.answer is None:
            failures = (*trying.failures(unit, left_out, options.root), _failure(unit, answer))
            return _timed(Outcome(unit, failures=failures), began), Reading()
        reading = _portable(linter(unit.tool).parse(unit, answer.answer), options.root)
        reading = notebooks.told(reading, unit.tool) if notebooks else reading
    except ToolError as error:
        answer = WorkerAnswer(None, error.what, error.detail)
        return Outcome(unit, failures=(_failure(unit, answer),), seconds=time.monotonic() - began), Reading()
    except Exception as error:  # pylint: disable=broad-exception-caught  # one unit's bug must not end the others
        reason = f"pyfmt could not run it: {type(error).__name__}: {error}"
        return _timed(Outcome(unit, failures=(_failure(unit, WorkerAnswer(None, reason)),)), began), Reading()
    failures = (*trying.failures(unit, left_out, options.root), *reading.failures)
    outcome = Outcome(unit, reading.findings, (), failures, waited=answer.waited, cpu=answer.cpu)
    return _timed(outcome, began), reading


def _portable(reading: Reading, root: Path) -> Reading:
    """The same with paths below the root relative in every message: reports and baselines agree between machines."""
    folder = os.path.join(root, "")
    return replace(
        reading,
        findings=tuple(
            replace(finding, message=finding.message.replace(folder, "")) if folder in finding.message else finding
            for finding in reading.findings
        ),
        failures=tuple(
            replace(failure, reason=failure.reason.replace(folder, "")) if folder in failure.reason else failure
            for failure in reading.failures
        ),
    )


def _timed(outcome: Outcome, began: float) -> Outcome:
    now = time.monotonic()
    return replace(outcome, seconds=now - began, started=began, ended=now)


def _failure(unit: Unit, answer: WorkerAnswer) -> Failure:
    environment = unit.environment.name if unit.environment else ""
    return Failure(unit.tool, unit.projects, environment, answer.reason, answer.log)
