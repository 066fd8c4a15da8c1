"""The `--watch` option: a session for a request, and what cannot be watched."""

from __future__ import annotations

import os
import sys
import time
from contextlib import closing
from pathlib import Path

from pyfmt.cli.output import deliver
from pyfmt.cli.watch.changes import Invocation
from pyfmt.cli.watch.session import Round
from pyfmt.cli.watch.session import watch as watch_for_ever
from pyfmt.core.errors import EXIT_INTERRUPTED, UsageError
from pyfmt.core.request import Display, Request
from pyfmt.run import pipeline
from pyfmt.run.progress import Progress
from pyfmt.run.session import Session
from pyfmt.runner.pool import WorkerPool


def watch(request: Request, display: Display, add_ignores: bool) -> int:
    """Watch until Ctrl-C or SIGTERM; the exit code is that of an interrupted run. Raises PyfmtError."""
    _check(request, add_ignores)
    invocation = Invocation(request, display.outputs, Path.cwd(), os.environ)
    began = [(time.monotonic(), os.times())]  # of the latest run

    def run(workers: WorkerPool) -> pipeline.RunResult:
        began[0] = (time.monotonic(), os.times())
        with closing(Progress(display.verbosity)) as progress:
            return pipeline.run(request, Session(invocation.cwd, invocation.environ, progress, workers))

    try:
        watch_for_ever(Round(run, lambda result: deliver(result, request, display, began[0])), invocation)
    except KeyboardInterrupt:
        print("\npyfmt: no longer watching", file=sys.stderr)
        return EXIT_INTERRUPTED


def _check(request: Request, add_ignores: bool) -> None:
    """Raises UsageError for what does not go with --watch."""
    if request.staged:
        raise UsageError("watches the work tree, and --staged is about git's index", "--watch", "leave one of them out")
    if request.shard is not None:
        raise UsageError("runs again and again on one machine, and --shard is one part of a run on many", "--watch")
    if add_ignores:
        raise UsageError(
            "would accept each new finding as it comes: it cannot be mixed with --add-ignores",
            "--watch",
            "run `pyfmt lint --add-ignores` once",
        )
