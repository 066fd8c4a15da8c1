"""What a project sets itself, where the root leaves it to projects, and overrides that mean nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.monorepo import Monorepo

ROOT = '[tool.pyfmt]\nproject-settings = ["tools", "overrides"]\ntools = ["isort", "black", "mypy", "pylint"]\n'
MANIFEST = '[project]\nname = "{0}"\nversion = "1"\n{1}'
UNTIDY = '"""App."""\n\n\ndef one(it=[]):\n    """One."""\n    x = "a"+"b"\n    return it, x+1\n'


def tree(folder: Path, root: str, own: str) -> Monorepo:
    """Two projects with equal files and an environment for both; `own` is the section of services/a."""
    made = Monorepo.create(
        folder,
        {
            "pyproject.toml": root,
            "services/a/pyproject.toml": MANIFEST.format("a", own),
            "services/b/pyproject.toml": MANIFEST.format("b", ""),
            "services/a/tests/a_app.py": UNTIDY,
            "services/b/tests/b_app.py": UNTIDY,
        },
    )
    made.environment(".")
    return made


def said(report: dict[str, object], project: str) -> set[tuple[str, str]]:
    """The rules of a project's findings, with their severities."""
    findings = report["findings"]
    assert isinstance(findings, list)
    return {(item["rule"], item["severity"]) for item in findings if item["project"] == project}


def test_a_project_leaves_a_tool_out_and_is_stricter_wherever_the_run_starts(tmp_path: Path) -> None:
    own = '[tool.pyfmt]\ntools = ["isort", "pylint", "ruff"]\n'
    own += '[[tool.pyfmt.overrides]]\npaths = ["/tests/"]\nseverity = { "W0102" = "error" }\n'
    made = tree(tmp_path, ROOT + '[tool.ruff]\nlint.select = ["B006"]\n', own)
    result, report = made.check()
    assert {("W0102", "error"), ("B006", "warning")} <= said(report, "a")
    assert {("W0102", "warning"), ("operator", "error")} <= said(report, "b")
    assert not {rule for rule, _ in said(report, "a")} & {"operator"}
    assert not {rule for rule, _ in said(report, "b")} & {"B006"}
    assert [edit["path"] for edit in report["edits"]] == ["services/b/tests/b_app.py"], "a leaves black out"
    assert "black is left out for a: `tools` in [tool.pyfmt] there" in report["notes"], result
    for arguments, folder in ((("services/a",), "."), ((), "services/a")):  # its section makes it no root
        again = made.check(*arguments, cwd=folder)[1]
        assert (again["root"], said(again, "a")) == (str(made.root), said(report, "a"))
    named = made.check("--tool", "mypy", "services/a")
    assert (named[0].code, named[1]["failures"], named[1]["findings"]) == (0, [], [])
    made.run("format", "--check", "services/a").expect(0)
    assert made.run("format", "--check", "-", "--stdin-filename", "services/a/tests/a_app.py", stdin=UNTIDY).code == 0
    shown = made.run("config").expect(0).stdout
    assert "services/a: isort, pylint, ruff" in shown


def test_a_projects_override_holds_for_no_project_nested_in_its_folder(tmp_path: Path) -> None:
    own = '[tool.pyfmt]\n[[tool.pyfmt.overrides]]\npaths = ["**"]\ndisable = ["*"]\n'
    made = tree(tmp_path, ROOT, own)
    made.write(
        {
            "services/a/inner/pyproject.toml": MANIFEST.format("inner", ""),
            "services/a/inner/inner_app.py": UNTIDY.replace('"a"', '"c"'),
        }
    )
    report = made.check()[1]
    assert not said(report, "a")
    assert {("W0102", "warning"), ("operator", "error")} <= said(report, "inner")
    made.write({"services/a/pyproject.toml": MANIFEST.format("a", own.replace("**", "/inner/"))})
    result, report = made.check()
    (failure,) = report["failures"]
    assert (result.code, failure["projects"]) == (2, ["a"])
    assert "services/a: overrides: paths: '/inner/' matches no file that is checked" in failure["reason"]
    assert {("W0102", "warning"), ("operator", "error")} <= said(report, "b"), "the others are checked"


@pytest.mark.parametrize(
    ("own", "message"),
    [
        ("[tool.pyfmt]\njobs = 3\n", "jobs: the root's `project-settings` leaves tools and overrides to a project"),
        ('[tool.pyfmt]\ntools = ["pylnt"]\n', "unknown tool 'pylnt'; did you mean 'pylint'?"),
    ],
)
def test_a_bad_section_is_that_projects_failure(tmp_path: Path, own: str, message: str) -> None:
    result, report = tree(tmp_path, ROOT, own).check("--tool", "black")
    (failure,) = report["failures"]
    assert message in failure["reason"] and failure["projects"] == ["a"]
    assert result.code == 2 and report["edits"], "the others are checked"


def test_without_leave_a_projects_section_is_told_and_not_used(tmp_path: Path) -> None:
    report = tree(tmp_path, "[tool.pyfmt]\n", '[tool.pyfmt]\ntools = ["isort"]\n').check("--tool", "black")[1]
    assert any("services/a/pyproject.toml: [tool.pyfmt] is not used" in note for note in report["notes"])
    assert len(report["edits"]) == 2


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ('paths = ["servces/a/"]', "'servces/a/' matches no file that is checked; did you mean 'services/a/'?"),
        ('paths = ["*.pyi", "*.py"]', "'*.pyi' matches no file"),
        ('paths = ["*.py"]\ndisable = ["no-untyped-deff"]', "'no-untyped-deff'; did you mean 'no-untyped-def'?"),
        ('paths = ["*.py"]\nseverity = { W012 = "info" }', "no tool has a rule 'W012'; did you mean 'W"),
    ],
)
def test_an_override_that_means_nothing_is_an_error(tmp_path: Path, override: str, message: str) -> None:
    made = Monorepo.create(
        tmp_path,
        {"pyfmt.toml": f"[[overrides]]\n{override}\n", "services/a/a.py": '"""A."""\n', "setup.py": '"""S."""\n'},
    )
    assert message in made.run("check", "--tool", "black").expect(2).stderr


def test_an_override_may_name_rules_of_tools_that_do_not_run(tmp_path: Path) -> None:
    made = Monorepo.create(tmp_path, {"services/a/a.py": '"""A."""\n'})
    good = '[[overrides]]\npaths = ["/services/**/*.py"]\ndisable = ["W0102", "no-untyped-def", "PYF001", "mypy"]\n'
    made.write({"pyfmt.toml": good})
    made.run("check", "--tool", "black").expect(0)


def test_an_override_may_be_for_notebooks_alone(tmp_path: Path) -> None:
    override = '[[overrides]]\npaths = ["*.ipynb"]\ndisable = ["W0104"]\n'
    notebook = '{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}\n'
    made = Monorepo.create(tmp_path, {"pyfmt.toml": override, "a.py": '"""A."""\n', "notes/a.ipynb": notebook})
    made.run("check", "--tool", "black").expect(0)


def test_a_rule_of_a_plugin_is_not_taken_for_a_mistake(tmp_path: Path) -> None:
    text = '[[overrides]]\npaths = ["*.py"]\ndisable = ["pydantic-field"]\n'
    made = Monorepo.create(tmp_path, {"pyfmt.toml": text, "mypy.ini": "[mypy]\n", "a.py": '"""A."""\n'})
    assert "no tool has a rule 'pydantic-field'" in made.run("check", "--tool", "black").expect(2).stderr
    made.write({"mypy.ini": "[mypy]\nplugins = pydantic.mypy\n"})
    made.environment(".")
    made.run("check").expect(0)


def test_each_configuration_that_is_not_used_has_its_true_reason(tmp_path: Path) -> None:
    made = Monorepo.create(
        tmp_path,
        {
            "pyfmt.toml": 'configs = "shared"\n',
            "shared/mypy.ini": "[mypy]\n",
            "mypy.ini": "[mypy]\nstrict = true\n",
            ".pylintrc": "[MAIN]\n",
            "app/pyproject.toml": MANIFEST.format("app", ""),
            "app/mypy.ini": "[mypy]\n",
            "app/.pylintrc": "[MAIN]\n",
        },
    )
    shown = made.run("config").expect(0).stdout
    assert "  mypy    mypy.ini: shared/mypy.ini of the folder `configs` comes first" in shown
    assert "  mypy    app/mypy.ini: shared/mypy.ini (configs) serves all projects; its sections for modules" in shown
    assert "  pylint  app/.pylintrc: .pylintrc (root) serves all projects" in shown
    assert "  pylint  .pylintrc:" not in shown, "it is the shared one"
