"""Real virtual environments for tests, made by uv (or venv and pip) and kept between runs."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.support.pythons import clean_environ, require_python

LAYOUT = "2"  # raise it to forget every kept environment
HERE = f"{sys.version_info.major}.{sys.version_info.minor}"


@dataclass(frozen=True)
class Recipe:
    """What is in an environment: requirements as pip takes them, and absolute folders installed editable."""

    requirements: tuple[str, ...] = ()
    python: str = HERE  # "3.10"
    editable: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Names the kept environment: equal recipes, equal keys."""
        value = [LAYOUT, str(require_python(self.python)), sorted(self.requirements), sorted(self.editable)]
        return hashlib.sha256(json.dumps(value).encode()).hexdigest()[:20]


@dataclass(frozen=True)
class BuiltEnvironment:
    """A virtual environment on disk."""

    prefix: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.prefix / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    @property
    def site_packages(self) -> Path:
        """Its site-packages folder."""
        found = sorted(self.prefix.glob("lib/python*/site-packages")) or [self.prefix / "Lib/site-packages"]
        return found[0]

    def run(
        self, *arguments: str | Path, cwd: Path | None = None, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Starts its interpreter and captures what it says; a non-zero exit code is the caller's to judge."""
        variables = clean_environ() | dict(environ or {})
        return subprocess.run(
            [self.python, *arguments], check=False, capture_output=True, text=True, cwd=cwd, env=variables
        )

    def install(self, *requirements: str, editable: Sequence[str | Path] = ()) -> None:
        """Installs into it, in place."""
        arguments = [*requirements]
        for folder in editable:
            arguments += ["--editable", str(folder)]
        if not arguments:
            return
        uv = uv_binary()
        if uv:
            # Copies: uv's hard links are files of the user's cache, which a test that edits a package would edit for
            # everybody.
            _call([uv, "pip", "install", "--quiet", "--link-mode", "copy", "--python", str(self.python), *arguments])
        else:
            _call([str(self.python), "-m", "pip", "install", "--quiet", *arguments])


def build(prefix: Path, recipe: Recipe) -> BuiltEnvironment:
    """Makes a new environment at `prefix`, which must not exist; for tests that change it or need it in its place."""
    assert not prefix.exists() and not prefix.is_symlink(), f"{prefix} is there already"
    base = str(require_python(recipe.python))
    uv = uv_binary()
    if uv:
        _call([uv, "venv", "--quiet", "--no-project", "--no-config", "--python", base, str(prefix)])
    else:
        _call([base, "-m", "venv", str(prefix)])
    environment = BuiltEnvironment(prefix)
    environment.install(*recipe.requirements, editable=recipe.editable)
    return environment


def kept(recipe: Recipe) -> BuiltEnvironment:
    """An environment that all tests and runs share: do not change it, and do not install folders of a test in it."""
    assert not recipe.editable, "an editable folder belongs to a test: use build()"
    folder = cache_folder() / "environments"
    prefix, mark = folder / recipe.key, folder / f"{recipe.key}.json"
    with locked(folder / f"{recipe.key}.lock"):
        environment = BuiltEnvironment(prefix)
        if not (mark.exists() and environment.python.exists()):
            mark.unlink(missing_ok=True)
            shutil.rmtree(prefix, ignore_errors=True)
            build(prefix, recipe)
            mark.write_text(json.dumps([recipe.python, recipe.requirements]), encoding="utf-8")
    return environment


def clone(environment: BuiltEnvironment, prefix: Path, *requirements: str) -> BuiltEnvironment:
    """A copy at `prefix` with `requirements` added: what the original does not have stays out of it.

    Only `prefix/bin/python` may be started there; the scripts beside it still point to the original.
    """
    shutil.copytree(environment.prefix.resolve(), prefix, symlinks=True)
    copy = BuiltEnvironment(prefix)
    copy.install(*requirements)
    return copy


def cache_folder() -> Path:
    """Where kept environments stand; outside the tree, so that `make clean` and git never meet them."""
    default = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "pyfmt-tests"
    return Path(os.environ.get("PYFMT_TESTS_CACHE") or default)


@cache
def uv_binary() -> str | None:
    """The uv of this test run's environment, else the one on PATH, else None."""
    beside = Path(sys.executable).parent / "uv"
    return str(beside) if beside.exists() else shutil.which("uv")


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Holds `path` as a lock between processes, since pytest-xdist's workers share the kept environments."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _call(command: list[str]) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True, env=clean_environ(), cwd="/")
    assert done.returncode == 0, f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}"
