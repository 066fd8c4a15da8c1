"""What of a lock an installer is given: pins with their hashes, folders, indexes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from pyfmt.environments.creating.values import CreationError
from pyfmt.projects.locks.values import Lock, Package, Source


@dataclass(frozen=True, slots=True)
class Pin:
    """One distribution as it is locked; `url` for one that comes from no index (PEP 508's direct reference)."""

    name: str
    version: str
    hashes: tuple[str, ...] = ()  # "sha256:…"
    url: str = ""

    @property
    def line(self) -> str:
        """The line of a requirements file, without hashes."""
        return f"{self.name} @ {self.url}" if self.url else f"{self.name}=={self.version}"


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A distribution that is installed from a folder (absolute)."""

    path: Path
    editable: bool = True
    extras: tuple[str, ...] = ()

    @property
    def argument(self) -> str:
        """The folder as an installer takes it."""
        return f"{self.path}[{','.join(self.extras)}]" if self.extras else str(self.path)


@dataclass(frozen=True, slots=True)
class Pinned:
    """Everything that a lock file installs on one target."""

    pins: tuple[Pin, ...] = ()
    folders: tuple[LocalFolder, ...] = ()
    indexes: tuple[str, ...] = ()  # beyond PyPI


def pinned(lock: Lock, packages: Sequence[Package], folder: Path) -> Pinned:
    """`packages` of `lock`, which lies in `folder`, as an installer takes them.

    Raises CreationError for a source of a kind that is not known.
    """
    pins: dict[str, Pin] = {}
    folders: dict[Path, LocalFolder] = {}
    indexes = dict.fromkeys(lock.indexes)
    for package in packages:
        source = package.source
        if source.kind == "folder":
            place = (folder / source.place).resolve()
            folders[place] = LocalFolder(place, source.editable)
        elif source.kind != "virtual":
            known = pins.get(package.name)  # PDM has one entry for each set of extras
            pins[package.name] = _pin(lock, package, folder, known.hashes if known else ())
            if source.kind == "index" and source.place:
                indexes[_index(source, folder)] = None
    return Pinned(tuple(pins.values()), tuple(folders.values()), tuple(indexes))


def _pin(lock: Lock, package: Package, folder: Path, hashes: tuple[str, ...]) -> Pin:
    name, version, source = package.name, package.version, package.source
    if source.kind == "index":
        own = (value for values in package.hashes.values() for value in values)
        return Pin(name, version, tuple(dict.fromkeys(own)) or hashes)
    if source.kind == "file":
        return Pin(name, version, url=(folder / source.place).resolve().as_uri())
    if source.kind == "url":
        return Pin(name, version, url=source.place)
    if source.kind == "git":
        return Pin(name, version, url=_repository(source, folder).git_url)
    raise CreationError(
        f"{lock.file}: {name} comes from {source.kind!r}, which is not known", "install with the lock's own manager"
    )


def _repository(source: Source, folder: Path) -> Source:
    """pylock.toml may name a repository by its path."""
    there = folder / source.place
    return source._replace(place=there.resolve().as_uri()) if "://" not in source.place and there.is_dir() else source


def _index(source: Source, folder: Path) -> str:
    """uv.lock writes a folder of files as a path."""
    return source.place if "://" in source.place else str((folder / source.place).resolve())
