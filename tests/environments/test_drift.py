"""Drift against the lock files that the real managers write."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pyfmt.environments.drift import drift
from pyfmt.environments.reading import read
from pyfmt.projects import locks
from tests.environments.places import EDITABLE_KINDS, call, pyproject, uv, write
from tests.support.pythons import require_python
from tests.support.virtualenvs import Recipe, kept

MANIFEST = pyproject(
    "app",
    'dependencies = ["six==1.16.0", "attrs==23.2.0", "colorama; sys_platform == \'win32\'", '
    '"tomli==2.0.1; python_version < \'3.11\'"]\n[dependency-groups]\ndev = ["idna==3.7"]\n',
    ">=3.10,<4",
)


def make(prefix: Path, *arguments: str | Path, version: str = "3.11") -> Path:
    call(uv(), "venv", "--no-project", "--clear", "--python", require_python(version), prefix)
    call(uv(), "pip", "install", "--python", prefix / "bin/python", *arguments)
    return prefix


def lock(root: Path, kind: str, home: Path) -> None:
    """Lets the real manager lock the project in `root`."""
    home.mkdir()
    python = require_python("3.11")
    environ = {"HOME": str(home), "PATH": f"{python.parent}{os.pathsep}/usr/bin:/bin"}
    if kind == "uv.lock":
        write(root, {"pyproject.toml": MANIFEST})
        call(uv(), "lock", "--python", python, cwd=root)
    elif kind == "pylock.toml":
        write(root, {"pyproject.toml": MANIFEST})
        call(uv(), "export", "--python", python, "--format", "pylock.toml", "--no-dev", "-o", "pylock.toml", cwd=root)
        (root / "uv.lock").unlink()
    elif kind == "requirements.txt":
        write(root, {"pyproject.toml": MANIFEST})
        call(uv(), "export", "--python", python, "--no-dev", "-o", "requirements.txt", cwd=root)
        (root / "uv.lock").unlink()
    elif kind == "poetry.lock":
        # PyPI by its simple index, since not every mirror has the JSON interface that Poetry prefers.
        source = '[[tool.poetry.source]]\nname = "simple"\nurl = "https://pypi.org/simple/"\npriority = "primary"\n'
        write(root, {"pyproject.toml": f"{MANIFEST}[tool.poetry]\npackage-mode = false\n{source}"})
        call(kept(Recipe(("poetry",))).prefix / "bin/poetry", "lock", cwd=root, environ=environ)
    elif kind == "pdm.lock":
        write(root, {"pyproject.toml": f"{MANIFEST}[tool.pdm]\ndistribution = false\n"})
        pdm = kept(Recipe(("pdm[locked]",))).prefix / "bin/pdm"  # PDM 2.29 fails with hishel 2
        call(pdm, "lock", cwd=root, environ={**environ, "PDM_PYTHON": str(python)})
    else:
        packages = (
            'six = "==1.16.0"\nattrs = "==23.2.0"\ncolorama = {version = "*", markers = "sys_platform == \'win32\'"}\n'
        )
        write(root, {"Pipfile": f'[packages]\n{packages}[dev-packages]\nidna = "==3.7"\n'})
        call(kept(Recipe(("pipenv",))).prefix / "bin/pipenv", "--python", python, "lock", cwd=root, environ=environ)


def lock_of(folder: Path) -> Path:
    """The lock of a project."""
    found = locks.find(folder, "requirements.txt")
    assert found is not None, folder
    return found


@pytest.mark.parametrize(
    "kind", ["uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "requirements.txt"]
)
def test_drift_against(tmp_path: Path, kind: str) -> None:
    root = tmp_path / "app"
    lock(root, kind, tmp_path / "home")
    assert (root / kind).exists()

    def said(*arguments: str | Path) -> str:
        prefix = make(tmp_path / "env", *arguments)
        return drift(lock_of(root), read(prefix, tmp_path), ["app"])

    # Neither markers that do not hold here nor development groups that were left out are drift.
    assert said("six==1.16.0", "attrs==23.2.0") == ""
    assert said("six==1.16.0", "attrs==23.2.0", "idna==3.7", "packaging") == ""
    one = said("six==1.15.0", "idna==3.6")
    assert one.startswith(f"differs from {kind}: ") and "\n" not in one
    assert "missing: attrs 23.2.0" in one or kind in ("pylock.toml", "requirements.txt") and "missing: attrs" in one
    assert "six 1.15.0 (locked 1.16.0)" in one
    assert "idna 3.6 (locked 3.7)" in one or kind in ("pylock.toml", "requirements.txt")  # exported without dev
    lib = write(tmp_path / "lib", EDITABLE_KINDS["hatchling"])
    extra = said("six==1.16.0", "attrs==23.2.0", "-e", lib)
    assert extra == ("" if kind == "requirements.txt" else f"differs from {kind}: extra editable: hatched")


def test_markers_are_judged_for_the_environments_python(tmp_path: Path) -> None:
    root = tmp_path / "app"
    lock(root, "uv.lock", tmp_path / "home")
    installed = ("six==1.16.0", "attrs==23.2.0")
    for version, expected in (("3.10", "differs from uv.lock: missing: tomli 2.0.1"), ("3.12", "")):
        prefix = make(tmp_path / version, *installed, version=version)
        assert drift(lock_of(root), read(prefix, tmp_path), ["app"]) == expected


def test_path_dependencies_of_a_uv_project_are_no_drift(tmp_path: Path) -> None:
    write(tmp_path / "lib", EDITABLE_KINDS["hatchling"])
    sources = '[tool.uv.sources]\nhatched = {path = "../lib", editable = true}\n'
    write(tmp_path / "app", {"pyproject.toml": pyproject("app", f'dependencies = ["hatched"]\n{sources}', ">=3.11")})
    call(uv(), "sync", "--python", require_python("3.11"), cwd=tmp_path / "app")
    environment = read(tmp_path / "app/.venv", tmp_path)
    assert drift(lock_of(tmp_path / "app"), environment, ["app"]) == ""
    call(uv(), "pip", "uninstall", "--python", environment.prefix, "hatched")
    assert "missing: hatched" in drift(lock_of(tmp_path / "app"), read(tmp_path / "app/.venv", tmp_path), ["app"])


def test_many_are_counted_and_a_damaged_lock_is_survived(tmp_path: Path) -> None:
    names = [f"name{number}" for number in range(9)]
    write(tmp_path, {"requirements.txt": "".join(f"{name}==1.0\n" for name in names)})
    environment = read(make(tmp_path / "env", "six"), tmp_path)
    assert drift(lock_of(tmp_path), environment).endswith("name4 1.0 and 4 more")
    write(tmp_path, {"uv.lock": "[[package"})
    assert "uv.lock cannot be read" in drift(lock_of(tmp_path), environment)
