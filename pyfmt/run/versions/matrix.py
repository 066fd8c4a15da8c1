"""Collects the versions that projects have, from lock files, environments and manifests."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from pyfmt import disk
from pyfmt.core.folders import above
from pyfmt.core.memo import TextMemo
from pyfmt.core.model import DEPENDENT, Health, Resolution
from pyfmt.core.versions import (
    Bound,
    HeldVersion,
    InternalLibrary,
    LibraryUse,
    SharedDistribution,
    VersionMatrix,
    by_version,
)
from pyfmt.environments.markers import target
from pyfmt.projects import Survey, locks
from pyfmt.projects.dependencies import relative
from pyfmt.projects.locks.choosing import Choice, Target, chosen, reachable
from pyfmt.projects.locks.values import Lock, LockError, Package
from pyfmt.run.versions.bounds import Bounds

_CURES = {
    "uv.lock": "uv lock --upgrade-package {}",
    "poetry.lock": "poetry update {}",
    "pdm.lock": "pdm update {}",
    "Pipfile.lock": "pipenv upgrade {}",
}


class _LockedEntry(NamedTuple):
    """What a lock has of a distribution for one project."""

    name: str
    version: str
    place: str | None  # the folder that it is installed from, relative to the root; None: from elsewhere


class MatrixReader:
    """Reads what projects have; `memo` keeps what locks say, by their content."""

    def __init__(self, root: Path, survey: Survey, resolutions: Sequence[Resolution], memo: TextMemo) -> None:
        self._root, self._base, self._memo = root, disk.realpath(root), memo
        self._projects = {project.path: project for project in survey.projects}
        self._internal = {project.distribution: project for project in survey.projects if project.distribution}
        self._environments = {
            found.project: found.environment
            for found in resolutions
            if found.environment and found.environment.health is not Health.BROKEN and not found.environment.standalone
        }
        self._own = {  # a library that is judged by its dependents has none of what is installed there
            found.project: environment
            for found in resolutions
            if found.rule != DEPENDENT and (environment := self._environments.get(found.project)) is not None
        }
        self._used = {target for project in survey.projects for target in project.depends_on}
        self._bounds = Bounds(survey, self._own)
        self._unread: dict[str, str] = {}
        self._locks: dict[str, str] = {}  # the lock of each project, for the cure

    def matrix(self) -> VersionMatrix:
        """All of it."""
        held: dict[str, dict[str, HeldVersion]] = {}
        uses: dict[str, dict[str, LibraryUse]] = {}
        unknown = []
        for path in sorted(self._projects):
            entries = self._entries(path)
            for entry in entries or ():
                self._take_entry(path, entry, held, uses)
            for item in self._own[path].distributions if path in self._own else ():
                library = self._internal.get(item.name)
                if library is None:
                    there = held.setdefault(item.name, {})
                    there[path] = replace(there.get(path, HeldVersion(path)), installed=item.version)
                elif library.path != path and library.path not in uses.get(path, {}):
                    use = LibraryUse(path, item.version, "installed")
                    if item.source is not None and relative(self._base, "", item.source) == library.path:
                        use = LibraryUse(path, library.version or "", "folder")
                    uses.setdefault(path, {})[library.path] = use
            for edge in self._projects[path].depends_on:
                use = LibraryUse(path, self._projects[edge].version or "", "folder")
                uses.setdefault(path, {}).setdefault(edge, use)
            lodges = path in self._used  # a library: what its dependents have is what it gets
            if entries is None and path not in self._own and self._projects[path].requires and not lodges:
                unknown.append(path)
        names = {path: project.name for path, project in self._projects.items()}
        shared = [self._shared(name, tuple(found.values())) for name, found in held.items() if len(found) > 1]
        shared.sort(key=lambda each: (not each.differs, each.name))
        unread = tuple(sorted(self._unread.items()))
        return VersionMatrix(names, tuple(shared), self._libraries(uses), unread, tuple(unknown))

    def _take_entry(
        self,
        path: str,
        entry: _LockedEntry,
        held: dict[str, dict[str, HeldVersion]],
        uses: dict[str, dict[str, LibraryUse]],
    ) -> None:
        library = self._projects.get(entry.place) if entry.place is not None else self._internal.get(entry.name)
        if library is None:
            there = held.setdefault(entry.name, {})
            known = there.get(path, HeldVersion(path))
            there[path] = replace(known, locked=tuple(dict.fromkeys((*known.locked, entry.version))))
        elif library.path != path:
            here = LibraryUse(path, library.version or "", "folder")
            use = LibraryUse(path, entry.version, "locked") if entry.place is None else here
            uses.setdefault(path, {})[library.path] = use

    def _shared(self, name: str, held: tuple[HeldVersion, ...]) -> SharedDistribution:
        newest = max((version for each in held for version in each.versions), key=by_version, default="")
        found = SharedDistribution(name, held, newest)
        if not found.differs:
            return found
        late = [each.project for each in held if each.versions and newest not in each.versions]
        return replace(found, bounds=tuple(bound for path in late for bound in self._late(path, name, newest)))

    def _late(self, path: str, name: str, newest: str) -> list[Bound]:
        """What keeps a project from the newest version; what it can do where nothing known does."""
        found = self._bounds.of(path, name, newest)
        if found:
            return found
        if path not in self._own:
            return [Bound(path, "", "no environment could say who else asks for it")]
        cure = _CURES.get(self._locks.get(path, ""), "")
        said = f"nothing that is known: `{cure.format(name)}` in {path}" if cure else "nothing that is known"
        return [Bound(path, "", said)]

    def _libraries(self, uses: Mapping[str, Mapping[str, LibraryUse]]) -> tuple[InternalLibrary, ...]:
        by_library: dict[str, list[LibraryUse]] = {}
        for found in uses.values():
            for path, use in found.items():
                by_library.setdefault(path, []).append(use)
        libraries = ((self._projects[path], used) for path, used in sorted(by_library.items()))
        return tuple(InternalLibrary(each.name, each.path, each.version or "", tuple(used)) for each, used in libraries)

    def _entries(self, path: str) -> list[_LockedEntry] | None:
        """What the lock of a project has for it: its own, else that of a workspace above; None without one."""
        for folder in (path, *above(path)):
            lock = locks.find(self._root / folder, *(("requirements.txt",) if folder == path else ()))
            if lock is not None and (folder == path or lock.name == "uv.lock"):
                try:
                    found = self._read(lock, path)
                except (LockError, OSError, ValueError) as error:
                    shown = lock.relative_to(self._root).as_posix()
                    self._unread[path] = (
                        f"{shown} cannot be read: {str(error).partition('cannot be read: ')[2] or error}"
                    )
                    return None
                if found is not None:
                    self._locks[path] = lock.name
                    return found
        return None

    def _read(self, lock: Path, path: str) -> list[_LockedEntry] | None:
        environment = self._environments.get(path)
        markers = target(environment) if environment is not None else None
        if lock.suffix == ".txt":  # what it includes counts as well
            return self._of(locks.read(lock), lock, path, markers)
        shown = lock.relative_to(self._root).as_posix()
        rows = json.loads(
            self._memo.recall(
                f"versions that {shown} has for {path}",
                {shown: locks.digest(lock), "the environment": markers},
                lambda: json.dumps(self._of(locks.read(lock), lock, path, markers)),
            )
        )
        return [_LockedEntry(*row) for row in rows] if rows is not None else None

    def _of(self, lock: Lock, file: Path, path: str, markers: Target | None) -> list[_LockedEntry] | None:
        """What one project has of a lock; None for a workspace's lock that does not know it."""
        roots = [root for root in lock.roots if self._place(root, file) == path]
        if not roots and file.parent != self._root / path:
            return None
        members = roots or list(lock.roots)
        if markers is not None:
            every = Choice(frozenset(lock.groups), frozenset(lock.extras))
            packages = chosen(lock, markers, every, members)
        else:
            packages = reachable(lock, members) if members else list(lock.packages)
        rows = [_LockedEntry(each.name, each.version, self._place(each, file)) for each in packages]
        return [row for row in rows if row.version or row.place is not None]

    def _place(self, package: Package, lock: Path) -> str | None:
        if package.source.kind not in ("folder", "virtual"):
            return None
        return relative(self._base, str(lock.parent), package.source.place)


def read_matrix(root: Path, survey: Survey, resolutions: Sequence[Resolution], memo: TextMemo) -> VersionMatrix:
    """The versions of a monorepo; a lock that cannot be read is told in `unread`."""
    return MatrixReader(root, survey, resolutions, memo).matrix()
