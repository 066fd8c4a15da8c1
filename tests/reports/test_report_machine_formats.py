"""GitHub, GitLab, JUnit, Checkstyle, reviewdog and Azure: their forms, escapes and limits."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from lxml import etree

from pyfmt.core.model import Edit, Severity
from pyfmt.core.report import Report
from pyfmt.reports import azure, checkstyle, github, github_summary, gitlab, junit, rdjson, rdjsonl
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.problems import problems
from pyfmt.reports.tally import without_accepted
from tests.reports.models import CLEAN, RICH, finding, sources
from tests.reports.strategies import reports

DATA = Path(__file__).parent / "data"
OPTIONS = RenderOptions(sources=sources)
EMPTY = Report(root="/r", command=RICH.command)


def one(**changes: object) -> Report:
    """A report with a single finding."""
    return replace(CLEAN, findings=(finding(**changes),))


# --- GitHub's commands. The grammar is that of actions/runner: `::name key=value,key=value::data`.

COMMAND = re.compile(r"::(error|warning|notice) ([^\n]*?)::([^\r\n]*)")


def commands(report: Report) -> list[tuple[str, dict[str, str], str]]:
    """The commands that a runner would carry out, as it decodes them."""
    found = []
    stopped: str | None = None
    for line in re.split(r"\r\n|\r|\n", github.render(report, OPTIONS)):
        line = line.lstrip()
        if stopped is not None:
            stopped = None if line == f"::{stopped}::" else stopped
        elif line.startswith("::stop-commands::"):
            stopped = line.removeprefix("::stop-commands::")
        elif line.startswith("::"):
            match = COMMAND.fullmatch(line)
            assert match, line
            pairs = dict(pair.split("=", 1) for pair in match[2].split(","))
            for code, char in ((":", "%3A"), (",", "%2C"), ("\n", "%0A"), ("\r", "%0D"), ("%", "%25")):
                pairs = {key: value.replace(char, code) for key, value in pairs.items()}
            data = match[3].replace("%0A", "\n").replace("%0D", "\r").replace("%25", "%")
            found.append((match[1], pairs, data))
    assert stopped is None
    return found


def test_github_gets_a_command_for_each_problem_with_the_worst_first() -> None:
    found = commands(RICH)
    assert len(found) == len(list(problems(RICH)))
    kinds = [kind for kind, _pairs, _data in found]
    assert kinds == sorted(kinds, key=["error", "warning", "notice"].index)
    assert "mypy failed" in found[0][1]["title"]


def test_github_gets_columns_only_within_one_line() -> None:
    by_title = {pairs["title"]: pairs for _kind, pairs, _data in commands(RICH)}
    assert by_title["pylint E0401 (import-error)"]["col"] == "1"
    assert by_title["pylint E0401 (import-error)"]["endColumn"] == "16"
    duplicate = by_title["pylint R0801 (duplicate-code)"]
    assert (duplicate["line"], duplicate["endLine"]) == ("3", "5")
    assert "col" not in duplicate


def test_githubs_escapes_are_undone_to_the_message_and_path() -> None:
    found = commands(one(path="a,b:c%.py", message="100%\nsecond: %0A, done"))
    assert found == [("error", found[0][1], "100%\nsecond: %0A, done")]
    assert found[0][1]["file"] == "a,b:c%.py"


@settings(max_examples=100, deadline=None)
@given(reports)
def test_no_text_of_a_report_is_a_command_to_github(report: Report) -> None:
    assert len(commands(report)) == len(list(problems(without_accepted(report))))


def test_github_is_told_how_many_annotations_it_does_not_show() -> None:
    many = replace(CLEAN, findings=tuple(finding(line=line) for line in range(1, 13)))
    shown = github.render(many, OPTIONS)
    assert "GitHub shows 10 of the 12 errors" in shown
    assert len(commands(many)) == 12
    assert "GitHub shows" not in github.render(one(), OPTIONS)


# --- GitHub's job summary


def test_the_summary_escapes_markup_and_never_ends_its_html_block() -> None:
    report = one(
        message="a\n\n</td></table>\n# heading\n[x](javascript:1) <img src=x onerror=y> @team", project="<b>|`"
    )
    shown = github_summary.render(report, OPTIONS)
    table = shown[shown.index("<table>\n<tr><th>where") :]
    block = table[: table.index("</table>")]
    assert "\n\n" not in block
    assert "<img" not in shown and "&lt;img" in shown
    assert "\n# heading" not in shown


def test_the_summary_stays_within_githubs_limit_and_says_what_is_left_out() -> None:
    many = replace(CLEAN, findings=tuple(finding(line=line, message="é" * 400) for line in range(1, 3001)))
    shown = github_summary.render(many, OPTIONS)
    assert shown.count("<tr><td><code>projects/billing/billing/app.py:") == 30
    assert "2970 further problems: the log has them all" in shown
    assert '<tr><td align="right">3000</td><td><a href=' in shown
    huge = replace(CLEAN, findings=tuple(finding(line=line, message="é" * 40_000) for line in range(1, 31)))
    shown = github_summary.render(huge, OPTIONS)
    assert len(shown.encode()) <= 1024 * 1024
    rows = shown.count("<tr><td><code>projects/billing/billing/app.py:")
    assert 0 < rows < 30
    assert f"{30 - rows} further problems: the log has them all" in shown


def test_the_summary_of_a_clean_run_says_so() -> None:
    assert "all clean" in github_summary.render(CLEAN, OPTIONS)


# --- GitLab. What its importer requires of each entry (app/validators/json_schemas/codeclimate.json), and what its
# documentation adds: check_name, the five severities, a relative path and a line.

GITLAB = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "fingerprint", "severity", "location", "check_name"],
        "properties": {
            "description": {"type": "string", "minLength": 1},
            "check_name": {"type": "string", "minLength": 1},
            "fingerprint": {"type": "string", "minLength": 1},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": "^(?!/|\\./)."},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}


def gitlab_entries(report: Report) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = json.loads(gitlab.render(report, OPTIONS))
    jsonschema.validate(entries, GITLAB)
    return entries


@settings(max_examples=60, deadline=None)
@given(reports)
def test_every_gitlab_entry_is_valid_and_its_fingerprint_unique(report: Report) -> None:
    entries = gitlab_entries(report)
    assert len(entries) == len(list(problems(report)))
    assert len({entry["fingerprint"] for entry in entries}) == len(entries)
    gitlab.render(report, OPTIONS).encode("ascii")


def test_a_clean_run_gives_gitlab_an_empty_array() -> None:
    assert gitlab.render(CLEAN, OPTIONS) == "[]\n"


def test_a_gitlab_fingerprint_outlives_lines_added_above_and_numbers_in_the_message() -> None:
    lines = ["import  os", "x = 1"]

    def fingerprint(above: int, message: str, line: str) -> str:
        shifted = [""] * above + [line, *lines]
        options = RenderOptions(sources=lambda _path: shifted)
        report = one(line=above + 1, message=message)
        entry: dict[str, str] = json.loads(gitlab.render(report, options))[0]
        return entry["fingerprint"]

    known = fingerprint(0, "line too long (81/80)", "a = b")
    assert fingerprint(7, "line too long (99/80)", "  a  =  b ") == known
    assert fingerprint(0, "line too long (81/80)", "a = c") != known
    assert fingerprint(0, "line too wide (81/80)", "a = b") != known


# --- JUnit, under the schema of Jenkins' xunit plugin (from pytest's source distribution)


@pytest.fixture(scope="module")
def junit_schema() -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(str(DATA / "junit-10.xsd")))


def parse(text: str) -> Any:
    return etree.fromstring(text.encode("utf-8"))


@pytest.mark.parametrize("report", [RICH, CLEAN, EMPTY], ids=["rich", "clean", "empty"])
def test_junit_satisfies_jenkins_schema(report: Report, junit_schema: etree.XMLSchema) -> None:
    junit_schema.assertValid(parse(junit.render(report, OPTIONS)))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(report=reports)
def test_any_report_is_valid_junit_whose_counts_are_right(report: Report, junit_schema: etree.XMLSchema) -> None:
    root = parse(junit.render(report, OPTIONS))
    junit_schema.assertValid(root)
    assert int(root.get("failures")) == len(root.findall(".//failure"))
    assert int(root.get("errors")) == len(root.findall(".//error"))
    assert int(root.get("tests")) == len(root.findall(".//testcase"))
    for suite in root.findall("testsuite"):
        assert int(suite.get("failures")) == len(suite.findall(".//failure"))
        assert int(suite.get("errors")) == len(suite.findall(".//error"))
        assert int(suite.get("tests")) == len(suite.findall(".//testcase"))
    shown = len(root.findall(".//failure")) + len(root.findall(".//error"))
    assert shown == sum(not problem.baselined for problem in problems(report))


def test_junit_has_passing_cases_where_all_is_clean_and_place_and_message_where_not() -> None:
    clean = parse(junit.render(CLEAN, OPTIONS))
    assert {case.get("name") for case in clean.iterfind("testsuite[@name='billing']/testcase")} == {
        "isort",
        "black",
        "pylint",
        "mypy",
    }
    assert parse(junit.render(EMPTY, OPTIONS)).find(".//testcase") is not None
    failure = parse(junit.render(one(), OPTIONS)).find(".//failure")
    assert failure.get("type") == "E0401"
    assert failure.text == "projects/billing/billing/app.py:1:1: error: Unable to import 'requests'"


def test_a_skipped_or_failed_tool_is_an_error_in_junit_and_never_a_pass() -> None:
    root = parse(junit.render(RICH, OPTIONS))
    ledger = root.find("testsuite[@name='ledger']")
    assert {case.get("name") for case in ledger if case.find("error") is not None} == {"mypy failed"}
    assert not [case for case in ledger if case.get("name") == "mypy"]
    mailer = root.find("testsuite[@name='mailer']")
    assert len(mailer.findall("testcase/error")) == 2


# --- Checkstyle


@settings(max_examples=60, deadline=None)
@given(reports)
def test_checkstyle_is_well_formed_and_whole(report: Report) -> None:
    root = parse(checkstyle.render(report, OPTIONS))
    errors = root.findall("file/error")
    assert len(errors) == len(list(problems(report)))
    names = [file.get("name") for file in root]
    assert len(names) == len(set(names))
    for error in errors:
        assert int(error.get("line")) >= 1
        assert error.get("column") is None or int(error.get("column")) >= 1
        assert error.get("severity") in ("error", "warning", "info")


def test_checkstyle_keeps_markup_and_line_ends_of_a_message() -> None:
    message = "a < b & \"c\" 'd'\nsecond ]]>"
    root = parse(checkstyle.render(one(message=message, column=None), OPTIONS))
    assert root.find("file/error").get("message") == message
    assert root.find("file/error").get("column") is None


# --- reviewdog. The fields and types of its Diagnostic (proto/rdf/reviewdog.proto); an unknown field is refused by
# its JSON reader.

POSITION = {
    "type": "object",
    "additionalProperties": False,
    "properties": {"line": {"type": "integer", "minimum": 1}, "column": {"type": "integer", "minimum": 1}},
}
NAMED = {"type": "object", "additionalProperties": False, "properties": {"name": {"type": "string"}, "url": {}}}
DIAGNOSTIC = {
    "type": "object",
    "additionalProperties": False,
    "required": ["message", "location"],
    "properties": {
        "message": {"type": "string", "minLength": 1},
        "location": {
            "type": "object",
            "additionalProperties": False,
            "required": ["path"],
            "properties": {
                "path": {"type": "string"},
                "range": {
                    "type": "object",
                    "required": ["start"],
                    "additionalProperties": False,
                    "properties": {"start": POSITION, "end": POSITION},
                },
            },
        },
        "severity": {"enum": ["ERROR", "WARNING", "INFO"]},
        "source": NAMED,
        "code": {
            "type": "object",
            "additionalProperties": False,
            "properties": {"value": {"type": "string"}, "url": {"type": "string"}},
        },
    },
}
RESULT = {
    "type": "object",
    "additionalProperties": False,
    "required": ["diagnostics"],
    "properties": {"diagnostics": {"type": "array", "items": DIAGNOSTIC}, "source": NAMED},
}


@settings(max_examples=60, deadline=None)
@given(reports)
def test_rdjson_and_rdjsonl_are_valid_and_say_the_same(report: Report) -> None:
    value = json.loads(rdjson.render(report, OPTIONS))
    jsonschema.validate(value, RESULT)
    lines = rdjsonl.render(report, OPTIONS).splitlines()
    assert [json.loads(line) for line in lines] == value["diagnostics"]
    assert len(lines) == len(list(problems(report)))


def span(**changes: object) -> Any:
    lines = ["x = '名前' + é + 👩", "y"]
    value = json.loads(rdjson.render(one(**changes), RenderOptions(sources=lambda _path: lines)))
    return value["diagnostics"][0]["location"]["range"]


def test_rdjson_columns_are_utf8_bytes() -> None:
    found = span(line=1, column=12, end_line=1, end_column=13)
    line = "x = '名前' + é + 👩".encode()
    assert line[found["start"]["column"] - 1 : found["end"]["column"] - 1].decode() == "é"


def test_rdjson_ranges_are_by_lines_where_bytes_cannot_be_told() -> None:
    assert span(line=9, column=3, end_line=9, end_column=5) == {"start": {"line": 9}, "end": {"line": 9}}
    assert span(line=1, column=None, end_line=2, end_column=1) == {"start": {"line": 1}, "end": {"line": 2}}
    assert span(line=1, column=1, end_line=None, end_column=None) == {"start": {"line": 1, "column": 1}}


# --- Azure

LOGISSUE = re.compile(r"##vso\[task\.logissue ([^\]\r\n]*)\]([^\r\n]*)")


def logged(report: Report) -> list[tuple[dict[str, str], str]]:
    """The issues that an Azure agent would log, as it decodes them."""

    def decoded(text: str) -> str:
        for code, char in (("%3B", ";"), ("%0D", "\r"), ("%0A", "\n"), ("%5D", "]"), ("%AZP25", "%")):
            text = text.replace(code, char)
        return text

    found = []
    for line in azure.render(report, OPTIONS).splitlines():
        match = LOGISSUE.fullmatch(line)
        assert match and line.count("##vso[") == 1, line
        pairs = dict(pair.split("=", 1) for pair in match[1].split(";") if pair)
        found.append(({key: decoded(value) for key, value in pairs.items()}, decoded(match[2])))
    return found


@settings(max_examples=100, deadline=None)
@given(reports)
def test_azure_gets_one_command_for_each_problem_whatever_the_texts_hold(report: Report) -> None:
    found = logged(report)
    assert len(found) == len(list(problems(report)))
    assert all(pairs["type"] in ("error", "warning") for pairs, _text in found)


def test_azures_escapes_are_undone_to_the_message_and_path() -> None:
    message = "a;b]c\nd 100% %3B"
    issue = logged(one(path="p;q]r%.py", message=message, severity=Severity.INFO))[0]
    assert issue[1] == message
    assert issue[0]["sourcepath"] == "p;q]r%.py"
    assert issue[0]["type"] == "warning"
    assert (issue[0]["linenumber"], issue[0]["columnnumber"], issue[0]["code"]) == ("1", "1", "E0401")


# --- all of them


@pytest.mark.parametrize("module", [azure, checkstyle, github, github_summary, gitlab, junit, rdjson, rdjsonl])
def test_a_file_that_was_reformatted_is_no_problem_but_one_that_would_be_is(module: Any) -> None:
    written = replace(CLEAN, edits=(Edit("z/unusual.py", ("black",), "billing", written=True),))
    waiting = replace(CLEAN, edits=(Edit("z/unusual.py", ("black",), "billing"),))
    if module is not github:  # whose text tells of written files too
        assert "unusual" not in module.render(written, OPTIONS)
    assert "unusual" in module.render(waiting, OPTIONS)


@pytest.mark.parametrize("module", [azure, checkstyle, github, github_summary, gitlab, junit, rdjson, rdjsonl])
def test_a_rule_that_stands_in_for_an_empty_message_is_escaped_too(module: Any) -> None:
    shown = module.render(one(message="", symbol="\x1b[31m", rule="\x1b[31m"), OPTIONS)
    assert "\x1b" not in shown and "u001b" not in shown


@pytest.mark.parametrize("module", [azure, checkstyle, github, github_summary, gitlab, junit, rdjson, rdjsonl])
def test_failures_and_skips_are_said_in_every_format(module: Any) -> None:
    unchecked = replace(RICH, findings=(), edits=())
    shown = module.render(unchecked, OPTIONS)
    assert "timed out after 600 s" in shown
    assert "pyfmt envs create mailer" in shown
