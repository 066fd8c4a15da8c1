"""The summary of a GitHub job: what belongs into the file that $GITHUB_STEP_SUMMARY names.

It is made of HTML blocks, within which Markdown has no meaning, so that escaping is XML's alone. GitHub takes 1 MiB of
a step; what does not fit is counted in the last line.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from pyfmt.core.listing import count
from pyfmt.core.report import Report
from pyfmt.reports import tally
from pyfmt.reports.escaping import safe, xml
from pyfmt.reports.next_commands import next_commands
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.problems import Problem, ranked
from pyfmt.reports.text_rest import counts

LIMIT = 1024 * 1024 - 4096  # bytes, with room for the last lines
SHOWN = 30  # problems


def render(report: Report, options: RenderOptions) -> str:
    """Markdown: the counts, the project x tool table, the numbers by rule, the worst problems, the next commands.

    What a baseline accepts is counted alone.
    """
    head = "\n".join(_head(report)) + "\n"
    tail = "".join(f"<pre>{safe(command)}</pre>\n" for command in next_commands(report, options))
    found = ranked(tally.without_accepted(report), options.sources)
    head += _by_rule(found)
    room = LIMIT - len((head + tail).encode())
    rows: list[str] = []
    for problem in found[:SHOWN]:
        row = _row(problem)
        room -= len(row.encode()) + 1
        if room < 0:
            break
        rows.append(row)
    if rows:
        head += "\n<table>\n<tr><th>where</th><th>severity</th><th>rule</th><th>message</th></tr>\n"
        head += "\n".join(rows) + "\n</table>\n\n"
    if len(rows) < len(found):
        left = count(len(found) - len(rows), "further problem")
        head += f"**{left}: the log has them all.**\n\n"
    return head + tail


def _by_rule(found: Sequence[Problem]) -> str:
    """How many problems there are of each rule, the most frequent first."""
    numbers = Counter((problem.title, problem.url) for problem in found).most_common(SHOWN)
    if len(found) <= SHOWN:
        return ""  # the list itself is short enough
    rows = (f'<tr><td align="right">{number}</td><td>{_rule(*rule)}</td></tr>\n' for rule, number in numbers)
    return f"\n<table>\n<tr><th>findings</th><th>rule</th></tr>\n{''.join(rows)}</table>\n"


def _head(report: Report) -> Iterator[str]:
    yield "## pyfmt"
    yield ""
    parts = counts(report) or ["all clean"]
    yield f"<p>{safe(', '.join(parts))} ({tally.scope(report)})</p>"
    yield ""
    whole = tally.table(tally.without_accepted(report))
    shown = [row for row in whole.rows if not row.quiet]
    if not shown:
        return
    yield "<table>"
    yield "<tr><th>project</th>" + "".join(f"<th>{safe(tool)}</th>" for tool in whole.tools) + "</tr>"
    for row in shown:
        values = "".join(f'<td align="right">{safe(cell.text)}</td>' for cell in row.cells)
        yield f"<tr><td><code>{safe(row.project)}</code></td>{values}</tr>"
    quiet = whole.looked_at - len(shown)
    if quiet:
        yield f'<tr><td colspan="{len(whole.tools) + 1}">{count(quiet, "more project")}: clean</td></tr>'
    yield "</table>"


def _rule(title: str, url: str | None) -> str:
    name = f"<code>{safe(title)}</code>"
    return f'<a href="{xml(url)}">{name}</a>' if url else name


def _row(problem: Problem) -> str:
    place = f"{problem.path}:{problem.line}" + (f":{problem.column}" if problem.column else "")
    message = "<br>".join(f"<code>{safe(line)}</code>" for line in problem.message.split("\n") if line)
    cells = f"<code>{safe(place)}</code>", problem.severity.value, _rule(problem.title, problem.url), message
    return f"<tr><td>{'</td><td>'.join(cells)}</td></tr>"
