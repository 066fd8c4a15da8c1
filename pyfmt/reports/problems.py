"""What machine formats show: findings, files to reformat, failures and skips as one ranked kind of thing.

A failure or a skip is an error at the project's folder, so that no reader of a machine format takes it for clean.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass

from pyfmt.core.equivalents import Equivalence
from pyfmt.core.model import Edit, Finding, Severity
from pyfmt.core.report import Report
from pyfmt.reports.environments import Environments, listed
from pyfmt.reports.escaping import printable, printable_lines
from pyfmt.reports.options import Sources, no_sources
from pyfmt.reports.rules import documentation_url, home_page
from pyfmt.tools.registry import equivalence

REFORMAT = "reformat"  # rule of a file that formatters would change
FAILED = "failed"  # rule of a tool that did not finish
SKIPPED = "skipped"  # rule of a tool that did not run
BASELINED = "baselined"  # the mark of a finding that a baseline accepts


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is not as it should be; lines and columns as in `Finding`, `message` is printable with LF."""

    path: str
    line: int
    tool: str
    rule: str
    severity: Severity
    message: str
    project: str
    symbol: str = ""
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    url: str | None = None
    kind: str = "finding"  # or REFORMAT, FAILED, SKIPPED
    baselined: bool = False
    identity: str = ""  # of a finding: the same whichever of several tools says it
    environments: tuple[str, ...] = ()

    @property
    def cure(self) -> str:
        """What to do, or where that is told, as a command."""
        if self.kind == REFORMAT:
            return f"pyfmt format {shlex.quote(self.path)}"
        return f"pyfmt explain {shlex.quote(self.rule)}" if self.kind == "finding" else "pyfmt doctor"

    @property
    def title(self) -> str:
        """ "pylint E0401 (import-error)"."""
        return _title(self.tool, self.rule, self.symbol)

    @property
    def level(self) -> Severity:
        """The severity to show: what a baseline accepts is only told."""
        return Severity.INFO if self.baselined else self.severity

    @property
    def text(self) -> str:
        """The message, with a mark where a baseline accepts the finding."""
        return f"{BASELINED}: {self.message}" if self.baselined else self.message


def problems(report: Report, sources: Sources = no_sources) -> Iterator[Problem]:
    """Failures and skips, then findings and files to reformat, each in the report's order; `sources` as in
    RenderOptions."""
    yield from _unchecked(report)
    environments, same = Environments(report, sources), equivalence()
    for finding in report.findings:
        yield _from_finding(finding, environments, same)
    for edit in report.edits:
        if not edit.written:
            yield _from_edit(edit)


def ranked(report: Report, sources: Sources = no_sources) -> list[Problem]:
    """The problems with the worst first: readers with a limit drop the last ones."""
    return sorted(
        problems(report, sources),
        key=lambda problem: (problem.baselined, problem.severity.rank, problem.kind == REFORMAT),
    )


def _title(tool: str, rule: str, symbol: str) -> str:
    return f"{tool} {rule}" + (f" ({symbol})" if symbol not in ("", rule) else "")


def place(finding: Finding) -> str:
    """Where a finding stands for a reader of the file: "2:5", in a notebook "cell 3:2:5"."""
    at = finding.cell or finding
    shown = f"{at.line}:{at.column}" if at.column else f"{at.line}"
    return f"cell {finding.cell.number}:{shown}" if finding.cell else shown


def machine_message(finding: Finding, environments: Environments) -> str:
    """As `full_message`, with the place in the notebook: machine formats tell that in the file."""
    message = full_message(finding, environments)
    return f"{place(finding)}: {message}" if finding.cell else message


def full_message(finding: Finding, environments: Environments) -> str:
    """The message with its notes, other files and environments, printable, in lines."""
    lines = printable_lines(finding.message)
    for note in finding.notes:
        first, *rest = printable_lines(note)
        lines += [f"note: {first}", *rest]
    if finding.also:
        lines += printable_lines("also: " + ", ".join(finding.also))
    if finding.equivalents:
        titles = (_title(each.tool, each.rule, each.symbol) for each in finding.equivalents)
        lines += printable_lines("also said by: " + ", ".join(dict.fromkeys(titles)))
    only = environments.only_in(finding)
    if only:
        lines += printable_lines("only in: " + listed(only))
    return "\n".join(lines)


def _from_finding(finding: Finding, environments: Environments, same: Equivalence) -> Problem:
    return Problem(
        path=finding.path,
        line=max(1, finding.line),
        column=finding.column,
        end_line=finding.end_line,
        end_column=finding.end_column,
        tool=finding.tool,
        rule=finding.rule or "note",
        symbol=finding.symbol,
        severity=finding.severity,
        message=machine_message(finding, environments) or printable(finding.symbol or finding.rule or "note"),
        project=finding.project,
        url=documentation_url(finding.tool, finding.rule, finding.symbol),
        baselined=finding.baselined,
        identity="\0".join(sorted(f"{fault}\0{name or ''}" for fault, name in same.meanings(finding))),
        environments=finding.environments,
    )


def _from_edit(edit: Edit) -> Problem:
    tools = " and ".join(edit.tools)
    return Problem(
        path=edit.path,
        line=1,
        tool=edit.tools[-1],
        rule=REFORMAT,
        severity=Severity.WARNING,
        message=f"{tools} would reformat this file; `pyfmt format` does it",
        project=edit.project,
        url=home_page(edit.tools[-1]),
        kind=REFORMAT,
    )


def _unchecked(report: Report) -> Iterator[Problem]:
    folders = {project.name: project.path for project in report.projects}

    def problem(tool: str, project: str, kind: str, message: str) -> Problem:
        return Problem(
            path=folders.get(project, "."),
            line=1,
            tool=tool,
            rule=kind,
            severity=Severity.ERROR,
            message="\n".join(printable_lines(message)),
            project=project,
            kind=kind,
        )

    for failure in report.failures:
        place = f" in {failure.environment}" if failure.environment else ""
        message = f"{failure.tool} failed{place}, nothing was checked: {failure.reason}"
        if failure.detail:
            message += f"\n{failure.detail.rstrip()}"
        for project in failure.projects or ("",):
            yield problem(failure.tool, project, FAILED, message)
    for skip in report.skipped:
        yield problem(skip.tool, skip.project, SKIPPED, f"{skip.tool} did not run: {skip.reason}")
