"""Findings that a baseline accepts: counted for people and on GitHub, marked in every other format."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from pyfmt.core.model import Accepted, Severity
from pyfmt.core.report import Report
from pyfmt.reports import tally
from pyfmt.reports.next_commands import next_commands
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.registry import FORMATS, renderer
from tests.reports.models import BILLING_ENV, CLEAN, finding

OLD = finding(line=7, message="old and known", baselined=True)
NEW = finding(line=9, message="new and bad", severity=Severity.WARNING)
REPORT = replace(CLEAN, findings=(OLD, NEW), gone=(Accepted("x/y.py", "mypy", "attr-defined", "no more", "f", "0"),))
OPTIONS = RenderOptions()


def render(name: str, report: Report = REPORT, options: RenderOptions = OPTIONS) -> str:
    return renderer(name).render(report, options)


# What people read shows what is new; GitHub has room for few annotations.
COUNTED = {"text", "github", "github-summary", "azure-text"}


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_shows_the_new_finding_and_marks_or_counts_the_baselined_one(name: str) -> None:
    text = render(name)
    assert "new and bad" in text
    assert ("old and known" in text) == (name not in COUNTED)
    assert ("1 accepted" if name in COUNTED else "baseline") in text
    assert "baselined" not in render(name, replace(REPORT, findings=(NEW,), gone=())).replace('"baselined": ', "")


def test_the_text_counts_only_what_is_new_and_names_what_is_gone() -> None:
    text = render("text")
    assert "\ngone: x/y.py: attr-defined no more in f [mypy]\n" in text
    assert "1 finding (1 warning), 1 gone from the baseline (" in text
    assert "\n1 accepted (`--show-baselined`)\nnext: " in text and "\nnext: pyfmt baseline prune\n" in text
    assert "(+1)" not in text
    many = render("text", replace(REPORT, findings=(OLD,) * 1656))
    assert "\n1,656 accepted (`--show-baselined`)\n" in many


def test_the_text_lists_them_where_it_is_asked_to() -> None:
    listing = replace(OPTIONS, show_baselined=True)
    text = render("text", options=listing)
    assert "7:1: error: old and known [pylint:E0401] (baselined)\n" in text
    assert "\n1 accepted\n" in text and "1 (+1)" in text
    full = render("text", options=replace(listing, is_terminal=True))
    assert "import-error E0401 (pylint) (baselined)\n" in full


def test_quiet_text_shows_only_what_is_new() -> None:
    assert render("text", options=replace(OPTIONS, verbosity=-1)) == (
        "projects/billing/billing/app.py:9:1: warning: new and bad [pylint:E0401]\n"
    )


def test_machine_formats_give_it_no_weight() -> None:
    assert 'failures="1"' in render("junit")
    assert '<skipped message="baselined: old and known"/>' in render("junit")
    assert [entry["severity"] for entry in json.loads(render("gitlab"))] == ["info", "minor"]
    assert [found["severity"] for found in json.loads(render("rdjson"))["diagnostics"]] == ["INFO", "WARNING"]


def test_sarif_says_of_every_result_whether_it_is_suppressed() -> None:
    (results,) = [run["results"] for run in json.loads(render("sarif"))["runs"] if run["results"]]
    assert [len(result["suppressions"]) for result in results] == [1, 0]
    assert results[0]["suppressions"][0]["status"] == "accepted"


def test_a_gitlab_fingerprint_is_the_same_with_and_without_a_baseline() -> None:
    before = json.loads(render("gitlab", replace(REPORT, findings=(replace(OLD, baselined=False), NEW))))
    assert [entry["fingerprint"] for entry in before] == [
        entry["fingerprint"] for entry in json.loads(render("gitlab"))
    ]


def test_a_report_with_baselined_findings_alone_is_clean() -> None:
    known = replace(REPORT, findings=(OLD,), gone=())
    assert tally.is_clean(known)
    assert next_commands(known) == ()
    assert BILLING_ENV in {record.name for record in known.environments}
