"""From parsed arguments to what a run is asked for, and how it is shown."""

from __future__ import annotations

import argparse
import os
from collections.abc import Collection, Sequence
from typing import cast

from pyfmt.cli.options import AUTO
from pyfmt.core.errors import UsageError
from pyfmt.core.hook import base_of
from pyfmt.core.model import Severity
from pyfmt.core.request import Command, Display, Location, OutputSpec, Request
from pyfmt.reports.registry import FORMATS, check_format


def run_request(options: argparse.Namespace, command: Command) -> Request:
    """What a command that runs tools is asked for; raises UsageError for options that do not go together."""
    checking = command is Command.CHECK or options.check or options.diff
    return Request(
        command=command,
        location=_location(options),
        paths=tuple(options.paths),
        tools=tuple(options.tools),
        write=command in (Command.RUN, Command.FORMAT) and not checking,
        staged=options.staged,
        diff=options.diff,
        since=_since(options),
        jobs=options.jobs,
        use_cache=not options.no_cache,
        cache_audit=_audit(options),
        timeout=options.timeout,
        trust=options.trust,
        verbose=verbosity(options) > 0,
        unused_ignores=options.unused_ignores,
        fail_on=Severity(options.fail_on) if options.fail_on else None,
        baseline=options.baseline,
        baseline_locked=options.baseline_locked,
        shard=_shard(options, checking or command is Command.LINT),
        shard_times=options.shard_times,
    )


def plain_request(options: argparse.Namespace) -> Request:
    """What a command that runs no tool has to know of the checkout."""
    return Request(Command.CHECK, _location(options), trust=options.trust)


def display_of(options: argparse.Namespace, formats: Collection[str] = tuple(FORMATS)) -> Display:
    """How the report of a command with `--output` is shown; raises UsageError for what is none of its `formats`."""
    outputs = _outputs(options.outputs)
    for output in outputs:
        check_format(output.format, formats)
    return Display(
        outputs=outputs,
        color=options.color,
        verbosity=verbosity(options),
        style=options.style,
        statistics=options.statistics,
        show_files=options.show_files,
        show_baselined=options.show_baselined,
        severity=Severity(options.severity),
        agent=options.agent,
        sort=options.sort,
        max_same=options.max_same,
        timings=options.timings,
    )


def verbosity(options: argparse.Namespace) -> int:
    """-1 with `-q`, 1 with `-v`, else 0."""
    return int(options.verbose) - int(options.quiet)


def _location(options: argparse.Namespace) -> Location:
    return Location(options.root, options.config)


def _outputs(asked: Sequence[tuple[str, str | None]]) -> tuple[OutputSpec, ...]:
    """What `--output` asks for, each once; "auto" is what the CI reads, besides the text."""
    found: list[OutputSpec] = []
    for name, file in asked:
        if name == AUTO:
            from pyfmt.reports.ci import outputs  # deferred: only where it is asked for

            found.extend(outputs(os.environ))
        else:
            found.append(OutputSpec(name, file))
    return tuple(dict.fromkeys(found)) or (OutputSpec("text"),)


def _since(options: argparse.Namespace) -> str | None:
    """What `--since` names; for `--with-dependents` the commit that what is staged comes upon, or the one that a
    framework compares with (`pre-commit run --from-ref`)."""
    if not options.with_dependents:
        return cast("str | None", options.since)
    if not options.staged:
        raise UsageError("goes with --staged", "--with-dependents", "`--since REV` always has the dependents")
    return str(options.since or base_of(os.environ) or "HEAD")


def _audit(options: argparse.Namespace) -> float:
    """What `--cache-audit` asks for, where it makes sense."""
    percent = float(options.cache_audit or 0.0)
    if percent and options.no_cache:
        raise UsageError("compares cached answers: it cannot be mixed with --no-cache", "--cache-audit")
    return percent


def _shard(options: argparse.Namespace, writes_nothing: bool) -> tuple[int, int] | None:
    """The part that `--shard` names, where it makes sense."""
    if options.shard is None:
        if options.shard_times:
            raise UsageError("goes with --shard", "--shard-times")
        return None
    from pyfmt.core import sharding  # deferred for start-up time

    part = sharding.parse(options.shard)
    if not writes_nothing or options.add_ignores:
        raise UsageError("goes with commands that write nothing", "--shard", "use `pyfmt check` or `pyfmt lint`")
    return part
