"""`--agent`: what is new, in few lines of which each stands alone."""

from __future__ import annotations

from pyfmt.core.listing import count
from pyfmt.core.model import Severity
from pyfmt.core.report import Report
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.problems import Problem, ranked
from pyfmt.reports.tally import scope, without_accepted

LINES = 40


def render(report: Report, options: RenderOptions) -> str:
    """A line for each problem, the worst first, and one that counts: what there is, and what was cut."""
    kept, cut = chosen(report, options)
    total = f"{count(len(kept) + cut, 'new problem')} ({scope(report)})" if kept else f"nothing new ({scope(report)})"
    if cut:
        total += f", {cut} of them cut: `pyfmt check` lists all"
    known = sum(finding.baselined for finding in report.findings)
    total += f"; {known} known before" if known else ""
    return "".join(f"{line}\n" for line in (*map(_line, kept), total))


def chosen(report: Report, options: RenderOptions) -> tuple[list[Problem], int]:
    """The problems that are shown, and how many are not.

    The first error of a project is always among them: where there are more such projects than lines, they are more.
    """
    found = ranked(without_accepted(report), options.sources)
    first: dict[str, int] = {}
    for place, problem in enumerate(found):
        if problem.severity is Severity.ERROR:
            first.setdefault(problem.project, place)
    always = set(first.values())
    others = [place for place in range(len(found)) if place not in always]
    kept = sorted([*always, *others[: max(0, LINES - 1 - len(always))]])
    return [found[place] for place in kept], len(found) - len(kept)


def _line(problem: Problem) -> str:
    end = f"-{problem.end_line}:{problem.end_column or 1}" if problem.end_line else ""
    message = " ".join(problem.message.split())
    where = f" in {', '.join(problem.environments)}" if problem.environments else ""
    place = f"{problem.path}:{problem.line}:{problem.column or 1}{end}"
    return f"{place}: {problem.severity.value}: {message} [{problem.tool}:{problem.rule}]{where}; `{problem.cure}`"
