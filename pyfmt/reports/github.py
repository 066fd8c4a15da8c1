"""GitHub's workflow commands, the worst first, after the whole report as text.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands. GitHub shows ten errors, ten
warnings and ten notices of a step as annotations and drops the rest without a word, so the text is in the log as well,
and says how many there are. While it is printed, commands are stopped: nothing that a message holds is one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from pyfmt.core.model import Severity
from pyfmt.core.report import Report
from pyfmt.reports import text
from pyfmt.reports.escaping import printable
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.problems import Problem, ranked

ANNOTATIONS = 10  # of each kind that GitHub shows for one step
_KINDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def render(report: Report, options: RenderOptions) -> str:
    """The text report between stop-commands, then a command for each problem."""
    plain = replace(options, is_terminal=False, color=False, hyperlinks=False, style="concise")
    return (
        "\n".join(
            [*_stopped(text.render(report, plain)), *map(_command, ranked(report, options.sources)), *_limits(report)]
        )
        + "\n"
    )


def _stopped(body: str) -> Iterator[str]:
    # The token is the digest of what it encloses: the same in every run, and no text can hold its own digest.
    token = f"pyfmt-{hashlib.sha256(body.encode('utf-8', 'surrogatepass')).hexdigest()}"
    yield f"::stop-commands::{token}"
    yield body.rstrip("\n")
    yield f"::{token}::"


def _limits(report: Report) -> Iterator[str]:
    for severity, number in Counter(problem.level for problem in ranked(report)).items():
        if number > ANNOTATIONS:
            yield f"pyfmt: GitHub shows {ANNOTATIONS} of the {number} {_KINDS[severity]}s as annotations; all are above"


def _command(problem: Problem) -> str:
    fields = {"file": problem.path, "line": str(problem.line), "endLine": str(problem.end_line or problem.line)}
    if problem.column and problem.end_line in (None, problem.line):
        # Columns only within one line: GitHub refuses the annotation otherwise.
        fields["col"] = str(problem.column)
        fields["endColumn"] = str(max(problem.column, problem.end_column or problem.column))
    fields["title"] = problem.title
    properties = ",".join(f"{key}={printable(value).translate(_PROPERTY)}" for key, value in fields.items())
    return f"::{_KINDS[problem.level]} {properties}::{problem.text.translate(_DATA)}"
