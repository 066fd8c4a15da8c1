"""The hooks, with the real pre-commit in a real git repository."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end import trees
from tests.support.monorepo import ROOT, Monorepo

UGLY = '"""Ugly."""\nimport sys\nimport os\nprint( os.sep,sys.path )\n'
NEAT = '"""Ugly."""\n\nimport os\nimport sys\n\nprint(os.sep, sys.path)\n'
WRONG = '"""Wrong."""\n\nNUMBER: int = "text"\n'

CONFIG = """
    repos:
      - repo: {repository}
        rev: {revision}
        hooks:
          - id: {hook}
"""


@pytest.fixture(scope="session")
def hook_repository(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A git repository with the tree under test as it is now, and its commit."""
    folder = tmp_path_factory.mktemp("hooks") / "pyfmt"
    folder.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".pre-commit-hooks.yaml"):
        shutil.copy2(ROOT / name, folder / name)
    for name in ("pyfmt", "configs"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    repository = Monorepo(folder, folder)
    repository.git("init", "--quiet")
    repository.git("add", "--all")
    repository.git("commit", "--quiet", "--message", "pyfmt")
    return folder, repository.git("rev-parse", "HEAD").strip()


@pytest.fixture(scope="session")
def pre_commit_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("pre-commit-home")


class Hooked:
    """A monorepo under git whose commits go through one hook."""

    def __init__(self, tree: Monorepo, hook: str, repository: tuple[Path, str], home: Path) -> None:
        self.tree, self.home = tree, home
        config = CONFIG.format(repository=repository[0], revision=repository[1], hook=hook)
        tree.write({".pre-commit-config.yaml": config, ".gitignore": ".venv\n"})
        tree.git("init", "--quiet")
        tree.git("add", "--all")

    def pre_commit(self) -> subprocess.CompletedProcess[str]:
        """`pre-commit run` over the staged files."""
        more = {"PRE_COMMIT_HOME": str(self.home)}
        return subprocess.run(
            [sys.executable, "-P", "-m", "pre_commit", "run", "--verbose", "--color", "never"],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.tree.root,
            env=self.tree.environment_variables(more),
        )


@pytest.mark.parametrize(("hook", "written"), [("pyfmt", True), ("pyfmt-format", True), ("pyfmt-check", False)])
def test_staged_files_are_seen_and_a_file_to_reformat_fails_the_hook(
    hook: str, written: bool, hook_repository: tuple[Path, str], pre_commit_home: Path, tmp_path: Path
) -> None:
    tree = trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n', "app/ugly.py": UGLY})
    hooked = Hooked(tree, hook, hook_repository, pre_commit_home)
    tree.write({"app/app/unstaged.py": UGLY})
    done = hooked.pre_commit()
    assert done.returncode == 1, done.stdout + done.stderr
    assert tree.read("app/app/ugly.py") == (NEAT if written else UGLY), done.stdout
    assert tree.read("app/app/unstaged.py") == UGLY
    tree.write({"app/app/ugly.py": NEAT})
    tree.git("add", "app/app/ugly.py")
    done = hooked.pre_commit()
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hook_lints_with_the_projects_environment_not_with_its_own(
    hook_repository: tuple[Path, str], pre_commit_home: Path, tmp_path: Path
) -> None:
    source = '"""Imports what only the hook\'s own environment has."""\n\nimport pathspec\n\nprint(pathspec)\n'
    tree = trees.one_project(
        tmp_path, {"app/__init__.py": '"""App."""\n', "app/main.py": source, "app/wrong.py": WRONG}
    )
    done = Hooked(tree, "pyfmt-check", hook_repository, pre_commit_home).pre_commit()
    assert done.returncode == 1, done.stdout + done.stderr
    assert "import-not-found" in done.stdout, done.stdout
    assert "assignment" in done.stdout


def test_a_project_without_environment_fails_the_hook(
    hook_repository: tuple[Path, str], pre_commit_home: Path, tmp_path: Path
) -> None:
    tree = trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n'})
    shutil.rmtree(tree.root / "app/.venv")
    done = Hooked(tree, "pyfmt", hook_repository, pre_commit_home).pre_commit()
    assert done.returncode == 1, done.stdout + done.stderr
    assert "pyfmt envs create" in done.stdout
