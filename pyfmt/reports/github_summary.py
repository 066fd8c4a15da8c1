"""The summary of a GitHub job: what belongs into the file that $GITHUB_STEP_SUMMARY names.

It is made of HTML blocks, within which Markdown has no meaning, so that escaping is XML's alone. GitHub takes 1 MiB of
a step; what does not fit is counted in the last line.
"""

from __future__ import annotations

from collections.abc import Iterator

from pyfmt.core.report import Report
from pyfmt.reports import tally
from pyfmt.reports.escaping import printable, xml
from pyfmt.reports.next_commands import next_commands
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.problems import Problem, ranked
from pyfmt.reports.text_rest import counts

LIMIT = 1024 * 1024 - 4096  # bytes, with room for the last lines


def render(report: Report, options: RenderOptions) -> str:
    """Markdown: the counts, the project x tool table, every problem with the worst first, the next commands."""
    head = "\n".join(_head(report)) + "\n"
    tail = "".join(f"<pre>{_html(command)}</pre>\n" for command in next_commands(report, options))
    room = LIMIT - len((head + tail).encode())
    rows: list[str] = []
    found = ranked(report, options.sources)
    for problem in found:
        row = _row(problem)
        room -= len(row.encode()) + 1
        if room < 0:
            break
        rows.append(row)
    if rows:
        head += "\n<table>\n<tr><th>where</th><th>severity</th><th>rule</th><th>message</th></tr>\n"
        head += "\n".join(rows) + "\n</table>\n\n"
    if len(rows) < len(found):
        left = tally.count(len(found) - len(rows), "further problem")
        head += f"**{left} did not fit into this summary (GitHub takes 1 MiB); the log has them all.**\n\n"
    return head + tail


def _html(text: str) -> str:
    # A blank line would end the HTML block and begin Markdown again.
    return xml(printable(text))


def _head(report: Report) -> Iterator[str]:
    yield "## pyfmt"
    yield ""
    parts = counts(report) or ["all clean"]
    yield f"<p>{_html(', '.join(parts))} ({tally.scope(report)})</p>"
    yield ""
    whole = tally.table(report)
    shown = [row for row in whole.rows if not row.quiet]
    if not shown:
        return
    yield "<table>"
    yield "<tr><th>project</th>" + "".join(f"<th>{_html(tool)}</th>" for tool in whole.tools) + "</tr>"
    for row in shown:
        values = "".join(f'<td align="right">{_html(cell.text)}</td>' for cell in row.cells)
        yield f"<tr><td><code>{_html(row.project)}</code></td>{values}</tr>"
    quiet = whole.looked_at - len(shown)
    if quiet:
        yield f'<tr><td colspan="{len(whole.tools) + 1}">{tally.count(quiet, "more project")}: nothing to say</td></tr>'
    yield "</table>"


def _row(problem: Problem) -> str:
    place = f"{problem.path}:{problem.line}" + (f":{problem.column}" if problem.column else "")
    rule = f"<code>{_html(problem.title)}</code>"
    if problem.url:
        rule = f'<a href="{xml(problem.url)}">{rule}</a>'
    message = "<br>".join(f"<code>{_html(line)}</code>" for line in problem.text.split("\n") if line)
    return (
        f"<tr><td><code>{_html(place)}</code></td><td>{problem.level.value}</td><td>{rule}</td>"
        f"<td>{message}</td></tr>"
    )
