"""What the lock files of every manager say should be installed, one small reader for each format."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from pyfmt import disk
from pyfmt.core import parsing
from pyfmt.core.files import LOCK_FILES
from pyfmt.core.parsing import Table
from pyfmt.projects.locks import pdm, pipenv, poetry, pylock, requirements, uv
from pyfmt.projects.locks.values import Lock, LockError, Source

__all__ = ["Lock", "LockError", "digest", "find", "folders", "read", "read_text", "workspace_edges"]


class _Format(NamedTuple):
    """How one manager's lock is read; `marks` are words of which each entry that is installed from a folder holds
    one."""

    read: Callable[[Table, Table], Lock]
    source: Callable[[Table], Source]
    marks: tuple[str, ...] = ()


_FORMATS = {
    "uv.lock": _Format(uv.read, uv.source, ("editable", "directory")),
    "poetry.lock": _Format(poetry.read, poetry.source, ("directory",)),
    "pdm.lock": _Format(pdm.read, pdm.source, ("path",)),
    "Pipfile.lock": _Format(pipenv.read, pipenv.source),
    "pylock.toml": _Format(pylock.read, pylock.source, ("directory",)),
}


def find(folder: Path, *more: str) -> Path | None:
    """The lock file of a project's folder, else the first of the names `more` that is there; None without any."""
    return next((folder / name for name in (*LOCK_FILES, *more) if disk.is_file(folder / name)), None)


def digest(path: Path) -> str:
    """A digest of the content of a lock, by which what is made of it is remembered; raises LockError."""
    try:
        return hashlib.sha256(disk.read_bytes(path)).hexdigest()
    except OSError as error:
        raise LockError(f"{path.name} cannot be read: {parsing.why(error)}") from error


def read(path: Path) -> Lock:
    """The lock at `path`, with what the pyproject.toml beside it says of its groups; requirements files are pins.

    Raises LockError.
    """
    try:
        if path.name not in _FORMATS:
            disk.read_text(path)  # of this file an error counts; what it includes in vain pip itself refuses
            return requirements.read(path.as_posix(), disk.text_or_none)
        return read_text(path.name, disk.read_text(path), disk.toml_or_empty(path.parent / "pyproject.toml"))
    except (OSError, UnicodeDecodeError) as error:
        raise LockError(f"{path.name} cannot be read: {parsing.why(error)}") from error


def read_text(name: str, content: str, manifest: Table | None = None) -> Lock:
    """The lock of a file called `name` from its content; raises LockError."""
    try:
        data = _parsed(name, content)
        return _FORMATS[name].read(data, manifest or {})
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise LockError(f"{name} cannot be read: {parsing.why(error)}") from error


@lru_cache(maxsize=4)
def _parsed(name: str, content: str) -> Mapping[str, object]:
    """Kept, since a workspace's lock is asked for each of its members."""
    data = parsing.parse_json(content) if name.endswith(".lock") and name[:1].isupper() else parsing.parse_toml(content)
    if not isinstance(data, dict):
        raise ValueError("it holds no table")
    return data


def folders(path: Path) -> list[str]:
    """Folders that a lock file installs from, transitive ones too, as written: relative to the lock's own folder.

    Of a long file only the entries that can name one are parsed. A damaged lock gives none: its manager refuses it at
    the next install.
    """
    try:
        content = disk.read_text(path)
    except (OSError, ValueError):
        return []
    kind = _FORMATS[path.name]
    if not kind.marks:
        try:
            return [p.source.place for p in read_text(path.name, content).packages if p.source.kind == "folder"]
        except LockError:
            return []
    found = []
    for chunk in _chunks(content, kind.marks)[1:]:
        try:
            entries = parsing.parse_toml(chunk)
            sources = [kind.source(entry) for key in ("package", "packages") for entry in entries.get(key, ())]
        except (ValueError, TypeError, AttributeError):
            continue
        found += [source.place for source in sources if source.kind == "folder" and source.place]
    return found


def _chunks(content: str, marks: tuple[str, ...]) -> list[str]:
    """A lock's beginning, and of its entries those that hold one of `marks`: to parse all of them takes a while."""
    beginning, *entries = re.split(r"^(?=\[\[packages?\]\]\s*$)", content, flags=re.MULTILINE)
    return [beginning, *(entry for entry in entries if any(mark in entry for mark in marks))]


def workspace_edges(path: Path) -> list[tuple[str, str]]:
    """Which local folder depends on which directly, as a uv.lock says it; relative to the lock's folder."""
    try:
        lock = read_text(path.name, "".join(_chunks(disk.read_text(path), ("editable", "directory", "virtual"))))
    except (LockError, OSError, UnicodeDecodeError):
        return []
    places = {p.name: p.source.place for p in lock.packages if p.source.kind in ("folder", "virtual")}
    return [
        (places[package.name], places[edge.name])
        for package in lock.packages
        if package.name in places
        for _, edge in package.edges()
        if edge.name in places
    ]
