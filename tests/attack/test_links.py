"""Nothing is written outside of the root by way of a link that the checkout brings; links do no harm to `--staged`."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end import trees
from tests.support.monorepo import Monorepo

UGLY = '"""Ugly."""\nimport sys\nimport os\nprint( os.sep,sys.path )\n'
NEAT = '"""Ugly."""\n\nimport os\nimport sys\n\nprint(os.sep, sys.path)\n'


@pytest.fixture(name="tree")
def _tree(tmp_path: Path) -> Monorepo:
    """A monorepo with links to the folder `outside` beside it, and to one within."""
    tree = trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n', "shared/one.py": UGLY})
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "victim.py").write_text(UGLY)
    (outside / "pyfmt.toml").write_text("")
    for link, target in {
        "app/app/link": "../../../outside",
        "app/app/file.py": "../../../outside/victim.py",
        "app/app/within": "../shared",
        "reports": "../outside",
        "report.html": "../outside/report.html",
        "dangling.json": "../outside/new.json",
    }.items():
        (tree.root / link).symlink_to(target)
    return tree


def outside(tree: Monorepo) -> dict[str, str]:
    """What the folder outside holds."""
    return {path.name: path.read_text() for path in (tree.root.parent / "outside").iterdir()}


@pytest.mark.parametrize("name", ["app/app/link", "app/app/link/victim.py", "app/app/file.py", "app/app/link/../link"])
@pytest.mark.parametrize("start", [".", "app/app"])
def test_a_named_link_writes_nothing_outside(tree: Monorepo, name: str, start: str) -> None:
    before = outside(tree)
    result = tree.run("format", os.path.relpath(tree.root / name, tree.root / start), cwd=start)
    assert outside(tree) == before, str(result)
    said = "is a symbolic link" if name.endswith("file.py") else "leads out of the monorepo"
    assert said in result.stdout + result.stderr
    assert "victim" not in result.stdout.replace(name, "")


def test_all_files_and_an_absolute_name(tree: Monorepo) -> None:
    before = outside(tree)
    tree.run("format").expect(0)
    tree.run("format", str(tree.root / "app/app/link/victim.py")).expect(2)
    tree.run("lint", "--add-ignores")
    assert outside(tree) == before
    assert tree.read("app/shared/one.py") == NEAT


def test_a_link_within_the_root_is_where_it_leads(tree: Monorepo) -> None:
    tree.run("format", "app/app/within").expect(0)
    assert tree.read("app/shared/one.py") == NEAT


def test_a_folder_outside_that_is_named_itself_is_formatted(tree: Monorepo) -> None:
    victim = tree.root.parent / "outside/victim.py"
    tree.run("format", str(victim)).expect(0)
    assert victim.read_text() == NEAT


@pytest.mark.parametrize("file", ["report.html", "reports/x.html", "dangling.json", "reports/deep/er.html"])
@pytest.mark.parametrize("option", ["--output=json=", "--timings="])
def test_a_report_does_not_follow_a_link_of_the_checkout(tree: Monorepo, file: str, option: str) -> None:
    before = outside(tree)
    result = tree.run("format", "--check", f"{option}{file}").expect(2)
    assert "is a link of the checkout" in result.stderr, str(result)
    assert outside(tree) == before


def test_a_report_to_a_place_outside_that_is_named_itself(tree: Monorepo) -> None:
    place = tree.root.parent / "outside/report.html"
    tree.run("format", "--check", "--output", f"html={place}").expect(1)
    assert place.read_text().startswith("<!doctype html>")


@pytest.mark.parametrize("name", ["pyfmt.toml", ".pre-commit-config.yaml"])
def test_init_writes_through_no_link(tmp_path: Path, name: str) -> None:
    tree = Monorepo.create(tmp_path, {"app/pyproject.toml": trees.manifest("app", "app")})
    tree.git("init", "--quiet")
    (tmp_path / "outside").write_text("")
    (tree.root / name).symlink_to("../outside")
    tree.run("init", "--yes")
    assert (tmp_path / "outside").read_text() == ""


def test_staged_in_a_repository_with_a_committed_link_to_a_folder(tree: Monorepo) -> None:
    tree.write({".gitignore": ".venv\ngenerated.py\n", "app/shared/generated.py": "ONE = 1\n"})
    (tree.root / "app/app/up").symlink_to("..")
    tree.git("init", "--quiet")
    tree.git("add", "--all")
    before = outside(tree)
    result = tree.run("run", "--staged", "--tool", "black", "--tool", "isort", "--tool", "mypy").expect(0)
    assert tree.read("app/shared/one.py") == NEAT, str(result)
    assert outside(tree) == before


KILLED = """
import os, sys
from pathlib import Path
from pyfmt.runner import edits
os.replace = lambda *_: os.kill(os.getpid(), 9)
edits.write(Path(sys.argv[1]), Path(sys.argv[1]).read_bytes(), b"x")
"""


def test_what_a_killed_process_left_is_removed_by_the_next_run(tree: Monorepo) -> None:
    file = tree.root / "app/app/__init__.py"
    done = subprocess.run([sys.executable, "-c", KILLED, str(file)], check=False)
    assert done.returncode == -9
    (left,) = file.parent.glob(".pyfmt-*.tmp")
    living = file.parent / f".pyfmt-{os.getpid()}-0123456789ab.tmp"
    other = file.parent / ".pyfmt-notes.tmp"
    living.write_text("")
    other.write_text("")
    tree.run("check", "--tool", "black")
    assert not left.exists()
    assert living.exists() and other.exists(), "a living process may be writing it; the other is somebody's"
    assert file.read_text() == '"""App."""\n'
