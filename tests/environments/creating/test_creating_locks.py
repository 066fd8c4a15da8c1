"""Lock files, read without their managers, say what the managers themselves say."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement

from pyfmt.core.model import Project
from pyfmt.environments.creating.installers import find_uv
from pyfmt.environments.creating.pins import Pinned, pinned
from pyfmt.environments.creating.recipes import install_list, recipe
from pyfmt.environments.creating.values import CreateOptions, CreateRequest, CreationError
from pyfmt.projects import locks
from pyfmt.projects.locks.choosing import Choice, Target, chosen
from pyfmt.projects.locks.poetry import read as read_poetry
from tests.environments.creating.trees import EXAMPLE, copy_example, write

HERE = Target({key: str(value) for key, value in default_environment().items()})
WINDOWS = Target({**HERE.markers, "sys_platform": "win32", "platform_system": "Windows", "os_name": "nt"})


def uv() -> str:
    """uv's binary, which the tests cannot do without."""
    found = find_uv(os.environ)
    assert found, "the tests need uv: pip install uv"
    return found


def run(*command: str | Path, cwd: Path, **environ: str) -> str:
    """What a manager says; the test fails with its words where it fails."""
    clean = {key: value for key, value in os.environ.items() if key not in ("VIRTUAL_ENV", "PYTHONPATH")}
    done = subprocess.run(command, cwd=cwd, env=clean | environ, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def read_lock(path: Path, target: Target, *groups: str) -> Pinned:
    """What a lock installs with some groups, by default all."""
    lock = locks.read(path)
    return install_list(path, lock, target, Choice(frozenset(groups or lock.groups)))


def pins(locked: Pinned) -> set[str]:
    """name==version of each pin."""
    return {f"{re.sub(r'[-_.]+', '-', pin.name).lower()}=={pin.version}" for pin in locked.pins}


def exported(text: str) -> set[str]:
    """name==version of each line of a requirements file whose marker holds here; folders left out."""
    found = set()
    for line in text.splitlines():
        if re.match(r"[A-Za-z0-9]", line):
            requirement = Requirement(line.split(" \\")[0].split(" --hash")[0])
            if requirement.url is None and (requirement.marker is None or requirement.marker.evaluate()):
                found.add(f"{re.sub(r'[-_.]+', '-', requirement.name).lower()}{requirement.specifier}")
    return found


@pytest.fixture(scope="session")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """`manager("pdm")` gives the real PDM's command, installed with what is named further in an environment of its
    own."""
    made: dict[str, Path] = {}

    def install(name: str, *more: str) -> Path:
        if name not in made:
            prefix = tmp_path_factory.mktemp(name) / "venv"
            run(uv(), "venv", "-q", "--python", sys.executable, str(prefix), cwd=prefix.parent)
            run(uv(), "pip", "install", "-q", "--python", str(prefix / "bin/python"), name, *more, cwd=prefix.parent)
            made[name] = prefix / "bin" / name
        return made[name]

    return install


def test_poetry_lock_reads_as_poetry_exports_it(manager: Callable[..., Path], tmp_path: Path) -> None:
    root = copy_example(tmp_path / "monorepo")
    folder = root / "projects/billing"
    said = run(manager("poetry", "poetry-plugin-export"), "export", "--without-hashes", "--with", "dev", cwd=folder)
    locked = read_lock(folder / "poetry.lock", HERE)
    assert pins(locked) == exported(said)
    assert "pytest==8.4.2" in pins(locked)  # the group
    assert {f.path for f in locked.folders} == {root / "lib/events", root / "lib/storage"}
    assert all(pin.hashes for pin in locked.pins)


def test_poetry_lock_follows_its_markers() -> None:
    lock = EXAMPLE / "projects/billing/poetry.lock"
    assert pins(read_lock(lock, WINDOWS)) - pins(read_lock(lock, HERE)) == {"colorama==0.4.6"}


def test_poetry_lock_of_an_older_poetry_has_no_groups_and_reads_the_same() -> None:
    folder = EXAMPLE / "projects/billing"
    lock = tomllib.loads((folder / "poetry.lock").read_text("utf-8"))
    # Poetry 1 wrote neither; its pyproject.toml named every dependency in [tool.poetry].
    for package in lock["package"]:
        package.pop("groups")
        package.pop("markers", None)
    pyproject = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    pyproject["tool"]["poetry"]["dependencies"] |= {"python": "^3.11", "pydantic": "^1.9"}
    older = read_poetry(lock, pyproject)
    everything = Choice(frozenset(older.groups))
    assert pins(pinned(older, chosen(older, HERE, everything), folder)) == pins(read_lock(folder / "poetry.lock", HERE))
    assert "colorama" in {package.name for package in chosen(older, WINDOWS, everything)}


def test_uv_lock_reads_as_uv_exports_it(tmp_path: Path) -> None:
    folder = copy_example(tmp_path / "monorepo") / "projects/platform"
    said = run(uv(), "export", "-q", "--frozen", "--all-packages", "--no-hashes", "--no-header", cwd=folder)
    locked = read_lock(folder / "uv.lock", HERE)
    assert pins(locked) == exported(said)
    assert {f.path for f in locked.folders if f.editable} == {
        folder / "gateway",
        folder / "worker",
        folder.parents[1] / "lib/events",
        folder.parents[1] / "lib/storage",
    }


def test_uv_lock_with_extras_groups_and_markers_reads_as_uv_exports_it(tmp_path: Path) -> None:
    pyproject = """
[project]
name = "service"
version = "1"
requires-python = ">=3.11"
dependencies = ["rich[jupyter]>=13; sys_platform == 'nothing'", "coverage[toml]; python_version >= '3.8'",
    "colorama; sys_platform == 'win32'"]
[dependency-groups]
dev = ["iniconfig"]
docs = ["pluggy"]
"""
    folder = write(tmp_path, {"pyproject.toml": pyproject})
    run(uv(), "lock", "-q", "--python", sys.executable, cwd=folder)
    said = run(uv(), "export", "-q", "--frozen", "--no-hashes", "--no-header", cwd=folder)
    locked = read_lock(folder / "uv.lock", HERE, "dev")  # which uv installs unasked
    assert pins(locked) == exported(said)
    assert {pin.name for pin in locked.pins} == {"coverage", "iniconfig"}
    assert "colorama" in {pin.name for pin in read_lock(folder / "uv.lock", WINDOWS, "dev").pins}


def test_uv_lock_with_extras_that_conflict_reads_as_uv_exports_it(tmp_path: Path) -> None:
    pyproject = """
[project]
name = "service"
version = "1"
requires-python = ">=3.11"
dependencies = ["pluggy"]
[project.optional-dependencies]
old = ["iniconfig==1.1.1"]
new = ["iniconfig==2.0.0"]
[tool.uv]
conflicts = [[{ extra = "old" }, { extra = "new" }]]
"""
    folder = write(tmp_path, {"pyproject.toml": pyproject})
    run(uv(), "lock", "-q", "--python", sys.executable, cwd=folder)
    lock = locks.read(folder / "uv.lock")
    assert lock.extras == ("new", "old") and lock.conflicts == (frozenset({"[old]", "[new]"}),)
    for extra in ("old", "new"):
        said = run(uv(), "export", "-q", "--frozen", "--no-hashes", "--no-header", "--extra", extra, cwd=folder)
        found = chosen(lock, HERE, Choice(extras=frozenset({extra})))
        assert pins(pinned(lock, found, folder)) == exported(said)
    assert pins(read_lock(folder / "uv.lock", HERE)) == exported(run(uv(), "export", "-q", "--no-hashes", cwd=folder))


def test_poetry_lock_with_an_extra_reads_as_poetry_exports_it(manager: Callable[..., Path], tmp_path: Path) -> None:
    pyproject = """
[project]
name = "service"
version = "1"
requires-python = ">=3.11"
dependencies = ["pluggy"]
[project.optional-dependencies]
settings = ["iniconfig"]
[tool.poetry]
package-mode = false
[[tool.poetry.source]]
name = "simple"
url = "https://pypi.org/simple/"
priority = "primary"
"""
    folder = write(tmp_path, {"pyproject.toml": pyproject})
    poetry = manager("poetry", "poetry-plugin-export")
    run(poetry, "lock", "-q", cwd=folder)
    lock = locks.read(folder / "poetry.lock")
    for extras, names in ((frozenset(), {"pluggy"}), (frozenset({"settings"}), {"pluggy", "iniconfig"})):
        wanted = (option for extra in extras for option in ("--extras", extra))
        said = run(poetry, "export", "--without-hashes", *wanted, cwd=folder)
        found = chosen(lock, HERE, Choice(extras=extras))
        assert {package.name for package in found} == names
        assert pins(pinned(lock, found, folder)) == exported(said)


def test_pylock_reads_as_the_lock_that_it_was_exported_from(tmp_path: Path) -> None:
    folder = copy_example(tmp_path / "monorepo") / "projects/platform"
    out = folder / "pylock.toml"
    run(uv(), "export", "-q", "--frozen", "--all-packages", "--format", "pylock.toml", "-o", str(out), cwd=folder)
    exported_lock, own = read_lock(out, HERE), read_lock(folder / "uv.lock", HERE)
    assert pins(exported_lock) == pins(own)
    assert {f.path for f in exported_lock.folders} == {f.path for f in own.folders}
    assert {pin.name: set(pin.hashes) for pin in exported_lock.pins} == {p.name: set(p.hashes) for p in own.pins}


def test_pylock_reads_as_pip_wrote_it(manager: Callable[..., Path], tmp_path: Path) -> None:
    folder = write(tmp_path, {"base/pyproject.toml": BASE, "base/base/__init__.py": ""})
    run(manager("pip"), "lock", "-q", "pluggy==1.6.0", "-e", "base", "-o", "pylock.toml", cwd=folder)
    locked = read_lock(folder / "pylock.toml", HERE)
    assert pins(locked) == {"pluggy==1.6.0"} and all(pin.hashes for pin in locked.pins)
    assert [(f.path, f.editable) for f in locked.folders] == [(folder / "base", True)]


PDM = """
[project]
name = "service"
version = "1"
requires-python = ">=3.11"
dependencies = ["coverage[toml]", "colorama; sys_platform == 'win32'"]
[dependency-groups]
test = ["iniconfig", "-e file:///${PROJECT_ROOT}/../base#egg=base"]
"""
BASE = (
    '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n[project]\nname = "base"\n'
    'version = "1"\n'
)


@pytest.mark.slow
def test_pdm_lock_reads_as_pdm_exports_it(manager: Callable[..., Path], tmp_path: Path) -> None:
    root = write(tmp_path, {"service/pyproject.toml": PDM, "base/pyproject.toml": BASE, "base/base/__init__.py": ""})
    folder = root / "service"
    python = {
        "PDM_PYTHON": sys.executable,
        "PDM_CHECK_UPDATE": "0",
        "HOME": str(tmp_path),
        "PDM_IGNORE_ACTIVE_VENV": "1",
    }
    pdm = manager("pdm", "pdm[locked]")  # the versions it was tried with: PDM 2.29 does not start with hishel 2
    run(pdm, "lock", "-q", cwd=folder, **python)
    said = run(pdm, "export", "-f", "requirements", "--without-hashes", cwd=folder, **python)
    locked = read_lock(folder / "pdm.lock", HERE)
    assert pins(locked) == exported(said)
    assert {pin.name for pin in locked.pins} == {"coverage", "iniconfig"}
    assert [(f.path, f.editable) for f in locked.folders] == [(root / "base", True)]


PIPFILE = """
[[source]]
url = "https://pypi.org/simple"
verify_ssl = true
name = "pypi"
[packages]
pluggy = "*"
colorama = {version = "*", markers = "sys_platform == 'win32'"}
[dev-packages]
iniconfig = "*"
base = {path = "../base", editable = true}
"""


@pytest.mark.slow
def test_pipfile_lock_reads_as_pipenv_exports_it(manager: Callable[..., Path], tmp_path: Path) -> None:
    root = write(tmp_path, {"service/Pipfile": PIPFILE, "base/pyproject.toml": BASE, "base/base/__init__.py": ""})
    folder = root / "service"
    settings = {"PIPENV_IGNORE_VIRTUALENVS": "1", "PIPENV_VENV_IN_PROJECT": "1", "PIPENV_PYTHON": sys.executable}
    run(manager("pipenv"), "lock", "--dev", cwd=folder, **settings)
    said = run(manager("pipenv"), "requirements", "--dev", cwd=folder, **settings)
    locked = read_lock(folder / "Pipfile.lock", HERE)
    assert pins(locked) == exported(said)
    assert {pin.name for pin in locked.pins} == {"pluggy", "iniconfig"}
    assert [(f.path, f.editable) for f in locked.folders] == [(root / "base", True)]


@pytest.mark.parametrize(
    "text", ["not toml at all", '[[package]]\nname = "a"\nmarkers = "what is this"\ngroups = ["main"]\n']
)
def test_a_damaged_lock_is_said(tmp_path: Path, text: str) -> None:
    write(tmp_path, {"poetry.lock": text})
    request = CreateRequest(Project("a", "."), (), tmp_path, tmp_path / ".venv")
    with pytest.raises(CreationError, match="poetry.lock cannot be read"):
        recipe([request], tmp_path, HERE, uv(), CreateOptions())
