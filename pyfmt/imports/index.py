"""PURE: the index of a set of files: what stands at a path, and which paths a dotted name means.

It takes no side: who asks says which folders names begin in, and what to make of several answers (`owners`: the first
that Python would take; `graph` and `closure`: all of them).
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from pyfmt.core.model import Project

MODULES = (".py", ".pyi")
_COMPILED = (".so", ".pyd", ".pyc")


def place_of(path: str) -> str | None:
    """A path as imports name it: without its suffix, a package's or a listed folder's ("a/b/") own one; None for what
    nobody imports."""
    if path.endswith("/"):
        return path[:-1]
    folder, slash, name = path.rpartition("/")
    stem, _, suffix = name.rpartition(".")
    if f".{suffix}" in _COMPILED:
        stem = name.partition(".")[0]
    elif f".{suffix}" not in MODULES:
        return None
    if not stem:
        return None
    return folder if stem == "__init__" else folder + slash + stem


def modules_of(project: Project) -> list[str]:
    """All that can be imported from a project's sources, checked or not; no script that was named."""
    return [file for file in (*project.files, *project.hidden) if file.endswith(MODULES)]


def prefixes(dotted: str) -> Iterator[str]:
    """ "a", "a.b", "a.b.c"."""
    end = dotted.find(".")
    while end >= 0:
        yield dotted[:end]
        end = dotted.find(".", end + 1)
    yield dotted


class Index:
    """Files by their places, and the names directly in each folder; "" is the root."""

    def __init__(self, paths: Iterable[str] = ()) -> None:
        self.at: dict[str, list[str]] = {}
        self.below: dict[str, set[str]] = {}
        for path in paths:
            place = place_of(path)
            if place is not None:
                self.at.setdefault(place, []).append(path)
                self._link(place)

    @classmethod
    def joined(cls, parts: Iterable[Index]) -> Index:
        """That of all files of some others."""
        found = cls()
        for part in parts:
            for place, paths in part.at.items():
                found.at.setdefault(place, []).extend(paths)
            for folder, names in part.below.items():
                found.below.setdefault(folder, set()).update(names)
        return found

    def _link(self, place: str) -> None:
        while place:
            folder, _, name = place.rpartition("/")
            names = self.below.get(folder)
            if names is None:
                names = self.below[folder] = set()
            elif name in names:
                return
            names.add(name)
            place = folder

    def inside(self, folder: str, deep: bool) -> Iterator[str]:
        """The places directly in a folder, or all below it."""
        for name in self.below.get(folder, ()):
            place = f"{folder}/{name}" if folder else name
            yield place
            if deep:
                yield from self.inside(place, deep)

    def from_folder(self, folder: str, name: str) -> Iterator[str]:
        """The places that a name ("a.b", "a.*") leads through from a folder on, itself included."""
        yield folder
        for part in name.split("."):
            if part in ("*", "**"):
                yield from self.inside(folder, part == "**")
                return
            folder = posixpath.join(folder, part)
            yield folder


_Places = Sequence[tuple[Index, str]]


class Roots:
    """The folders that names begin in ("." is the root): each of an index, with the dotted name that it stands for, ""
    for none."""

    def __init__(self, roots: Iterable[tuple[Index, str, str]]) -> None:
        self.folders: set[str] = set()
        self._called: dict[str, list[str]] = {}  # by folder, "" for the root
        self._tops: dict[str, list[tuple[Index, str]]] = {}
        self._given: dict[str, list[tuple[Index, str]]] = {}  # the folders that stand for a name
        self._known: dict[str, list[tuple[Index, str]]] = {}
        for index, path, name in roots:
            self.folders.add(path)
            folder = "" if path == "." else path
            self._called.setdefault(folder, []).append(name)
            if name:
                self._given.setdefault(name, []).append((index, folder))
            for top in () if name else index.below.get(folder, ()):
                self._tops.setdefault(top, []).append((index, f"{folder}/{top}" if folder else top))

    @cached_property
    def tops(self) -> frozenset[str]:
        """The first parts of all names."""
        return frozenset((*self._tops, *(name.partition(".")[0] for name in self._given)))

    def named(self, dotted: str) -> _Places:
        """The places that have a dotted name."""
        found = self._known.get(dotted)
        if found is None:
            above, _, name = dotted.rpartition(".")
            found = [*self._tops.get(dotted, ()), *self._given.get(dotted, ())]
            for index, place in self.named(above) if above else ():
                if name in index.below.get(place, ()):
                    found.append((index, f"{place}/{name}" if place else name))
            self._known[dotted] = found
        return found

    def below(self, dotted: str, deep: bool) -> Iterator[tuple[Index, str]]:
        """The places whose names are directly below a name, or anywhere below it."""
        for index, place in self.named(dotted):
            yield from ((index, each) for each in index.inside(place, deep))
        for name, places in self._given.items():
            if name.startswith(f"{dotted}.") and (deep or "." not in name[len(dotted) + 1 :]):
                yield from places
                yield from ((index, each) for index, folder in places if deep for each in index.inside(folder, deep))

    def names_of(self, place: str) -> Iterator[str]:
        """The dotted names of a place."""
        folder = place
        while True:
            inside = place[len(folder) :].strip("/").replace("/", ".")
            for name in self._called.get(folder, ()):
                if name or inside:
                    yield f"{name}.{inside}" if name and inside else name or inside
            if not folder:
                return
            folder = posixpath.dirname(folder)
