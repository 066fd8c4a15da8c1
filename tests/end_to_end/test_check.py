"""`pyfmt check` over projects whose environments conflict: what is found, and how it is reported."""

from __future__ import annotations

import json
import re
from pathlib import Path

from tests.conftest import MakeLoop
from tests.end_to_end import trees
from tests.support.monorepo import Monorepo, findings

KEYS = {
    "summary": {"findings", "edits", "failures", "skipped", "files", "seconds"},
    "projects": {"name", "path", "environment", "files"},
    "environments": {"name", "path", "python", "found_by", "status", "reason"},
    "findings": {
        *("path", "line", "column", "end_line", "end_column", "tool", "rule", "symbol", "severity", "message"),
        *("project", "environments"),
    },
    "edits": {"path", "tools"},
    "failures": {"tool", "projects", "environment", "reason", "detail"},
    "skipped": {"project", "tool", "reason"},
    "units": {"tool", "environment", "projects", "files", "seconds", "cached"},
}


def without_clock(stdout: str) -> str:
    """The report without its measured times, which differ from run to run."""
    return re.sub(r'"(seconds|started|ended)": ?[0-9.e-]+', r'"\1": 0', stdout)


def test_every_finding_is_there_and_no_other(conflicting: Monorepo) -> None:
    result, report = conflicting.check()
    result.expect(1)
    found = {(item["path"], item["line"], item["tool"], item["rule"]) for item in report["findings"]}
    assert found == trees.EXPECTED
    assert (report["edits"], report["failures"], report["skipped"]) == ([], [], [])


def test_the_careful_loop_finds_the_same(conflicting: Monorepo, careful_loop: MakeLoop) -> None:
    _, report = conflicting.check()
    loop = careful_loop(conflicting)
    assert findings(report, "pylint") == loop.pylint(trees.LOOP)
    assert findings(report, "mypy") == loop.mypy(trees.LOOP)


def test_the_json_report_has_the_keys_that_others_build_on(conflicting: Monorepo) -> None:
    _, report = conflicting.check()
    assert report["version"] == 1
    assert report["root"] == str(conflicting.root)
    assert set(report) >= {"version", "pyfmt", "root", *KEYS}
    assert set(report["summary"]) >= KEYS["summary"]
    for name in ("projects", "environments", "findings", "units"):
        assert report[name], f"nothing under {name}"
        assert all(set(item) >= KEYS[name] for item in report[name]), name
    assert report["summary"]["findings"] == len(report["findings"])
    assert report["summary"]["files"] == 12


def test_a_library_without_an_environment_borrows_one_that_has_it_installed(conflicting: Monorepo) -> None:
    _, report = conflicting.check()
    library = next(project for project in report["projects"] if project["path"] == "lib/storage")
    assert library["environment"] in ("projects/billing/.venv", "projects/ledger/.venv")


def test_the_output_is_the_same_for_any_number_of_jobs_and_from_the_cache(conflicting: Monorepo) -> None:
    cold = [conflicting.run("check", "--no-cache", "--output", "json", "--jobs", jobs).stdout for jobs in ("1", "2")]
    assert without_clock(cold[0]) == without_clock(cold[1])
    texts = {conflicting.run("check", "--output", "text", "--jobs", jobs).stdout for jobs in ("1", "2", "2")}
    assert len({re.sub(r"\d+\.\d+ ?s|cached|\d+ ms", "", text) for text in texts}) == 1, texts


def test_a_cached_run_reports_what_a_cold_run_does(conflicting: Monorepo) -> None:
    _, cold = conflicting.check("--no-cache")
    conflicting.check()
    _, warm = conflicting.check()
    for name in ("findings", "edits", "failures", "skipped", "projects", "environments"):
        assert warm[name] == cold[name], name


def test_several_outputs_are_written_in_one_run(conflicting: Monorepo, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    result = conflicting.run("check", "--output", "text", "--output", f"json={file}").expect(1)
    report = json.loads(file.read_text(encoding="utf-8"))
    assert len(report["findings"]) == len(trees.EXPECTED)
    for item in report["findings"]:
        place = f"{item['path']}:{item['line']}:{item['column']}: {item['severity']}: {item['message']} "
        (line,) = (line for line in result.stdout.splitlines() if line.startswith(place))
        assert line == f"{place}[{item['tool']}:{item['rule']}]"


def test_text_is_plain_when_piped_and_coloured_when_asked(conflicting: Monorepo) -> None:
    assert "\x1b[" not in conflicting.run("check").stdout
    assert "\x1b[" in conflicting.run("check", "--color", "always").stdout


def test_paths_restrict_what_is_reported(conflicting: Monorepo) -> None:
    _, report = conflicting.check("projects/ledger")
    assert report["findings"] == []
    result, report = conflicting.check("projects/billing/billing/models.py")
    result.expect(1)
    assert {item["rule"] for item in report["findings"]} == {"attr-defined"}


def test_paths_are_relative_to_the_working_directory(conflicting: Monorepo) -> None:
    _, report = conflicting.check("billing/mistakes.py", cwd="projects/billing")
    assert {item["path"] for item in report["findings"]} == {"projects/billing/billing/mistakes.py"}


def test_a_tool_can_be_chosen(conflicting: Monorepo) -> None:
    result, report = conflicting.check("--tool", "pylint")
    result.expect(1)
    assert {item["tool"] for item in report["findings"]} == {"pylint"}
    assert {unit["tool"] for unit in report["units"]} == {"pylint"}


def test_an_active_environment_of_the_shell_is_not_applied_to_the_projects(conflicting: Monorepo) -> None:
    shell = str(conflicting.root / "projects/ledger/.venv")
    _, report = conflicting.check(environ={"VIRTUAL_ENV": shell})
    by_path = {project["path"]: project["environment"] for project in report["projects"]}
    assert by_path["projects/billing"] == "projects/billing/.venv"
    assert len(report["findings"]) == len(trees.EXPECTED)
