"""examples/monorepo: its environments are made by `pyfmt envs create`, pyfmt finds what the careful loop finds, and the
commands of the documentation do there what the pages show."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.conftest import MakeLoop
from tests.support import pages
from tests.support.careful_loop import LoopProject
from tests.support.monorepo import Monorepo, findings

LIBRARIES = ("lib/storage", "lib/events")
NOTEBOOK = "projects/batch-proc/infer.ipynb"
BILLING, PLATFORM = "projects/billing/.venv", "projects/platform/.venv"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    return pages.example(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def report(demo: Monorepo) -> dict[str, Any]:
    result, said = demo.check()
    result.expect(1)
    return said


def test_every_project_is_checked(report: dict[str, Any]) -> None:
    assert report["failures"] == []
    assert report["skipped"] == []


def test_a_second_run_starts_no_tool(demo: Monorepo, report: dict[str, Any]) -> None:
    """Also where a project is installed by setuptools' import hook, which asks for odd paths."""
    again = demo.check("--timings")[1]
    assert [unit for unit in again["units"] if not unit["cached"]] == []
    assert again["findings"] == report["findings"]


def test_no_import_is_reported_missing(report: dict[str, Any]) -> None:
    told = {item["rule"] for item in report["findings"]}
    assert not told & {"E0401", "import-error", "import-not-found", "import-untyped"}


def test_each_tool_has_something_to_show(report: dict[str, Any]) -> None:
    assert {item["tool"] for item in report["findings"]} == {"pylint", "mypy"}
    assert {tool for edit in report["edits"] for tool in edit["tools"]} == {"isort", "black"}


def test_a_finding_exists_only_because_of_the_right_environment(report: dict[str, Any]) -> None:
    told = {(item["path"], item["rule"]) for item in report["findings"]}
    assert (NOTEBOOK, "attr-defined") in told, "of the library that batch-proc has installed"
    assert ("projects/billing/billing/export.py", "attr-defined") in told, "model_dump, with pydantic 1"
    assert ("projects/ledger/src/ledger/entries.py", "attr-defined") in told, "only with pydantic 2"


def test_the_careful_loop_finds_the_same(demo: Monorepo, report: dict[str, Any], careful_loop: MakeLoop) -> None:
    projects = [
        *(LoopProject(library, BILLING, python="3.10") for library in LIBRARIES),
        LoopProject("lib/fraud-ml", "projects/batch-proc/.venv", python="3.10"),
        LoopProject("projects/batch-proc", "projects/batch-proc/.venv", python="3.11"),
        LoopProject("projects/billing", BILLING, python="3.11"),
        LoopProject("projects/ledger", "projects/ledger/.venv", source_roots=("src", "."), python="3.11"),
        LoopProject("projects/notify", "projects/notify/.venv", python="3.10"),
        LoopProject("projects/platform/gateway", PLATFORM, python="3.11"),
        LoopProject("projects/platform/worker", PLATFORM, python="3.11"),
    ]
    # setuptools' import hook for a namespace package is invisible to both: a careful person names the folder.
    events = str(demo.root / "lib/events")
    loop = careful_loop(demo, more_roots=(events,))
    modules = {"findings": [item for item in report["findings"] if item["path"] != NOTEBOOK]}  # the loop opens none
    assert findings(modules, "mypy") == loop.mypy(projects)
    assert {item for item in findings(modules, "pylint") if item[2] not in ("R0801", "R0401")} == loop.pylint(projects)


@pytest.mark.parametrize("page", [page for page in pages.PAGES if pages.commands(page)], ids=lambda page: page.stem)
def test_the_commands_of_a_page_work_one_after_the_other(demo: Monorepo, page: Path) -> None:
    """And print what the page shows, where it does."""
    text = page.read_text("utf-8")
    assert pages.with_outputs(text, lambda line: pages.shell(demo, line).stdout) == text, "run `make docs`"
    pages.with_changes(demo)
    try:
        for line in pages.commands(page):
            done = pages.shell(demo, line)
            assert done.returncode in (0, 1), f"$ {line}\n{done.stdout}{done.stderr}"
    finally:
        pages.reset(demo)
