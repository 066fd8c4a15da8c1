"""Digests of what tools can import from folders: of the monorepo's, and of editable installs from outside of it."""

from __future__ import annotations

import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence

from pyfmt import disk
from pyfmt.cache.digests import ContentDigests, total_of
from pyfmt.core.folders import nearest_home
from pyfmt.core.model import Environment, Project
from pyfmt.core.tool_values import EVERYTHING

_SUFFIXES = (".py", ".pyi", ".so", ".pyd", ".pyc", "py.typed")
MODULES = (".py", ".pyi")
_MOST_FOLDERS = 5_000
_PASSED_OVER = frozenset({"__pycache__", "node_modules", "site-packages", ".git", ".tox", ".nox", ".venv"})


class Sources:
    """The importable files of a monorepo by folder; paths are relative to `root`, or absolute outside of it.

    `projects` together own all files that the walk has found, the last one may be nameless: what belongs to no project.
    `digest` gives a file's content digest. Whatever was asked for is remembered until `forget`.
    """

    def __init__(self, root: str, projects: Sequence[Project], digest: ContentDigests) -> None:
        self._root = root
        self._digest = digest
        self._owners: dict[str, list[Project]] = {}
        for project in projects:
            self._owners.setdefault(project.path, []).append(project)
        self._paths = sorted(self._owners)
        self._known: dict[str, bytes] = {}
        self._lists: dict[str, bytes] = {}
        self._found: dict[str, str | None] = {}
        self._seen: dict[str, tuple[str, ...]] = {}

    def forget(self) -> None:
        """Ask for every digest anew from now on."""
        self._known.clear()
        self._lists.clear()

    def below(self, folder: str) -> bytes:
        """What can be imported from a folder, or EVERYTHING: the paths and contents of all files."""
        found = self._known.get(folder)
        if found is None:
            if os.path.isabs(folder):
                found = total_of(self._contents(folder))
            else:
                found = self._digest.together(folder, self._files(folder))
            self._known[folder] = found
        return found

    def listed(self, folder: str) -> bytes:
        """As `below`, but for the contents of the monorepo's modules: that these are there."""
        found = self._lists.get(folder)
        if found is None:
            if os.path.isabs(folder):
                found = self.below(folder)
            else:
                known = ((f, b"" if f.endswith((*MODULES, "/")) else self._digest(f)) for f in self._files(folder))
                found = total_of(known)
            self._lists[folder] = found
        return found

    def listing(self, folder: str) -> dict[str, str]:
        """Each file below a folder with its shortened digest, for telling what has changed."""
        return {path: content.hex()[:16] for path, content in self._contents(folder)}

    def known(self, folders: Iterable[str]) -> tuple[frozenset[str], frozenset[str]]:
        """The files of the monorepo that `below` holds for folders, and the folders of which it holds every name."""
        inside = [folder for folder in folders if not os.path.isabs(folder)]
        files: set[str] = set()
        places: set[str] = set()
        for folder in inside:
            files.update(self._everything() if folder == EVERYTHING else self._members(folder))
        for file in files:
            place = os.path.dirname(file.rstrip("/"))
            while place and place not in places:
                places.add(place)
                if place in self._owners:
                    break
                place = os.path.dirname(place)
        return frozenset(files), frozenset(places)

    def visible(self, environment: Environment) -> tuple[str, ...]:
        """The folders with sources that an environment's search path leads to; its installed packages are not among
        them."""
        if environment.prefix not in self._seen:
            renamed = (path if disk.is_dir(path) else os.path.dirname(path) for _, path in environment.remapped)
            entries = dict.fromkeys((*environment.search_path, *environment.finder_roots, *renamed))
            folders = {self._folder(entry) for entry in entries if not self._is_installed(entry, environment)}
            self._seen[environment.prefix] = tuple(sorted(folder for folder in folders if folder is not None))
        return self._seen[environment.prefix]

    def _is_installed(self, entry: str, environment: Environment) -> bool:
        """Whether a search path entry is told by the environment's fingerprint or its Python version."""
        if entry in environment.site_packages or entry.endswith((".zip", "lib-dynload")):
            return True
        if disk.is_within(entry, environment.prefix) and not disk.is_within(self._root, environment.prefix):
            return True
        return self._is_standard(entry)

    def _is_standard(self, entry: str) -> bool:
        if entry not in self._found:
            standard = not disk.is_within(entry, self._root) and disk.is_file(os.path.join(entry, "os.py"))
            self._found[entry] = "" if standard else self._place(entry)
        return self._found[entry] == ""

    def _folder(self, entry: str) -> str | None:
        if entry not in self._found:
            self._found[entry] = self._place(entry)
        return self._found[entry] or None

    def _place(self, entry: str) -> str | None:
        """A folder as the walk knows it; the absolute path where the walk has not been there; None where there is
        none."""
        real = disk.realpath(entry)
        if disk.is_within(real, self._root):
            relative = os.path.relpath(real, self._root).replace(os.sep, "/")
            if next(iter(self._members(relative)), None) is not None:
                return relative
        if real != self._root and disk.is_within(self._root, real):
            return None  # "/", perhaps: what a tool asked there is observed
        return real if disk.is_dir(real) else None

    def _contents(self, folder: str) -> Iterator[tuple[str, bytes]]:
        """Every file below a folder, in a stable order, without where the folder lies if that is outside."""
        if os.path.isabs(folder):
            files = sorted(_files_outside(folder))
            yield from ((os.path.relpath(file, folder), self._digest(file)) for file in files)
            return
        files = self._files(folder)
        self._digest.fetch(files)
        for file in files:
            # A folder without Python files (it ends in "/") can be imported too, and holds nothing.
            yield file, b"" if file.endswith("/") else self._digest(file)

    def _files(self, folder: str) -> list[str]:
        """The files of the monorepo below a folder, sorted."""
        return sorted(self._everything() if folder == EVERYTHING else self._members(folder))

    def _everything(self) -> Iterator[str]:
        for projects in self._owners.values():
            for project in projects:
                yield from project.files
                yield from project.hidden

    def _members(self, folder: str) -> Iterator[str]:
        """The files that belong to `folder`: its own, and those of projects further down that can be imported from
        it."""
        prefix = "" if folder == "." else folder + "/"
        owner = nearest_home(folder, self._owners)
        for project in self._owners[owner] if owner is not None else ():
            for file in (*project.files, *project.hidden):
                if file.startswith(prefix):
                    yield file
        start = bisect_left(self._paths, prefix)
        for path in self._paths[start:]:
            if not path.startswith(prefix):
                break
            if path not in (owner, ".") and all(map(str.isidentifier, path[len(prefix) :].split("/"))):
                for project in self._owners[path]:
                    yield from project.files
                    yield from project.hidden


def _files_outside(folder: str) -> list[str]:
    """The importable files below a folder that is no part of the monorepo's walk.

    None of one that has very many folders (`/usr`): walking it would take longer than the tools, and what they ask
    there is observed.
    """
    found: list[str] = []
    for count, (where, folders, names) in enumerate(disk.walk(folder)):
        if count >= _MOST_FOLDERS:
            return []
        folders[:] = [name for name in folders if name not in _PASSED_OVER and not name.endswith(".egg-info")]
        if "pyvenv.cfg" in names and where != folder:
            folders.clear()
            continue
        found += (os.path.join(where, name) for name in names if name.endswith(_SUFFIXES))
    return found
