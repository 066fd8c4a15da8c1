"""PURE: which project has which version of what, where these differ, and what keeps them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class HeldVersion:
    """What a project has of a distribution."""

    project: str  # Project.path
    locked: tuple[str, ...] = ()  # several where the lock leaves it to markers
    installed: str = ""

    @property
    def versions(self) -> tuple[str, ...]:
        """What counts: the lock, and where it has none what is installed."""
        return self.locked or ((self.installed,) if self.installed else ())


@dataclass(frozen=True, slots=True)
class Bound:
    """Why a project does not have the newest version that there is in the monorepo."""

    project: str  # Project.path
    requirement: str  # "pydantic<2"; "" where nothing is known to exclude the newest
    by: str  # whose it is: "its pyproject.toml", "lib/storage/pyproject.toml", "fastapi 0.90.0"; else the cure


@dataclass(frozen=True, slots=True)
class SharedDistribution:
    """A distribution that several projects have."""

    name: str  # PEP 503 normalised
    held: tuple[HeldVersion, ...]  # by the projects' paths
    newest: str
    bounds: tuple[Bound, ...] = ()  # of each project that has an older one

    @property
    def differs(self) -> bool:
        """Whether projects have different versions."""
        return len({version for each in self.held for version in each.versions}) > 1


@dataclass(frozen=True, slots=True)
class LibraryUse:
    """A project that uses a library of the monorepo, in which version, and where that is said."""

    project: str  # Project.path
    version: str  # "" where it is not known
    origin: str  # "folder": whatever is there; "locked" and "installed": from elsewhere


@dataclass(frozen=True, slots=True)
class InternalLibrary:
    """A project that others depend on."""

    name: str  # Project.name
    path: str
    version: str  # as its manifest says; "" where that is computed
    uses: tuple[LibraryUse, ...]


@dataclass(frozen=True, slots=True)
class VersionMatrix:
    """All that is known of versions in a monorepo."""

    names: dict[str, str]  # of the projects, by path
    distributions: tuple[SharedDistribution, ...]  # those that differ first, then by name
    libraries: tuple[InternalLibrary, ...]
    unread: tuple[tuple[str, str], ...] = ()  # (Project.path, why its lock is not known)
    unknown: tuple[str, ...] = ()  # paths of projects with neither a lock nor an environment


def by_version(text: str) -> tuple[object, ...]:
    """A key to sort versions by: as PEP 440 has them, and what is no such version before all others."""
    from packaging.version import InvalidVersion, Version  # deferred: it costs 35 ms

    try:
        return (1, Version(text))
    except InvalidVersion:
        return (0, text)


def same_version(one: str, other: str) -> bool:
    """Whether two versions are one, however spelled."""
    return one == other or by_version(one) == by_version(other)


def usual(versions: Iterable[Sequence[str]]) -> str:
    """The version that most have; of two the newer. "" where there is none."""
    counts = Counter(version for each in versions for version in set(each))
    return max(counts, key=lambda version: (counts[version], by_version(version)), default="")


@dataclass(frozen=True, slots=True)
class MatrixTable:
    """One table of the matrix, for people."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def tables(matrix: VersionMatrix) -> list[MatrixTable]:
    """The compatibility matrix, what has one version and what has several, and what keeps these apart."""
    shown, found = matrix.names.__getitem__, []
    libraries = [each for each in matrix.libraries if each.uses]
    users = sorted({use.project for each in libraries for use in each.uses})
    cells = {(use.project, each.path): _cell(each, use) for each in libraries for use in each.uses}
    head = ("project", *(f"{each.name} {each.version}".rstrip() for each in libraries))
    rows = [(shown(user), *(cells.get((user, each.path), "-") for each in libraries)) for user in users]
    found.append(MatrixTable("internal libraries", head, tuple(rows)))
    for title, differs in (("several versions", True), ("one version", False)):
        chosen = [each for each in matrix.distributions if each.differs is differs]
        rows = [row for each in chosen for row in _rows(each, matrix)]
        found.append(MatrixTable(title, ("distribution", "version", "locked", "installed"), tuple(rows)))
    apart: dict[tuple[str, str, str], list[str]] = {}  # who is kept by the same
    for each in matrix.distributions:
        for bound in each.bounds:
            apart.setdefault((each.name, bound.requirement or "-", bound.by), []).append(shown(bound.project))
    rows = [(name, ", ".join(who), requirement, by) for (name, requirement, by), who in apart.items()]
    found.append(MatrixTable("what keeps them apart", ("distribution", "project", "constraint", "by"), tuple(rows)))
    return [each for each in found if each.rows]


def _cell(library: InternalLibrary, use: LibraryUse) -> str:
    if use.origin == "folder":
        return "its folder" if not library.version else library.version
    return f"{use.version or '?'} ({use.origin})"


def _rows(each: SharedDistribution, matrix: VersionMatrix) -> list[tuple[str, ...]]:
    versions = {version for held in each.held for version in (*held.locked, held.installed) if version}
    rows: list[tuple[str, ...]] = []
    for version in sorted(versions, key=by_version, reverse=True):
        locked = [matrix.names[held.project] for held in each.held if version in held.locked]
        installed = [matrix.names[held.project] for held in each.held if version == held.installed]
        rows.append((each.name, version, ", ".join(locked) or "-", ", ".join(installed) or "-"))
    return rows


def as_object(matrix: VersionMatrix) -> dict[str, Any]:
    """The matrix for programs."""
    return {
        "version": 1,
        "projects": [{"project": name, "path": path} for path, name in sorted(matrix.names.items())],
        "libraries": [
            {
                "project": each.name,
                "path": each.path,
                "version": each.version or None,
                "uses": [
                    {"path": use.project, "version": use.version or None, "from": use.origin} for use in each.uses
                ],
            }
            for each in matrix.libraries
        ],
        "distributions": [
            {
                "name": each.name,
                "differs": each.differs,
                "newest": each.newest,
                "projects": [
                    {"path": held.project, "locked": list(held.locked), "installed": held.installed or None}
                    for held in each.held
                ],
                "apart": [
                    {"path": bound.project, "constraint": bound.requirement or None, "by": bound.by}
                    for bound in each.bounds
                ],
            }
            for each in matrix.distributions
        ],
        "unread": [{"path": path, "reason": why} for path, why in matrix.unread],
        "unknown": list(matrix.unknown),
    }
