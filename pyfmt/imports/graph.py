"""Which file imports which, by the names that each file can be imported under.

Where it cannot be known, more is taken than less: a file that cannot be parsed imports all below the names it seems to
name, and a name that no import root gives is looked for by its last parts.
"""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from pyfmt.core.graphs import reached
from pyfmt.imports.parse import Read, absolute_texts, start_folder


@dataclass(frozen=True, slots=True)
class Home:
    """The files of a project, those that are gone included, and the folders that they are imported from."""

    path: str
    files: tuple[str, ...]
    import_roots: tuple[str, ...]
    notebooks: tuple[str, ...] = ()  # they import, and nobody imports them


class _Names:
    """Modules by the dotted names under which they can be imported."""

    def __init__(self, named: Iterable[tuple[str, str]]) -> None:
        self.files: dict[str, list[str]] = {}
        for name, file in named:
            self.files.setdefault(name, []).append(file)

    @cached_property
    def tops(self) -> frozenset[str]:
        """The first parts of all names."""
        return frozenset(name.partition(".")[0] for name in self.files)

    @cached_property
    def _below(self) -> dict[str, set[str]]:
        """A name, and the names directly below it; few imports ask."""
        below: dict[str, set[str]] = {}
        for name in self.files:
            child = name
            while child and child not in below.setdefault(parent := child.rpartition(".")[0], set()):
                below[parent].add(child)
                child = parent
        return below

    def children(self, name: str, deep: bool) -> Iterator[str]:
        """The files directly below a name, or all of them."""
        below = self._below.get(name, set())
        for child in reached(below, lambda each: self._below.get(each, ())) if deep else below:
            yield from self.files.get(child, ())


class ImportGraph:
    """Every first-party import between the files of a monorepo; `read` gives what a file imports."""

    def __init__(self, homes: Sequence[Home], read: Read) -> None:
        self._read = read
        self._homes = homes
        self._own: dict[str, _Names] = {}  # of a project, made when it is first asked for
        self._loose: dict[str, _Names] = {}  # the same by their last parts
        self._absolutes: dict[tuple[str, str], set[str]] = {}  # what an import means to a project's files
        self._folders: dict[str, list[str]] = {}  # by path without suffix: "a/b" for a/b.py and a/b/__init__.py
        self._placed: dict[str, list[tuple[str, str]]] = {}  # by project: such paths with their files
        self._named: dict[str, list[tuple[str, str]]] = {}  # by project: dotted names with their files
        for home in homes:
            placed = [(_place(file), file) for file in home.files]
            for place, file in placed:
                self._folders.setdefault(place, []).append(file)
            self._placed.setdefault(home.path, []).extend(placed)
            self._named.setdefault(home.path, []).extend(_dotted_names(placed, home.import_roots))
        # Stubs may lie on any mypy_path.
        stubs = ((place, file) for placed in self._placed.values() for place, file in placed if file.endswith(".pyi"))
        self._everywhere = _Names(chain(*self._named.values(), _tails(stubs)))

    def importers(self, changed: Iterable[str]) -> dict[str, str]:
        """Every file that imports one of `changed`, directly or through others, with the file that it imports.

        Looked into is only who mentions the name of what is reached: in a large tree that is little of it.
        """
        mentions = _Mentions(self._homes, self._read, self._folders)
        known: dict[tuple[str, str], set[str]] = {}
        start = set(changed)
        found: dict[str, str] = {}
        waiting = sorted(start)
        for target in waiting:  # grows while it is gone through: nearest importers first
            for place in sorted(mentions.of(target)):
                importer = place[0]
                if importer in found or importer in start:
                    continue
                if place not in known:
                    known[place] = self.targets(*place)
                if target in known[place]:
                    found[importer] = target
                    waiting.append(importer)
        return found

    def targets(self, file: str, home: str) -> set[str]:
        """The files that a file of the project `home` imports; a computed name counts as all that it may be."""
        found: set[str] = set()
        for text in self._read(file):
            if text.startswith("@"):
                continue
            if text.startswith("!"):
                found |= self._absolute(file, home, f"{text[1:]}.**") if text != "!" else self._relative(file, ".**")
            elif text.startswith("."):
                found |= self._relative(file, text)
                for name in self.absolute_names(file, text):
                    # Not what the namespace alone leads to: that is elsewhere a module called like it.
                    space = name.removesuffix(f".{text.lstrip('.')}")
                    found |= self._absolute(file, home, name) - self._absolute(file, home, space)
            else:
                found |= self._absolute(file, home, text)
        found.discard(file)
        return found

    def absolute_names(self, file: str, text: str) -> list[str]:
        """What a relative import means where it begins in a namespace: its portions lie in several folders."""
        folder = start_folder(file, text)
        if any(posixpath.basename(each).startswith("__init__.") for each in self._folders.get(folder or ".", ())):
            return []
        return [*absolute_texts(file, text, self._called.get(file, ()))]

    @cached_property
    def _called(self) -> dict[str, list[str]]:
        """The dotted names of files."""
        called: dict[str, list[str]] = {}
        for name, file in chain(*self._named.values()):
            called.setdefault(file, []).append(name)
        return called

    @cached_property
    def words(self) -> frozenset[str]:
        """The parts of the names of all modules."""
        return frozenset(part for place in self._folders for part in place.split("/"))

    def _relative(self, file: str, text: str) -> set[str]:
        """By the folders, as packages are."""
        return self._in_folder(start_folder(file, text), text.lstrip("."))

    def _in_folder(self, folder: str, name: str) -> set[str]:
        found = set(self._folders.get(folder or ".", ()))
        place = folder
        for part in name.split("."):
            if part in ("*", "**"):
                found |= self._inside(place, part == "**")
                break
            place = posixpath.join(place, part)
            found.update(self._folders.get(place, ()))
        return found

    def _inside(self, folder: str, deep: bool) -> set[str]:
        prefix = folder + "/" if folder else ""
        return {
            file
            for place, files in self._folders.items()
            if place.startswith(prefix) and (deep or "/" not in place[len(prefix) :])
            for file in files
        }

    def _absolute(self, file: str, home: str, text: str) -> set[str]:
        if (home, text) not in self._absolutes:
            self._absolutes[home, text] = self._by_name(home, text)
        return self._absolutes[home, text] | self._beside(file, text)

    def _by_name(self, home: str, text: str) -> set[str]:
        """By the names that modules have for a project."""
        name, _, stars = text.partition(".*")
        found: set[str] = set()
        prefix = ""
        parts = name.split(".")
        # Something must put a further folder on the search path.
        is_unknown = parts[0] not in self._everywhere.tops and parts[0] not in sys.stdlib_module_names
        if home not in self._own:
            self._own[home] = _Names(self._named.get(home, ()))
        if is_unknown and home not in self._loose:
            self._loose[home] = _Names(_tails(self._placed.get(home, ())))
        tables = [self._own[home], self._everywhere, *([self._loose[home]] if is_unknown else [])]
        for number, part in enumerate(parts):
            prefix = f"{prefix}.{part}" if prefix else part
            for table in tables:
                targets = list(table.files.get(prefix, ()))
                if text.endswith("*") and number == len(parts) - 1:
                    targets += table.children(prefix, deep=stars == "*")
                if targets:
                    found.update(targets)
                    break
        return found

    def _beside(self, file: str, text: str) -> set[str]:
        """Modules beside a script, which Python itself finds there first."""
        folder, first = file.rpartition("/")[0], text.partition(".")[0]
        if (f"{folder}/{first}" if folder else first) not in self._folders:
            return set()
        return self._in_folder(folder, text) - set(self._folders.get(folder or ".", ()))


class _Mentions:
    """Which files could import a module, by the words of their imports: more than do, never less."""

    def __init__(self, homes: Sequence[Home], read: Read, places: Iterable[str]) -> None:
        """`places` are the paths of all modules, without suffix: an import that begins with no word of theirs leads to
        none."""
        self._texts: dict[str, list[tuple[str, str]]] = {}  # an import, and who has it: files with their projects
        self._below: dict[str, set[tuple[str, str]]] = {}  # by the folder that a relative import begins in
        self._any: set[tuple[str, str]] = set()  # that import what they do not name
        for home in homes:
            for file in home.files + home.notebooks:
                self._take((file, home.path), read(file))
        self._words: dict[tuple[str, str], list[str]] = {}  # by an import's first word and any of its words
        known = {word for place in places for word in place.replace("/", ".").split(".")}
        for text in self._texts:
            words = text.lstrip(".").split(".")
            for word in words if words[0] in known else ():
                self._words.setdefault((words[0], word), []).append(text)

    def _take(self, place: tuple[str, str], texts: Sequence[str]) -> None:
        for text in texts:
            mark = text[:1]
            if mark == "@":
                continue
            if mark == "!" or text.endswith("*"):
                self._any.add(place)
                continue
            self._texts.setdefault(text, []).append(place)
            if mark == ".":
                self._below.setdefault(start_folder(place[0], text) or ".", set()).add(place)

    def of(self, file: str) -> set[tuple[str, str]]:
        """The files, with their projects, that could import a file."""
        place = _place(file)
        words = place.replace("/", ".").split(".")
        found = self._any | self._below.get(place, set())
        for first in set(words):
            for text in self._words.get((first, words[-1]), ()):
                found.update(self._texts[text])
        return found


def _dotted_names(placed: Iterable[tuple[str, str]], roots: Iterable[str]) -> list[tuple[str, str]]:
    """The names under which the modules of a project are imported from its roots, with their files."""
    starts = ["" if root == "." else f"{root}/" for root in roots]
    return [
        (place[len(start) :].replace("/", "."), file)
        for place, file in placed
        for start in starts
        if place.startswith(start) and place != "."
    ]


def _tails(placed: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Modules' paths as names, and what is left of these without their first folders."""
    for place, file in placed:
        parts = place.split("/")
        yield from ((".".join(parts[start:]), file) for start in range(len(parts)))


def _place(file: str) -> str:
    """A module's path as imports name it: without the suffix, a package's folder for its `__init__`."""
    stem = file.rpartition(".")[0]
    folder, _, name = stem.rpartition("/")
    return (folder or ".") if name == "__init__" else stem
