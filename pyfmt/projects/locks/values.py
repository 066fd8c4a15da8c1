"""What every lock format says, in one form: packages with source, groups, markers, extras, hashes and edges."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from pyfmt.core.parsing import Table, table
from pyfmt.projects.names import normalise

PYPI = "https://pypi.org/simple"
_NOTHING: Mapping[str, Any] = MappingProxyType({})
_ARCHIVES = (".whl", ".zip", ".tar.gz", ".tar.bz2", ".tgz")


class LockError(Exception):
    """A lock file that cannot be read; the message says why and begins with the file's name."""


class Source(NamedTuple):
    """Where a distribution comes from. Places of folders and files are as written: relative to the lock, or
    absolute."""

    # "index"; "folder", "file", "url", "git": a direct reference; "virtual": a project that is not installed itself;
    # anything else: a kind that the lock names and that is not known here.
    kind: str = "index"
    place: str = ""  # the index's URL ("": PyPI), the folder, the file, the URL, the repository
    editable: bool = False
    commit: str = ""
    subdirectory: str = ""

    @property
    def direct(self) -> bool:
        """Whether it comes from no index: then the version that the lock writes says nothing of what is there."""
        return self.kind != "index"

    @property
    def git_url(self) -> str:
        """The direct reference (PEP 440) to the commit of a repository."""
        url = self.place
        if re.fullmatch(r"[\w.-]+@[\w.-]+:.+", url):  # scp style: git@host:path
            url = "ssh://" + url.replace(":", "/", 1)
        url = url if url.startswith("git+") else f"git+{url}"
        return f"{url}@{self.commit}" + (f"#subdirectory={self.subdirectory}" if self.subdirectory else "")


class Dependency(NamedTuple):
    """An edge of the graph: what a package asks for, and when."""

    name: str  # normalised
    marker: str = ""
    extras: tuple[str, ...] = ()
    version: str = ""  # which of several packages of that name; "": any
    source: Source | None = None  # the same


class Package(NamedTuple):
    """One entry of a lock; several entries of one name are alternatives, between which markers choose."""

    name: str  # normalised
    version: str = ""
    source: Source = Source()
    marker: str = ""  # of the entry as a whole
    # Each group that has it, with the marker under which it has ("": the main one); None: only edges say who needs it.
    groups: Mapping[str, str] | None = None
    extras: tuple[str, ...] = ()  # with which it is installed
    optional: bool = False  # only for an extra of the project
    # "sha256:…" by file name; by itself where the lock names no files
    hashes: Mapping[str, tuple[str, ...]] = _NOTHING
    dependencies: tuple[Dependency, ...] = ()
    optional_dependencies: Mapping[str, tuple[Dependency, ...]] = _NOTHING  # by extra
    development: Mapping[str, tuple[Dependency, ...]] = _NOTHING  # by dependency group

    def edges(self) -> list[tuple[str, Dependency]]:
        """Every edge, with the extra or group that asks for it ("": the package itself)."""
        by_group = [("", self.dependencies), *self.optional_dependencies.items(), *self.development.items()]
        return [(group, edge) for group, found in by_group for edge in found]


class Lock(NamedTuple):
    """The content of one lock file."""

    file: str  # its name
    packages: tuple[Package, ...]
    groups: tuple[str, ...] = ()  # dependency groups beside the main one
    extras: tuple[str, ...] = ()
    # What is locked: a workspace's members, or the project. Only where edges say who needs what; may be no packages.
    roots: tuple[Package, ...] = ()
    conflicts: tuple[frozenset[str], ...] = ()  # groups and extras (as "[extra]") that must not be installed together
    indexes: tuple[str, ...] = ()  # of the whole file, beyond PyPI


def tables(value: object) -> list[Table]:
    """The tables of a list, none where there is no list; ValueError for anything else."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise ValueError("what should be a list of tables is none")
    return value


def text(value: object) -> str:
    """A string, "" for anything else."""
    return value if isinstance(value, str) else ""


def name_of(entry: Table) -> str:
    """The normalised name of an entry, which it must have; raises ValueError."""
    name = entry.get("name")
    if not isinstance(name, str) or not name:
        raise ValueError("a package has no name")
    return normalise(name)


def local(place: str, editable: bool = False) -> Source:
    """The source that a path names: a file where it is called like one that pip installs, else a folder."""
    return Source("file", place) if place.endswith(_ARCHIVES) else Source("folder", place, editable)


def file_hashes(files: list[Table]) -> dict[str, tuple[str, ...]]:
    """The hashes of a list of files, each with `hash`, or `hashes` by algorithm; by the file's name."""
    found = {}
    for file in files:
        values = tuple(f"{kind}:{value}" for kind, value in sorted(table(file, "hashes").items()))
        values = values or ((text(file.get("hash")),) if file.get("hash") else ())
        if values:
            place = file.get("file") or file.get("name") or file.get("url") or file.get("path") or values[0]
            found[str(place).rpartition("/")[2]] = values
    return found
