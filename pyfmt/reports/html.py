"""The HTML report: one offline file, readable without scripts; the script only filters.

Everything from the checkout is escaped, and a content security policy allows nothing but this file's own style and
script, by their digests: what slipped through could neither run nor load anything.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from pathlib import Path

from pyfmt import __version__
from pyfmt.core.report import Report
from pyfmt.reports import html_charts, html_findings, tally
from pyfmt.reports.escaping import printable_lines, safe, xml
from pyfmt.reports.next_commands import next_commands
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.rules import tool_version
from pyfmt.reports.text_rest import counts


def render(report: Report, options: RenderOptions) -> str:
    """The whole page."""
    return "\n".join(_page(report, options)) + "\n"


def _asset(name: str) -> str:
    return Path(__file__).with_name(name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _page(report: Report, options: RenderOptions) -> Iterator[str]:
    style, script = _asset("report.css"), _asset("report.js")
    policy = (
        f"default-src 'none'; style-src {_digest(style)}; script-src {_digest(script)}; img-src data:; base-uri "
        "'none'; form-action 'none'"
    )
    yield '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">'
    yield f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">'
    yield '<link rel="icon" href="data:,">'
    yield f"<title>pyfmt: {safe(', '.join(counts(report)) or 'all clean')}</title>"
    yield f"<style>{style}</style>\n</head>\n<body>"
    yield '<a class="skip" href="#findings">Skip to the findings</a>'
    yield from _header(report, options)
    yield "<main>"
    yield from _unchecked(report)
    yield from _section("Findings", "findings", _findings(report, options), "No findings.")
    yield from _section("Formatting", "formatting", html_findings.edits(report))
    yield from _section("Gone from the baseline", "gone", html_findings.gone(report))
    yield from _section("Projects and tools", "overview", html_charts.heat_map(report, _anchors(report)))
    yield from _section("Rules", "rules", html_charts.pareto(report))
    yield from _section("Environments", "environments", html_charts.environments(report))
    yield from _section("Time", "time", html_charts.times(report))
    yield f"</main>\n<script>{script}</script>\n</body>\n</html>"


def _anchors(report: Report) -> dict[str, str]:
    return {project: str(number) for number, project in enumerate(tally.by_project(report))}


def _section(title: str, name: str, content: Iterator[str], otherwise: str = "") -> Iterator[str]:
    lines = list(content)
    if lines or otherwise:
        yield f'<section aria-labelledby="{name}"><h2 id="{name}">{title}</h2>'
        yield from lines or [f"<p>{otherwise}</p>"]
        yield "</section>"


def _findings(report: Report, options: RenderOptions) -> Iterator[str]:
    yield from html_findings.filters(report)
    yield from html_findings.findings(report, options.sources)


def _header(report: Report, options: RenderOptions) -> Iterator[str]:
    parts = counts(report)
    bad = (
        tally.new_findings(report)
        or report.failures
        or report.skipped
        or any(not edit.written for edit in report.edits)
    )
    yield "<header><h1>pyfmt report</h1>"
    yield f'<p class="{"error" if bad else "good"}"><strong>{safe(", ".join(parts) or "all clean")}</strong></p>'
    versions = [f"{tool} {tool_version(tool) or ''}".strip() for tool in tally.tools_of(report)]
    yield (
        f'<p class="quiet">{tally.scope(report)}; <code>pyfmt {report.command.value}</code> in '
        f"<code>{safe(report.root)}</code>; "
    )
    yield f"{safe(', '.join([f'pyfmt {__version__}', *versions]))}</p>"
    commands = next_commands(report, options)
    if commands:
        yield "<p>Next:</p>" + "".join(f"<pre>{safe(command)}</pre>" for command in commands)
    yield "</header>"


def _unchecked(report: Report) -> Iterator[str]:
    for failure in report.failures:
        place = f" in <code>{safe(failure.environment)}</code>" if failure.environment else ""
        owners = f" ({safe(', '.join(failure.projects))})" if failure.projects else ""
        yield (
            '<div class="alert" role="note"><strong class="error">failed:</strong> '
            f"{safe(failure.tool)}{place}{owners}: "
        )
        yield f"{_text(failure.reason)}"
        if failure.detail:
            yield f"<pre>{_text(failure.detail.rstrip())}</pre>"
        yield "</div>"
    for skip in report.skipped:
        yield f'<div class="alert" role="note"><strong class="error">skipped:</strong> {safe(skip.tool)} for '
        yield f"{safe(skip.project)}: {_text(skip.reason)}</div>"
    for note in report.notes:
        yield f'<div class="alert mild" role="note">{_text(note)}</div>'


def _text(text: str) -> str:
    return "\n".join(xml(line) for line in printable_lines(text))
