"""An environment gets every group that does not conflict, and the extras that the project's own files import from."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from pyfmt.environments.creating import CreateOptions, Status
from tests.environments.creating.trees import editable_folders, installed, make, write
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


@pytest.mark.parametrize("installer", ["uv", "pip"])
def test_a_distribution_of_the_monorepo_is_never_fetched_even_where_a_setup_py_computes_it(
    tmp_path: Path, installer: str
) -> None:
    # Both names are taken on the index, by others.
    base = "import setuptools\nsetuptools.setup(name='{}', version='9.9', py_modules=['{}'], install_requires={})\n"
    computed = "[chr(115) + 'ix', chr(105) + 'dna>=9']"
    root = write(
        tmp_path / "monorepo",
        {
            "plugin/setup.py": base.format("plugin", "plugin", computed),
            "plugin/plugin.py": '"""The plugin."""\n',
            "six/setup.py": base.format("six", "six", []),
            "six/six.py": '"""Not the one of the index."""\n',
            "idna/setup.py": base.format("idna", "idna", []),
            "idna/idna.py": '"""Not the one of the index."""\n',
        },
    )
    (made,) = make(root, "plugin", options=CreateOptions(installer=installer))
    assert (made.status, made.detail) == (Status.CREATED, "")
    found = installed(made.prefix)
    assert {name: found[name] for name in ("plugin", "six", "idna")} == dict.fromkeys(("plugin", "six", "idna"), "9.9")
    assert editable_folders(made.prefix) == {str(root / name) for name in ("plugin", "six", "idna")}
