"""SARIF against the schema and against Microsoft's validator with GitHub's rules."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote_to_bytes

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from pyfmt.core.model import Edit
from pyfmt.core.report import Report
from pyfmt.reports import sarif
from pyfmt.reports.options import RenderOptions
from tests.reports.consumers import sarif_multitool, validate_sarif
from tests.reports.models import CLEAN, RICH, finding
from tests.reports.strategies import NASTY, reports


@pytest.fixture(scope="session")
def validator() -> jsonschema.Draft202012Validator:
    text = (sarif_multitool() / "sarif-2.1.0.json").read_text("utf-8-sig")
    return jsonschema.Draft202012Validator(json.loads(text))


def log(report: Report) -> Any:
    return json.loads(sarif.render(report, RenderOptions()))


NASTY_REPORT = replace(
    RICH,
    findings=tuple(
        finding(path=f"p/{number} {text.replace(chr(0), '')}.py", message=text, rule=text, symbol=text, project=text)
        for number, text in enumerate(NASTY)
    ),
)


@pytest.mark.parametrize("report", [RICH, CLEAN, NASTY_REPORT], ids=["rich", "clean", "nasty"])
def test_sarif_satisfies_the_schema(report: Report, validator: jsonschema.Draft202012Validator) -> None:
    validator.validate(log(report))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(report=reports)
def test_any_report_satisfies_the_schema(report: Report, validator: jsonschema.Draft202012Validator) -> None:
    validator.validate(log(report))


@pytest.mark.parametrize("report", [RICH, CLEAN, NASTY_REPORT], ids=["rich", "clean", "nasty"])
def test_githubs_rules_find_nothing(report: Report, tmp_path: Path) -> None:
    file = tmp_path / "report.sarif"
    file.write_text(sarif.render(report, RenderOptions()), encoding="utf-8")
    said = validate_sarif(file)
    assert "Analysis completed successfully" in said
    assert "error" not in said.lower() and "warning" not in said.lower(), said


def test_the_validator_would_say_what_is_wrong(tmp_path: Path) -> None:
    value = log(RICH)
    del value["runs"][2]["results"][0]["locations"]
    del value["runs"][2]["results"][0]["message"]["text"]
    file = tmp_path / "report.sarif"
    file.write_text(json.dumps(value), encoding="utf-8")
    assert "error" in validate_sarif(file).lower()


def test_there_is_one_run_for_each_tool_even_if_it_found_nothing() -> None:
    runs = log(CLEAN)["runs"]
    assert [run["tool"]["driver"]["name"] for run in runs] == ["isort", "black", "pylint", "mypy"]
    assert [run["automationDetails"]["id"] for run in runs] == [
        "pyfmt/isort/",
        "pyfmt/black/",
        "pyfmt/pylint/",
        "pyfmt/mypy/",
    ]
    assert all(run["results"] == [] and run["invocations"][0]["executionSuccessful"] for run in runs)


def test_every_result_has_a_whole_region_and_a_rule_at_its_index() -> None:
    for run in log(RICH)["runs"]:
        for result in run["results"]:
            assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
            region = result["locations"][0]["physicalLocation"]["region"]
            assert list(region) == ["startLine", "startColumn", "endLine", "endColumn"]
            assert (region["startLine"], region["startColumn"]) < (region["endLine"], region["endColumn"])


def test_what_failed_or_was_skipped_is_a_notification_of_a_run_that_did_not_succeed() -> None:
    mypy = log(RICH)["runs"][3]["invocations"][0]
    assert mypy["executionSuccessful"] is False
    texts = [item["message"]["text"] for item in mypy["toolExecutionNotifications"]]
    assert "timed out after 600 s" in texts[0] and "still loading" in texts[0]
    assert "did not run for mailer" in texts[1]


def test_paths_are_percent_encoded_bytes() -> None:
    value = log(replace(CLEAN, findings=(finding(path="p/a b:#?%\udcff名.py"),)))
    uri = value["runs"][2]["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "p/a%20b%3A%23%3F%25%FF%E5%90%8D.py"
    assert unquote_to_bytes(uri).decode("utf-8", "surrogateescape") == "p/a b:#?%\udcff名.py"


def test_an_edit_is_a_result_of_each_of_its_tools_unless_it_is_written() -> None:
    edits = (Edit("a.py", ("isort", "black"), "billing"), Edit("b.py", ("black",), "billing", written=True))
    runs = log(replace(CLEAN, edits=edits))["runs"]
    assert [len(run["results"]) for run in runs] == [1, 1, 0, 0]


def test_more_results_than_github_takes_in_a_run_go_into_further_runs() -> None:
    many = tuple(finding(line=line) for line in range(1, sarif.RESULTS_A_RUN + 3))
    runs = [run for run in log(replace(CLEAN, findings=many))["runs"] if run["tool"]["driver"]["name"] == "pylint"]
    assert [len(run["results"]) for run in runs] == [sarif.RESULTS_A_RUN, 2]
    assert [run["automationDetails"]["id"] for run in runs] == ["pyfmt/pylint/", "pyfmt/pylint/2/"]


def test_a_message_holds_no_link() -> None:
    value = log(replace(CLEAN, findings=(finding(message="see [this](https://evil.example)"),)))
    assert "](" not in value["runs"][2]["results"][0]["message"]["text"]
