"""Counts over a report that several formats show: the project x tool table, and what was looked at."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pyfmt.core.listing import count
from pyfmt.core.model import Finding, Severity
from pyfmt.core.planning import FORMAT
from pyfmt.core.report import Report, UnitRecord
from pyfmt.tools.registry import TOOLS, formatters


def tools_of(report: Report) -> tuple[str, ...]:
    """The names of all tools that a report speaks of: in the order of the registry, then others by name."""
    names = {name.split()[0] for name in report.tools if name.strip()}
    names.update(tool for unit in report.units for tool in _tools_of_unit(unit, report))
    names.update(finding.tool for finding in report.findings)
    names.update(tool for edit in report.edits for tool in edit.tools)
    names.update(failure.tool for failure in report.failures)
    names.update(skip.tool for skip in report.skipped)
    names.discard("")
    known = [tool for tool in TOOLS if tool in names]
    return (*known, *sorted(names.difference(TOOLS)))


def _tools_of_unit(unit: UnitRecord, report: Report) -> tuple[str, ...]:
    """The tools that ran in a unit: one that formats applies all wanted formatters at once."""
    return tuple(tool for tool in formatters() if tool in report.tools) if unit.tool == FORMAT else (unit.tool,)


def is_clean(report: Report) -> bool:
    """Whether there is nothing to say of any file: no new finding, edit, failure or skip."""
    return not (new_findings(report) or report.edits or report.failures or report.skipped)


def new_findings(report: Report) -> list[Finding]:
    """The findings that no baseline accepts."""
    return [finding for finding in report.findings if not finding.baselined]


def without_accepted(report: Report) -> Report:
    """The report without the findings that a baseline accepts."""
    new = new_findings(report)
    return report if len(new) == len(report.findings) else replace(report, findings=tuple(new))


def by_project(report: Report) -> dict[str, dict[str, list[Finding]]]:
    """The findings by project and path, in the order of the report's projects."""
    groups: dict[str, dict[str, list[Finding]]] = {project.name: {} for project in report.projects}
    for finding in report.findings:
        groups.setdefault(finding.project, {}).setdefault(finding.path, []).append(finding)
    return {name: files for name, files in groups.items() if files}


def severities(findings: Iterable[Finding]) -> Counter[Severity]:
    """How many findings there are of each severity."""
    return Counter(finding.severity for finding in findings)


@dataclass(frozen=True, slots=True)
class Cell:
    """What one tool did in one project: how many findings or edits, and whether it ran at all."""

    number: int = 0
    ran: bool = False
    failed: bool = False
    skipped: bool = False
    baselined: int = 0  # findings that a baseline accepts, beyond `number`

    @property
    def text(self) -> str:
        """A number, "failed", "skipped", or "-" where the tool had nothing to do; baselined findings in parentheses."""
        extra = f" (+{self.baselined})" if self.baselined else ""
        if self.failed:
            return (f"{self.number} + failed" if self.number else "failed") + extra
        if self.skipped:
            return (f"{self.number} + skipped" if self.number else "skipped") + extra
        return str(self.number) + extra if self.ran or self.number or self.baselined else "-"

    @property
    def quiet(self) -> bool:
        """Whether there is nothing to say."""
        return not (self.number or self.failed or self.skipped)


@dataclass(frozen=True, slots=True)
class Row:
    """One project of the table, with a cell for each tool in the order of `Table.tools`."""

    project: str
    path: str
    cells: tuple[Cell, ...]

    @property
    def quiet(self) -> bool:
        """Whether no tool has anything to say about the project."""
        return all(cell.quiet for cell in self.cells)

    @property
    def looked_at(self) -> bool:
        """Whether any tool ran for the project, or should have."""
        return any(cell.ran or cell.baselined or not cell.quiet for cell in self.cells)


@dataclass(frozen=True, slots=True)
class Table:
    """The project x tool table."""

    tools: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def looked_at(self) -> int:
        """How many projects anything ran for, or should have: a run over some paths leaves the others alone."""
        return sum(row.looked_at for row in self.rows)

    def total(self, index: int) -> int:
        """The number of findings or edits of the tool at `index`."""
        return sum(row.cells[index].number for row in self.rows)


def table(report: Report) -> Table:
    """The project x tool table; projects that only findings name come last."""
    numbers: Counter[tuple[str, str]] = Counter()
    numbers.update((finding.project, finding.tool) for finding in new_findings(report))
    accepted = Counter((finding.project, finding.tool) for finding in report.findings if finding.baselined)
    numbers.update((edit.project, tool) for edit in report.edits for tool in edit.tools)
    ran = {(name, tool) for unit in report.units for name in unit.projects for tool in _tools_of_unit(unit, report)}
    failed = {(project, failure.tool) for failure in report.failures for project in failure.projects}
    skipped = {(skip.project, skip.tool) for skip in report.skipped}
    paths = {project.name: project.path for project in report.projects}
    for project, _tool in sorted({*numbers, *accepted, *failed, *skipped}):
        paths.setdefault(project, "")
    tools = tools_of(report)

    def cell(project: str, tool: str) -> Cell:
        key = (project, tool)
        return Cell(numbers[key], key in ran, key in failed, key in skipped, accepted[key])

    rows = (Row(name, path, tuple(cell(name, tool) for tool in tools)) for name, path in paths.items())
    return Table(tools, tuple(rows))


def scope(report: Report) -> str:
    """ "30 files in 5 projects": what was looked at."""
    return f"{count(report.files, 'file')} in {count(table(report).looked_at, 'project')}"
