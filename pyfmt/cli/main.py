"""The command line: argv to Request, Report to exit code."""

from __future__ import annotations

import argparse
import errno
import gc
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from pyfmt.cache.repeating.witness import watching
from pyfmt.cli import given_names
from pyfmt.cli.output import Began, deliver, told, write_bytes
from pyfmt.cli.parser import COMMANDS, build_parser, with_command
from pyfmt.cli.request import make_request
from pyfmt.core.errors import EXIT_CLEAN, EXIT_FAILURE, EXIT_INTERRUPTED, PyfmtError, UsageError
from pyfmt.core.request import Command, OutputSpec, Request
from pyfmt.run.progress import Progress

if TYPE_CHECKING:
    from pyfmt.run.pipeline import RunResult

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO})
_RUNS = frozenset(command.value for command in Command)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code, and never raises."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    signal.signal(signal.SIGTERM, _interrupt)
    _open_closed_streams()
    try:
        code = _dispatch(arguments)
        sys.stdout.flush()
        return code
    except PyfmtError as error:
        print(f"pyfmt: error: {error}", file=sys.stderr)
        return EXIT_FAILURE
    except KeyboardInterrupt:
        print("pyfmt: interrupted; no file is half written", file=sys.stderr)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has closed it: nobody is left to tell, and the report was not delivered whole.
        _silence_stdout()
        return EXIT_FAILURE
    except Exception as error:  # pylint: disable=broad-exception-caught  # the last line of defence: exit code 2
        return _bug(error)


def _silence_stdout() -> None:
    """For what is still in the buffer, which Python would try to write at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _open_closed_streams() -> None:
    """Give a stream that our caller has closed (`2>&-`) a place that takes what is written, before a file gets its number.

    Standard output is opened for reading only: a report that cannot be delivered is a failure, not lost in silence.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            os.open(os.devnull, os.O_RDWR if name == "stderr" else os.O_RDONLY)  # takes the lowest free number
            stream = os.fdopen(number, "w" if number else "r", encoding="utf-8", closefd=False)
            setattr(sys, name, stream)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _bug(error: Exception) -> int:
    if isinstance(error, OSError) and error.errno in _FULL:  # no bug: nobody can write there
        _silence_stdout()
        print(f"pyfmt: error: what was to be written could not be: {error.strerror}", file=sys.stderr)
        return EXIT_FAILURE
    import traceback  # deferred: only a bug needs it

    traceback.print_exc()
    print(
        f"pyfmt: error: {type(error).__name__}: {error}\n  this is a bug of pyfmt: please report it with the lines above",
        file=sys.stderr,
    )
    return EXIT_FAILURE


def _dispatch(arguments: list[str]) -> int:
    given_names.check(arguments, os.environ)
    parser = build_parser()
    options = parser.parse_args(with_command(arguments))
    if getattr(options, "version", False):
        from pyfmt.tools.versions import version_text  # deferred: reads the metadata of the tools

        print(version_text())
        return EXIT_CLEAN
    if options.command == "format" and "-" in options.paths:
        return _format_stdin(options)
    if options.command in _RUNS:
        return _run(options, arguments)
    from pyfmt.cli import commands  # deferred for start-up time

    return commands.HANDLERS[options.command](options)


def _run(options: argparse.Namespace, arguments: list[str]) -> int:
    began = (time.monotonic(), os.times())
    from pyfmt.reports.registry import check_format
    from pyfmt.run import pipeline  # deferred so that --help and --version stay quick

    request = make_request(options, Command(options.command))
    _check_slip(request.paths, arguments)
    for output in request.outputs:
        check_format(output.format)
    # Nearly all that a run makes lives until its end: looking for garbage all the time costs a tenth of a run with
    # nothing to do.
    gc.set_threshold(100_000, 50, 100)
    if getattr(options, "watch", False):
        from pyfmt.cli.watch.command import watch  # deferred: only where it is asked for

        return watch(options, request)
    if getattr(options, "add_ignores", False):
        if request.staged:
            raise UsageError("leaves the work tree alone: it cannot be mixed with --add-ignores", "--staged")
        from pyfmt.cli import add_ignores  # deferred: only where it is asked for

        return _deliver(add_ignores.run, request, began)[0].exit_code
    if not _can_repeat(request):
        return _deliver(pipeline.run, request, began)[0].exit_code
    with watching() as witness:
        result, said = _deliver(pipeline.run, request, began)
        wrote = any(edit.written for edit in result.report.edits)  # what it has read is not what is there now
        if witness.usable and not result.report.failures and not wrote:
            witness.keep(arguments, told(result, request, said), result.exit_code)
    return result.exit_code


def _check_slip(paths: Sequence[str], arguments: Sequence[str]) -> None:
    """Raises UsageError for a command that was typed wrong: a single bare word that names no file and is near one."""
    if len(paths) != 1 or not paths[0].isalpha() or os.path.lexists(paths[0]) or any(a in COMMANDS for a in arguments):
        return
    import difflib  # deferred: only an error needs it

    near = difflib.get_close_matches(paths[0], COMMANDS, 1)
    if near:
        raise UsageError("no such file or folder", paths[0], f"did you mean the command {near[0]!r}?")


def _can_repeat(request: Request) -> bool:
    """Whether the next call of this command may be answered with what this one says: see repeating/."""
    asks_git = request.staged or request.since is not None or request.shard is not None
    tells_of_itself = request.verbosity > 0 or request.statistics or request.timings is not None
    return request.use_cache and not asks_git and not tells_of_itself and request.outputs == (OutputSpec("text"),)


def _deliver(
    run: Callable[[Request, Path, Mapping[str, str], Progress], RunResult], request: Request, began: Began
) -> tuple[RunResult, bytes]:
    """Run, and report: what came of it, and what standard output was told."""
    progress = Progress(request.verbosity)
    try:
        result = run(request, Path.cwd(), os.environ, progress)
    finally:
        progress.close()
    return result, deliver(result, request, began)


def _format_stdin(options: argparse.Namespace) -> int:
    from pyfmt.run.formatting import format_stdin  # deferred so that --help and --version stay quick

    if options.paths != ["-"]:
        raise UsageError("stands alone: it cannot be mixed with other paths", "-")
    if options.watch:
        raise UsageError("does not go with `-`: standard input comes once", "--watch")
    if options.since is not None:
        raise UsageError("does not go with `-`: standard input has no history", "--since")
    request = make_request(options, Command.FORMAT)
    if request.staged:
        raise UsageError("takes files from git's index: it cannot be mixed with standard input", "--staged")
    result = format_stdin(request, sys.stdin.buffer.read(), options.stdin_filename, Path.cwd())
    if result.message:
        print(f"pyfmt: error: {result.message}", file=sys.stderr)
    write_bytes(result.output)
    return result.exit_code
