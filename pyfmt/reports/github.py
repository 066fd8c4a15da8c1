"""GitHub's workflow commands, the worst first, after the whole report as text.

https://docs.github.com/actions/reference/workflows-and-actions/workflow-commands. GitHub shows ten errors, ten
warnings and ten notices of a step as annotations and drops the rest without a word, so the text is in the log as well,
and says how many there are. While it is printed, commands are stopped: nothing that a message holds is one.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace

from pyfmt.core.model import Severity
from pyfmt.core.report import Report
from pyfmt.reports import text
from pyfmt.reports.escaping import printable
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.problems import Problem, ranked
from pyfmt.reports.tally import without_accepted

ANNOTATIONS = 10  # of each kind that GitHub shows for one step
_KINDS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "notice"}
_DATA = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})
_PROPERTY = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})


def render(report: Report, options: RenderOptions) -> str:
    """The text report between stop-commands, then a command for each problem that no baseline accepts."""
    plain = replace(options, is_terminal=False, color=False, hyperlinks=False, style="concise")
    found = ranked(without_accepted(report), options.sources)
    return "\n".join([*_stopped(text.render(report, plain)), *map(_command, found), *_limits(found)]) + "\n"


def _stopped(body: str) -> Iterator[str]:
    # The token is the digest of what it encloses: the same in every run, and no text can hold its own digest.
    token = f"pyfmt-{hashlib.sha256(body.encode('utf-8', 'surrogatepass')).hexdigest()}"
    yield f"::stop-commands::{token}"
    yield body.rstrip("\n")
    yield f"::{token}::"


def _limits(found: Sequence[Problem]) -> Iterator[str]:
    for severity, number in Counter(problem.severity for problem in found).items():
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
    return f"::{_KINDS[problem.severity]} {properties}::{problem.message.translate(_DATA)}"
