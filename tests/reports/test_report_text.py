"""The text report: golden files, and what holds for every report."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pyfmt.core.model import Edit, Severity
from pyfmt.core.report import Report, UnitRecord
from pyfmt.core.request import Command, Request
from pyfmt.reports import jsonl, text
from pyfmt.reports.escaping import cells, printable, wrap
from pyfmt.reports.excerpt import excerpt
from pyfmt.reports.next_commands import next_commands
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.paint import file_url
from tests.reports.models import BILLING_ENV, CLEAN, LEDGER_ENV, RICH, finding, sources
from tests.reports.strategies import reports

DATA = Path(__file__).parent / "data"
RECORD = "PYFMT_RECORD"  # PYFMT_RECORD=1 pytest tests/reports writes the golden files anew

PIPED = RenderOptions(sources=sources)
TERMINAL = RenderOptions(sources=sources, is_terminal=True, width=100)
GOLDEN = {
    "piped": (RICH, replace(PIPED, diff=True, statistics=True)),
    "piped-quiet": (RICH, replace(PIPED, verbosity=-1)),
    "full": (RICH, TERMINAL),
    "full-color-links": (RICH, replace(TERMINAL, color=True, hyperlinks=True, diff=True)),
    "full-narrow": (RICH, replace(TERMINAL, width=50)),
    "grouped": (RICH, replace(TERMINAL, style="grouped", show_files=True, statistics=True)),
    "clean": (CLEAN, TERMINAL),
    "clean-piped-verbose": (CLEAN, replace(PIPED, verbosity=1)),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_text_is_as_recorded(name: str) -> None:
    shown = text.render(*GOLDEN[name])
    file = DATA / f"text-{name}.txt"
    if os.environ.get(RECORD):
        file.parent.mkdir(exist_ok=True)
        file.write_text(shown, encoding="utf-8", newline="")
    assert shown == file.read_bytes().decode("utf-8")


ONE_LINE = re.compile(r"(?P<path>.+?):(?P<line>\d+):(?P<col>\d+): (error|warning|info): (.*) \[\w+:\S+\]\Z")


def test_piped_lines_have_the_documented_form() -> None:
    lines = text.render(RICH, PIPED).splitlines()
    matches = [match for match in map(ONE_LINE.match, lines) if match]
    assert [match["path"] for match in matches] == [item.path for item in RICH.findings]
    first = next(index for index, line in enumerate(lines) if ONE_LINE.match(line))
    assert lines[first].startswith("lib/storage/acme/storage/disk.py:5:9: error: Incompatible ")
    above = [line for line in lines[:first] if not line.startswith("  help: ")]
    assert above and all(re.match(r"(warning|error): environment ", line) for line in above), "they explain findings"


def test_piped_text_says_nothing_of_times_or_the_cache() -> None:
    warm = replace(RICH, seconds=0.01, units=tuple(replace(unit, seconds=0.0, cached=True) for unit in RICH.units))
    assert text.render(warm, PIPED) == text.render(RICH, PIPED)
    assert text.render(warm, TERMINAL) != text.render(RICH, TERMINAL)


def test_lines_within_a_message_are_indented_so_that_no_message_can_forge_a_finding() -> None:
    forged = finding(message="first\nx.py:1:1: error: forged [pylint:E1]")
    report = replace(CLEAN, findings=(forged,))
    lines = text.render(report, PIPED).splitlines()
    assert lines[1] == "    x.py:1:1: error: forged [pylint:E1]"


@settings(max_examples=150, deadline=None)
@given(reports, st.booleans(), st.booleans(), st.integers(1, 120))
def test_nothing_of_a_report_reaches_a_terminal_as_a_control_character(
    report: Report, terminal: bool, color: bool, width: int
) -> None:
    options = RenderOptions(
        is_terminal=terminal,
        color=color,
        hyperlinks=color,
        width=width,
        diff=True,
        verbosity=1,
        statistics=True,
        show_files=True,
        sources=lambda _path: ["\x1b[31m x = '\x07' \u202e", "名前\t=\r1"] * 100,
    )
    shown = text.render(report, options)
    if color:
        shown = re.sub(r"\x1b\[[0-9;]+m|\x1b\]8;;[\x21-\x7e]*\x1b\\", "", shown)
    shown.encode("utf-8")
    if report.edits and not terminal:
        shown = re.sub(r"\r$", "", shown.replace("\t", "").replace("\f", ""), flags=re.MULTILINE)
    bad = re.search(
        "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u202a-\u202e\u2066-\u2069]", shown.replace("\t", "").replace("\f", "")
    )
    assert bad is None or bad.group() == "\r"


@settings(max_examples=100, deadline=None)
@given(reports)
def test_every_finding_edit_failure_and_skip_is_said(report: Report) -> None:
    shown = text.render(report, PIPED).splitlines()
    assert sum(line.startswith("would reformat ") or line.startswith("reformatted ") for line in shown) == len(
        report.edits
    )
    assert sum(line.startswith("failed: ") for line in shown) == len(report.failures)
    skipped = {(skip.project, skip.reason) for skip in report.skipped}
    assert sum(line.startswith("skipped: ") for line in shown) == len(skipped)
    said = [line for line in shown if re.search(r":\d+:\d+: (error|warning|info): ", line) and line.startswith("p/")]
    assert len(said) == sum(not finding.baselined for finding in report.findings)


def test_a_finding_that_all_environments_of_its_project_see_says_no_only_in() -> None:
    both = replace(RICH.findings[0], environments=(BILLING_ENV, LEDGER_ENV))
    units = (
        UnitRecord("mypy", BILLING_ENV, ("acme-storage",), 1, 0.0, False),
        UnitRecord("mypy", LEDGER_ENV, ("acme-storage",), 1, 0.0, False),
    )
    assert "only in" not in text.render(replace(CLEAN, findings=(both,), units=units), PIPED)
    one = replace(both, environments=(LEDGER_ENV,))
    shown = text.render(replace(CLEAN, findings=(one,), units=units), PIPED)
    assert f"    only in: {LEDGER_ENV}" in shown


def test_an_environment_whose_unit_failed_does_not_contradict_another() -> None:
    failure = replace(RICH.failures[0], projects=("acme-storage", "ledger"))
    shown = text.render(replace(RICH, failures=(failure,)), PIPED)
    assert "only in" not in shown


@pytest.mark.parametrize(
    ("report", "commands"),
    [
        (RICH, ("pyfmt envs create mailer", "pyfmt format lib/storage projects/ledger")),
        (replace(RICH, skipped=()), ("pyfmt format lib/storage projects/ledger",)),
        (replace(RICH, skipped=(), edits=()), ("pyfmt lint -v projects/ledger",)),
        (
            replace(RICH, skipped=(), edits=(), failures=()),
            ("pyfmt check lib/storage projects/billing projects/ledger",),
        ),
        (
            replace(RICH, skipped=(), edits=(), failures=(), findings=RICH.findings[1:2], command=Command.LINT),
            ("pyfmt lint projects/billing",),
        ),
        (
            replace(CLEAN, findings=(finding(tool="pyfmt", rule="PYF010"),)),
            ("pyfmt check --unused-ignores projects/billing",),
        ),
        (CLEAN, ()),
        (replace(CLEAN, edits=(Edit("a.py", ("black",), "billing", written=True),)), ()),
        (
            replace(CLEAN, edits=tuple(Edit("a.py", ("black",), project.name) for project in CLEAN.projects)),
            ("pyfmt format",),
        ),
    ],
)
def test_the_next_command_is_exact(report: Report, commands: tuple[str, ...]) -> None:
    assert next_commands(report) == commands


def test_names_in_the_next_command_are_quoted_for_the_shell() -> None:
    projects = (replace(CLEAN.projects[0], path="lib/my storage; rm"), *CLEAN.projects[1:])
    report = replace(CLEAN, projects=projects, edits=(Edit("a.py", ("black",), "acme-storage"),))
    assert next_commands(report) == ("pyfmt format 'lib/my storage; rm'",)


def test_a_quiet_clean_run_says_nothing() -> None:
    assert text.render(CLEAN, replace(PIPED, verbosity=-1)) == ""


def test_a_mended_run_is_green_and_names_no_next_command() -> None:
    report = replace(
        CLEAN, command=Command.RUN, edits=(Edit("a.py", ("isort", "black"), "billing", written=True),), notes=()
    )
    shown = text.render(report, replace(TERMINAL, color=True))
    assert "\x1b[1;32m1 file reformatted\x1b[0m" in shown
    assert "next:" not in shown


def test_a_long_line_is_cut_around_the_range_and_the_underline_stays_below_it() -> None:
    line = "x" * 200 + " = 名前(1)" + "y" * 200
    item = finding(line=1, column=204, end_line=1, end_column=206)
    shown = excerpt(item, [line], 60)
    assert shown is not None
    assert cells(shown.text) <= 60
    below = ""
    position = 0
    for char in shown.text:
        if shown.start <= position < shown.start + shown.length:
            below += char
        position += cells(char)
    assert below == "名前"


@settings(max_examples=300, deadline=None)
@given(
    st.text("ab\t名é\x1b👩", max_size=150).filter(lambda line: line.rstrip()),
    st.integers(1, 160),
    st.none() | st.integers(1, 160),
    st.integers(30, 100),
)
def test_an_excerpt_always_fits_and_marks_something(line: str, column: int, end: int | None, width: int) -> None:
    shown = excerpt(finding(line=1, column=column, end_line=1, end_column=end), [line], width)
    assert shown is not None
    assert cells(shown.text) <= width
    assert shown.length >= 1
    assert 0 <= shown.start
    assert shown.start + shown.length <= width + 1
    assert shown.text.isprintable()


def test_no_excerpt_is_shown_for_a_line_that_is_not_there() -> None:
    assert excerpt(finding(line=9), ["one"], 80) is None
    assert excerpt(finding(), None, 80) is None
    assert excerpt(finding(), ["   "], 80) is None


@given(st.text("ab 名👩é", max_size=60), st.integers(2, 20))
def test_wrapped_lines_fit_and_lose_only_the_blanks_at_which_they_are_broken(line: str, width: int) -> None:
    parts = wrap(line, width)
    assert all(cells(part) <= width for part in parts)
    assert "".join(parts).replace(" ", "") == line.replace(" ", "")


@given(st.text())
def test_printable_gives_one_line_that_can_be_encoded(value: str) -> None:
    shown = printable(value)
    assert len(shown.splitlines()) <= 1
    shown.encode("utf-8")
    assert printable(shown) == shown


def test_file_urls_are_percent_encoded_bytes() -> None:
    assert file_url("/r", "a b/\udcff名.py") == "file:///r/a%20b/%FF%E5%90%8D.py"


def test_text_of_a_clean_run_imports_neither_rich_nor_other_formats() -> None:
    code = (
        "import sys; from tests.reports.models import CLEAN; before = set(sys.modules)\n"
        "from pyfmt.reports.registry import RenderOptions, renderer\n"
        "assert not [name for name in sys.modules if name.startswith('pyfmt.reports.text')]\n"
        "renderer('text').render(CLEAN, RenderOptions(is_terminal=True, color=True))\n"
        "new = set(sys.modules) - before\n"
        "print(sorted(name for name in new if name.split('.')[0] in ('rich', 'difflib', 'html')))\n"
        "print(sorted(name for name in new if name.startswith('pyfmt.reports.')))\n"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    first, second = run.stdout.splitlines()
    assert first == "[]"
    assert "pyfmt.reports.json" not in second and "pyfmt.reports.html" not in second


def test_equal_findings_are_counted_beyond_a_number_and_no_project_loses_its_first() -> None:
    same = [finding(line=line, message="the same") for line in range(1, 1001)]
    other = finding(path="q/q.py", message="the same", project="q")
    many = replace(CLEAN, findings=(*same, other, finding(line=9, message="another")))
    shown = text.render(many, replace(PIPED, max_same=3)).splitlines()
    assert [line for line in shown if line.startswith("projects/billing/")] == [
        *(f"projects/billing/billing/app.py:{line}:1: error: the same [pylint:E0401]" for line in (1, 2, 3)),
        "projects/billing/billing/app.py:9:1: error: another [pylint:E0401]",
    ]
    assert any(line.startswith("q/q.py:") for line in shown)
    assert "997 more: the same [pylint:E0401] (`--max-same 0`)" in shown
    assert any(line.startswith("1002 findings (1002 errors)") for line in shown)
    assert sum(": error: " in line for line in text.render(many, PIPED).splitlines()) == 1002


def test_the_worst_come_first_within_a_file_where_that_is_asked_for() -> None:
    mild, bad = finding(line=1, severity=Severity.INFO), finding(line=2, severity=Severity.ERROR)
    first = finding(path="a/a.py", severity=Severity.WARNING)
    report = replace(CLEAN, findings=(first, mild, bad))
    lines = text.render(report, replace(PIPED, sort="severity")).splitlines()[:3]
    assert [line.split(": ")[1] for line in lines] == ["warning", "error", "info"]


def test_the_table_leaves_out_tools_with_nothing_to_say_and_aligns_wide_characters() -> None:
    one = replace(CLEAN, findings=(finding(tool="mypy", rule="x", project="名前"), finding(tool="mypy", rule="x")))
    lines = text.render(one, PIPED).splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("project "))
    table = lines[start : lines.index("", start)]
    assert table[0].split() == ["project", "mypy"]
    assert len({cells(line) for line in table if not line.startswith("(")}) == 1, table
    more = text.render(one, replace(PIPED, verbosity=1)).splitlines()
    (header,) = (line for line in more if line.startswith("project "))
    assert {"mypy", "pylint"} <= set(header.split())


def test_a_command_that_was_just_given_is_not_said_again() -> None:
    report = replace(CLEAN, findings=(finding(),))
    asked = Request(Command.CHECK, paths=("projects/billing",))
    assert next_commands(report, replace(PIPED, asked=asked)) == ()
    assert next_commands(report, replace(PIPED, asked=replace(asked, paths=()))) == ("pyfmt check projects/billing",)


def test_an_agents_report_is_short_and_no_project_loses_its_first_error() -> None:
    loud = [finding(line=line) for line in range(1, 101)]
    quiet = finding(path="q/q.py", project="q", line=5)
    mild = finding(path="r/r.py", project="r", severity=Severity.INFO)
    report = replace(CLEAN, findings=(*loud, quiet, mild, finding(line=1, baselined=True)))
    *lines, last = text.render(report, replace(PIPED, agent=True)).splitlines()
    assert len(lines) == 39 and sum(line.startswith("q/q.py:5:") for line in lines) == 1
    assert last.startswith("102 new problems (") and "63 of them cut" in last and last.endswith("; 1 known before")
    rows = [json.loads(line) for line in jsonl.render(report, replace(PIPED, agent=True)).splitlines()]
    assert len(rows) == 40 and rows[-1] == {"kind": "cut", "number": 63}
    many = replace(CLEAN, findings=tuple(finding(path=f"{n}/a.py", project=str(n)) for n in range(50)))
    assert len(text.render(many, replace(PIPED, agent=True)).splitlines()) == 51
    assert len(jsonl.render(report, PIPED).splitlines()) == 103  # nothing is cut where nobody asked for it
