"""Whole runs with `--timings`: a table beside any report, and a trace that viewers take."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.reports import trace_format
from tests.support.monorepo import Monorepo

PROJECTS = ("billing", "ledger")
LINTERS = ("mypy", "pylint")


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    """Two projects of one environment, nothing of them known yet."""
    made = Monorepo.create(tmp_path_factory.mktemp("timings"), {"pyproject.toml": "[tool.pyfmt]\njobs = 2\n"})
    for project in PROJECTS:
        made.write({f"{project}/pyproject.toml": f'[project]\nname = "{project}"\nversion = "1"\n'})
        made.write({f"{project}/{project}.py": f'"""{project}."""\n\nVALUE: int = "1"\n'})
    made.environment(".")
    return made


def events(tree: Monorepo, name: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """The slices and the instant events of a trace that a run has written."""
    found = trace_format.read(tree.read(name))
    return [event for event in found if event["ph"] == "X"], [event for event in found if event["ph"] == "i"]


def labels(found: list[dict[str, Any]]) -> list[str]:
    """The tools and projects of units' events."""
    return sorted(f"{event['args']['tool']} {' '.join(event['args']['projects'])}" for event in found)


def test_where_the_time_of_a_cold_and_of_a_warm_run_went(tree: Monorepo) -> None:
    cold, report = tree.check("--timings=cold.json")
    assert len(report["findings"]) == 2  # standard output is the report alone
    assert cold.stderr.startswith("timings: ") and "pylint billing (.venv)" in cold.stderr
    slices, instants = events(tree, "cold.json")
    assert not instants
    ran = [event for event in slices if event["cat"] in (*LINTERS, "format")]
    expected = {f"{unit['tool']} {' '.join(unit['projects'])}" for unit in report["units"]}
    assert set(labels(ran)) == expected
    assert {event["tid"] for event in ran} <= {1, 2}
    steps = [event for event in slices if event["cat"] == "step"]
    assert all(before["ts"] + before["dur"] == after["ts"] for before, after in zip(steps, steps[1:]))
    assert steps[0]["ts"] == 0 and steps[0]["name"] == "start" and steps[-1]["name"] == "report"
    (linting,) = (event for event in steps if event["name"] == "lint")
    for event in ran:
        if event["cat"] in LINTERS:
            assert event["args"]["cpu"] > 0
            assert linting["ts"] <= event["ts"] <= event["ts"] + event["dur"] <= linting["ts"] + linting["dur"] + 1
            assert event["args"]["seconds"] == pytest.approx(event["dur"] / 1e6, abs=1e-5)

    warm, report = tree.check("--timings=warm.json")
    assert all(unit["cached"] for unit in report["units"])
    slices, instants = events(tree, "warm.json")
    assert {event["cat"] for event in slices} == {"step"}
    assert "lint: cache lookups" in {event["name"] for event in slices}
    assert set(labels(instants)) == expected
    assert "cached" in warm.stderr and "of 2 processes" not in warm.stderr


def test_a_table_alone_takes_no_path_for_a_file(tree: Monorepo) -> None:
    result = tree.run("check", "--timings", "billing", "--output", "json")
    assert {name for unit in result.json["units"] for name in unit["projects"]} == {"billing"}, result
    assert result.stderr.startswith("timings: ") and "mypy billing (.venv)" in result.stderr
    assert not (tree.root / "billing").is_file()


def test_every_run_that_is_asked_tells(tree: Monorepo) -> None:
    for _ in range(3):
        assert tree.run("check", "--timings").stderr.startswith("timings: ")


def test_without_it_nothing_is_said_and_no_reporter_imported(tree: Monorepo) -> None:
    assert tree.run("check").stderr == ""
    result = tree.run("check", "--output", "json", environ={"PYTHONPROFILEIMPORTTIME": "1"})
    imported = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert "pyfmt.run.pipeline" in imported
    assert imported.isdisjoint({"pyfmt.core.timings", "pyfmt.reports.trace", "pyfmt.reports.timings_table"})


def test_staged_runs_and_a_trace_that_cannot_be_written(tree: Monorepo) -> None:
    tree.git("init", "--quiet")
    tree.git("add", "billing", "pyproject.toml")
    result = tree.run("check", "--staged", "--timings=staged.json", "--output", "json").expect(1)
    slices, _ = events(tree, "staged.json")
    assert slices[1]["name"] == "index"
    assert json.loads(result.stdout)["units"]
    tree.write({"file": "no folder"})
    result = tree.run("check", "--timings=file/trace.json", "--output", "json").expect(2)
    assert result.json["units"] and "the trace cannot be written" in result.stderr
