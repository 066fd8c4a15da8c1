"""From parsed arguments to the Request of a run."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence

from pyfmt.cli.parser import AUTO
from pyfmt.core.errors import UsageError
from pyfmt.core.request import Command, OutputSpec, Request


def make_request(options: argparse.Namespace, command: Command) -> Request:
    checking = command is Command.CHECK or getattr(options, "check", False) or getattr(options, "diff", False)
    return Request(
        command=command,
        paths=tuple(getattr(options, "paths", ())),
        tools=tuple(getattr(options, "tools", ())),
        outputs=_outputs(getattr(options, "outputs", ())),
        write=command in (Command.RUN, Command.FORMAT) and not checking,
        staged=getattr(options, "staged", False),
        diff=getattr(options, "diff", False),
        since=getattr(options, "since", None),
        jobs=getattr(options, "jobs", None),
        use_cache=not getattr(options, "no_cache", False),
        config_file=options.config,
        root=options.root,
        timeout=getattr(options, "timeout", None),
        trust=options.trust,
        color=options.color,
        verbosity=int(options.verbose) - int(options.quiet),
        style=getattr(options, "style", "auto"),
        statistics=getattr(options, "statistics", False),
        show_files=getattr(options, "show_files", False),
        unused_ignores=getattr(options, "unused_ignores", False),
        baseline=getattr(options, "baseline", None),
        baseline_locked=getattr(options, "baseline_locked", None),
        shard=_shard(options),
        shard_times=getattr(options, "shard_times", None),
        timings=getattr(options, "timings", None),
    )


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


def _shard(options: argparse.Namespace) -> tuple[int, int] | None:
    """The part that `--shard` names, where it makes sense."""
    text = getattr(options, "shard", None)
    if text is None:
        if getattr(options, "shard_times", None):
            raise UsageError("goes with --shard", "--shard-times")
        return None
    from pyfmt.core import sharding  # deferred for start-up time

    shard = sharding.parse(text)
    checking = (
        options.command in ("check", "lint") or getattr(options, "check", False) or getattr(options, "diff", False)
    )
    if not checking or getattr(options, "add_ignores", False):
        raise UsageError("goes with commands that write nothing", "--shard", "use `pyfmt check` or `pyfmt lint`")
    return shard.index, shard.count
