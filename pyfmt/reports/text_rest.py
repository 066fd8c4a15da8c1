"""What surrounds the findings in the text report: edits, warnings, what was not checked, the table and the summary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from pyfmt.core.listing import count
from pyfmt.core.model import Accepted, Edit, Severity
from pyfmt.core.report import Report
from pyfmt.core.request import Command
from pyfmt.reports import tally
from pyfmt.reports.escaping import cells, pad, printable, printable_lines
from pyfmt.reports.next_commands import next_commands
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.paint import Paint
from pyfmt.reports.rules import documentation_url
from pyfmt.tools.registry import formatters


def edits(report: Report, options: RenderOptions, paint: Paint) -> Iterator[str]:
    """One line for each file that is, or would be, reformatted, and its diff if asked for."""
    if report.edits and options.spacious:
        yield ""
    for edit in report.edits:
        verb = paint("green", "reformatted") if edit.written else paint("yellow", "would reformat")
        tools = paint("dim", f"[{', '.join(edit.tools)}]")
        yield f"{verb} {printable(edit.path)} {tools}"
        if options.diff and edit.diff:
            yield from _diff(edit, paint)


def _diff(edit: Edit, paint: Paint) -> Iterator[str]:
    for line in edit.diff.removesuffix("\n").split("\n"):
        # A carriage return at the end belongs to the file; tabs and form feeds harm nobody. So a piped diff applies.
        ending = "\r" if line.endswith("\r") and not paint.color else ""
        text = "\t".join("\f".join(map(printable, part.split("\f"))) for part in line.removesuffix("\r").split("\t"))
        if line.startswith(("---", "+++")):
            style = "bold"
        else:
            style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "")
        yield (paint(style, text) if style else text) + ending


def warnings(report: Report, paint: Paint) -> Iterator[str]:
    """Environments with something off; above the findings, many of which it may explain."""
    if report.command is Command.FORMAT:
        return  # formatting uses none
    odd = [record for record in report.environments if record.status != "ok"]
    for record in odd:
        label = paint("red", "error:") if record.status == "broken" else paint("yellow", "warning:")
        yield f"{label} environment {printable(record.name)}: {printable(record.reason)}"
        if record.cure:
            yield f"  help: {printable(record.cure)}"


def notes(report: Report, paint: Paint) -> Iterator[str]:
    """The notes of the run."""
    for note in report.notes:
        first, *more = printable_lines(note)
        yield f"{paint('cyan', 'note:')} {first}"
        yield from (f"  {line}" for line in more)


def unchecked(report: Report, paint: Paint) -> Iterator[str]:
    """Everything that was not checked: skipped tools by reason, and failures with the last lines that were said."""
    by_reason: dict[str, dict[str, list[str]]] = {}
    for skip in report.skipped:
        by_reason.setdefault(skip.reason, {}).setdefault(skip.project, []).append(skip.tool)
    for reason, projects in by_reason.items():
        for project, tools in projects.items():
            what = f"{printable(project)} ({', '.join(map(printable, tools))})"
            first, *more = printable_lines(reason)
            yield f"{paint('red', 'skipped:')} {what}: {first}"
            yield from (f"    {line}" for line in more)
    for failure in report.failures:
        place = f" in {printable(failure.environment)}" if failure.environment else ""
        owners = f" ({', '.join(map(printable, failure.projects))})" if failure.projects else ""
        first, *more = printable_lines(failure.reason)
        yield f"{paint('red', 'failed:')} {printable(failure.tool)}{place}{owners}: {first}"
        yield from (f"    {line}" for line in more)
        if failure.detail:
            yield from (f"    {line}" for line in printable_lines(failure.detail.rstrip("\n")))


def gone(report: Report, paint: Paint) -> Iterator[str]:
    """What a baseline accepts and is no longer there."""
    for accepted in report.gone:
        yield f"{paint('green', 'gone:')} {accepted_line(accepted)}"


def accepted_line(accepted: Accepted) -> str:
    """An entry of a baseline in one line."""
    scope = f" in {printable(accepted.scope)}" if accepted.scope else ""
    message = printable_lines(accepted.message)[0]
    return f"{printable(accepted.path)}: {printable(accepted.rule)} {message}{scope} [{printable(accepted.tool)}]"


def files_section(report: Report, paint: Paint) -> Iterator[str]:
    """`--show-files`: each file that something is said of, with the number of findings and the formatters' edits."""
    numbers = Counter(finding.path for finding in report.findings)
    edited = {edit.path: edit.tools for edit in report.edits}
    yield ""
    yield paint("bold", "files")
    for path in sorted({*numbers, *edited}):
        facts = [count(numbers[path], "finding")] if numbers[path] else []
        facts.extend(edited.get(path, ()))
        yield f"  {printable(path)}: {', '.join(facts)}"
    if not numbers and not edited:
        yield "  none with findings or edits"


def statistics(report: Report, paint: Paint) -> Iterator[str]:
    """`--statistics`: findings by rule and by project, the most frequent first."""
    rules = Counter((finding.tool, finding.rule, finding.symbol) for finding in report.findings)
    rows = []
    for (tool, rule, symbol), number in sorted(rules.items(), key=lambda item: (-item[1], item[0])):
        linked = paint.link(documentation_url(tool, rule, symbol), printable(rule or "-"))
        rows.append((number, f"{linked}{f' {printable(symbol)}' if symbol != rule else ''} [{printable(tool)}]"))
    projects = Counter(finding.project for finding in report.findings)
    yield from _ranking("findings by rule", rows, paint)
    ranked = sorted(projects.items(), key=lambda item: (-item[1], item[0]))
    yield from _ranking("findings by project", [(number, printable(name)) for name, number in ranked], paint)


def _ranking(title: str, rows: Iterable[tuple[int, str]], paint: Paint) -> Iterator[str]:
    rows = list(rows)
    yield ""
    yield paint("bold", title)
    width = max((len(str(number)) for number, _text in rows), default=1)
    yield from (f"  {number:>{width}}  {text}" for number, text in rows)
    if not rows:
        yield "  none"


def table(report: Report, options: RenderOptions, paint: Paint) -> Iterator[str]:
    """The project x tool table; projects of which nothing is to be said share one row, and tools have no column then,
    unless with -v."""
    whole = tally.table(report)
    loud = [
        index
        for index in range(len(whole.tools))
        if options.verbosity > 0 or any(not row.cells[index].quiet or row.cells[index].baselined for row in whole.rows)
    ]
    if not loud:
        return
    tools = tuple(whole.tools[index] for index in loud)
    shown = [row for row in whole.rows if options.verbosity > 0 or not row.quiet]
    quiet = whole.looked_at - sum(row.looked_at for row in shown)
    header = ["project", *map(_tool_title, tools)]
    body = [[printable(row.project), *(row.cells[index].text for index in loud)] for row in shown]
    if quiet:
        body.append([f"({count(quiet, 'more project')}: clean)", *("" for _ in tools)])
    foot = [["total", *(str(whole.total(index)) for index in loud)]]
    if options.is_terminal and report.units:
        foot.extend(_times(report, tools))
    widths = [max(cells(line[index]) for line in (header, *body, *foot)) for index in range(len(header))]
    yield ""
    for number, line in enumerate((header, *body, *foot)):
        text = "  ".join(pad(cell, widths[index], right=index > 0) for index, cell in enumerate(line)).rstrip()
        if number == 0:
            yield paint("bold", text)
        elif number > len(body):
            yield paint("dim", text) if number > len(body) + 1 else paint("bold", text)
        else:
            yield paint("red", text) if "failed" in text or "skipped" in text else text


def _tool_title(tool: str) -> str:
    return f"{tool} (files)" if tool in formatters() else tool


def _times(report: Report, tools: tuple[str, ...]) -> Iterator[list[str]]:
    """Rows with the seconds and cache hits of each tool."""
    seconds = ["seconds"]
    cached = ["cached"]
    for tool in tools:
        units = [unit for unit in report.units if unit.tool == tool]
        seconds.append(f"{sum(unit.seconds for unit in units):.1f}" if units else "-")
        cached.append(f"{sum(unit.cached for unit in units)}/{len(units)}" if units else "-")
    yield seconds
    yield cached


def summary(report: Report, options: RenderOptions, paint: Paint) -> Iterator[str]:
    """What there is, in one sentence."""
    if not tally.is_clean(report) or options.verbosity > 0:
        yield ""
    scope = tally.scope(report)
    if options.is_terminal and report.seconds > 0:
        scope += f", {report.seconds:.1f} s" if report.seconds >= 0.05 else f", {report.seconds * 1000:.0f} ms"
    new = tally.without_accepted(report)
    parts = counts(new)
    bad = bool(new.findings or report.failures or report.skipped or any(not edit.written for edit in report.edits))
    if not parts:
        done = "formatted" if report.command is Command.FORMAT else "clean"
        parts = [f"all {done}" if report.files else "no Python files here"]
    style = "red" if bad else "green"
    yield f"{paint(style, ', '.join(parts))} ({scope})"


def following(report: Report, options: RenderOptions, paint: Paint) -> Iterator[str]:
    """The next commands."""
    for command in next_commands(report, options):
        yield f"next: {paint('bold', printable(command))}"


def counts(report: Report) -> list[str]:
    """ "5 findings (3 errors, 2 warnings)", "2 files to reformat", and so on; empty where all is clean."""
    parts = []
    new = tally.new_findings(report)
    if new:
        found = tally.severities(new)
        words = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "info"}
        kinds = [
            count(found[severity], words[severity], "info" if severity is Severity.INFO else "")
            for severity in Severity
            if found[severity]
        ]
        parts.append(f"{count(len(new), 'finding')} ({', '.join(kinds)})")
    if len(new) < len(report.findings):
        parts.append(f"{len(report.findings) - len(new):,} accepted")
    for written, verb in ((False, "to reformat"), (True, "reformatted")):
        number = sum(edit.written is written for edit in report.edits)
        if number:
            parts.append(f"{count(number, 'file')} {verb}")
    if report.failures:
        parts.append(count(len(report.failures), "failure"))
    if report.gone:
        parts.append(f"{len(report.gone)} gone from the baseline")
    if report.skipped:
        projects = len({skip.project for skip in report.skipped})
        parts.append(f"{count(projects, 'project')} not fully checked")
    return parts
