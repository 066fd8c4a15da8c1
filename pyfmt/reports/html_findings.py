"""The findings and edits of the HTML report, by project and file, each file to be opened and closed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from pyfmt.core.model import Finding, Severity
from pyfmt.core.report import Report
from pyfmt.reports import tally
from pyfmt.reports.environments import Environments
from pyfmt.reports.escaping import safe, xml
from pyfmt.reports.excerpt import line_of, range_of
from pyfmt.reports.options import Sources
from pyfmt.reports.problems import BASELINED, full_message, place
from pyfmt.reports.rules import documentation_url
from pyfmt.reports.text_rest import accepted_line

OPEN = 300  # findings up to which all files are open at first
_LONGEST = 300  # characters shown of a source line
_AROUND = 2  # lines shown before and after
_LEAD = 60  # characters kept before the range in a longer one

Rule = tuple[str, str, str]  # tool, rule, symbol


def rules_of(report: Report) -> dict[Rule, int]:
    """Every rule with a finding and how many it has, by tool and name."""
    return dict(sorted(Counter((each.tool, each.rule, each.symbol) for each in report.findings).items()))


def findings(report: Report, sources: Sources) -> Iterator[str]:
    """A section for each project with the files below; the keys for filtering are numbers, never texts."""
    environments = Environments(report, sources)
    tools = {tool: index for index, tool in enumerate(tally.tools_of(report))}
    rules = {rule: index for index, rule in enumerate(rules_of(report))}
    opened = " open" if len(report.findings) <= OPEN else ""
    for number, (project, files) in enumerate(tally.by_project(report).items()):
        yield f'<section data-project="{number}" id="project-{number}"><h3>{safe(project)}</h3>'
        for path, found in files.items():
            lines = sources(path)
            yield f'<details class="file" data-path="{safe(path)}"{opened}><summary><code>{safe(path)}</code> '
            yield f'(<span class="count">{len(found)}</span>)</summary><ol class="findings">'
            for finding in found:
                rule = (finding.tool, finding.rule, finding.symbol)
                key = f"{finding.severity.rank} {tools[finding.tool]} {rules[rule]} {int(finding.baselined)}"
                yield f'<li data-k="{key}">{_finding(finding, environments)}{_source(finding, lines)}</li>'
            yield "</ol></details>"
        yield "</section>"


def _finding(finding: Finding, environments: Environments) -> str:
    symbol = finding.symbol if finding.symbol not in ("", finding.rule) else ""
    name = safe(" ".join(part for part in (symbol, finding.rule or "note") if part))
    url = documentation_url(finding.tool, finding.rule, finding.symbol)
    linked = f'<a href="{xml(url)}" rel="noreferrer noopener">{name}</a>' if url else name
    message = xml(full_message(finding, environments)).replace("&#10;", "\n")
    kind = finding.severity.value
    mark = f' <span class="quiet">({BASELINED})</span>' if finding.baselined else ""
    return (
        f'<span class="place">{place(finding)}</span> <span class="severity {kind}">{kind}</span> '
        f'<div><span class="message">{message}</span> <span class="rule">{linked} '
        f"({safe(finding.tool)})</span>{mark}</div>"
    )


def _source(finding: Finding, lines: Sequence[str] | None) -> str:
    """The source line with its range marked, between the lines around it; empty where it is not to be had."""
    line, at = line_of(finding, lines), finding.cell or finding
    if not line:
        return ""
    start, end = range_of(at, line)
    first = max(0, start - _LEAD) if len(line) > _LONGEST else 0
    last = min(len(line), first + _LONGEST)
    before, marked, after = line[first:start], line[start : min(end, last)] or " ", line[end : max(end, last)]
    text = f"{_shown(before)}<mark>{_shown(marked)}</mark>{_shown(after)}"
    more = f" … to line {at.end_line}" if at.end_line not in (None, at.line) else ""
    rows = {
        number: _shown(lines[number - 1].rstrip()[:_LONGEST])
        for number in range(max(1, finding.line - _AROUND), finding.line + _AROUND + 1)
        if lines is not None and finding.cell is None and number <= len(lines)
    }
    rows[at.line] = f"{'…' if first else ''}{text}{'…' if last < len(line) else ''}{more}"
    width = len(str(max(rows)))
    numbered = (f'<span class="n">{number:>{width}}</span>  {row}'.rstrip() for number, row in rows.items())
    return f"<pre>{chr(10).join(numbered)}</pre>"


def _shown(text: str) -> str:
    return "\t".join(safe(part) for part in text.split("\t"))


def gone(report: Report) -> Iterator[str]:
    """What a baseline accepts and is no longer there."""
    if report.gone:
        yield "<p><code>pyfmt baseline prune</code> takes these out of it:</p><ul>"
        yield from (f"<li>{xml(accepted_line(accepted))}</li>" for accepted in report.gone)
        yield "</ul>"


def edits(report: Report) -> Iterator[str]:
    """Files that were or would be reformatted, with their diffs where there are any."""
    for edit in report.edits:
        verb = '<span class="good">reformatted</span>' if edit.written else '<span class="warning">to reformat</span>'
        head = f"{verb} <code>{safe(edit.path)}</code> ({safe(', '.join(edit.tools))}, {safe(edit.project)})"
        if not edit.diff:
            yield f"<p>{head}</p>"
            continue
        body = "\n".join(_diff_line(line) for line in edit.diff.removesuffix("\n").split("\n"))
        yield f"<details><summary>{head}</summary><pre>{body}</pre></details>"


def _diff_line(line: str) -> str:
    kind = {"+": "add", "-": "del", "@": "hunk"}.get(line[:1])
    text = _shown(line.removesuffix("\r"))
    return f'<span class="{kind}">{text}</span>' if kind else text


def filters(report: Report) -> Iterator[str]:
    """The form, hidden until the script shows it: without scripts everything simply is there."""
    if not report.findings:
        return
    found = tally.severities(report.findings)
    yield '<form id="filters" hidden aria-label="Filter the findings"><fieldset><legend>severity</legend>'
    for severity in Severity:
        yield (
            f'<label><input type="checkbox" name="severity" value="{severity.rank}" checked> '
            f'<span class="{severity.value}">{severity.value}</span> {found[severity]}</label>'
        )
    yield "</fieldset><fieldset><legend>tool</legend>"
    with_findings = {finding.tool for finding in report.findings}
    for index, tool in enumerate(tally.tools_of(report)):
        if tool in with_findings:
            yield f'<label><input type="checkbox" name="tool" value="{index}" checked> {safe(tool)}</label>'
    accepted = sum(finding.baselined for finding in report.findings)
    if accepted:  # without a baseline everything is new
        yield "</fieldset><fieldset><legend>baseline</legend>"
        for value, (name, number) in enumerate((("new", len(report.findings) - accepted), (BASELINED, accepted))):
            yield f'<label><input type="checkbox" name="baseline" value="{value}" checked> {name} {number}</label>'
    yield '</fieldset><label class="field">project<select name="project"><option value="">all</option>'
    for number, project in enumerate(tally.by_project(report)):
        yield f'<option value="{number}">{safe(project)}</option>'
    yield '</select></label><label class="field">rule<select name="rule"><option value="">all</option>'
    for number, ((tool, rule, symbol), count) in enumerate(rules_of(report).items()):
        name = f"{tool}: {symbol} {rule}" if symbol not in ("", rule) else f"{tool}: {rule or 'note'}"
        yield f'<option value="{number}">{safe(name)} ({count})</option>'
    yield '</select></label><label class="field">text<input type="search" name="text" autocomplete="off"></label>'
    yield '<button type="reset">show all</button><button type="button" id="open-all">open or close files</button>'
    yield '<output id="status" role="status" aria-live="polite"></output></form>'
