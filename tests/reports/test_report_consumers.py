"""Machine formats by the code of those who read them: Microsoft's, GitHub's, and a validator of reviewdog's format."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pyfmt.core.report import Report
from pyfmt.reports import azure, github, rdjson, rdjsonl
from pyfmt.reports.escaping import printable
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.problems import ranked
from tests.reports.consumers import azure_commands, github_commands, validate_rdformat
from tests.reports.models import CLEAN, RICH, finding, sources
from tests.reports.strategies import NASTY

OPTIONS = RenderOptions(sources=sources)
NASTY_REPORT = replace(
    RICH,
    findings=tuple(
        finding(path=f"p/{text.replace(chr(0), '')}.py", message=text, rule=text, symbol=text, project=text)
        for text in (*NASTY, "100%\n%0A;%3B]%5D,%2C:%3A%25%AZP25", "tuple[int, str]; and more")
    ),
)
REPORTS = pytest.mark.parametrize("report", [RICH, CLEAN, NASTY_REPORT], ids=["rich", "clean", "nasty"])


@REPORTS
def test_microsofts_library_decodes_each_azure_command_to_what_was_said(report: Report) -> None:
    found = azure_commands(azure.render(report, OPTIONS).splitlines())
    expected = ranked(report, sources)
    assert [command["command"] for command in found] == ["task.logissue"] * len(expected)
    assert [command["message"] for command in found] == [problem.text for problem in expected]
    told = [command["properties"] for command in found]
    assert [each["sourcepath"] for each in told] == [printable(problem.path) for problem in expected]
    assert [each["code"] for each in told] == [printable(problem.rule) for problem in expected]
    assert [each["linenumber"] for each in told] == [str(problem.line) for problem in expected]


@REPORTS
def test_githubs_library_writes_the_same_commands(report: Report) -> None:
    text = github.render(report, OPTIONS)
    lines = [line for line in text.splitlines() if line.startswith(("::error ", "::warning ", "::notice "))]
    kinds = {"error": "error", "warning": "warning", "info": "notice"}
    issues = []
    for problem in ranked(report, sources):
        end = problem.end_line or problem.line
        fields = {"file": printable(problem.path), "line": str(problem.line), "endLine": str(end)}
        if problem.column and end == problem.line:
            fields |= {"col": str(problem.column), "endColumn": str(max(problem.column, problem.end_column or 0))}
        issues.append((kinds[problem.level.value], fields | {"title": printable(problem.title)}, problem.text))
    assert lines == github_commands(issues)


@REPORTS
def test_rdjson_is_valid_to_a_validator_of_reviewdogs_format(report: Report, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    file.write_text(rdjson.render(report, OPTIONS), encoding="utf-8")
    said = validate_rdformat(file)
    assert (said["success"], said["validFiles"]) == (True, 1), said
    lines = rdjsonl.render(report, OPTIONS).splitlines()
    assert [json.loads(line) for line in lines] == json.loads(file.read_text("utf-8"))["diagnostics"]


def test_the_validator_would_say_what_is_wrong(tmp_path: Path) -> None:
    value = json.loads(rdjson.render(RICH, OPTIONS))
    value["diagnostics"][0]["location"]["rang"] = {}
    file = tmp_path / "report.json"
    file.write_text(json.dumps(value), encoding="utf-8")
    assert not validate_rdformat(file)["success"]
