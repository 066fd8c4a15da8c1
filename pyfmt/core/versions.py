"""PURE: which project has which version of what, where these differ, and what keeps them apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass


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
