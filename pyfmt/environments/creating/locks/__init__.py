"""Lock files to what they install, one small reader for each format."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from pyfmt import disk
from pyfmt.core import parsing
from pyfmt.environments.creating.locks.others import read_pdm, read_pipfile, read_pylock
from pyfmt.environments.creating.locks.poetry import read as read_poetry
from pyfmt.environments.creating.locks.uv import read as read_uv
from pyfmt.environments.creating.locks.values import LocalFolder, Locked, Pin, Table, Target
from pyfmt.environments.creating.values import CreationError

__all__ = ["LOCKS", "LocalFolder", "Locked", "Pin", "Target", "find_lock", "read_lock"]

# In order of preference, where a folder holds several: a manager's own before an exported one.
LOCKS: dict[str, Callable[[Table, Path, Target, Table], Locked]] = {
    "uv.lock": read_uv,
    "poetry.lock": read_poetry,
    "pdm.lock": read_pdm,
    "Pipfile.lock": read_pipfile,
    "pylock.toml": read_pylock,
}


def find_lock(folder: Path) -> Path | None:
    """The lock file of a project's folder; None where there is none."""
    return next((folder / name for name in LOCKS if (folder / name).is_file()), None)


def read_lock(path: Path, target: Target) -> Locked:
    """What the lock file at `path` installs on `target`; raises CreationError where it cannot be read."""
    try:
        text = disk.read_text(path)
        lock = parsing.parse_json(text) if path.name == "Pipfile.lock" else parsing.parse_toml(text)
    except (OSError, ValueError) as error:
        raise CreationError(f"{path.name} cannot be read: {error}", "let its manager lock again") from error
    pyproject = path.parent / "pyproject.toml"
    try:
        manifest = disk.read_toml(pyproject) if pyproject.is_file() else {}
        return LOCKS[path.name](lock, path.parent, target, manifest)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CreationError(
            f"{path.name} is not as its manager writes it: {error!r}", "let its manager lock again"
        ) from error
