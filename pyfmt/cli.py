"""The command line: argv to Request, Report to exit code."""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from pyfmt.arguments import build_parser, with_command
from pyfmt.errors import PyfmtError, UsageError
from pyfmt.model import Command, OutputSpec, Report, Request
from pyfmt.progress import Progress

if TYPE_CHECKING:
    from pyfmt.reports.options import RenderOptions

EXIT_CLEAN, EXIT_FINDINGS, EXIT_FAILURE, EXIT_INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; returns the exit code, and never raises."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    signal.signal(signal.SIGTERM, _interrupt)
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
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return EXIT_FAILURE
    except Exception as error:  # pylint: disable=broad-exception-caught  # the last line of defence: exit code 2
        return _bug(error)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _bug(error: Exception) -> int:
    import traceback  # deferred: only a bug needs it

    traceback.print_exc()
    print(
        f"pyfmt: error: {type(error).__name__}: {error}\n  this is a bug of pyfmt: please report it with the lines above",
        file=sys.stderr,
    )
    return EXIT_FAILURE


def _dispatch(arguments: list[str]) -> int:
    parser = build_parser()
    options = parser.parse_args(with_command(arguments))
    if getattr(options, "version", False):
        from pyfmt.versions import version_text  # deferred: reads the metadata of the tools

        print(version_text())
        return EXIT_CLEAN
    if options.command == "format" and "-" in options.paths:
        return _format_stdin(options)
    return _COMMANDS.get(options.command, _run)(options)


def _explain(options: argparse.Namespace) -> int:
    from pyfmt import describing  # deferred for start-up time

    print(describing.explain_text(options.file, _request(options, Command.CHECK), Path.cwd(), os.environ))
    return EXIT_CLEAN


def _config(options: argparse.Namespace) -> int:
    from pyfmt import describing  # deferred for start-up time

    print(describing.config_text(_request(options, Command.CHECK), Path.cwd(), options.json))
    return EXIT_CLEAN


def _request(options: argparse.Namespace, command: Command) -> Request:
    checking = command is Command.CHECK or getattr(options, "check", False) or getattr(options, "diff", False)
    return Request(
        command=command,
        paths=tuple(getattr(options, "paths", ())),
        tools=tuple(getattr(options, "tools", ())),
        outputs=tuple(OutputSpec(*output) for output in getattr(options, "outputs", ())) or (OutputSpec("text"),),
        write=command in (Command.RUN, Command.FORMAT) and not checking,
        diff=getattr(options, "diff", False),
        jobs=getattr(options, "jobs", None),
        use_cache=not getattr(options, "no_cache", False),
        config_file=options.config,
        root=options.root,
        timeout=getattr(options, "timeout", None),
        trust=options.trust,
        color=options.color,
        verbosity=int(options.verbose) - int(options.quiet),
    )


def _run(options: argparse.Namespace) -> int:
    from pyfmt import app  # deferred so that --help and --version stay quick
    from pyfmt.reports.registry import check_format

    request = _request(options, Command(options.command))
    for output in request.outputs:
        check_format(output.format)
    progress = Progress(request.verbosity)
    # Nearly all that a run makes lives until its end: looking for garbage all the time costs a tenth of a run with
    # nothing to do.
    gc.set_threshold(100_000, 50, 100)
    try:
        result = app.run(request, Path.cwd(), os.environ, progress)
    finally:
        progress.close()
    _deliver(result.report, request)
    return result.exit_code


def _deliver(report: Report, request: Request) -> None:
    """Write every report that was asked for; one that cannot be written does not keep back the others."""
    from pyfmt.reports.registry import renderer  # deferred: cheap, but not for --help

    troubles = []
    for output in request.outputs:
        to_terminal = output.file is None and sys.stdout.isatty()
        text = renderer(output.format).render(report, _render_options(report, request, to_terminal, output))
        if output.file is None:
            _print(text)
            continue
        try:
            Path(output.file).parent.mkdir(parents=True, exist_ok=True)
            Path(output.file).write_text(text, "utf-8", "surrogateescape")
        except OSError as error:
            troubles.append(UsageError(f"the report cannot be written: {error.strerror}", output.file))
    if troubles:
        raise troubles[0]


def _print(text: str) -> None:
    """Write to standard output whatever its encoding: what it cannot show is escaped, never a traceback."""
    sys.stdout.flush()
    sys.stdout.buffer.write(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))
    sys.stdout.flush()


def _use_color(choice: str, to_terminal: bool) -> bool:
    """`--color`, then NO_COLOR, then FORCE_COLOR, then whether it is a terminal (no-color.org, force-color.org)."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (to_terminal and os.environ.get("TERM") != "dumb")


def _render_options(report: Report, request: Request, to_terminal: bool, output: OutputSpec) -> RenderOptions:
    import shutil  # deferred with the reports

    from pyfmt.reports.options import RenderOptions

    root = Path(report.root)

    def sources(path: str) -> list[str] | None:
        try:
            return (root / path).read_text("utf-8", "replace").split("\n")
        except OSError:
            return None

    color = _use_color(request.color, to_terminal) and (output.file is None or request.color == "always")
    return RenderOptions(
        color=color,
        width=shutil.get_terminal_size((100, 24)).columns,
        is_terminal=to_terminal,
        hyperlinks=to_terminal and color,
        sources=sources,
        verbosity=request.verbosity,
        diff=request.diff,
    )


def _format_stdin(options: argparse.Namespace) -> int:
    from pyfmt import app  # deferred so that --help and --version stay quick

    if options.paths != ["-"]:
        raise UsageError("stands alone: it cannot be mixed with other paths", "-")
    request = _request(options, Command.FORMAT)
    result = app.format_stdin(request, sys.stdin.buffer.read(), options.stdin_filename, Path.cwd())
    if result.message:
        print(f"pyfmt: error: {result.message}", file=sys.stderr)
    sys.stdout.buffer.write(result.output)
    return result.exit_code


def _envs(options: argparse.Namespace) -> int:
    from pyfmt import describing  # deferred for start-up time

    request = _request(options, Command.CHECK)
    if options.action is None:
        for name in ("all", "python", "recreate", "dry_run"):
            if getattr(options, name):
                raise UsageError("goes with `pyfmt envs create`", f"--{name.replace('_', '-')}")
        view = describing.environments(request, Path.cwd(), os.environ)
        print(describing.environments_json(view) if options.json else describing.environments_text(view))
        return EXIT_CLEAN if view.complete else EXIT_FAILURE
    from pyfmt import environment_creation  # deferred: virtualenv's part

    wish = environment_creation.Wish(
        tuple(options.projects), options.all, options.python, options.recreate, options.dry_run, request.jobs
    )
    return environment_creation.create(wish, request, Path.cwd(), os.environ)


def _trust(options: argparse.Namespace) -> int:
    from pyfmt import config  # deferred for start-up time
    from pyfmt.environments import trust

    root = config.load(_request(options, Command.CHECK), Path.cwd()).root
    if options.revoke:
        known = trust.revoke(root)
        print(f"{root} is no longer trusted" if known else f"{root} was not trusted")
        return EXIT_CLEAN
    file = trust.store(root)
    print(f"{root} is trusted: plugins that its shared configuration names may run (remembered in {file})")
    return EXIT_CLEAN


def _cache(options: argparse.Namespace) -> int:
    from pyfmt import cache_housekeeping  # deferred for start-up time

    place = cache_housekeeping.folder(_request(options, Command.CHECK), Path.cwd())
    if options.action == "dir":
        print(place)
    else:
        print(cache_housekeeping.show(place) if options.action == "show" else cache_housekeeping.clean(place))
    return EXIT_CLEAN


_COMMANDS = {"envs": _envs, "explain": _explain, "config": _config, "trust": _trust, "cache": _cache}
