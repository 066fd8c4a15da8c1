"""What is said, and what is not, where somebody made a slip or nothing is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyfmt.reports.registry import FORMATS
from tests.support.monorepo import Monorepo


def one_project(folder: Path) -> Monorepo:
    """A monorepo of one project, which has one file."""
    manifest = '[project]\nname = "one"\nversion = "1"\n'
    return Monorepo.create(
        folder, {"pyproject.toml": "[tool.pyfmt]\n", "one/pyproject.toml": manifest, "one/one.py": "X = 1\n"}
    )


def test_formatting_says_nothing_of_environments(tmp_path: Path) -> None:
    tree = one_project(tmp_path)
    tree.write({"one/.venv/pyvenv.cfg": "home = /nowhere\nversion = 3.11.0\n", "one/one.py": "X = ( 1)\n"})
    assert "one/.venv" in tree.run("check", "--tool", "pylint").stdout
    for output in ("text", "html", "github-summary"):
        assert "one/.venv" not in tree.run("format", "--check", "--output", output).expect(1).stdout


def test_a_rule_that_is_not_there_is_answered_at_a_glance(tmp_path: Path) -> None:
    tree = one_project(tmp_path)
    said = tree.run("explain", "nosuchrule").expect(2).stderr
    assert "neither a file nor a rule; rules are called like W0102 or attr-defined" in said
    assert len(said) < 200
    assert "did you mean 'attr-defined'?" in tree.run("explain", "atr-defined").expect(2).stderr


@pytest.mark.parametrize("arguments", [("chek",), ("-v", "chek")])
def test_a_command_that_was_typed_wrong_is_named(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    tree = one_project(tmp_path)
    said = tree.run(*arguments).expect(2).stderr
    assert "chek: no such file or folder" in said and "help: did you mean the command 'check'?" in said


@pytest.mark.parametrize("arguments", [("check", "forma"), ("chek/",), ("xylophone",), ("chek", "one")])
def test_no_command_is_named_where_a_path_was_meant(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert "did you mean" not in one_project(tmp_path).run(*arguments).expect(2).stderr


def test_a_folder_that_is_called_nearly_like_a_command_is_taken(tmp_path: Path) -> None:
    tree = one_project(tmp_path)
    tree.write({"chek/pyproject.toml": "[project]\nname = 'chek'\nversion = '1'\n", "chek/chek.py": "X = 1\n"})
    assert "all clean (1 file in 1 project)" in tree.run("--tool", "black", "chek").expect(0).stdout


def test_the_help_names_every_format(tmp_path: Path) -> None:
    said = one_project(tmp_path).run("check", "--help", environ={"COLUMNS": "1000"}).expect(0).stdout
    assert set(FORMATS) <= set(said.replace(",", " ").replace(";", " ").split())


def test_a_report_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    said = one_project(tmp_path).run("merge", "nofile.json").expect(2).stderr
    assert "nofile.json: cannot be read: No such file or directory" in said and "Errno" not in said


def test_the_two_plans_of_a_run_are_told_apart(tmp_path: Path) -> None:
    said = one_project(tmp_path).run("check", "--tool", "black", "--timings").expect(0).stderr
    assert "format: plan" in said and "lint: plan" in said
