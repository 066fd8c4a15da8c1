"""What is planned follows from files and from pyfmt's own Python, also where it is remembered."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from pyfmt.cache.digests import Digests
from pyfmt.cache.remembered import MemoTable
from pyfmt.cache.store import Store
from pyfmt.core.model import Config
from pyfmt.projects import find_projects
from pyfmt.run.lint_plan import ImportReader
from tests.support.monorepo import Monorepo


def test_folders_of_scripts_are_not_those_that_another_python_has_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that a later Python has in its standard library is no evidence for a folder of scripts there."""
    files: dict[str, str | bytes] = {
        "pyproject.toml": "[tool.pyfmt]\n",
        "jobs/newer.py": "",
        "jobs/run.py": "import newer\n",
    }
    root = Monorepo.create(tmp_path / "repo", files).root
    projects = find_projects(Config(root, None)).projects

    def roots() -> tuple[str, ...]:
        with Store(tmp_path / "cache") as store:
            table = MemoTable(store, Digests(root, store))
            return ImportReader(root, table).rooted(projects, {})[0].import_roots

    assert "jobs" in roots()
    monkeypatch.setattr(sys, "stdlib_module_names", sys.stdlib_module_names | {"newer"})
    monkeypatch.setattr(sys, "version_info", (sys.version_info[0], sys.version_info[1] + 1, 0))
    assert "jobs" not in roots()
