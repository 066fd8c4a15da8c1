"""SARIF 2.1.0 as GitHub code scanning takes it: a run for each tool, and never more than a run's limit.

https://docs.github.com/code-security/reference/code-scanning/sarif-files/sarif-support: GitHub refuses a run of more
than 25,000 results, so a tool that has more gets further runs, with categories of their own. Of a run it keeps the
5,000 worst; the file holds all. Fingerprints are left out: GitHub computes its own where they are missing.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from pyfmt import __version__
from pyfmt.core.model import Edit, Finding, Severity
from pyfmt.core.report import Report
from pyfmt.core.rules import TOOL as OWN_RULES
from pyfmt.core.rules import own_rule
from pyfmt.reports.environments import Environments
from pyfmt.reports.escaping import printable, printable_lines
from pyfmt.reports.options import RenderOptions, Sources
from pyfmt.reports.problems import machine_message
from pyfmt.reports.rules import documentation_url, home_page, tool_version
from pyfmt.reports.tally import tools_of
from pyfmt.tools.registry import TOOLS

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
RESULTS_A_RUN = 25_000
LOCATIONS_A_RESULT = 1_000
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
_PROBLEM_SEVERITIES = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "recommendation"}
_TEXT = 1_024  # GitHub's limit of a description, in characters

JsonObject = dict[str, Any]


def render(report: Report, options: RenderOptions) -> str:
    """The log file, one result a line."""
    runs = [run for tool in tools_of(report) for run in _runs(report, tool, options.sources)]
    if not runs:
        runs = [_run(report, "pyfmt", ([], {}), 0)]
    head = f'{{"$schema": {json.dumps(SCHEMA)}, "version": "2.1.0", "runs": [\n'
    return head + ",\n".join(map(_run_text, runs)) + "\n]}\n"


def _run_text(run: JsonObject) -> str:
    results = ",\n".join(json.dumps(result) for result in run["results"])
    rest = json.dumps({key: value for key, value in run.items() if key != "results"})
    return f'{rest[:-1]}, "results": [{f"{chr(10)}{results}{chr(10)}" if results else ""}]}}'


def _runs(report: Report, tool: str, sources: Sources) -> Iterator[JsonObject]:
    results: list[JsonObject] = []
    rules: dict[str, JsonObject] = {}
    # SARIF 2.1.0, 3.27.23: either every result of a run says whether it is suppressed, or none does.
    suppressing = any(finding.baselined for finding in report.findings if finding.tool == tool)
    places: dict[str, int] = {}  # a rule's index in the run's list of rules
    environments = Environments(report, sources)
    for finding in report.findings:
        if finding.tool == tool:
            rule = _rule_id(finding)
            if rule not in rules:
                rules[rule] = _rule(finding)
                places[rule] = len(places)
            result = _result(finding, places[rule], environments)
            results.append(result | (_suppressions(finding.baselined) if suppressing else {}))
    for edit in report.edits:
        if tool in edit.tools and not edit.written:
            rule = f"{tool}-reformat"
            if rule not in rules:
                rules[rule] = _format_rule(tool)
                places[rule] = len(places)
            results.append(_edit_result(edit, tool, places[rule]) | (_suppressions(False) if suppressing else {}))
    for number, start in enumerate(range(0, max(1, len(results)), RESULTS_A_RUN)):
        yield _run(report, tool, (results[start : start + RESULTS_A_RUN], rules), number)


def _run(
    report: Report, tool: str, content: tuple[Sequence[JsonObject], dict[str, JsonObject]], number: int
) -> JsonObject:
    results, rules = content
    version = tool_version(tool)
    driver: JsonObject = {"name": tool}
    if version:
        driver |= {"version": version, "semanticVersion": _semantic(version)}
    driver["informationUri"] = home_page(tool) or home_page(OWN_RULES)
    driver["rules"] = list(rules.values())
    notifications = list(_notifications(report, tool))
    category = f"pyfmt/{tool}/" + (f"{number + 1}/" if number else "")
    return {
        "tool": {"driver": driver},
        "automationDetails": {
            "id": category,
            "description": {"text": f"{tool} over every project of the monorepo, run by pyfmt {__version__}."},
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {"%SRCROOT%": {"description": {"text": "The root of the monorepo's checkout."}}},
        "invocations": [{"executionSuccessful": not notifications, "toolExecutionNotifications": notifications}],
        "results": list(results),
    }


def _semantic(version: str) -> str:
    """A version as https://semver.org wants it: three numbers without leading zeros."""
    numbers = [part for part in version.split(".")[:3] if part.isdigit()]
    return ".".join(str(int(part)) for part in (*numbers, "0", "0", "0")[:3])


def _notifications(report: Report, tool: str) -> Iterator[JsonObject]:
    for failure in report.failures:
        if failure.tool == tool:
            place = f" in {failure.environment}" if failure.environment else ""
            owners = f" ({', '.join(failure.projects)})" if failure.projects else ""
            detail = f"\n{failure.detail.rstrip()}" if failure.detail else ""
            yield _notification(f"{tool} failed{place}{owners}: {failure.reason}{detail}")
    for skip in report.skipped:
        if skip.tool == tool:
            yield _notification(f"{tool} did not run for {skip.project}: {skip.reason}")


def _notification(text: str) -> JsonObject:
    return {"level": "error", "message": {"text": _plain("\n".join(printable_lines(text)))}}


def _plain(text: str) -> str:
    """Message text in which nothing is an embedded link (SARIF 2.1.0, 3.11.6)."""
    return text.replace("](", "]\\(")


def _rule_id(finding: Finding) -> str:
    return printable(finding.rule) or "note"


def _rule(finding: Finding) -> JsonObject:
    rule, symbol = _rule_id(finding), printable(finding.symbol)
    name = f"{symbol} ({rule})" if symbol and symbol != rule else rule
    text = f"{finding.tool}: {name}"[: _TEXT - 1]
    url = documentation_url(finding.tool, finding.rule, finding.symbol)
    more = f" Its documentation is at {url}" if url else ""
    full, help_text = f"{finding.tool} reports {name}.{more}", f"What {name} of {finding.tool} means.{more}"
    own = own_rule(finding.rule) if finding.tool == OWN_RULES else None
    if own is not None:
        text, full = f"{own.title[0].upper()}{own.title[1:]}", own.what
        help_text = f"{own.why} {own.cure}"
    tags = {"tags": [finding.tool], "problem.severity": _PROBLEM_SEVERITIES[finding.severity], "precision": "high"}
    return {
        "id": rule,
        **({"name": "".join(word.capitalize() for word in symbol.split("-"))} if symbol and symbol != rule else {}),
        "shortDescription": {"text": f"{text}."},
        "fullDescription": {"text": full[:_TEXT]},
        **({"helpUri": url} if url else {}),
        "help": {"text": help_text[:_TEXT]},
        "defaultConfiguration": {"level": _LEVELS[finding.severity]},
        "properties": tags,
    }


def _format_rule(tool: str) -> JsonObject:
    page, what = home_page(tool), TOOLS[tool].promise if tool in TOOLS else "files are formatted"
    return {
        "id": f"{tool}-reformat",
        "name": f"{tool.capitalize()}Reformat",
        "shortDescription": {"text": f"{tool}: {what}."},
        "fullDescription": {"text": f"{tool} would change this file; run `pyfmt format`."},
        **({"helpUri": page} if page else {}),
        "help": {"text": "Run `pyfmt format` on the file or its project."},
        "defaultConfiguration": {"level": "warning"},
        "properties": {"tags": [tool], "problem.severity": "warning", "precision": "very-high"},
    }


def _result(finding: Finding, index: int, environments: Environments) -> JsonObject:
    message, only = machine_message(finding, environments), environments.only_in(finding)
    related = [
        {"id": number, "physicalLocation": {"artifactLocation": _artifact(path)}}
        for number, path in enumerate(finding.also[: LOCATIONS_A_RESULT - 1], start=1)  # all are named in the message
    ]
    return {
        "ruleId": _rule_id(finding),
        "ruleIndex": index,
        "level": _LEVELS[finding.severity],
        "message": {"text": _plain(message) or _rule_id(finding)},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(finding.path), "region": _region(finding)}}],
        **({"relatedLocations": related} if related else {}),
        "properties": {
            "project": printable(finding.project),
            "environments": [printable(name) for name in finding.environments],
            **({"only_in": [printable(str(each)) for each in only]} if only else {}),
            **({"equivalents": [_equivalent(each) for each in finding.equivalents]} if finding.equivalents else {}),
        },
    }


def _equivalent(finding: Finding) -> JsonObject:
    """What another tool says of the same fault; results have no place of their own for that."""
    return {"tool": finding.tool, "ruleId": _rule_id(finding), "message": _plain(printable(finding.message))}


def _suppressions(accepted: bool) -> JsonObject:
    """What says whether a baseline accepts a result; GitHub shows no alert for one that is suppressed."""
    if not accepted:
        return {"suppressions": []}
    reason = "The project's baseline accepts it (pyfmt baseline)."
    return {"suppressions": [{"kind": "external", "status": "accepted", "justification": reason}]}


def _edit_result(edit: Edit, tool: str, index: int) -> JsonObject:
    region = {"startLine": 1, "startColumn": 1, "endLine": 1, "endColumn": 2}
    return {
        "ruleId": f"{tool}-reformat",
        "ruleIndex": index,
        "level": "warning",
        "message": {"text": f"{tool} would reformat this file; `pyfmt format` does it."},
        "locations": [{"physicalLocation": {"artifactLocation": _artifact(edit.path), "region": region}}],
        "properties": {"project": printable(edit.project)},
    }


def _artifact(path: str) -> JsonObject:
    return {"uri": quote(path.encode("utf-8", "surrogateescape")), "uriBaseId": "%SRCROOT%"}


def _region(finding: Finding) -> JsonObject:
    """All four fields, the end after the start: GitHub shows no result without them."""
    line = max(1, finding.line)
    column = finding.column or 1
    end_line = max(line, finding.end_line or line)
    end_column = finding.end_column or (column + 1 if end_line == line else 1)
    if end_line == line:
        end_column = max(end_column, column + 1)
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}
