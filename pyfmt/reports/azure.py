"""Azure Pipelines' logging commands (task.logissue), the worst first.

https://learn.microsoft.com/azure/devops/pipelines/scripts/logging-commands: `;`, `]`, CR, LF and `%` are encoded in
properties, the latter three in the message, of which Microsoft's azure-pipelines-task-lib decodes nothing else; there
are errors and warnings only, so what is info elsewhere is a warning.
"""

from __future__ import annotations

from pyfmt.core.model import Severity
from pyfmt.core.report import Report
from pyfmt.reports.escaping import printable
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.problems import Problem, ranked

_DATA = str.maketrans({"%": "%AZP25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = _DATA | str.maketrans({";": "%3B", "]": "%5D"})


def render(report: Report, options: RenderOptions) -> str:
    """One command for each problem; empty where there is none."""
    return "".join(_command(problem) + "\n" for problem in ranked(report, options.sources))


def _command(problem: Problem) -> str:
    kind = "error" if problem.level is Severity.ERROR else "warning"
    column = f"columnnumber={problem.column};" if problem.column else ""
    return (
        f"##vso[task.logissue type={kind};sourcepath={_encoded(problem.path)};linenumber={problem.line};{column}"
        f"code={_encoded(problem.rule)};]" + problem.text.translate(_DATA)
    )


def _encoded(text: str) -> str:
    return printable(text).translate(_PROPERTY)
