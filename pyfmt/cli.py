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

from pyfmt.arguments import AUTO, build_parser, with_command
from pyfmt.errors import PyfmtError, UsageError
from pyfmt.model import Command, OutputSpec, Request
from pyfmt.progress import Progress

if TYPE_CHECKING:
    from pyfmt.app import RunResult
    from pyfmt.reports.options import RenderOptions

EXIT_CLEAN, EXIT_FINDINGS, EXIT_FAILURE, EXIT_INTERRUPTED = 0, 1, 2, 130


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
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return EXIT_FAILURE
    except Exception as error:  # pylint: disable=broad-exception-caught  # the last line of defence: exit code 2
        return _bug(error)


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
    if not os.path.lexists(options.file):
        from pyfmt import explaining  # deferred: asks the tools, which takes them to be imported

        print(explaining.rule_text(options.file))
        return EXIT_CLEAN
    from pyfmt import describing  # deferred for start-up time

    print(describing.explain_text(options.file, _request(options, Command.CHECK), Path.cwd(), os.environ))
    return EXIT_CLEAN


def _config(options: argparse.Namespace) -> int:
    if options.report and options.action is None:
        raise UsageError("goes with `pyfmt config schema`", "--report")
    if options.action == "schema":
        print(_schema(options.report), end="")
        return EXIT_CLEAN
    from pyfmt import describing  # deferred for start-up time

    print(describing.config_text(_request(options, Command.CHECK), Path.cwd(), options.json))
    return EXIT_CLEAN


def _schema(of_reports: bool) -> str:
    if of_reports:
        from pyfmt.reports.schema import report_schema  # deferred for start-up time

        return report_schema()
    from pyfmt.config.schema import config_schema  # deferred for start-up time

    return config_schema()


def _request(options: argparse.Namespace, command: Command) -> Request:
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
    from pyfmt import sharding  # deferred for start-up time

    shard = sharding.parse(text)
    checking = (
        options.command in ("check", "lint") or getattr(options, "check", False) or getattr(options, "diff", False)
    )
    if not checking or getattr(options, "add_ignores", False):
        raise UsageError("goes with commands that write nothing", "--shard", "use `pyfmt check` or `pyfmt lint`")
    return shard.index, shard.count


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
        if getattr(options, "add_ignores", False):
            if request.staged:
                raise UsageError("leaves the work tree alone: it cannot be mixed with --add-ignores", "--staged")
            from pyfmt import adding_ignores  # deferred: only where it is asked for

            result = adding_ignores.run(request, Path.cwd(), os.environ, progress)
        else:
            result = app.run(request, Path.cwd(), os.environ, progress)
    finally:
        progress.close()
    _deliver(result, request)
    return result.exit_code


def _deliver(result: RunResult, request: Request) -> None:
    """Write every report that was asked for; one that cannot be written does not keep back the others."""
    report = result.report
    from pyfmt.reports.registry import renderer  # deferred: cheap, but not for --help

    troubles = []
    for output in request.outputs:
        to_terminal = output.file is None and sys.stdout.isatty()
        text = renderer(output.format).render(report, _render_options(result, request, to_terminal, output))
        if output.file is None:
            _print(text)
            continue
        try:
            Path(output.file).parent.mkdir(parents=True, exist_ok=True)
            with open(output.file, "a" if output.append else "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(text)
        except OSError as error:
            troubles.append(UsageError(f"the report cannot be written: {error.strerror}", output.file))
    if troubles:
        raise troubles[0]


def _print(text: str) -> None:
    """Write to standard output whatever its encoding: what it cannot show is escaped, never a traceback."""
    _write(text.encode(sys.stdout.encoding or "utf-8", "backslashreplace"))


def _write(data: bytes) -> None:
    """Bytes to standard output; UsageError where it takes none (a full disk), BrokenPipeError where nobody reads."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # for what is still in the buffer
        raise UsageError(f"cannot be written: {error.strerror}", "standard output") from error


def _use_color(choice: str, to_terminal: bool) -> bool:
    """`--color`, then NO_COLOR, then FORCE_COLOR, then whether it is a terminal (no-color.org, force-color.org)."""
    if choice != "auto":
        return choice == "always"
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (to_terminal and os.environ.get("TERM") != "dumb")


def _render_options(result: RunResult, request: Request, to_terminal: bool, output: OutputSpec) -> RenderOptions:
    import shutil  # deferred with the reports

    from pyfmt.reports.options import RenderOptions

    # A merged report may come from machines that have the checkout elsewhere.
    root = Path(request.root or result.report.root)

    def sources(path: str) -> list[str] | None:
        if path in result.sources:
            return result.sources[path].split("\n")
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
        style=request.style,
        statistics=request.statistics,
        show_files=request.show_files,
    )


def _format_stdin(options: argparse.Namespace) -> int:
    from pyfmt import app  # deferred so that --help and --version stay quick

    if options.paths != ["-"]:
        raise UsageError("stands alone: it cannot be mixed with other paths", "-")
    if options.since is not None:
        raise UsageError("does not go with `-`: standard input has no history", "--since")
    request = _request(options, Command.FORMAT)
    if request.staged:
        raise UsageError("takes files from git's index: it cannot be mixed with standard input", "--staged")
    result = app.format_stdin(request, sys.stdin.buffer.read(), options.stdin_filename, Path.cwd())
    if result.message:
        print(f"pyfmt: error: {result.message}", file=sys.stderr)
    _write(result.output)
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


def _affected(options: argparse.Namespace) -> int:
    from pyfmt import telling_affected  # deferred for start-up time

    told = telling_affected.find(_request(options, Command.CHECK), Path.cwd(), os.environ)
    if options.github_matrix or options.only_paths:  # the others have them among their output
        for note in told.scope.notes:
            print(f"pyfmt: note: {note}", file=sys.stderr)
    if options.json:
        _print(telling_affected.as_json(told) + "\n")
    elif options.github_matrix:
        _print(telling_affected.as_matrix(told) + "\n")
    elif options.only_paths:
        _print("".join(f"{path}\n" for path in telling_affected.paths(told)))
    else:
        _print(telling_affected.as_text(told) + "\n")
    return EXIT_CLEAN


def _graph(options: argparse.Namespace) -> int:
    from pyfmt import telling_affected  # deferred for start-up time

    graph = telling_affected.find_graph(_request(options, Command.CHECK), Path.cwd())
    shape = "json" if options.json else "mermaid" if options.mermaid else "text"
    _print(telling_affected.GRAPHS[shape](graph) + "\n")
    return EXIT_CLEAN


def _trust(options: argparse.Namespace) -> int:
    from pyfmt import config  # deferred for start-up time
    from pyfmt.environments import trust
    from pyfmt.tools import executing

    settings = config.load(_request(options, Command.CHECK), Path.cwd())
    root = settings.root
    if options.revoke:
        known = trust.revoke(root)
        print(f"{root} is no longer trusted" if known else f"{root} was not trusted")
        return EXIT_CLEAN
    file = trust.store(root)
    print(f"{root} is trusted (remembered in {file}; `pyfmt trust --revoke` takes it back)")
    print("code of its environments may run, where the shared configuration names it:")
    for tool_config in settings.tool_configs:
        for text in executing.executions(tool_config):
            print(f"  {text} ({executing.place(tool_config, str(root))})")
    print("  the interpreter of an environment whose search path cannot be read from disk")
    return EXIT_CLEAN


def _cache(options: argparse.Namespace) -> int:
    from pyfmt import cache_housekeeping  # deferred for start-up time

    place = cache_housekeeping.folder(_request(options, Command.CHECK), Path.cwd())
    if options.action == "dir":
        print(place)
    else:
        print(cache_housekeeping.show(place) if options.action == "show" else cache_housekeeping.clean(place))
    return EXIT_CLEAN


def _doctor(options: argparse.Namespace) -> int:
    from pyfmt import doctor  # deferred for start-up time

    text, odd = doctor.page(_request(options, Command.CHECK), Path.cwd(), os.environ)
    _print(text + "\n")
    return EXIT_FINDINGS if odd else EXIT_CLEAN


def _completion(options: argparse.Namespace) -> int:
    from pyfmt import completion  # deferred for start-up time

    print(completion.script(options.shell), end="")
    return EXIT_CLEAN


def _init(options: argparse.Namespace) -> int:
    from pyfmt import initialising  # deferred for start-up time

    wish = initialising.Wish(options.hook, options.ci, options.yes)
    return initialising.initialise(wish, _request(options, Command.CHECK), Path.cwd(), os.environ)


def _baseline(options: argparse.Namespace) -> int:
    from pyfmt import baseline_command  # deferred for start-up time

    request = _request(options, Command.LINT)
    progress = Progress(request.verbosity)
    try:
        return baseline_command.change(options.action, request, (Path.cwd(), os.environ), progress)
    finally:
        progress.close()


def _merge(options: argparse.Namespace) -> int:
    from pyfmt import app, merge_reports, merging  # deferred for start-up time
    from pyfmt.reports.registry import check_format

    request = _request(options, Command.CHECK)
    for output in request.outputs:
        check_format(output.format)
    merged = merge_reports.merge(options.reports, Path.cwd())
    code = merging.exit_code(merged.report, merged.fail_on)
    _deliver(app.RunResult(merged.report, code), request)
    return code


_COMMANDS = {
    "envs": _envs,
    "explain": _explain,
    "config": _config,
    "doctor": _doctor,
    "completion": _completion,
    "trust": _trust,
    "cache": _cache,
    "affected": _affected,
    "graph": _graph,
    "init": _init,
    "baseline": _baseline,
    "merge": _merge,
}
