"""Which file imports which, by the names that each file can be imported under.

Where it cannot be known, more is taken than less: a file that cannot be parsed imports all below the names it seems to
name, and a name that no import root gives is looked for by its last parts.
"""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from pyfmt.imports.index import Index, Roots, place_of, prefixes
from pyfmt.imports.parse import Read, absolute_texts, start_folder


@dataclass(frozen=True, slots=True)
class Home:
    """The files of a project, those that are gone included, and the folders that they are imported from."""

    path: str
    files: tuple[str, ...]
    import_roots: tuple[str, ...]
    notebooks: tuple[str, ...] = ()  # they import, and nobody imports them


class ImportGraph:
    """Every first-party import between the files of a monorepo; `read` gives what a file imports."""

    def __init__(self, homes: Sequence[Home], read: Read) -> None:
        self._read = read
        self._homes = homes
        self._indexes = {home.path: Index(home.files) for home in homes}
        self._index = Index.joined(self._indexes.values())
        roots = {home.path: [(self._indexes[home.path], root, "") for root in home.import_roots] for home in homes}
        self._own = {home: Roots(each) for home, each in roots.items()}
        self._loose: dict[str, Roots] = {}  # the same by their last parts, made when it is first asked for
        # Stubs may lie on any mypy_path.
        stubs = Index(file for home in homes for file in home.files if file.endswith(".pyi"))
        self._everywhere = Roots([*chain(*roots.values()), *((stubs, folder, "") for folder in stubs.below)])
        self._absolutes: dict[tuple[str, str], set[str]] = {}  # what an import means to a project's files

    def importers(self, changed: Iterable[str]) -> dict[str, str]:
        """Every file that imports one of `changed`, directly or through others, with the file that it imports.

        Looked into is only who mentions the name of what is reached: in a large tree that is little of it.
        """
        mentions = _Mentions(self._homes, self._read, self._index.at)
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
        if any(posixpath.basename(each).startswith("__init__.") for each in self._index.at.get(folder, ())):
            return []
        home, place = self._home_of.get(file), place_of(file)
        return [*absolute_texts(file, text, self._own[home].names_of(place))] if home is not None and place else []

    @cached_property
    def _home_of(self) -> dict[str, str]:
        """The projects of all modules."""
        return {file: home.path for home in self._homes for file in home.files}

    @cached_property
    def words(self) -> frozenset[str]:
        """The parts of the names of all modules."""
        return frozenset(part for place in self._index.at for part in place.split("/"))

    def _relative(self, file: str, text: str) -> set[str]:
        """By the folders, as packages are."""
        return self._in_folder(start_folder(file, text), text.lstrip("."))

    def _in_folder(self, folder: str, name: str) -> set[str]:
        at = self._index.at
        return {file for place in self._index.from_folder(folder, name) for file in at.get(place, ())}

    def _absolute(self, file: str, home: str, text: str) -> set[str]:
        if (home, text) not in self._absolutes:
            self._absolutes[home, text] = self._by_name(home, text)
        return self._absolutes[home, text] | self._beside(file, text)

    def _by_name(self, home: str, text: str) -> set[str]:
        """By the names that modules have for a project."""
        name, star, stars = text.partition(".*")
        found: set[str] = set()
        tables = [self._own[home], self._everywhere]
        top = name.partition(".")[0]
        if top not in self._everywhere.tops and top not in sys.stdlib_module_names:
            # Something must put a further folder on the search path.
            if home not in self._loose:
                index = self._indexes[home]
                self._loose[home] = Roots((index, folder, "") for folder in index.below)
            tables.append(self._loose[home])
        for prefix in prefixes(name):
            for table in tables:
                places = table.named(prefix)
                if star and prefix == name:
                    places = [*places, *table.below(prefix, deep=stars == "*")]
                targets = [file for index, place in places for file in index.at.get(place, ())]
                if targets:
                    found.update(targets)
                    break
        return found

    def _beside(self, file: str, text: str) -> set[str]:
        """Modules beside a script, which Python itself finds there first."""
        folder, first = file.rpartition("/")[0], text.partition(".")[0]
        if (f"{folder}/{first}" if folder else first) not in self._index.at:
            return set()
        return self._in_folder(folder, text) - set(self._index.at.get(folder, ()))


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
                self._below.setdefault(start_folder(place[0], text), set()).add(place)

    def of(self, file: str) -> set[tuple[str, str]]:
        """The files, with their projects, that could import a file."""
        place = place_of(file) or ""
        words = place.replace("/", ".").split(".")
        found = self._any | self._below.get(place, set())
        for first in set(words):
            for text in self._words.get((first, words[-1]), ()):
                found.update(self._texts[text])
        return found
