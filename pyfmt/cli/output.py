"""Delivers reports: to standard output, whatever it can show, and to files."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt import disk
from pyfmt.core.errors import UsageError
from pyfmt.core.report import StepSpan
from pyfmt.core.request import Display, OutputSpec, Request, TextStyle

if TYPE_CHECKING:
    from pyfmt.reports.options import RenderOptions
    from pyfmt.run.pipeline import RunResult


Began = tuple[float, os.times_result]  # a moment of the monotonic clock, and the seconds of a processor until then


def deliver(result: RunResult, request: Request, display: Display, began: Began | None = None) -> bytes:
    """Write every report that was asked for; one that cannot be written does not keep back the others.

    `began` is when the command did, for `--timings`. Gives back what was written to standard output.
    """
    report = result.report
    from pyfmt.reports.registry import renderer  # deferred: cheap, but not for --help

    reporting = time.monotonic()
    rendered = [
        (output, renderer(output.format).render(report, _render_options(result, request, display, output)))
        for output in display.outputs
    ]
    errors, printed = _deliver_each(rendered, report.root)
    if display.timings is not None and began is not None:
        errors += _deliver_timings(result, display, began, StepSpan("report", reporting, time.monotonic()))
    if errors:
        raise errors[0]
    return printed


def deliver_texts(texts: Sequence[tuple[OutputSpec, str]], root: str) -> None:
    """Write what is no report of a run; raises UsageError for what could not be written, after all the rest."""
    errors, _ = _deliver_each(texts, root)
    if errors:
        raise errors[0]


def _deliver_each(
    texts: Sequence[tuple[OutputSpec, str]], root: str, what: str = "the report"
) -> tuple[list[UsageError], bytes]:
    """Write each text to its file or standard output: what went wrong, and what standard output got."""
    errors, printed = [], b""
    for output, text in texts:
        if output.file is None:
            printed += encoded(text)
            write_bytes(encoded(text))
            continue
        try:
            _write(output.file, text, "a" if output.append else "w", root)
        except OSError as error:
            errors.append(UsageError(f"{what} cannot be written: {error.strerror}", output.file))
        except UsageError as error:
            errors.append(error)
    return errors, printed


def _write(file: str, text: str, mode: str, root: str) -> None:
    """Write a report; raises OSError, and UsageError where a link that stands in the checkout leads to it."""
    place = Path.cwd()
    for part in Path(file).parts:
        inner = place / part
        if inner.is_symlink() and place.is_relative_to(root):
            cure = f"name {os.path.realpath(inner)} itself, where that is meant"
            raise UsageError(f"the report is not written: {inner} is a link of the checkout", file, cure)
        place = Path(os.path.realpath(inner))
    place.parent.mkdir(parents=True, exist_ok=True)
    with open(place, mode, encoding="utf-8", errors="surrogateescape") as stream:
        stream.write(text)


def _deliver_timings(result: RunResult, display: Display, began: Began, reporting: StepSpan) -> list[UsageError]:
    """Where the time went, on standard error, since standard output may be for a machine; errors of the trace's
    file."""
    from pyfmt.core.timings import Timings, joined
    from pyfmt.reports import timings_table, trace  # deferred: only where it is asked for

    assert result.checked is not None, "a run's"
    # All that has ended is counted: pyfmt, its pool, its workers and their children.
    cpu = sum(os.times()[:4]) - sum(began[1][:4])
    # What lies around the run's own steps: imports before, and the cache saved and closed behind.
    starting = StepSpan("start", began[0], result.steps[0].started)
    saving = StepSpan("cache saved", result.steps[-1].ended, reporting.started)
    steps = joined((starting, *result.steps, saving, reporting))
    timings = Timings(steps, tuple(result.checked.outcomes), result.jobs, cpu)
    sys.stderr.write(timings_table.render(timings, everything=display.verbosity > 0))
    traces = [(OutputSpec("trace", display.timings), trace.render(timings))] if display.timings else []
    return _deliver_each(traces, result.report.root, "the trace")[0]


def repeated_output(result: RunResult, request: Request, display: Display, printed: bytes) -> bytes:
    """What a repetition of a run that `printed` this prints: on a terminal without the time, which would be wrong."""
    if not sys.stdout.isatty():
        return printed
    from pyfmt.reports.registry import renderer  # deferred: cheap, but not for --help

    output, timeless = display.outputs[0], replace(result.report, seconds=0.0)
    options = _render_options(result, request, display, output)
    return encoded(renderer(output.format).render(timeless, options))


def shown_path(path: str, root: Path) -> str:
    """An absolute path for a reader: relative to the root where inside."""
    prefix = str(root) + "/"
    return path[len(prefix) :] if path.startswith(prefix) else path


def print_text(text: str) -> None:
    """Write to standard output whatever its encoding."""
    write_bytes(encoded(text))


def encoded(text: str) -> bytes:
    """A text as standard output takes it: what it cannot show is escaped, never a traceback."""
    return text.encode(sys.stdout.encoding or "utf-8", "backslashreplace")


def write_bytes(data: bytes) -> None:
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


def _render_options(result: RunResult, request: Request, display: Display, output: OutputSpec) -> RenderOptions:
    import shutil  # deferred with the reports

    from pyfmt.reports.options import RenderOptions

    to_terminal = output.file is None and sys.stdout.isatty()
    # A merged report may come from machines that have the checkout elsewhere.
    root = Path(request.location.root or result.quoted or result.report.root)
    base = os.path.realpath(root)

    def sources(path: str) -> list[str] | None:
        text = result.sources.get(path)
        # A report that is merged may name any file.
        if path not in result.sources and disk.is_within(os.path.realpath(root / path), base):
            text = disk.text_or_none(root / path)
        return text.split("\n") if text is not None else None

    color = _use_color(display.color, to_terminal) and (output.file is None or display.color == "always")
    return RenderOptions(
        color=color,
        width=shutil.get_terminal_size((100, 24)).columns,
        is_terminal=to_terminal,
        hyperlinks=to_terminal and color,
        sources=sources,
        diff=request.diff,
        # Paths of a merged report whose root is elsewhere can only be told from its root.
        here=os.getcwd() if os.path.isdir(result.report.root) else "",
        asked=request,
        **{field.name: getattr(display, field.name) for field in fields(TextStyle)},
    )
