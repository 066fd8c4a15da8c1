"""The JSON report: its published schema, reading it back, and what is promised to stay the same."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyfmt.core.errors import UsageError
from pyfmt.core.report import Report
from pyfmt.reports import json as json_report
from pyfmt.reports.json import report_schema
from pyfmt.reports.options import RenderOptions
from tests.reports.models import CLEAN, RICH
from tests.reports.strategies import reports

OPTIONS = RenderOptions()
SCHEMA: dict[str, Any] = json.loads(report_schema())


def closed(schema: Any) -> Any:
    """The schema with every key that it does not name forbidden."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    extra = {"additionalProperties": False} if schema.get("type") == "object" and "properties" in schema else {}
    return {**{key: closed(value) for key, value in schema.items()}, **extra}


def test_the_published_schema_is_itself_valid() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("report", [RICH, CLEAN, Report(root="/r", command=RICH.command)])
def test_reports_satisfy_the_schema_and_hold_no_key_that_it_does_not_name(report: Report) -> None:
    validator = jsonschema.Draft202012Validator(closed(SCHEMA))
    validator.validate(json.loads(json_report.render(report, OPTIONS)))


def test_the_schema_refuses_a_line_zero() -> None:
    value = json_report.to_json(RICH)
    value["findings"][0]["line"] = 0
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(value, SCHEMA)


def test_keys_stand_in_the_documented_order_with_additions_last() -> None:
    value = json.loads(json_report.render(RICH, OPTIONS))
    assert list(value)[:11] == (
        ["version", "pyfmt", "root", "summary", "projects", "environments"]
        + ["findings", "edits", "failures", "skipped", "units"]
    )
    assert list(value["summary"])[:6] == ["findings", "edits", "failures", "skipped", "files", "seconds"]
    assert list(value["findings"][0])[:12] == (
        ["path", "line", "column", "end_line", "end_column", "tool", "rule", "symbol"]
        + ["severity", "message", "project", "environments"]
    )
    assert list(value["edits"][0])[:2] == ["path", "tools"]
    assert list(value["failures"][0]) == ["tool", "projects", "environment", "reason", "detail"]
    assert list(value["skipped"][0]) == ["project", "tool", "reason"]
    assert list(value["units"][0])[:6] == ["tool", "environment", "projects", "files", "seconds", "cached"]
    assert list(value["environments"][0])[:6] == ["name", "path", "python", "found_by", "status", "reason"]


@settings(max_examples=100, deadline=None)
@given(reports)
def test_what_is_written_is_read_back_equal(report: Report) -> None:
    text = json_report.render(report, OPTIONS)
    assert json_report.read(text) == report
    assert json_report.render(json_report.read(text), OPTIONS) == text
    text.encode("ascii")


def test_only_seconds_and_cached_differ_between_a_cold_and_a_cached_run() -> None:
    def without_times(report: Report) -> Any:
        value = json_report.to_json(report)
        value["summary"].pop("seconds")
        for unit in value["units"]:
            for key in ("seconds", "cached", "started", "ended"):
                unit.pop(key)
        return json.dumps(value)

    warm = replace(
        RICH, seconds=0.1, units=tuple(replace(unit, seconds=0.0, cached=True, ended=0.1) for unit in RICH.units)
    )
    assert json_report.render(warm, OPTIONS) != json_report.render(RICH, OPTIONS)
    assert without_times(warm) == without_times(RICH)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"version": 2}', '{"version": 1}', "{"])
def test_what_is_no_report_is_a_usage_error_that_names_the_file(text: str) -> None:
    with pytest.raises(UsageError) as caught:
        json_report.read(text, "shard-1.json")
    assert "shard-1.json" in str(caught.value)
    assert "--output json" in str(caught.value)


PLACES = [
    (key, index, inner)
    for key, value in json_report.to_json(RICH).items()
    if isinstance(value, list) and value and isinstance(value[0], dict)
    for index in range(1)
    for inner in value[index]
]


@pytest.mark.parametrize("place", PLACES, ids=lambda place: f"{place[0]}.{place[2]}")
@given(wrong=st.sampled_from([{}, {"a": 1}, ["x", 1], 1.5]))
def test_a_value_of_a_wrong_type_is_a_usage_error(place: tuple[str, int, str], wrong: object) -> None:
    key, index, inner = place
    value = json_report.to_json(RICH)
    if (inner in ("seconds", "started", "ended") and wrong == 1.5) or (inner == "packages" and wrong == {}):
        return
    value[key][index][inner] = wrong
    with pytest.raises(UsageError, match="damaged"):
        json_report.read(json.dumps(value))


def test_unknown_keys_of_a_later_version_one_are_passed_over() -> None:
    value = json_report.to_json(RICH)
    value["later"] = {"more": 1}
    value["findings"][0]["later"] = 1
    assert json_report.read(json.dumps(value)) == RICH
