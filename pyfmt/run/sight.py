"""What a file can see in an environment, by which two environments are known to give it the same answer.

That is the Python, and for each name that the file can reach by imports the places on the search path that have it,
with the modules that are installed there.
"""

from __future__ import annotations

import hashlib
import json
import marshal
import os
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pyfmt.cache.keys import KeyFacts, fold, portable
from pyfmt.cache.observed import NOT_RACY_NS, Disk
from pyfmt.cache.remembered import MemoKind, MemoTable
from pyfmt.core.away import Use
from pyfmt.environments.provides import ModuleReader, NameContents, importable
from pyfmt.imports.reachable import Reachable

SiteName = tuple[str, str]  # a site folder, absolute, and a name in it, after the folders of namespaces ("acme/grpc")


class Sight:
    """What a file can see in an environment: equal texts only where a tool would say the same."""

    def __init__(
        self, installed: InstalledContents, facts: KeyFacts, reach: Reachable, libraries: frozenset[str]
    ) -> None:
        self._facts = facts
        self._reach = reach
        self._libraries = libraries
        self._names: dict[str, frozenset[str]] = {}
        self._known: dict[tuple[str, tuple[str, ...], frozenset[str]], str] = {}
        self._views: dict[tuple[str, tuple[str, ...]], _View] = {}
        self._installed = installed

    def __call__(self, use: Use, file: str) -> str:
        if file not in self._names:
            closure = self._reach.from_([file], lambda each: each in self._libraries)
            self._names[file] = self._reach.names(closure)
        place = (use.environment.prefix, use.project.import_roots)
        key = (*place, self._names[file])
        if key not in self._known:
            if place not in self._views:
                self._views[place] = _View(use, self._facts, self._installed)
            self._known[key] = self._views[place].digest(self._names[file])
        return self._known[key]

    def places(self, use: Use, file: str) -> frozenset[SiteName]:
        """What was looked at in order to say what a file can see."""
        view = self._views.get((use.environment.prefix, use.project.import_roots))
        return view.looked.get(self._names[file], frozenset()) if view is not None else frozenset()


@dataclass(frozen=True, slots=True)
class _Marked:
    mark: str  # "" where it may change again within the same time stamp
    contents: NameContents


_MARKED = MemoKind("contents of a name", 2, _Marked, shared=False, lasting=lambda found: bool(found.mark))


class InstalledContents:
    """What is under names in site folders, remembered by the times and sizes of all that is there."""

    def __init__(self, table: MemoTable) -> None:
        self._table = table
        self._disk = Disk()
        self._began_ns = time.time_ns()
        self._reader = ModuleReader()
        self._known: dict[SiteName, NameContents] = {}

    def of(self, place: SiteName) -> NameContents:
        """What is under one name."""
        if place not in self._known:
            self._look([place])
        return self._known[place]

    def total(self, places: Iterable[SiteName]) -> str:
        """A digest of what is under some names, whatever their folders are called."""
        wanted = list(places)
        self._look([place for place in wanted if place not in self._known])
        return fold("installed", [[name, self._known[site, name].digest] for site, name in wanted]).hex()

    def _look(self, places: Iterable[SiteName]) -> None:
        found = self._table.remembered(_MARKED, places, lambda place, _: {"place": place}, self._read, self._holds)
        self._known.update({place: marked.contents for place, marked in found.items()})

    def _read(self, places: Sequence[SiteName]) -> dict[SiteName, _Marked]:
        found = {place: self._reader.contents(*_split(place)) for place in places}
        return {place: _Marked(self._mark(_split(place)[0], each.places), each) for place, each in found.items()}

    def _holds(self, place: SiteName, known: _Marked) -> bool:
        site, name = _split(place)
        entries = [each for each in known.contents.places if "/" not in each]
        return entries == self._reader.entries(site, name) and known.mark == self._mark(site, known.contents.places)

    def _mark(self, site: str, places: Iterable[str]) -> str:
        """A digest of times and sizes; "" where something changed so shortly before that it could change again within
        the same time stamp."""
        marks = [self._disk.mark(f"{site}/{place}") for place in places]
        newest = max((max(mark[:2]) for mark in marks if mark is not None), default=0)
        if newest >= self._began_ns - NOT_RACY_NS:
            return ""
        return hashlib.sha256(marshal.dumps(marks, 2)).hexdigest()[:32]


def _split(place: SiteName) -> tuple[str, str]:
    """A folder, and a name that stands right in it."""
    folder, _, name = "/".join(place).rpartition("/")
    return folder, name


@dataclass(frozen=True, slots=True)
class _SeenName:
    """What a dotted name leads to: the module or package of the first part that is no mere namespace."""

    name: str
    rows: list[list[str]]  # what identifies its contents, by folders of the search path
    imported: frozenset[str]  # the names that these import in turn
    looked: frozenset[SiteName]


class _View:
    """One environment's search path, as a project's files have it."""

    def __init__(self, use: Use, facts: KeyFacts, installed: InstalledContents) -> None:
        self._environment = environment = use.environment
        self._installed = installed
        self._root = facts.root
        own = (os.path.normpath(os.path.join(facts.root, root)) for root in use.project.import_roots)
        roots = (*own, *facts.roots.get(environment.prefix, ()))
        entries = dict.fromkeys((*roots, *environment.search_path, *environment.finder_roots))
        standard = {entry for entry in entries if os.path.isfile(os.path.join(entry, "os.py"))}
        self._entries = [entry for entry in entries if entry not in standard and not entry.endswith("lib-dynload")]
        hooks = [[module, portable(path, environment, facts.root)] for module, path in sorted(environment.remapped)]
        self._known: dict[str, _SeenName] = {}
        self.looked: dict[frozenset[str], frozenset[SiteName]] = {}  # by the names that were asked for
        self._about = [str(environment.python), facts.trusted(environment) and environment.fingerprint, hooks]

    def digest(self, names: frozenset[str]) -> str:
        """Of all that can be seen by some dotted names, and by those that what is found there imports."""
        seen: dict[str, _SeenName] = {}
        waiting = sorted(names)
        while waiting:
            found = self._found(waiting.pop())
            if found.name not in seen:
                seen[found.name] = found
                waiting += found.imported
        self.looked[names] = frozenset[SiteName]().union(*(found.looked for found in seen.values()))
        text = json.dumps([self._about, sorted((name, found.rows) for name, found in seen.items())])
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()

    def _found(self, dotted: str) -> _SeenName:
        if dotted not in self._known:
            folders, (name, *below) = self._having(self._entries, dotted.partition(".")[0]), dotted.split(".")
            while below and folders and all(_is_namespace(folder, name.rpartition(".")[2]) for folder in folders):
                inside = [f"{folder}/{name.rpartition('.')[2]}" for folder in folders]
                name = f"{name}.{below[0]}"
                folders = self._having(inside, below.pop(0))
            self._known[dotted] = self._known.get(name) or self._read(name, folders)
            self._known[name] = self._known[dotted]
        return self._known[dotted]

    @staticmethod
    def _having(folders: Iterable[str], name: str) -> list[str]:
        return [folder for folder in folders if name in _importable(folder)]

    def _read(self, name: str, folders: Iterable[str]) -> _SeenName:
        """What is under a name in each of the folders that have it."""
        rows: list[list[str]] = []
        imported, looked = frozenset[str](), set[SiteName]()
        for folder in folders:
            label, last = portable(folder, self._environment, self._root), name.rpartition(".")[2]
            site = next((each for each in self._environment.site_packages if f"{folder}/".startswith(f"{each}/")), None)
            if site is not None:
                place = (site, f"{folder}/{last}".removeprefix(f"{site}/"))
                contents = self._installed.of(place)
                looked.add(place)
                imported |= contents.imported
                rows.append([label, contents.digest])
                continue
            # A folder of the monorepo is the same for everybody; of one elsewhere, or in an environment, nothing is
            # known.
            same = label.startswith("<root>") and f"{real_path(folder)}/".startswith(f"{self._root}/")
            rows.append([label, "" if same else self._environment.prefix])
        return _SeenName(name, rows, imported, frozenset(looked))


@lru_cache(maxsize=None)
def _is_namespace(folder: str, name: str) -> bool:
    """Whether a name in a folder is nothing but a folder to which other folders of the search path may add."""
    return ModuleReader().entries(folder, name) == [name] and "__init__" not in _importable(f"{folder}/{name}")


@lru_cache(maxsize=None)
def _importable(folder: str) -> frozenset[str]:
    return importable(folder)


@lru_cache(maxsize=None)
def real_path(path: str) -> str:
    """With links resolved; asked for each path once."""
    return os.path.realpath(path)
