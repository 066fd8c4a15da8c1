"""One JSON object a line: for scripts and agents that read a report piece by piece."""

from __future__ import annotations

import json

from pyfmt.core.report import Report
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.problems import Problem, ranked

_KEYS = (
    *("kind", "path", "line", "column", "end_line", "end_column", "tool", "rule", "symbol", "severity", "message"),
    *("project", "environments", "baselined", "cure"),
)


def render(report: Report, options: RenderOptions) -> str:
    """A line for each problem, the worst first; with `options.agent` those of an agent's report, and a last line that
    counts what was cut."""
    if not options.agent:
        return "".join(map(_line, ranked(report, options.sources)))
    from pyfmt.reports.agent import chosen  # deferred: only where it is asked for

    kept, cut = chosen(report, options)
    return "".join(map(_line, kept)) + (json.dumps({"kind": "cut", "number": cut}) + "\n" if cut else "")


def _line(problem: Problem) -> str:
    said = {key: getattr(problem, key) for key in _KEYS}
    return json.dumps({**said, "severity": problem.severity.value}) + "\n"
