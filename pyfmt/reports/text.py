"""The report for people: findings, edits, what was not checked, a project x tool table, and what to do next.

On a terminal it is grouped by project and file, with source excerpts; elsewhere one line a finding,
`path:line:col: severity: message [tool:rule]`, with further lines indented. Elsewhere it also is byte-identical from
run to run and for any number of jobs: no times, nothing of the cache.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from pyfmt.core.report import Report
from pyfmt.reports import tally
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.paint import Paint
from pyfmt.reports.text_rest import (
    edits,
    files_section,
    following,
    gone,
    notes,
    statistics,
    summary,
    table,
    unchecked,
    warnings,
)


def render(report: Report, options: RenderOptions) -> str:
    """The report as text; the style "auto" is full on a terminal, else concise."""
    if options.agent:
        from pyfmt.reports import agent  # deferred: only where it is asked for

        return agent.render(report, options)
    lines = list(_lines(report, options))
    while lines and not lines[0]:
        lines.pop(0)
    return "".join(f"{line}\n" for line in lines)


def _lines(report: Report, options: RenderOptions) -> Iterator[str]:
    paint = Paint(options.color, options.hyperlinks)
    counted = report if options.show_baselined and options.verbosity >= 0 else tally.without_accepted(report)
    shown, remarks = _listed(report, counted, options)
    if options.verbosity >= 0:
        yield from warnings(report, paint)
    if shown.findings:
        yield from _findings(shown, options, paint)
    yield from edits(report, options, paint)
    rest = list(notes(report, paint)) if options.verbosity >= 0 else []
    rest.extend(unchecked(report, paint))
    rest.extend(gone(report, paint) if options.verbosity >= 0 else ())
    if rest and options.spacious:
        yield ""
    yield from rest
    if options.show_files:
        yield from files_section(counted, paint)
    if options.statistics:
        yield from statistics(counted, paint)
    if options.verbosity < 0:
        return
    if not tally.is_clean(report) or options.verbosity > 0:
        yield from table(counted, options, paint)
    yield from summary(report, options, paint)
    yield from remarks
    yield from following(report, options, paint)


def _listed(report: Report, counted: Report, options: RenderOptions) -> tuple[Report, list[str]]:
    """The report with the findings that are listed, and what is said of the others."""
    accepted = sum(finding.baselined for finding in report.findings)
    remarks = [f"{accepted:,} accepted" + ("" if counted is report else " (`--show-baselined`)")] if accepted else []
    if not counted.findings:
        return counted, remarks
    from pyfmt.reports.listing import listed  # deferred: a clean run needs none of it

    findings, more = listed(counted.findings, options)
    return replace(counted, findings=findings), [*remarks, *more]


def _findings(report: Report, options: RenderOptions, paint: Paint) -> Iterator[str]:
    from pyfmt.reports.text_findings import concise, grouped  # deferred: a clean run needs none of it

    yield from grouped(report, options, paint) if options.spacious else concise(report, options, paint)
