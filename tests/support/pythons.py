"""Finds the Pythons of this machine: on PATH, under pyenv, and by python-discovery."""

from __future__ import annotations

import os
import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

PROBE = (
    "import sys; print('.'.join(map(str, sys.version_info[:2]))); print(sys.implementation.name); print(sys.executable)"
)

LEAKY_NAMES = frozenset(
    "VIRTUAL_ENV VIRTUAL_ENV_PROMPT WORKON_HOME PYENV_VERSION NO_COLOR FORCE_COLOR CLICOLOR COLUMNS LINES CI "
    "UV_PROJECT_ENVIRONMENT UV_PYTHON UV_PROJECT UV_WORKING_DIRECTORY".split()
)
LEAKY_STARTS = tuple(
    "PYTHON PYTEST PYFMT MYPY PYLINT BLACK_ ISORT COV_ CONDA POETRY PDM_ PIPENV HATCH PIXI_ "
    "GIT_DIR GIT_INDEX GIT_WORK GITHUB_ GITLAB_ PRE_COMMIT MAKE MFLAGS".split()
)


@cache
def find_python(version: str) -> Path | None:
    """The real executable (no shim) of CPython `version`, like "3.10"; None where this machine has none."""
    for candidate in (*_on_path(version), *_under_pyenv(version)):
        if found := _probe(candidate, version):
            return found
    return _by_discovery(version)


def require_python(version: str) -> Path:
    """The same, but the test fails where there is none."""
    found = find_python(version)
    if found is None:
        pytest.fail(
            f"this test needs CPython {version}, which is neither on PATH nor under pyenv (`pyenv install {version}`)",
            pytrace=False,
        )
    return found


def clean_environ() -> dict[str, str]:
    """This process's environment variables without those that would leak into a Python or a tool; no worker of a pyfmt
    stays when it has ended."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in LEAKY_NAMES and not name.startswith(LEAKY_STARTS)
    }
    return {**kept, "PYFMT_SERVER": "off"}


def _on_path(version: str) -> list[str]:
    names = (f"python{version}", "python3", "python")
    return [found for name in names if (found := shutil.which(name))]


def _under_pyenv(version: str) -> list[str]:
    pyenv = shutil.which("pyenv")
    root = os.environ.get("PYENV_ROOT")
    if pyenv and not root:
        root = subprocess.run([pyenv, "root"], check=True, capture_output=True, text=True).stdout.strip()
    versions = Path(root or Path.home() / ".pyenv") / "versions"
    return [str(path) for path in sorted(versions.glob(f"{version}.*/bin/python"), reverse=True)]


def _by_discovery(version: str) -> Path | None:
    # Imported here, since it is the last resort and slow.
    from python_discovery import get_interpreter  # pylint: disable=import-outside-toplevel

    info = get_interpreter(f"cpython{version}")
    return _probe(info.executable, version) if info and info.executable else None


def _probe(executable: str, version: str) -> Path | None:
    """A shim of pyenv is on PATH for versions that are not activated too, and fails when started."""
    done = subprocess.run(
        [executable, "-I", "-c", PROBE], check=False, capture_output=True, text=True, env=clean_environ()
    )
    if done.returncode != 0:
        return None
    found, implementation, path = done.stdout.splitlines()[:3]
    if (found, implementation) != (version, "cpython"):
        return None
    real = Path(path)
    # A virtual environment that is first on PATH (this test run's own) is no base interpreter.
    if (real.parent.parent / "pyvenv.cfg").exists():
        real = real.resolve()
    return real
