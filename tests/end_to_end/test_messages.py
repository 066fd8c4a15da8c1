"""What is said, and what is not, where somebody made a slip or nothing is wrong."""

from __future__ import annotations

from pathlib import Path

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
