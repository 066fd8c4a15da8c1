"""Checkstyle XML, which Jenkins' warnings-ng, reviewdog and many editors read."""

from __future__ import annotations

from itertools import groupby

from pyfmt.core.report import Report
from pyfmt.reports.escaping import safe, xml
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.problems import Problem, problems


def render(report: Report, options: RenderOptions) -> str:
    """One `<file>` for each path, sorted; a column is left out where the tool does not say one."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', '<checkstyle version="4.3">']
    by_path = sorted(problems(report, options.sources), key=lambda problem: problem.path)
    for path, group in groupby(by_path, key=lambda problem: problem.path):
        lines.append(f'  <file name="{safe(path)}">')
        lines += [f"    {_error(problem)}" for problem in group]
        lines.append("  </file>")
    lines.append("</checkstyle>")
    return "\n".join(lines) + "\n"


def _error(problem: Problem) -> str:
    column = f' column="{problem.column}"' if problem.column else ""
    source = safe(f"{problem.tool}.{problem.rule}")
    return (
        f'<error line="{problem.line}"{column} severity="{problem.level.value}" '
        f'message="{xml(problem.text)}" source="{source}"/>'
    )
