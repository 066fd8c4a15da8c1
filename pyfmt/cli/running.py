"""Carries out the commands that run tools: one run, its report, and what `--watch` and `--add-ignores` make of it."""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt.cache.repeating.witness import watching
from pyfmt.cli.output import Began, deliver, repeated_output
from pyfmt.cli.parser import COMMANDS
from pyfmt.cli.request import display_of, run_request
from pyfmt.core.errors import UsageError
from pyfmt.core.request import Command, Display, OutputSpec, Request
from pyfmt.run.progress import Progress
from pyfmt.run.session import Session

if TYPE_CHECKING:
    from pyfmt.run.pipeline import RunResult

    Run = Callable[[Request, Session], RunResult]


def execute(options: argparse.Namespace, command: Command) -> int:
    """Run the tools and report; returns the exit code. Raises PyfmtError and KeyboardInterrupt."""
    began = (time.monotonic(), os.times())
    from pyfmt.run import pipeline  # deferred so that --help stays quick

    request, display = run_request(options, command), display_of(options)
    if "-" in request.paths:
        request = _of_buffer(request, options)
    _check_mistyped_command(request.paths, options.argv)
    _check_cluster(options)
    if options.executor:
        from pyfmt.cli.cluster import command as cluster  # deferred: only where it is asked for
        from pyfmt.cli.cluster.dask import connected

        with connected(options.scheduler) as machines:
            run = partial(cluster.run, machines=machines, same_filesystem=options.same_filesystem)
            return _deliver(run, request, display, began)[0].exit_code
    if options.agent:
        from pyfmt.cli import agent  # deferred: only where it is asked for

        return _deliver(agent.run, agent.request(request, options), display, began)[0].exit_code
    if options.watch:
        from pyfmt.cli.watch.command import watch  # deferred: only where it is asked for

        return watch(request, display, options.add_ignores)
    if options.add_ignores:
        if request.staged:
            raise UsageError("leaves the work tree alone: it cannot be mixed with --add-ignores", "--staged")
        from pyfmt.cli import add_ignores  # deferred: only where it is asked for

        return _deliver(add_ignores.run, request, display, began)[0].exit_code
    if not _can_repeat(request, display):
        return _deliver(pipeline.run, request, display, began)[0].exit_code
    with watching() as witness:
        result, printed = _deliver(pipeline.run, request, display, began)
        wrote = any(edit.written for edit in result.report.edits)  # what it has read is not what is there now
        if witness.usable and not result.report.failures and not wrote:
            witness.keep(options.argv, repeated_output(result, request, display, printed), result.exit_code)
    return result.exit_code


def _check_cluster(options: argparse.Namespace) -> None:
    """Raises UsageError for what has no meaning on a cluster, or none elsewhere."""
    on_cluster = bool(options.executor)
    reason = "cannot be mixed with --executor" if on_cluster else "goes with --executor"
    for name in ("agent", "watch", "add_ignores", "timings") if on_cluster else ("scheduler", "same_filesystem"):
        if getattr(options, name) not in (None, False):
            raise UsageError(reason, f"--{name.replace('_', '-')}")


def _of_buffer(request: Request, options: argparse.Namespace) -> Request:
    """The request about what standard input holds, as `--stdin-filename`."""
    check_stdin(options)
    if request.command is Command.RUN:
        cure = "use `pyfmt check -`, `pyfmt lint -` or `pyfmt format -`"
        raise UsageError("cannot be written back: `pyfmt run` takes files only", "-", cure)
    if not options.stdin_filename:
        raise UsageError("needs the file that the input stands for", "-", "give it with --stdin-filename FILE")
    return replace(request, paths=(options.stdin_filename,), texts={options.stdin_filename: sys.stdin.buffer.read()})


def check_stdin(options: argparse.Namespace) -> None:
    """Raises UsageError for what does not go with standard input as the file to look at."""
    if options.paths != ["-"]:
        raise UsageError("stands alone: it cannot be mixed with other paths", "-")
    if options.watch:
        raise UsageError("does not go with `-`: standard input comes once", "--watch")
    if options.since is not None:
        raise UsageError("does not go with `-`: standard input has no history", "--since")
    if options.staged:
        raise UsageError("takes files from git's index: it cannot be mixed with standard input", "--staged")
    if options.add_ignores:
        raise UsageError("writes files: it cannot be mixed with standard input", "--add-ignores")


def _check_mistyped_command(paths: Sequence[str], arguments: Sequence[str]) -> None:
    """Raises UsageError for a single bare word that names no file and is near a command."""
    if len(paths) != 1 or not paths[0].isalpha() or os.path.lexists(paths[0]) or any(a in COMMANDS for a in arguments):
        return
    import difflib  # deferred: only an error needs it

    similar = difflib.get_close_matches(paths[0], COMMANDS, 1)
    if similar:
        raise UsageError("no such file or folder", paths[0], f"did you mean the command {similar[0]!r}?")


def _can_repeat(request: Request, display: Display) -> bool:
    """Whether the next call of this command may be answered with what this one says: see repeating/."""
    asks_git = request.staged or request.texts is not None or request.since is not None or request.shard is not None
    reports_on_itself = display.verbosity > 0 or display.statistics or display.timings is not None
    reports_on_itself = reports_on_itself or request.cache_audit > 0
    return request.use_cache and not asks_git and not reports_on_itself and display.outputs == (OutputSpec("text"),)


def _deliver(run: Run, request: Request, display: Display, began: Began) -> tuple[RunResult, bytes]:
    """Run, and report: what came of it, and what was written to standard output."""
    with closing(Progress(display.verbosity)) as progress:
        result = run(request, Session(Path.cwd(), os.environ, progress))
    return result, deliver(result, request, display, began)
