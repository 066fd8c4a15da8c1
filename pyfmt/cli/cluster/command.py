"""The run on a cluster: cuts it into parts, gives them to an Executor, and joins what they say."""

from __future__ import annotations

import os
import socket
import sys
import uuid
from collections.abc import Callable
from concurrent.futures import Executor, Future, as_completed
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pyfmt import config
from pyfmt.cache.folders import digest, repository_folder
from pyfmt.cache.remembered import MemoKind
from pyfmt.cache.store import Store
from pyfmt.cli import merge
from pyfmt.cli.cluster import bundle
from pyfmt.cli.cluster.task import PartAnswer, SharedRun, run_part
from pyfmt.core import merging
from pyfmt.core.errors import PyfmtError, UsageError
from pyfmt.core.model import Config
from pyfmt.core.report import Report
from pyfmt.core.request import Request
from pyfmt.core.sharding import recorded_times
from pyfmt.environments.trust import is_stored
from pyfmt.reports.escaping import printable_text
from pyfmt.run import shard_times
from pyfmt.run.pipeline import RunResult
from pyfmt.run.session import Session

_PARTS = 2  # for each slot: so that one that takes longer than was thought keeps few others waiting
_TIMES: MemoKind[list[shard_times.Row]] = MemoKind("times on a cluster", 2, list[shard_times.Row], shared=False)
_LAST = _TIMES.key("last")


@dataclass(frozen=True, slots=True)
class Cluster:
    """Any Executor; `slots`: how many calls run at once; `share`: what a call gets for bytes that many calls need."""

    executor: Executor
    slots: int
    share: Callable[[bytes], Any] = lambda data: data
    part: Callable[[SharedRun, bytes | None, str], PartAnswer] = run_part


def run(asked: Request, session: Session, machines: Cluster, same_filesystem: bool) -> RunResult:
    """The whole run, as one machine would give it; raises PyfmtError where a part is lost."""
    _refuse(asked, same_filesystem)
    settings = config.load(asked, session.cwd)
    if not (same_filesystem or asked.trust or is_stored(settings.root)):
        cure = "allow it with `pyfmt trust` or --trust; with --same-filesystem no environment is made"
        raise UsageError("makes environments on the workers, which runs build code of the checkout", "--executor", cure)
    work, sources = _work(asked, session, settings, same_filesystem)
    count = _PARTS * machines.slots
    shared = machines.share(sources) if sources is not None else None
    # Longest first: so are they numbered.
    futures = {
        machines.executor.submit(machines.part, work, shared, f"{index}/{count}"): f"{index}/{count}"
        for index in range(1, count + 1)
    }
    try:
        answers = {futures[done]: _answer(done, futures[done]) for done in as_completed(futures)}
    finally:
        for future in futures:
            future.cancel()
    for said in dict.fromkeys(answer.said for answer in answers.values() if answer.said):
        sys.stderr.write(printable_text(said) + "\n")
    merged = merge.joined([merge.shard_report(f"part {part}", answer.report) for part, answer in answers.items()])
    report = replace(merged.report, root=str(settings.root))
    _times(settings, report)
    fail_on = merged.shard.fail_on
    return RunResult(report, merging.exit_code(report, fail_on), jobs=machines.slots, fail_on=fail_on)


def _refuse(asked: Request, same_filesystem: bool) -> None:
    """Raises UsageError for what has no meaning on other machines."""
    if asked.write:
        raise UsageError("goes with commands that write nothing", "--executor", "use `pyfmt check` or `pyfmt lint`")
    refused = [
        ("--staged", asked.staged, ""),
        ("--shard", asked.shard is not None, ""),
        ("-", asked.texts is not None, ""),
        ("--cache-audit", asked.cache_audit > 0, ""),
    ]
    if not same_filesystem:
        cure = "the machines get the files and not their history, unless they see this folder: --same-filesystem"
        refused += [
            ("--since", asked.since is not None, cure),
            ("--baseline-locked", bool(asked.baseline_locked), cure),
        ]
    for name, is_given, cure in refused:
        if is_given:
            raise UsageError("cannot be mixed with --executor", name, cure)


def _work(asked: Request, session: Session, settings: Config, same_filesystem: bool) -> tuple[SharedRun, bytes | None]:
    """What is sent to each machine: the call, and the sources where the machines do not have them."""
    root = settings.root

    def there(path: str) -> str:
        return os.path.abspath(session.cwd / path) if same_filesystem else _below(path, root, session.cwd)

    place = [f"--root={root}"] if same_filesystem else []
    place += [f"--config={there(asked.location.config_file)}"] if asked.location.config_file else []
    paths = tuple(map(there, asked.paths))
    sources = None if same_filesystem else bundle.pack(root)
    work = SharedRun(
        monorepo=digest(socket.gethostname(), str(root)),
        run=uuid.uuid4().hex,
        digest=sources.digest if sources else "",
        folder="" if sources else str(session.cwd),
        arguments=(asked.command.value, *place, *_options(asked)),
        paths=paths,
        times=shard_times.rendered(times) if (times := _times(settings)) else "",
        trust=asked.trust,
    )
    return work, sources.data if sources else None


def _below(path: str, root: Path, cwd: Path) -> str:
    """A path as it is from the root; raises UsageError for one that is outside."""
    place = os.path.relpath(os.path.realpath(cwd / path), os.path.realpath(root))
    if place == os.pardir or place.startswith(os.path.join(os.pardir, "")):
        raise UsageError(f"is outside of {root}, which is what the machines get", path)
    return place


def _options(asked: Request) -> list[str]:
    """The options of a part."""
    words = [f"--tool={tool}" for tool in asked.tools]
    words += [f"--jobs={asked.jobs}"] if asked.jobs is not None else []
    words += [f"--timeout={asked.timeout:g}"] if asked.timeout is not None else []
    words += [f"--fail-on={asked.fail_on.value}"] if asked.fail_on is not None else []
    words += [f"--since={asked.since}"] if asked.since is not None else []
    words += _switch("baseline", asked.baseline) + _switch("baseline-locked", asked.baseline_locked)
    given = ("--no-cache", not asked.use_cache), ("--unused-ignores", asked.unused_ignores), ("--diff", asked.diff)
    return words + [name for name, is_given in (*given, ("--trust", asked.trust)) if is_given]


def _switch(name: str, value: bool | None) -> list[str]:
    return [] if value is None else [f"--{name}" if value else f"--no-{name}"]


def _answer(done: Future[PartAnswer], part: str) -> PartAnswer:
    """What a part gave; raises PyfmtError where it gave no report."""
    try:
        answer = done.result()
    except PyfmtError:
        raise
    # Whatever an executor makes of a worker that is lost with what only it had.
    except Exception as error:  # pylint: disable=broad-exception-caught
        cure = "see the log of the workers; a part that ends one after the other is tried no more"
        raise PyfmtError(f"was lost: {type(error).__name__}: {error}", f"part {part}", cure) from error
    if not answer.report:
        raise PyfmtError(answer.said or f"ended with exit code {answer.code}", f"part {part}")
    return answer


def _times(settings: Config, ran: Report | None = None) -> shard_times.Times:
    """How long each unit took when it was last run on a cluster, those of a run that has ended included: what the next
    one is balanced by."""
    with Store(repository_folder(settings.root, settings.cache_dir)) as store:
        times = shard_times.from_rows(_TIMES.one(store, _LAST) or [])
        if ran is not None:
            times |= recorded_times(ran)
            _TIMES.keep(store, {_LAST: shard_times.rows(times)})
    return times
