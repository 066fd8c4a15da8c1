"""One JSON object a line: for scripts and agents that read a report piece by piece."""

from __future__ import annotations

import json

from pyfmt.core.report import Report
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.problems import Problem, ranked


def render(report: Report, options: RenderOptions) -> str:
    """A line for each problem, the worst first; with `options.agent` those of an agent's report, and a last line that
    counts what was cut."""
    if not options.agent:
        return "".join(map(_line, ranked(report, options.sources)))
    from pyfmt.reports.agent import chosen  # deferred: only where it is asked for

    kept, cut = chosen(report, options)
    return "".join(map(_line, kept)) + (json.dumps({"kind": "cut", "number": cut}) + "\n" if cut else "")


def _line(problem: Problem) -> str:
    return (
        json.dumps(
            {
                "kind": problem.kind,
                "path": problem.path,
                "line": problem.line,
                "column": problem.column,
                "end_line": problem.end_line,
                "end_column": problem.end_column,
                "tool": problem.tool,
                "rule": problem.rule,
                "symbol": problem.symbol,
                "severity": problem.severity.value,
                "message": problem.message,
                "project": problem.project,
                "environments": list(problem.environments),
                "baselined": problem.baselined,
                "cure": problem.cure,
            }
        )
        + "\n"
    )
