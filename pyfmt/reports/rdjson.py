"""Reviewdog's diagnostic format (https://github.com/reviewdog/reviewdog/tree/master/proto/rdf) as one JSON object.

Columns are 1-based and count UTF-8 bytes, the end is exclusive. They need the source line: where that cannot be read,
the range is by lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

from pyfmt.core.report import Report
from pyfmt.reports.escaping import printable
from pyfmt.reports.options import RenderOptions, remembered
from pyfmt.reports.problems import Problem, problems
from pyfmt.reports.rules import home_page

JsonObject = dict[str, Any]


def render(report: Report, options: RenderOptions) -> str:
    """A DiagnosticResult, one diagnostic a line."""
    lines = ",\n".join(json.dumps(item) for item in diagnostics(report, options))
    body = f"[\n{lines}\n]" if lines else "[]"
    return f'{{"source": {{"name": "pyfmt"}}, "diagnostics": {body}}}\n'


def diagnostics(report: Report, options: RenderOptions) -> Iterator[JsonObject]:
    """A Diagnostic for each problem of the report."""
    sources = remembered(options.sources)
    for problem in problems(report, options.sources):
        code: JsonObject = {"value": printable(problem.rule)}
        if problem.url:
            code["url"] = problem.url
        source = {"name": problem.tool}
        page = home_page(problem.tool)
        if page:
            source["url"] = page
        lines = sources(problem.path) if problem.column else None
        yield {
            "message": problem.text,
            "location": {"path": printable(problem.path), "range": _range(problem, lines)},
            "severity": problem.level.value.upper(),
            "source": source,
            "code": code,
        }


def _range(problem: Problem, lines: Sequence[str] | None) -> JsonObject:
    end_line = max(problem.line, problem.end_line or problem.line)
    start = _position(problem.line, problem.column, lines)
    end = _position(end_line, problem.end_column, lines)
    if "column" in start and "column" in end:
        return {"start": start, "end": max(start, end, key=lambda place: (place["line"], place["column"]))}
    if "column" in start and end_line == problem.line:
        return {"start": start}
    # One column alone would mean something else: whole lines.
    return {"start": {"line": problem.line}, "end": {"line": end_line}}


def _position(line: int, column: int | None, lines: Sequence[str] | None) -> dict[str, int]:
    if column is None or lines is None or line > len(lines):
        return {"line": line}
    before = lines[line - 1][: column - 1]
    return {"line": line, "column": len(before.encode("utf-8", "surrogatepass")) + 1}
