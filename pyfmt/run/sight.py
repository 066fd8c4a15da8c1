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

from pyfmt import disk
from pyfmt.cache.keys import KeyFacts, fold, portable
from pyfmt.cache.observed import NOT_RACY_NS, Disk
from pyfmt.cache.remembered import MemoKind, MemoTable
from pyfmt.core.away import Use
from pyfmt.environments.provides import ModuleReader, NameContents
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
        self.reader = ModuleReader()
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
        found = {place: self.reader.contents(*_split(place)) for place in places}
        return {place: _Marked(self._mark(_split(place)[0], each.places), each) for place, each in found.items()}

    def _holds(self, place: SiteName, known: _Marked) -> bool:
        site, name = _split(place)
        entries = [each for each in known.contents.places if "/" not in each]
        return entries == self.reader.entries(site, name) and known.mark == self._mark(site, known.contents.places)

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
class _Installed:
    """What is installed under a top-level name."""

    rows: list[list[str]]  # what identifies its contents, by folders of the search path
    imported: frozenset[str]  # the names that these import in turn
    looked: frozenset[SiteName]


class _View:
    """One environment's search path, as a project's files have it."""

    def __init__(self, use: Use, facts: KeyFacts, installed: InstalledContents) -> None:
        self._environment = environment = use.environment
        self._installed = installed
        self._reader = installed.reader
        self._root = facts.root
        own = (os.path.normpath(os.path.join(facts.root, root)) for root in use.project.import_roots)
        roots = (*own, *facts.roots.get(environment.prefix, ()))
        entries = dict.fromkeys((*roots, *environment.search_path, *environment.finder_roots))
        standard = {entry for entry in entries if disk.is_file(os.path.join(entry, "os.py"))}
        self._entries = [entry for entry in entries if entry not in standard and not entry.endswith("lib-dynload")]
        hooks = [[module, portable(path, environment, facts.root)] for module, path in sorted(environment.remapped)]
        self._levels: dict[str, list[tuple[str, list[str]]]] = {}
        self._tops: dict[str, _Installed] = {}
        self.looked: dict[frozenset[str], frozenset[SiteName]] = {}  # by the names that were asked for
        self._about = [str(environment.python), facts.trusted(environment) and environment.fingerprint, hooks]

    def digest(self, names: frozenset[str]) -> str:
        """Of all that can be seen by some dotted names, and by those that what is found there imports.

        Of what is installed, all counts that is below a top-level name; of a namespace's portions elsewhere those that
        are named, or meant by an attribute: each environment has others besides.
        """
        attributes = frozenset(name[1:] for name in names if name.startswith("@"))
        waiting = [name for name in names if not name.startswith("@")]
        tops: dict[str, _Installed] = {}
        rows: dict[str, list[list[str]]] = {}
        while waiting:
            dotted = waiting.pop()
            top = dotted.partition(".")[0]
            if top not in tops:
                tops[top] = self._installed_as(top)
                waiting += tops[top].imported
            *spaces, (name, folders) = self._followed(dotted)
            for space, places in spaces:
                if space not in rows:
                    rows[space] = []
                    inside = (
                        self._reader.names(f"{each}/{_last(space)}") for each in places if self._site(each) is None
                    )
                    waiting += [f"{space}.{each}" for each in sorted(attributes & frozenset[str]().union(*inside))]
            rows[name] = [self._row(folder) for folder in folders if self._site(folder) is None]
        self.looked[names] = frozenset[SiteName]().union(*(found.looked for found in tops.values()))
        installed = sorted((top, found.rows) for top, found in tops.items())
        text = json.dumps([self._about, installed, sorted(rows.items())])
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()

    def _followed(self, dotted: str) -> list[tuple[str, list[str]]]:
        """The names that a dotted name leads through, each with the folders that have it: mere namespaces but for the
        last one."""
        if dotted not in self._levels:
            name, *below = dotted.split(".")
            levels = [(name, self._having(self._entries, name))]
            while below and levels[-1][1] and all(self._is_namespace(each, _last(name)) for each in levels[-1][1]):
                inside = [f"{each}/{_last(name)}" for each in levels[-1][1]]
                name = f"{name}.{below[0]}"
                levels.append((name, self._having(inside, below.pop(0))))
            self._levels[dotted] = levels
        return self._levels[dotted]

    def _having(self, folders: Iterable[str], name: str) -> list[str]:
        return [folder for folder in folders if name in self._reader.names(folder)]

    def _is_namespace(self, folder: str, name: str) -> bool:
        """Whether a name in a folder is nothing but a folder to which other folders of the search path may add."""
        inside = self._reader.names(f"{folder}/{name}")
        return self._reader.entries(folder, name) == [name] and "__init__" not in inside

    def _site(self, folder: str) -> str | None:
        """The site folder that a folder is, or is in."""
        return next((each for each in self._environment.site_packages if f"{folder}/".startswith(f"{each}/")), None)

    def _installed_as(self, top: str) -> _Installed:
        """What is under a top-level name in the site folders and in what these put on the search path."""
        if top not in self._tops:
            rows: list[list[str]] = []
            imported, looked = frozenset[str](), set[SiteName]()
            for entry in self._having(self._entries, top):
                site = self._site(entry)
                if site is not None:
                    place = (site, f"{entry}/{top}".removeprefix(f"{site}/"))
                    contents = self._installed.of(place)
                    looked.add(place)
                    imported |= contents.imported
                    rows.append([portable(entry, self._environment, self._root), contents.digest])
            self._tops[top] = _Installed(rows, imported, frozenset(looked))
        return self._tops[top]

    def _row(self, folder: str) -> list[str]:
        """What identifies a name's contents in a folder: one of the monorepo is the same for everybody; of one
        elsewhere, or in an environment, nothing is known."""
        label = portable(folder, self._environment, self._root)
        same = label.startswith("<root>") and f"{real_path(folder)}/".startswith(f"{self._root}/")
        return [label, "" if same else self._environment.prefix]


def _last(name: str) -> str:
    return name.rpartition(".")[2]


@lru_cache(maxsize=None)
def real_path(path: str) -> str:
    """With links resolved; asked for each path once."""
    return disk.realpath(path)
