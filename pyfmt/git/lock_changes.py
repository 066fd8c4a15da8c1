"""Which changed lock files make a difference, and for which projects."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pyfmt import disk
from pyfmt.core.files import LOCK_FILES
from pyfmt.core.folders import above, parent
from pyfmt.core.listing import some
from pyfmt.core.model import Project
from pyfmt.git.repository import Repository
from pyfmt.projects.locks.differences import difference
from pyfmt.projects.locks.requirements import included_files, is_requirements


@dataclass(frozen=True, slots=True)
class LockChange:
    """A lock that installs something else for a project; `own` where it lies in the project's folder."""

    lock: str
    differences: tuple[str, ...]
    own: bool

    @property
    def text(self) -> str:
        """For people: "projects/billing/poetry.lock: pydantic 1.9.2 → 2.1"."""
        return f"{self.lock}: {some(self.differences)}"

    def text_for(self, name: str) -> str:
        """The same for a project that the lock serves from elsewhere."""
        return f"{self.lock} changed → {name} installs other packages ({self.text.partition(': ')[2]})"


class LockChanges:
    """The lock files among the changed paths, each judged for the projects that it serves."""

    def __init__(
        self,
        root: Path,
        repository: Repository,
        diff: tuple[Sequence[str], frozenset[str]],
        projects: Iterable[Project],
    ) -> None:
        """`diff`: the commits to compare with, and the paths that differ; `root` has what there is now."""
        bases, paths = diff
        self._root = root
        self._repository = repository
        self._bases = bases
        self._paths = paths
        self._listed: dict[str, tuple[str, ...]] = {}
        self._texts: dict[tuple[str | None, str], str | None] = {}
        self._uses = {project.path: self._used_by(project) for project in projects}
        self._locks = {path for used in self._uses.values() for path in used}
        self._found: list[tuple[str, LockChange]] | None = None

    def is_lock(self, path: str) -> bool:
        """Whether a changed path counts only as far as what it installs differs."""
        return path in self._locks

    def differing(self) -> list[tuple[str, LockChange]]:
        """(project's path, change) for each project whose installed packages really differ."""
        if self._found is None:
            self._found = [
                (project, change)
                for project, locks in self._uses.items()
                for lock in locks
                if (change := self._judge(project, lock)) is not None
            ]
        return self._found

    def same(self) -> list[str]:
        """Changed lock files that make no difference to anybody."""
        return sorted(self._locks & self._paths - {change.lock for _, change in self.differing()})

    def _judge(self, project: str, lock: str) -> LockChange | None:
        folder = parent(lock)
        member = posixpath.relpath(project, folder)
        for base in self._bases:
            found = difference(lock, partial(self._text, base), self._now, member)
            if found:
                return LockChange(lock, found, own=folder == project)
        return None

    def _used_by(self, project: Project) -> tuple[str, ...]:
        """The changed locks that a project is installed from: its own, else those of the nearest folder that has one.

        Beside requirements files, a workspace's lock counts as well where it knows the project.
        """
        own = list(self._in_folder(project.path))
        found = [path for path in own if self._is_touched(path)]
        if all(is_requirements(path) for path in own):
            higher = [path for path in self._above(project.path) if path in self._paths]
            found += [path for path in higher if not own or self._knows(path, project.path)]
        return tuple(found)

    def _above(self, folder: str) -> list[str]:
        locks = ([path for path in self._in_folder(each) if not is_requirements(path)] for each in above(folder))
        return next(filter(None, locks), [])

    def _knows(self, lock: str, project: str) -> bool:
        place = posixpath.relpath(project, parent(lock))
        texts = [self._now(lock), *(self._text(base, lock) for base in self._bases)]
        return any(text is not None and f'"{place}"' in text for text in texts)

    def _in_folder(self, folder: str) -> tuple[str, ...]:
        """The lock and requirements files of a folder, deleted ones included; it is listed once."""
        if folder not in self._listed:
            prefix = "" if folder == "." else folder + "/"
            there = {prefix + name for name in disk.names_in(self._root / folder)}
            there |= {path for path in self._paths if parent(path) == folder}
            locks = [prefix + name for name in LOCK_FILES if prefix + name in there]
            found = [path for path in locks if path in self._paths or disk.is_file(os.path.join(self._root, path))]
            self._listed[folder] = (*found, *sorted(filter(is_requirements, there)))
        return self._listed[folder]

    def _is_touched(self, path: str) -> bool:
        """Whether a lock, or a requirements file that it includes, is among the changed paths."""
        if path in self._paths or not is_requirements(path):
            return path in self._paths
        return not self._paths.isdisjoint(included_files(path, self._now))

    def _now(self, path: str) -> str | None:
        return self._text(None, path)

    def _text(self, commit: str | None, path: str) -> str | None:
        if (commit, path) not in self._texts:
            try:
                data = (
                    disk.read_bytes(Path(self._root, path)) if commit is None else self._repository.read(commit, path)
                )
            except OSError:
                data = None  # not there (any more), or not to be read: then it differs from what was
            self._texts[commit, path] = data.decode("utf-8", "replace") if data is not None else None
        return self._texts[commit, path]
