"""Delivers reports: to standard output, whatever it can show, and to files."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt.errors import UsageError
from pyfmt.model import OutputSpec, Request

if TYPE_CHECKING:
    from pyfmt.app import RunResult
    from pyfmt.reports.options import RenderOptions


def deliver(result: RunResult, request: Request) -> None:
    """Write every report that was asked for; one that cannot be written does not keep back the others."""
    report = result.report
    from pyfmt.reports.registry import renderer  # deferred: cheap, but not for --help

    troubles = []
    for output in request.outputs:
        to_terminal = output.file is None and sys.stdout.isatty()
        text = renderer(output.format).render(report, _render_options(result, request, to_terminal, output))
        if output.file is None:
            print_text(text)
            continue
        try:
            Path(output.file).parent.mkdir(parents=True, exist_ok=True)
            with open(output.file, "a" if output.append else "w", encoding="utf-8", errors="surrogateescape") as file:
                file.write(text)
        except OSError as error:
            troubles.append(UsageError(f"the report cannot be written: {error.strerror}", output.file))
    if troubles:
        raise troubles[0]


def told(result: RunResult, request: Request) -> bytes:
    """What the first output is when a run is repeated: without the time that it took."""
    from pyfmt.reports.registry import renderer  # deferred: cheap, but not for --help

    output, timeless = request.outputs[0], replace(result.report, seconds=0.0)
    options = _render_options(result, request, sys.stdout.isatty(), output)
    return encoded(renderer(output.format).render(timeless, options))


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
