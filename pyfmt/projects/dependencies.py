"""Who depends on whom: edges from manifests, lock files and requirements files, keyed by the projects' folders."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyfmt import disk
from pyfmt.core import parsing
from pyfmt.core.files import LOCK_FILES
from pyfmt.core.model import Edge
from pyfmt.projects import locks
from pyfmt.projects.locks import requirements
from pyfmt.projects.manifests import Manifest, direct_path
from pyfmt.projects.names import normalise, requirement_name


@dataclass(frozen=True, slots=True)
class Member:
    """A project as the search for edges sees it; `path` is relative to the root."""

    path: str
    manifest: Manifest
    files: frozenset[str]  # names of the files in its folder


def edges(
    root: Path, members: Sequence[Member], problems: dict[str, list[str]] | None = None
) -> dict[str, tuple[Edge, ...]]:
    """For each project's path the projects that it depends on directly, with the files that say so; cycles are kept.

    A requirement by name alone counts only where no lock file says where the distribution comes from. `problems` is
    given for each project's path what of its files could not be read: edges may be missing then.
    """
    search = _Search(root, members)
    for member in members:
        search.look_into(member)
    if problems is not None:
        problems.update(search.problems)
    return {member.path: search.edges(member.path) for member in members}


class _Search:
    """Collects edges with their reasons."""

    def __init__(self, root: Path, members: Sequence[Member]) -> None:
        self._base = disk.realpath(root)
        self._known = {member.path for member in members}
        self._by_name = {normalise(m.manifest.distribution): m.path for m in members if m.manifest.distribution}
        self.problems: dict[str, list[str]] = {}
        self._found: dict[str, dict[str, dict[str, None]]] = {}  # from, to, through

    def edges(self, path: str) -> tuple[Edge, ...]:
        """What was found for a project."""
        found = self._found.get(path, {})
        return tuple(Edge(target, tuple(found[target])) for target in sorted(found))

    def look_into(self, member: Member) -> None:
        """Everything that the files in a project's folder say."""
        folder = os.path.join(self._base, member.path)
        locked = [name for name in LOCK_FILES if name in member.files]
        for file, part in member.manifest.parts:
            targets = [self._relative(folder, path) for path in part.path_dependencies]
            targets += [self._by_name.get(name) for name in part.workspace_dependencies]
            if not locked:
                targets += [self._by_name.get(requirement_name(line)) for line in part.requirements]
            self._add(member.path, targets, file)
        for lock in locked:
            self._add(member.path, [self._relative(folder, path) for path in locks.folders(Path(folder, lock))], lock)
            if lock == "uv.lock":
                self._look_into_workspace(folder, lock)
        if "Pipfile" in member.files:
            try:
                pipfile = _pipfile_folders(Path(folder, "Pipfile"))
                self._add(member.path, [self._relative(folder, path) for path in pipfile], "Pipfile")
            except (OSError, ValueError) as error:
                self._note(member, "Pipfile", parsing.why(error))
        for name in sorted(member.files):
            if name in LOCK_FILES or re.fullmatch(r"requirements.*\.(txt|in)", name):
                self._note(member, name, disk.unreadable(os.path.join(folder, name)))
        for name in sorted(member.files):
            if re.fullmatch(r"requirements.*\.(txt|in)", name):
                for path in requirements_folders(Path(folder, name)):
                    # pip takes it from where it is started: in the project's folder, or in the root.
                    below = self._relative(folder, path)
                    target = below if below in self._known else self._relative(self._base, path)
                    self._add(member.path, [target], name)

    def _look_into_workspace(self, folder: str, lock: str) -> None:
        """The edges between the members of a workspace, which one lock file serves."""
        home = self._relative(folder, ".") or "."
        for source, target in locks.workspace_edges(Path(folder, lock)):
            one = self._relative(folder, source)
            if one is not None:
                through = lock if one == home else posixpath.normpath(posixpath.join(home, lock))
                self._add(one, [self._relative(folder, target)], through)

    def _note(self, member: Member, name: str, why: str) -> None:
        if why:
            self.problems.setdefault(member.path, []).append(f"{name} cannot be read: {why}")

    def _add(self, path: str, targets: Iterable[str | None], through: str) -> None:
        for target in targets:
            if target is not None and target != path and {path, target} <= self._known:
                self._found.setdefault(path, {}).setdefault(target, {})[through] = None

    def _relative(self, folder: str, path: str) -> str | None:
        return relative(self._base, folder, path)


def relative(base: str, folder: str, path: str) -> str | None:
    """`path`, written in a file of `folder`, relative to the root `base`; None where it lies outside."""
    try:
        absolute = disk.realpath(os.path.join(folder, path))
    except (OSError, ValueError):  # a NUL in it, a loop of links
        return None
    if absolute == base:
        return "."
    return absolute[len(base) + 1 :].replace(os.sep, "/") if absolute.startswith(base + os.sep) else None


def _pipfile_folders(path: Path) -> list[str]:
    """Local folders of a Pipfile, relative to it; OSError and ValueError for a damaged one."""
    data = disk.read_toml(path)
    tables = [table for table in data.values() if isinstance(table, dict)]
    entries = [entry for table in tables for entry in table.values() if isinstance(entry, dict)]
    return [entry["path"] for entry in entries if isinstance(entry.get("path"), str)]


def requirements_folders(path: Path) -> list[str]:
    """Local folders of a requirements file and those that it includes (`-e ../lib`, `./lib`, `lib @ file:…`), as
    written."""
    return [local for text in requirements_lines(path) if (local := _local_folder(text))]


def requirements_lines(path: Path) -> list[str]:
    """The requirements of a file and of those that it includes, without comments."""
    return requirements.all_lines(path.as_posix(), disk.text_or_none)


def _local_folder(requirement: str) -> str | None:
    """The folder that a line of a requirements file installs from, as written."""
    item = re.sub(r"^(?:-e|--editable)[\s=]*", "", requirement)
    direct = direct_path(item)
    if direct is None and "://" not in item and re.match(r"[^\s;@\[]*/|\.", item):
        return re.split(r"[\s;#\[]", item, maxsplit=1)[0]
    return direct
