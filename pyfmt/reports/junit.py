"""JUnit XML as Jenkins' xunit plugin defines it (junit-10.xsd), which GitLab, Azure and others read as well.

A suite is a project. A finding or a file to reformat is a test case that failed; a tool that failed or did not run is
one with an error; a tool that found nothing is one that passed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from pyfmt.core.report import Report
from pyfmt.reports import tally
from pyfmt.reports.escaping import printable, safe, xml
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.problems import FAILED, REFORMAT, SKIPPED, Problem, problems

WHOLE = "monorepo"  # the suite of what belongs to no project


def render(report: Report, options: RenderOptions) -> str:
    """One `<testsuites>`; without projects it holds one passing case."""
    by_project: defaultdict[str, list[Problem]] = defaultdict(list)
    for problem in problems(report, options.sources):
        by_project[problem.project].append(problem)
    names = list(dict.fromkeys([*(project.name for project in report.projects), *by_project]))
    table = tally.table(report)
    passed = {
        row.project: [tool for tool, cell in zip(table.tools, row.cells, strict=True) if cell.ran and cell.quiet]
        for row in table.rows
    }
    suites = [_suite(name, by_project[name], passed.get(name, [])) for name in names]
    total = sum(not problem.baselined for found in by_project.values() for problem in found)
    errors = sum(problem.kind in (FAILED, SKIPPED) for found in by_project.values() for problem in found)
    accepted = sum(problem.baselined for found in by_project.values() for problem in found)
    cases = total + accepted + sum(max(len(passed.get(name, [])), not by_project[name]) for name in names)
    if not suites:
        suites, cases = [_suite(WHOLE, [], [])], 1
    head = f'<testsuites name="pyfmt" tests="{cases}" failures="{total - errors}" errors="{errors}">'
    return "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', head, *suites, "</testsuites>"]) + "\n"


def _suite(project: str, found: list[Problem], passed: list[str]) -> str:
    cases = [*_cases(project, found, passed)]
    errors = sum(problem.kind in (FAILED, SKIPPED) for problem in found)
    failures = sum(not problem.baselined for problem in found) - errors
    head = (
        f'  <testsuite name="{safe(project or WHOLE)}" tests="{len(cases)}" '
        f'failures="{failures}" errors="{errors}">'
    )
    return "\n".join([head, *cases, "  </testsuite>"])


def _cases(project: str, found: list[Problem], passed: list[str]) -> Iterator[str]:
    classname = safe(project or WHOLE)
    for tool in passed:
        yield f'    <testcase name="{safe(tool)}" classname="{classname}"/>'
    if not passed and not found:
        skipped = '<skipped message="no tool had anything to check"/>' if project != WHOLE else ""
        yield f'    <testcase name="pyfmt" classname="{classname}">{skipped}</testcase>'
    for problem in found:
        place = f"{problem.path}:{problem.line}" + (f":{problem.column}" if problem.column else "")
        unchecked = problem.kind in (FAILED, SKIPPED)
        name = problem.title if unchecked else f"{problem.title} {place}"
        if problem.kind == REFORMAT:
            name = f"{problem.rule} {problem.path}"
        first = problem.text.split("\n", 1)[0]
        if problem.baselined:
            yield (
                f'    <testcase name="{safe(name)}" classname="{classname}">\n'
                f'      <skipped message="{xml(first)}"/>\n'
                "    </testcase>"
            )
            continue
        element = "error" if unchecked else "failure"
        body = xml(f"{printable(place)}: {problem.severity.value}: {problem.message}").replace("&#10;", "\n")
        yield (
            f'    <testcase name="{safe(name)}" classname="{classname}">\n'
            f'      <{element} type="{safe(problem.rule)}" message="{xml(first)}">{body}</{element}>\n'
            "    </testcase>"
        )
