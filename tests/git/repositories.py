"""Real git repositories in scratch folders, and what `--since` makes of them."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from pyfmt.config import load
from pyfmt.core.request import Command, Request
from pyfmt.git import repository as git
from pyfmt.git.changes import Comparison, find_scope
from pyfmt.git.scope import Files, Scope
from pyfmt.imports.parse import read_module
from pyfmt.projects import find_projects
from tests.projects.trees import named, write

# Two services, of which only one uses the library; the other has nothing to do with it.
FILES: dict[str, str | bytes] = {
    "pyproject.toml": "[tool.pyfmt]\n",
    "lib/storage/pyproject.toml": named("acme-storage"),
    "lib/storage/acme/storage/__init__.py": "from acme.storage.files import read\n",
    "lib/storage/acme/storage/files.py": "def read(): ...\n",
    "lib/storage/README.md": "The library.\n",
    "billing/pyproject.toml": named("billing", 'dependencies = ["acme-storage"]'),
    "billing/billing/__init__.py": "",
    "billing/billing/models.py": "import acme.storage\n",
    "billing/billing/other.py": "VALUE = 1\n",
    "notify/pyproject.toml": named("notify"),
    "notify/notify/__init__.py": "",
    "notify/notify/letters.py": "from . import versions\nprint(versions)\n",
    "notify/notify/versions.py": "ONE = 1\n",
    "notify/notify/alone.py": "TWO = 2\n",
    "notify/tests/test_letters.py": "from notify.letters import versions\nprint(versions)\n",
}


def run(folder: Path, *arguments: str) -> str:
    """Runs git and gives what it prints."""
    author = ("-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "protocol.file.allow=always")
    done = subprocess.run(["git", *author, *arguments], cwd=folder, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"git {' '.join(arguments)}\n{done.stdout}{done.stderr}"
    return done.stdout.strip()


def repository(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """A repository on the branch main with one commit."""
    root.mkdir(parents=True, exist_ok=True)
    run(root, "init", "--quiet", "--initial-branch=main")
    write(root, files)
    commit(root)
    return root.resolve()


def commit(root: Path) -> str:
    """Commits everything; gives the commit's id."""
    run(root, "add", "--all")
    run(root, "commit", "--quiet", "--allow-empty", "--message=change")
    return run(root, "rev-parse", "HEAD")


def changes(root: Path, base: str = "HEAD") -> set[tuple[str, str, str | None]]:
    """(kind, path, former path) of everything that differs from a commit."""
    found = git.find_repository(root)
    revision = found.commit(base)
    assert revision is not None
    return {(change.kind, change.path, change.was) for change in found.changes(revision)}


def since(root: Path, revision: str = "HEAD", environ: Mapping[str, str] | None = None) -> Scope:
    """What `--since` finds; every file is read anew."""
    settings = load(Request(Command.CHECK), root)

    def read(file: str) -> tuple[str, ...]:
        path = root / file
        return read_module(path.read_bytes()).content.imports if path.is_file() else ()

    return find_scope(settings, find_projects(settings), Comparison(revision, environ or {}), read)


def flat(files: Files) -> set[str]:
    """All files, whatever their project."""
    return {file for found in files.values() for file in found}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A repository with FILES, committed."""
    return repository(tmp_path / "tree", FILES)
