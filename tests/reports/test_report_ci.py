"""`--output` without a format: what the CI reads, told by its variables."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from pyfmt.core.request import OutputSpec
from pyfmt.reports import azure_text, text
from pyfmt.reports.ci import outputs
from pyfmt.reports.options import RenderOptions
from tests.reports.models import RICH, finding, sources
from tests.support.monorepo import Monorepo

TREE: dict[str, str | bytes] = {
    "pyproject.toml": '[tool.pyfmt]\ntools = ["black"]\n',
    "app/pyproject.toml": '[project]\nname = "app"\nversion = "1"\n',
    "app/ugly.py": "x  =  1\n",
    "app/broken.py": "def broken(:\n",
}


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, [OutputSpec("text")]),
        ({"CI": "true"}, [OutputSpec("text")]),
        ({"GITHUB_ACTIONS": "true"}, [OutputSpec("github")]),
        (
            {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": "/s.md"},
            [OutputSpec("github"), OutputSpec("github-summary", "/s.md", append=True)],
        ),
        (
            {"GITLAB_CI": "true", "CI_PROJECT_DIR": "/builds/acme"},
            [OutputSpec("text"), OutputSpec("gitlab", "/builds/acme/gl-code-quality-report.json")],
        ),
        ({"TF_BUILD": "True"}, [OutputSpec("azure-text"), OutputSpec("azure")]),
    ],
)
def test_each_ci_is_told_by_its_variables(environ: Mapping[str, str], expected: list[OutputSpec]) -> None:
    assert list(outputs(environ)) == expected


def test_azures_agent_finds_no_command_in_the_text() -> None:
    forged = finding(message="x ##vso[task.setvariable variable=a]b ##[error]c ##VSO[x]y ## fine")
    shown = azure_text.render(replace(RICH, findings=(forged,)), RenderOptions(sources=sources))
    assert "##vso[" not in shown.lower()
    assert "##[" not in shown
    assert "## fine" in shown
    assert azure_text.render(RICH, RenderOptions(sources=sources)) == text.render(RICH, RenderOptions(sources=sources))


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    """A project with one file to format and one that cannot be parsed; in no CI, wherever the tests run."""
    made = Monorepo.create(tmp_path_factory.mktemp("ci"), TREE)
    made.environ = {"GITHUB_ACTIONS": "", "GITLAB_CI": "", "TF_BUILD": ""}
    return made


def test_github_gets_annotations_and_a_summary_behind_what_the_step_has_said(tree: Monorepo, tmp_path: Path) -> None:
    summary = tmp_path / "summary.md"
    summary.write_text("before\n")
    environ = {"GITHUB_ACTIONS": "true", "GITHUB_STEP_SUMMARY": str(summary)}
    said = tree.run("check", "--output", "--no-cache", environ=environ).expect(1).stdout
    assert "::error file=app/broken.py,line=1" in said
    assert "would reformat app/ugly.py" in said
    assert summary.read_text().startswith("before\n## pyfmt\n")


def test_gitlab_gets_the_text_and_its_report_in_the_projects_folder(tree: Monorepo, tmp_path: Path) -> None:
    said = tree.run("check", "--output", environ={"GITLAB_CI": "true", "CI_PROJECT_DIR": str(tmp_path)}).expect(1)
    assert "would reformat app/ugly.py" in said.stdout
    entries = json.loads((tmp_path / "gl-code-quality-report.json").read_text())
    assert {entry["location"]["path"] for entry in entries} == {"app/ugly.py", "app/broken.py"}


def test_azure_gets_the_text_and_its_commands(tree: Monorepo) -> None:
    said = tree.run("check", "app", "--output", environ={"TF_BUILD": "True"}).expect(1).stdout
    assert "would reformat app/ugly.py" in said
    assert "##vso[task.logissue type=error;sourcepath=app/broken.py;linenumber=1;" in said


def test_outside_a_ci_it_is_the_text_alone_and_never_twice(tree: Monorepo) -> None:
    plain = tree.run("check").expect(1).stdout
    for words in (("--output",), ("--output=auto",), ("--output", "--output", "text")):
        assert tree.run("check", *words).expect(1).stdout == plain


def test_the_text_has_the_format_that_is_asked_for(tree: Monorepo) -> None:
    concise = tree.run("check", "--format", "concise").expect(1).stdout
    assert concise == tree.run("check").expect(1).stdout
    full = tree.run("check", "--format", "full").expect(1).stdout
    assert "def broken(:" in full
    assert "^" in full
    grouped = tree.run("check", "--format", "grouped").expect(1).stdout
    assert "def broken(:" not in grouped
    assert "\n  app/broken.py:1:12 error " in grouped
    tree.run("check", "--format", "wide").expect(2)


def test_statistics_and_files_follow_the_findings(tree: Monorepo) -> None:
    said = tree.run("check", "--statistics", "--show-files").expect(1).stdout
    assert "findings by rule\n  1  syntax-error [black]\n" in said
    assert "findings by project\n  1  app\n" in said
    assert "files\n  app/broken.py: 1 finding\n  app/ugly.py: black\n" in said
