"""An environment gets every group that does not conflict, and the extras that the project's own files import from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.environments.creating.trees import installed
from tests.support.monorepo import Monorepo
from tests.support.virtualenvs import uv_binary

MANIFEST = """
[project]
name = "app"
version = "1"
requires-python = ">=3.11"
dependencies = []
[project.optional-dependencies]
settings = ["PyYAML"]
pictures = ["pillow"]
[dependency-groups]
dev = ["iniconfig==2.0.0"]
old = ["iniconfig==1.1.1"]
docs = ["pluggy"]
[tool.uv]
package = false
conflicts = [[{ group = "dev" }, { group = "old" }]]
"""


def monorepo(folder: Path, lock: bool, setting: str = "") -> Monorepo:
    """One project, whose file imports what an extra brings."""
    tree = Monorepo.create(
        folder,
        {
            "pyfmt.toml": f'projects = ["app"]\n{setting}',
            "app/pyproject.toml": MANIFEST,
            "app/app.py": '"""App."""\n\nimport pluggy\nimport yaml\n\nprint(pluggy, yaml)\n',
        },
    )
    if lock:
        command = [str(uv_binary()), "lock", "-q", "--python", sys.executable]
        subprocess.run(command, cwd=tree.root / "app", env=tree.environment_variables(), check=True)
    return tree


@pytest.mark.parametrize("lock", [True, False])
def test_all_groups_but_those_that_conflict_and_the_extra_that_is_imported(tmp_path: Path, lock: bool) -> None:
    tree = monorepo(tmp_path, lock)
    said = tree.run("envs", "create").expect(0).stdout
    found = installed(tree.root / "app/.venv")
    assert set(found) == {"iniconfig", "pluggy", "pyyaml"}
    assert found["iniconfig"] == "2.0.0"
    assert "left out, since it conflicts with what is installed: old" in said
    assert "left out: extra pictures (" in said
    assert "all clean" in tree.run("check", "--tool", "pylint").expect(0).stdout


def test_the_settings_say_what_is_installed(tmp_path: Path) -> None:
    tree = monorepo(tmp_path, True, '[environments]\ngroups = ["old"]\nextras = ["pictures"]\n')
    said = tree.run("envs", "create").expect(0).stdout
    found = installed(tree.root / "app/.venv")
    assert found.keys() == {"iniconfig", "pillow"} and found["iniconfig"] == "1.1.1"
    assert "left out: group dev, group docs, extra settings (" in said


def test_without_a_lock_the_groups_of_every_manager_are_installed(tmp_path: Path) -> None:
    tree = Monorepo.create(
        tmp_path,
        {
            "pyfmt.toml": 'projects = ["poetry", "hatch"]\n',
            "poetry/pyproject.toml": "[tool.poetry]\npackage-mode = false\n"
            '[tool.poetry.group.test.dependencies]\niniconfig = "^2.0"\n',
            "poetry/one.py": '"""One."""\n',
            "hatch/pyproject.toml": '[tool.hatch.envs.test]\ndependencies = ["pluggy", "{root:uri}/lib"]\n'
            '[tool.hatch.envs.release]\ndependencies = ["six"]\n',
            "hatch/two.py": '"""Two."""\n',
        },
    )
    tree.run("envs", "create").expect(0)
    assert set(installed(tree.root / "poetry/.venv")) == {"iniconfig"}
    assert set(installed(tree.root / "hatch/.venv")) == {"pluggy"}
