"""`pyfmt doctor`: one page for a bug report, whatever is broken."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from tests.end_to_end import trees
from tests.support.monorepo import Monorepo


def problems(page: str) -> str:
    """The last section."""
    return page.partition("### problems\n")[2]


def test_a_sound_tree_has_every_section_and_no_problem(conflicting: Monorepo) -> None:
    result = conflicting.run("doctor", environ={"PATH": "/usr/bin:/bin", "API_TOKEN": "secret-word"})
    page = result.stdout
    for title in ("versions", "machine", "configuration", "environments", "cache", "problems"):
        assert f"### {title}\n" in page
    for tool in ("pylint", "mypy", "black", "isort", "astroid"):
        assert f"- {tool} {version(tool)}\n" in page
    assert "- projects/billing/.venv: Python 3.11" in page
    assert "with 12 files" in page
    assert "secret-word" not in page
    # `trees` has no git repository, which is a problem; there is no other.
    assert problems(page).strip() == f"- {conflicting.root} is not the root of a git repository"
    assert result.code == 1


def test_what_is_broken_is_named_and_the_rest_is_told_all_the_same(tmp_path: Path) -> None:
    tree = Monorepo.create(tmp_path, trees.FILES)
    tree.git("init", "--quiet")
    broken = tree.root / "projects/billing/.venv"
    broken.mkdir()
    (broken / "pyvenv.cfg").write_text("home = /nowhere/bin\nversion = 3.11.7\n")
    said = tree.run("doctor", environ={"PYTHONPATH": str(tree.root)}).expect(1).stdout
    assert "- $PYTHONPATH = " in said
    assert "$PYTHONPATH is set" in problems(said)
    assert "ledger has no environment: `pyfmt envs create projects/ledger` makes one" in problems(said)
    assert "projects/billing/.venv" in problems(said)
    tree.write({"pyfmt.toml": "jbos = 1\n"})
    said = tree.run("doctor").expect(1).stdout
    assert "unknown key 'jbos'; did you mean 'jobs'?" in problems(said)
    assert f"- pylint {version('pylint')}\n" in said


def test_the_home_folder_is_not_shown(tmp_path: Path) -> None:
    tree = trees.one_project(tmp_path / "ada-lovelace", {"app/__init__.py": '"""App."""\n'})
    tree.git("init", "--quiet")
    result = tree.run("doctor", environ={"HOME": str(tmp_path / "ada-lovelace"), "PATH": "/usr/bin:/bin"})
    assert "ada-lovelace" not in result.expect(0).stdout
    assert "- root ~/monorepo\n" in result.stdout
    assert problems(result.stdout).strip() == "- none"
