"""What the tests of environments share: asking interpreters, writing trees, finding a PyPy."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from pyfmt.core.model import Config, Project
from tests.support import virtualenvs
from tests.support.pythons import clean_environ

SETUPTOOLS = '[build-system]\nrequires = ["setuptools>=64"]\nbuild-backend = "setuptools.build_meta"\n'
# One project for each way in which an editable install is made, by build backend and layout.
EDITABLE_KINDS = {
    "flat": {
        "pyproject.toml": f'{SETUPTOOLS}[project]\nname = "flat"\nversion = "1.0"\n',
        "flat/__init__.py": "",
    },
    "src layout": {
        "pyproject.toml": f'{SETUPTOOLS}[project]\nname = "srclayout"\nversion = "1.0"\n',
        "src/srclayout/__init__.py": "",
    },
    "remapped": {
        "pyproject.toml": f'{SETUPTOOLS}[project]\nname = "remapped"\nversion = "1.0"\n[tool.setuptools]\n'
        'packages = ["remapped"]\npackage-dir = {remapped = "sources"}\n',
        "sources/__init__.py": "",
    },
    "namespace": {
        "pyproject.toml": f'{SETUPTOOLS}[project]\nname = "acme-storage"\nversion = "1.0"\n[tool.setuptools]\n'
        'packages = ["acme.storage"]\n',
        "acme/storage/__init__.py": "",
    },
    "hatchling": {
        "pyproject.toml": '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "hatched"\nversion = "1.0"\n',
        "src/hatched/__init__.py": "",
    },
    "hatchling, exact": {
        "pyproject.toml": '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "exact"\nversion = "1.0"\n[tool.hatch.build]\ndev-mode-exact = true\n',
        "exact/__init__.py": "",
    },
    "poetry-core": {
        "pyproject.toml": '[build-system]\nrequires = ["poetry-core"]\nbuild-backend = "poetry.core.masonry.api"\n'
        '[project]\nname = "poet"\nversion = "1.0"\n',
        "poet/__init__.py": "",
    },
}


def own_search_path(python: Path, environ: Mapping[str, str] | None = None) -> list[str]:
    """sys.path as the interpreter says it, without the script's folder and setuptools' placeholders (no folders)."""
    done = subprocess.run(
        [python, "-c", "import json, sys; print('\\n' + json.dumps(sys.path))"],
        check=True,
        capture_output=True,
        text=True,
        env={**clean_environ(), **(environ or {})},
        cwd="/",
    )
    entries: list[str] = json.loads(done.stdout.strip().splitlines()[-1])
    assert entries[0] == ""
    return [entry for entry in entries[1:] if not entry.endswith(".__path_hook__")]


def call(*command: str | Path, cwd: Path | None = None, environ: Mapping[str, str] | None = None) -> str:
    """Runs a command in a clean environment and gives its standard output; fails with what it said."""
    done = subprocess.run(
        [str(part) for part in command],
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
        env={**clean_environ(), **(environ or {})},
    )
    said = f"{' '.join(map(str, command))} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    assert done.returncode == 0, said
    return done.stdout


def uv() -> str:
    """The uv that the tests need."""
    found = virtualenvs.uv_binary()
    assert found, "these tests need uv (pip install uv)"
    return found


def write(root: Path, files: Mapping[str, str]) -> Path:
    """Writes a tree and gives its real path."""
    for name, text in files.items():
        file = root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return root.resolve()


def hand_made(folder: Path, version: str) -> Path:
    """A prefix of a Python that this machine need not have, as its own `venv` lays it out; gives site-packages."""
    base, prefix, library = folder / "base", folder / ".venv", f"python{version}"
    write(base, {f"lib/{library}/os.py": "", f"lib/{library}/site.py": "", f"bin/{library}": ""})
    (base / "bin" / library).chmod(0o755)
    plain = version.rstrip("t")
    write(prefix, {"pyvenv.cfg": f"home = {base / 'bin'}\ninclude-system-site-packages = false\nversion = {plain}.0\n"})
    (prefix / "bin").mkdir()
    (prefix / "bin/python").symlink_to(base / "bin" / library)
    site = prefix / "lib" / library / "site-packages"
    site.mkdir(parents=True)
    return site


def projects(*paths: str) -> tuple[Project, ...]:
    """Projects named by their last folder."""
    return tuple(Project(name=path.rsplit("/", 1)[-1], path=path) for path in paths)


def config(root: Path, environments: Iterable[tuple[str, str]] = ()) -> Config:
    """A configuration with nothing but explicit environments."""
    return Config(root=root.resolve(), file=None, environments=tuple(environments))


def pyproject(name: str, more: str = "", requires: str = ">=3.8") -> str:
    """A manifest without a build backend."""
    return f'[project]\nname = "{name}"\nversion = "1.0"\nrequires-python = "{requires}"\n{more}'


@dataclass(frozen=True)
class PyPy:
    """A PyPy and the variables that it needs to start."""

    executable: Path
    environ: Mapping[str, str]


@cache
def find_pypy() -> PyPy | None:
    """The PyPy on PATH, else Debian's package unpacked in the tests' cache; None where there is neither."""
    found = shutil.which("pypy3")
    if found:
        return PyPy(Path(found).resolve(), {})
    folder = virtualenvs.cache_folder() / "pypy3-debian"
    with virtualenvs.locked(folder.with_suffix(".lock")):
        if not (folder / "usr/bin/pypy3").exists() and not _unpack_debian(folder):
            return None
    libraries = [str(path.parent) for path in sorted(folder.glob("usr/lib/*/libpypy3*.so"))]
    return PyPy(folder / "usr/bin/pypy3", {"LD_LIBRARY_PATH": os.pathsep.join(libraries)})


def _unpack_debian(folder: Path) -> bool:
    if not (shutil.which("apt-get") and shutil.which("dpkg")):
        return False
    folder.mkdir(parents=True, exist_ok=True)
    command = ["apt-get", "download", "pypy3", "pypy3-lib"]
    done = subprocess.run(command, check=False, capture_output=True, cwd=folder, env=clean_environ())
    if done.returncode != 0:
        return False
    for package in sorted(folder.glob("*.deb")):
        subprocess.run(["dpkg", "-x", package.name, "."], check=True, cwd=folder)
        package.unlink()
    return (folder / "usr/bin/pypy3").exists()
