"""Azure Pipelines' logging commands (task.logissue), the worst first.

https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands: `;`, `]`, CR, LF and `%` are encoded; there
are errors and warnings only, so what is info elsewhere is a warning.
"""

from __future__ import annotations

from pyfmt.model import Report, Severity
from pyfmt.reports.escaping import printable
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.problems import Problem, ranked

_CODES = str.maketrans({"%": "%AZP25", ";": "%3B", "]": "%5D", "\r": "%0D", "\n": "%0A"})


def render(report: Report, options: RenderOptions) -> str:
    """One command for each problem; empty where there is none."""
    return "".join(_command(problem) + "\n" for problem in ranked(report, options.sources))


def _command(problem: Problem) -> str:
    kind = "error" if problem.level is Severity.ERROR else "warning"
    column = f"columnnumber={problem.column};" if problem.column else ""
    return (
        f"##vso[task.logissue type={kind};sourcepath={_encoded(problem.path)};linenumber={problem.line};{column}"
        f"code={_encoded(problem.rule)};]" + problem.text.translate(_CODES)
    )


def _encoded(text: str) -> str:
    return printable(text).translate(_CODES)
