"""Formats the files of units; the parent of all processes alone writes, one file at a time."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field

from pyfmt.core.errors import EditError
from pyfmt.core.model import Edit, Failure, Finding, Outcome, Project, Severity, Unit
from pyfmt.runner import apart, edits, interruption
from pyfmt.runner.format_chunks import FileResult, FormatOptions, cut, format_data
from pyfmt.runner.format_pool import answers, why_ended
from pyfmt.tools import formatting
from pyfmt.tools.formatting import FormatResult, ToolFault
from pyfmt.tools.registry import TOOLS, formatters


@dataclass(slots=True)
class _Tally:
    """A unit on its way to an Outcome."""

    unit: Unit
    owners: dict[str, str]  # file -> project's name
    missing: int  # files without an answer
    answers: dict[str, FileResult] = field(default_factory=dict)
    edit_troubles: dict[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    started: float = 0.0
    pieces: list[tuple[float, float]] = field(default_factory=list)


def format_units(units: Sequence[Unit], options: FormatOptions, on_done: Callable[[Outcome], None]) -> list[Outcome]:
    """Format the files of each unit; the outcomes in the order of the units, `on_done` called as each is complete.

    Raises ConfigError before any file is touched. To be called from the main thread, and with no other threads where
    the pool forks. An interrupt ends the processes and is raised again; every file is then either as it was or done.
    """
    tallies = [_tally(unit) for unit in units]
    outcomes: list[Outcome | None] = [None] * len(units)

    def finish(number: int) -> None:
        outcomes[number] = outcome = _outcome(tallies[number], options)
        on_done(outcome)

    for number, tally in enumerate(tallies):
        if not tally.missing:
            finish(number)
    # Closed in any case: an interrupt may come while a file is written, and must end the processes then.
    with closing(answers(list(cut(units, options)), options)) as parts:
        for number, done in parts:
            tally = tallies[number]
            tally.seconds += done.seconds
            tally.started = min(tally.started or done.started, done.started)
            tally.pieces.append((done.started, done.started + done.seconds))
            for answer in done.answers:
                _take(answer, tally, options)
            interruption.check()
            if not tally.missing:
                finish(number)
    return [outcome for outcome in outcomes if outcome is not None]


def format_stdin(data: bytes, filename: str | None, options: FormatOptions, project: Project | None) -> FormatResult:
    """What the formatters make of a text; `filename` is relative to the root, `project` the one that it belongs to."""
    settings = formatting.settings_for(project, options.root, options.configs, options.newer)
    formatting.prepare(settings)
    try:
        ended = apart.call(lambda: format_data(data, filename, settings), options.timeout)
    except OSError:  # no process to be had
        return format_data(data, filename, settings)
    if ended.value is not None:
        return ended.value
    tool = options.configs[-1].tool if options.configs else formatters()[-1]
    return FormatResult(faults=(ToolFault(tool, why_ended(ended, options.timeout)),))


def _tally(unit: Unit) -> _Tally:
    owners = {file: part.project.name for part in unit.parts for file in part.files}
    return _Tally(unit, owners, len(owners))


def _take(answer: FileResult, tally: _Tally, options: FormatOptions) -> None:
    """Keep an answer, and write the file if it is to be written."""
    tally.answers[answer.path] = answer
    tally.missing -= 1
    if answer.before is not None and answer.result.data is not None:
        try:
            edits.write(options.root / answer.path, answer.before, answer.result.data, options.root)
        except EditError as error:
            tally.edit_troubles[answer.path] = error.what
            return
    if answer.digest and options.on_settled is not None:
        options.on_settled(answer.path, answer.digest)


def _outcome(tally: _Tally, options: FormatOptions) -> Outcome:
    """The answers of a unit, in the order of its files."""
    findings: list[Finding] = []
    changes: list[Edit] = []
    failures: list[Failure] = []
    for file, project in tally.owners.items():
        answer = tally.answers[file]
        trouble = answer.trouble or tally.edit_troubles.get(file, "")
        if trouble:
            failures.append(_failure(tally.unit.tool, project, f"{file}: {trouble}", answer.trouble_detail))
        elif answer.result.data is not None:
            written = answer.before is not None
            digest = answer.digest if written else ""
            changes.append(Edit(file, answer.result.tools, project, written, answer.diff, digest))
        for fault in answer.result.faults:
            failures.append(_failure(fault.tool, project, f"{file}: {fault.reason}", fault.detail))
        finding = _syntax_finding(answer, project, options)
        if finding is not None:
            findings.append(finding)
    now = time.monotonic()
    return Outcome(
        tally.unit,
        tuple(findings),
        tuple(changes),
        tuple(failures),
        tally.seconds,
        started=tally.started or now,
        ended=now,
        pieces=tuple(tally.pieces),
    )


def _failure(tool: str, project: str, reason: str, detail: str) -> Failure:
    return Failure(tool, (project,), "", reason, detail)


def _syntax_finding(answer: FileResult, project: str, options: FormatOptions) -> Finding | None:
    fault = answer.result.syntax
    if fault is None:
        return None
    return Finding(
        path=answer.path,
        line=fault.line,
        column=fault.column,
        end_line=None,
        end_column=None,
        tool=max((config.tool for config in options.configs), key=list(TOOLS).index),  # the last one parses
        rule="syntax-error",
        symbol="syntax-error",
        severity=Severity.ERROR,
        message=fault.message,
        project=project,
        syntax=True,
        cell=fault.cell,
    )
