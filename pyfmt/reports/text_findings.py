"""The findings of the text report: one line each, or grouped by project and file with source excerpts."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pyfmt.core.model import Finding
from pyfmt.core.report import Report
from pyfmt.reports.environments import Environments, listed
from pyfmt.reports.escaping import cells, printable, printable_lines, wrap
from pyfmt.reports.excerpt import excerpt
from pyfmt.reports.options import RenderOptions, remembered
from pyfmt.reports.paint import Paint, file_url
from pyfmt.reports.problems import BASELINED
from pyfmt.reports.rules import documentation_url
from pyfmt.reports.tally import by_project

_SEVERITY_WIDTH = len("warning")
_INDENT = " " * 6
_NARROWEST = 40  # cells; below that, lines are wrapped by the terminal


def concise(report: Report, options: RenderOptions, paint: Paint) -> Iterator[str]:
    """`path:line:col: severity: message [tool:rule]`; further lines of a finding are indented by four blanks."""
    environments = Environments(report, options.sources)
    for finding in report.findings:
        shown = f"{_place(finding)}:"
        first, *more = printable_lines(finding.message)
        source = _sources(finding)
        url = documentation_url(finding.tool, finding.rule, finding.symbol)
        severity = paint.severity(finding.severity, finding.severity.value)
        mark = f" {paint('dim', f'({BASELINED})')}" if finding.baselined else ""
        yield f"{paint('bold', shown)} {severity}: {first} {paint('dim', paint.link(url, f'[{source}]'))}{mark}"
        for label, line in _further(finding, environments, more):
            yield f"    {label}{line}"


def _sources(finding: Finding) -> str:
    """ "mypy:name-defined, pylint:E0602": who says so, by which rule."""
    names = (":".join(filter(None, (each.tool, each.rule))) for each in finding.parts)
    return printable(", ".join(dict.fromkeys(names)))


def _further(finding: Finding, environments: Environments, more: list[str]) -> Iterator[tuple[str, str]]:
    """What follows the first line of a finding: (label, line)."""
    for line in more:
        yield "", line
    for note in finding.notes:
        first, *rest = printable_lines(note)
        yield "note: ", first
        yield from (("      ", line) for line in rest)
    if finding.also:
        yield "also: ", ", ".join(map(printable, finding.also))
    only = environments.only_in(finding)
    if only:
        yield "only in: ", printable(listed(only))


@dataclass(frozen=True, slots=True)
class _Scene:
    """What the lines of one finding depend on besides the finding."""

    report: Report
    options: RenderOptions
    paint: Paint
    environments: Environments
    full: bool

    @property
    def width(self) -> int:
        return max(self.options.width, _NARROWEST)


def grouped(report: Report, options: RenderOptions, paint: Paint) -> Iterator[str]:
    """Findings by project and file, each with its place; with the source lines unless the style is "grouped"."""
    options = replace(options, sources=remembered(options.sources))
    scene = _Scene(report, options, paint, Environments(report, options.sources), options.style != "grouped")
    for project, files in by_project(report).items():
        yield ""
        yield _project_line(scene, project)
        for findings in files.values():
            width = max(cells(_place(finding)) for finding in findings)
            for number, finding in enumerate(findings):
                if not number or scene.full:
                    yield ""
                yield from _finding(scene, finding, width)


def _project_line(scene: _Scene, name: str) -> str:
    paint = scene.paint
    line = paint("cyan", printable(name))
    for project in scene.report.projects:
        if project.name == name:
            environment = scene.environments.label(project.environment) if project.environment else "no environment"
            details = [text for text in (project.path, environment) if text != name]
            line += paint("dim", "".join(f"  {printable(text)}" for text in details))
            break
    return line


def _place(finding: Finding) -> str:
    """What a terminal or an editor opens at a click; in a notebook the cell, and the place there."""
    at = finding.cell or finding
    cell = f" cell {finding.cell.number}" if finding.cell else ""
    return f"{printable(finding.path)}{cell}:{at.line}:{at.column or 1}"


def _finding(scene: _Scene, finding: Finding, width: int) -> Iterator[str]:
    """The place, and behind it the message and the rule where one line has room for all, else the rule alone."""
    paint = scene.paint
    severity = paint.severity(finding.severity, finding.severity.value.ljust(_SEVERITY_WIDTH))
    url = file_url(scene.report.root, finding.path) if paint.hyperlinks else None
    place = _place(finding)
    blanks = " " * (width - cells(place))
    room = max(scene.width - len(_INDENT), _NARROWEST // 2)
    rule = paint("dim", paint.link(documentation_url(finding.tool, finding.rule, finding.symbol), _rule(finding)))
    message = printable_lines(finding.message)
    taken = 2 + width + 1 + _SEVERITY_WIDTH + 1
    fits = len(message) == 1 and taken + cells(message[0]) + 2 + cells(_rule(finding)) <= scene.width
    head = f"  {paint.link(url, paint('bold', place))}{blanks} {severity} "
    yield head + (f"{message[0]}  {rule}" if fits else rule)
    if not fits:
        yield from (_INDENT + part for line in message for part in wrap(line, room))
    if scene.full:
        yield from _source(scene, finding, len(_INDENT))
    for label, text in _further(finding, scene.environments, []):
        parts = wrap(text, max(room - len(label), _NARROWEST // 2))
        yield f"{_INDENT}{paint('cyan', label)}{parts[0]}"
        yield from (_INDENT + " " * len(label) + part for part in parts[1:])


def _rule(finding: Finding) -> str:
    said = (
        " ".join(filter(None, (*dict.fromkeys((each.symbol, each.rule)), f"({each.tool})"))) for each in finding.parts
    )
    mark = f" ({BASELINED})" if finding.baselined else ""
    return printable(", ".join(dict.fromkeys(said))) + mark


def _source(scene: _Scene, finding: Finding, gutter: int) -> Iterator[str]:
    """The source line and its underline, behind a gutter of `gutter` cells with the line number."""
    paint = scene.paint
    shown = excerpt(finding, scene.options.sources(finding.path), scene.width - gutter - 3)
    if shown is None:
        return
    rail = paint("blue", "|")
    yield f"{paint('blue', str(shown.line).rjust(gutter))} {rail} {shown.text}".rstrip()
    marks = paint.severity(finding.severity, "^" * shown.length)
    tail = paint("dim", f" to line {shown.more_to}") if shown.more_to else ""
    yield f"{' ' * gutter} {rail} {' ' * shown.start}{marks}{tail}"
