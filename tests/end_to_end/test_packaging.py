"""What is installed: the wheel's content, what a start imports, and the hooks' definition."""

from __future__ import annotations

import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

from tests.support.monorepo import ROOT
from tests.support.pythons import clean_environ

HEAVY = {"astroid", "black", "isort", "mypy", "pylint", "rich", "virtualenv", "multiprocessing", "asyncio"}


def test_the_wheel_holds_the_shared_configurations_and_nothing_of_the_tests(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", tmp_path, ROOT],
        check=False,
        capture_output=True,
        text=True,
        env=clean_environ(),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.startswith("pyfmt_monorepo-")
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (metadata,) = (archive.read(name).decode() for name in names if name.endswith(".dist-info/METADATA"))
    assert "pyfmt/py.typed" in names and "\nProject-URL: Homepage, https://" in metadata
    configs = {
        "pyfmt/configs/black.toml",
        "pyfmt/configs/isort.cfg",
        "pyfmt/configs/pylintrc",
        "pyfmt/configs/mypy.ini",
    }
    assert names >= configs | {"pyfmt/cli/main.py", "pyfmt/tools/worker/server.py"}
    assert {name.split("/")[0] for name in names if ".dist-info" not in name} == {"pyfmt"}


def test_the_four_tools_are_pinned_exactly_and_the_installed_ones_are_those() -> None:
    manifest = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    pinned = dict(item.split("==") for item in manifest["project"]["dependencies"] if "==" in item)
    assert set(pinned) == {"astroid", "black", "isort", "mypy", "pylint"}
    said = subprocess.run(
        [sys.executable, "-m", "pip", "list", "--format", "freeze"], check=True, capture_output=True, text=True
    ).stdout
    for tool, version in pinned.items():
        assert f"{tool}=={version}" in said.splitlines()


def test_the_command_line_starts_without_the_tools() -> None:
    program = (
        "import sys; import pyfmt.cli.main, pyfmt.run.pipeline; print(*sorted({name.split('.')[0] for name in "
        "sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program],
        check=True,
        capture_output=True,
        text=True,
        env=clean_environ() | {"PYTHONPATH": str(ROOT)},
    )
    assert not HEAVY & set(done.stdout.split())
