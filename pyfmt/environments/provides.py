"""What can be imported under a top-level name of a site folder: the modules that are there, whoever put them there."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Iterator, Set
from dataclasses import dataclass

from pyfmt import disk

# A whole statement, so that hardly any prose or example in a docstring counts. More is no harm, less would be.
_STATEMENT = re.compile(
    rb"^[ \t]*(?:from[ \t]+([A-Za-z_]\w*)[\w.]*[ \t]+import[ \t(*\\\w]|import[ \t]+([A-Za-z_][\w., \t]*))", re.MULTILINE
)
_SUFFIXES = ("py", "pyi", "pyc", "so", "pyd")
_READ = (".py", ".pyi", "py.typed")  # by their content; of compiled modules nobody sees more than their size
_STUBS = "-stubs"
_CACHE = "__pycache__"


@dataclass(frozen=True, slots=True)
class NameContents:
    """What is under a name: equal digests wherever the same modules are."""

    places: tuple[str, ...]  # folders and files, relative to the site folder: what was looked at
    digest: str
    imported: frozenset[str]  # the top-level names that the modules seem to import


def _entries(folder: str) -> Iterator[tuple[str, str]]:
    """What can be imported from a folder: names, and the files and folders that have them."""
    for entry in disk.names_in(folder):
        name, _, suffix = entry.partition(".")
        if entry != _CACHE and (not suffix or suffix.endswith(_SUFFIXES)):
            yield name.removesuffix(_STUBS), entry


class ModuleReader:
    """Reads modules, those that are one file (an installer's hard links) once for all environments."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], tuple[str, frozenset[str]]] = {}
        self._entries: dict[str, dict[str, list[str]]] = {}

    def names(self, folder: str) -> Set[str]:
        """The names that can be imported from a folder on the search path; empty for one that is not there.

        Stubs (`requests-stubs`) count as what they describe.
        """
        return self._listed(folder).keys()

    def entries(self, folder: str, name: str) -> list[str]:
        """What is directly in a folder under a name."""
        return self._listed(folder).get(name, [])

    def _listed(self, folder: str) -> dict[str, list[str]]:
        if folder not in self._entries:
            known = self._entries[folder] = {}
            for name, entry in _entries(folder):
                known.setdefault(name, []).append(entry)
        return self._entries[folder]

    def contents(self, site: str, name: str) -> NameContents:
        """All that is below a name; what cannot be read is told apart from what can."""
        places: list[str] = []
        rows: list[str] = []
        imported: set[str] = set()
        for entry in self.entries(site, name):
            for place, is_folder in _below(site, entry):
                places.append(place)
                if not is_folder:
                    said, names = self._read(os.path.join(site, place))
                    rows.append(f"{place}\0{said}")
                    imported |= names
        total = hashlib.sha256("\n".join(rows).encode("utf-8", "surrogateescape")).hexdigest()
        return NameContents(tuple(places), total, frozenset(imported))

    def _read(self, path: str) -> tuple[str, frozenset[str]]:
        try:
            found = disk.stat(path)
            if not path.endswith(_READ):
                return str(found.st_size), frozenset()
            mark = (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns)
            if mark not in self._known:
                source = disk.read_bytes(path)
                self._known[mark] = (hashlib.sha256(source).hexdigest(), frozenset(_imported(source)))
            return self._known[mark]
        except OSError:
            return "", frozenset()  # a link to nothing, a pipe: nobody can import it


def _below(site: str, place: str, above: frozenset[tuple[int, int]] = frozenset()) -> Iterator[tuple[str, bool]]:
    """An entry of a site folder and all modules below it, each with whether it is a folder; links are followed."""
    path = os.path.join(site, place)
    if not disk.is_dir(path):
        yield place, False
        return
    status = disk.stat(path)
    mark = (status.st_dev, status.st_ino)
    if mark in above:
        return  # a link to a folder that it is in
    yield place, True
    try:
        with disk.scandir(path) as entries:
            found = sorted((entry.name, disk.is_folder(entry)) for entry in entries)
    except OSError:
        return  # nobody can import what is in it
    for name, is_folder in found:
        if is_folder and name.isidentifier() and name != _CACHE:
            yield from _below(site, f"{place}/{name}", above | {mark})
        elif not is_folder and (name.partition(".")[2].endswith(_SUFFIXES) or name == "py.typed"):
            yield f"{place}/{name}", False


def _imported(source: bytes) -> Iterator[str]:
    for origin, plain in _STATEMENT.findall(source):
        if origin:
            yield origin.decode()
            continue
        for item in plain.decode().split(","):
            words = item.split()
            if words and (len(words) == 1 or words[1] == "as"):
                yield words[0].partition(".")[0]
