"""The pictures of the HTML report: heat map, Pareto of rules, times of the units, environment matrix."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from pyfmt.core.listing import count
from pyfmt.core.report import EnvironmentRecord, Report, UnitRecord
from pyfmt.core.request import Command
from pyfmt.reports import tally
from pyfmt.reports.escaping import safe, xml
from pyfmt.reports.rules import documentation_url
from pyfmt.tools.registry import formatters

PACKAGES = 8  # key packages with a column of their own; the others are named in the last one
_WIDTH, _BARS = 860, 700  # of a chart, and of its longest bar
_ROW = 36  # of a bar with its label
_FITS = 120  # characters of a label
PARETO = 20  # rules with a bar of their own; the others share one, and the table below names every rule


def heat_map(report: Report, anchors: dict[str, str]) -> Iterator[str]:
    """The project x tool table; `anchors` gives the key of each project that has a section of findings."""
    table = tally.table(report)
    highest = max((cell.number for row in table.rows for cell in row.cells), default=0)
    yield '<div class="scroll"><table id="heat"><caption class="quiet">Findings of the linters, files to format or '
    yield "formatted; a number shows its findings</caption>"
    yield '<thead><tr><th scope="col">project</th>' + "".join(
        f'<th scope="col">{safe(tool)}</th>' for tool in table.tools
    )
    yield "</tr></thead><tbody>"
    for row in table.rows:
        cells = "".join(
            _heat_cell(cell, highest, (anchors.get(row.project), index, tool in formatters()))
            for index, (tool, cell) in enumerate(zip(table.tools, row.cells, strict=True))
        )
        yield f'<tr><th scope="row">{safe(row.project)} <span class="quiet">{safe(row.path)}</span></th>{cells}</tr>'
    totals = "".join(f'<td class="number">{table.total(index)}</td>' for index in range(len(table.tools)))
    yield f'</tbody><tfoot><tr><th scope="row">total</th>{totals}</tr></tfoot></table></div>'


def _heat_cell(cell: tally.Cell, highest: int, target: tuple[str | None, int, bool]) -> str:
    anchor, tool, formatter = target
    text = safe(cell.text)
    if cell.number and anchor is not None and not formatter:
        text = f'<a href="#project-{anchor}" data-project="{anchor}" data-tool="{tool}">{text}</a>'
    if cell.failed or cell.skipped:
        return f'<td class="number error">{text}</td>'
    # Four steps, each four times the one below: one project with thousands must not make the others look clean.
    heat = next((step for step in (4, 3, 2, 1) if cell.number * 4 ** (4 - step) >= max(highest, 1)), 1)
    return f'<td class="number{f" heat{heat}" if cell.number else ""}">{text}</td>'


def pareto(report: Report) -> Iterator[str]:
    """Findings by rule as bars with the cumulative share, and every rule in a table."""
    rules = Counter((finding.tool, finding.rule, finding.symbol) for finding in report.findings)
    if not rules:
        return
    ranked = sorted(rules.items(), key=lambda item: (-item[1], item[0]))
    bars = [(_rule_name(*rule), number) for rule, number in ranked[:PARETO]]
    if len(ranked) > PARETO:
        rest = ranked[PARETO:]
        bars.append((count(len(rest), "other rule"), sum(number for _rule, number in rest)))
    total = len(report.findings)
    yield from _pareto_svg(bars, total)
    yield f"<details><summary>all {count(len(ranked), 'rule')}</summary><table><thead><tr>"
    yield '<th scope="col">rule</th><th scope="col">tool</th><th scope="col">findings</th></tr></thead><tbody>'
    for (tool, rule, symbol), number in ranked:
        url = documentation_url(tool, rule, symbol)
        name = safe(_rule_name(tool, rule, symbol))
        linked = f'<a href="{xml(url)}" rel="noreferrer noopener">{name}</a>' if url else name
        yield f'<tr><td>{linked}</td><td>{safe(tool)}</td><td class="number">{number}</td></tr>'
    yield "</tbody></table></details>"


def _rule_name(_tool: str, rule: str, symbol: str) -> str:
    return f"{symbol} {rule}" if symbol not in ("", rule) else rule or "note"


def _pareto_svg(bars: list[tuple[str, int]], total: int) -> Iterator[str]:
    height = _ROW * len(bars) + 4
    highest = max(number for _name, number in bars)
    yield f'<svg role="img" aria-label="Findings by rule with their cumulative share" width="{_WIDTH}" '
    yield f'height="{height}" viewBox="0 0 {_WIDTH} {height}">'
    points = []
    sum_so_far = 0
    for index, (name, number) in enumerate(bars):
        top = _ROW * index + 2
        sum_so_far += number
        share = 100 * sum_so_far / total
        points.append(f"{_BARS / 100 * share:.1f},{top + 24}")
        yield _label(name, top)
        yield f'<rect class="bar" x="0" y="{top + 16}" width="{max(1.0, _BARS * number / highest):.1f}" height="16"/>'
        yield f'<text x="{_BARS + 10}" y="{top + 29}">{number} ({share:.0f} %)</text>'
    yield f'<polyline class="curve" points="{" ".join(points)}"/></svg>'


def _label(name: str, top: int) -> str:
    """A bar's name on a line of its own above it; a very long one is set narrower, never cut."""
    fit = f' textLength="{_WIDTH}" lengthAdjust="spacingAndGlyphs"' if len(name) > _FITS else ""
    return f'<text x="0" y="{top + 12}"{fit}>{safe(name)}</text>'


def times(report: Report) -> Iterator[str]:
    """When each unit ran, in the order of their starts; how long each took where that is not known."""
    if any(unit.ended for unit in report.units):
        yield from _gantt(report)
    elif report.units:
        yield from _durations(report)


def _gantt(report: Report) -> Iterator[str]:
    """A row for each unit over the time of the run; what came from the cache is a dashed mark where it was found."""
    units = sorted(
        report.units, key=lambda unit: (unit.started, unit.ended, unit.tool, unit.environment, unit.projects)
    )
    span = max(report.seconds, *(unit.ended for unit in units), 0.001)
    height = _ROW * len(units) + 24
    yield from _hits(report)
    yield f'<svg id="gantt" role="img" aria-label="When each unit of work ran" width="{_WIDTH}" height="{height}" '
    yield f'viewBox="0 0 {_WIDTH} {height}">'
    for tick in range(5):
        left, moment = _BARS * tick // 4, span * tick / 4
        yield f'<polyline class="axis" points="{left},0 {left},{height - 20}"/>'
        anchor, digits = "middle" if tick else "start", 2 if span < 10 else 0
        yield f'<text x="{left}" y="{height - 6}" text-anchor="{anchor}">{moment:.{digits}f} s</text>'
    for index, unit in enumerate(units):
        top = _ROW * index + 2
        start, width = _BARS * unit.started / span, _BARS * max(0.0, unit.ended - unit.started) / span
        kind = "bar cached" if unit.cached else "bar"
        yield _label(_unit_name(unit, units), top)
        yield f'<rect class="{kind}" x="{start:.1f}" y="{top + 16}" width="{max(2.0, width):.1f}" height="16">'
        yield f"<title>from {unit.started:.2f} s to {unit.ended:.2f} s, {count(unit.files, 'file')}</title></rect>"
        took = "cached" if unit.cached else f"{unit.ended - unit.started:.2f} s"
        yield f'<text x="{_BARS + 10}" y="{top + 29}">{took}</text>'
    yield "</svg>"


def _hits(report: Report) -> Iterator[str]:
    hits = sum(unit.cached for unit in report.units)
    yield f'<p class="quiet">{count(len(report.units), "unit")}, {hits} from the cache, '
    yield f"{report.seconds:.2f} s in all.</p>"


def _unit_name(unit: UnitRecord, units: Sequence[UnitRecord]) -> str:
    projects = ", ".join(unit.projects) if len(unit.projects) < 3 else f"{len(unit.projects)} projects"
    where = unit.environment or projects
    if unit.environment and sum((each.tool, each.environment) == (unit.tool, unit.environment) for each in units) > 1:
        where = f"{projects} in {unit.environment}"
    return f"{unit.tool} {where}"


def _durations(report: Report) -> Iterator[str]:
    """How long each unit took, the longest first; what came from the cache is dashed."""
    units = sorted(report.units, key=lambda unit: (-unit.seconds, unit.tool, unit.environment))
    longest = max(units[0].seconds, 0.001)
    height = _ROW * len(units) + 4
    yield from _hits(report)
    yield f'<svg role="img" aria-label="Seconds of each unit of work" width="{_WIDTH}" height="{height}" '
    yield f'viewBox="0 0 {_WIDTH} {height}">'
    for index, unit in enumerate(units):
        top = _ROW * index + 2
        kind = "bar cached" if unit.cached else "bar"
        yield _label(_unit_name(unit, units), top)
        width = max(1.0, _BARS * unit.seconds / longest)
        yield f'<rect class="{kind}" x="0" y="{top + 16}" width="{width:.1f}" height="16"/>'
        cached = ", cached" if unit.cached else ""
        yield f'<text x="{_BARS + 10}" y="{top + 29}">{unit.seconds:.2f} s{cached}</text>'
    yield "</svg>"


def environments(report: Report) -> Iterator[str]:
    """The environment matrix: Python, how it was found, health, the projects that it is the home of, key packages."""
    if not report.environments or report.command is Command.FORMAT:
        return  # formatting uses none
    columns, further = _key_packages(report.environments)
    titles = [
        "environment",
        "Python",
        "found by",
        "health",
        "projects",
        *columns,
        *(["further packages"] if further else []),
    ]
    yield '<div class="scroll"><table><thead><tr>' + "".join(f'<th scope="col">{safe(title)}</th>' for title in titles)
    yield "</tr></thead><tbody>"
    for record in report.environments:
        homes = ", ".join(project.name for project in report.projects if project.environment == record.name)
        health = safe(record.status)
        if record.reason:
            health += f": {safe(record.reason)}"
        if record.cure:
            health += f"<br><code>{safe(record.cure)}</code>"
        style = {"ok": "good", "warning": "warning"}.get(record.status, "error")
        yield (
            f'<tr><th scope="row">{safe(record.name)}</th><td>{safe(record.python)}</td>'
            f"<td>{safe(record.found_by)}</td>"
            f'<td class="{style}">{health}</td><td>{safe(homes)}</td>'
        )
        versions = dict(record.packages)
        yield "".join(f"<td>{safe(versions.get(name, '-'))}</td>" for name in columns)
        if further:
            rest = ", ".join(f"{name} {version}" for name, version in record.packages if name not in columns)
            yield f"<td>{safe(rest)}</td>"
        yield "</tr>"
    yield "</tbody></table></div>"


def _key_packages(records: Sequence[EnvironmentRecord]) -> tuple[list[str], bool]:
    """The packages that get a column, and whether there are more: those that differ first, then the most widespread."""
    versions: dict[str, list[str]] = {}
    for record in records:
        for name, version in record.packages:
            versions.setdefault(name, []).append(version)
    ranked = sorted(versions, key=lambda name: (-len(set(versions[name])), -len(versions[name]), name))
    return ranked[:PACKAGES], len(ranked) > PACKAGES
