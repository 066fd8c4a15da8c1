"""What a tool asked of the disk, without where checkout, environment and interpreter lie, and what the disk says now.

An answer of a tool is good for as long as all that it asked would be answered the same. The questions are kept by
groups, one for each top-level name of a search path ("requests": all that was asked below `site-packages/requests*`),
so that it can be said which files a changed answer concerns; "" is the group of what belongs to no name.
"""

from __future__ import annotations

import hashlib
import json
import marshal
import os
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace

from pyfmt import disk
from pyfmt.cache.repeating.answering import mark
from pyfmt.core.model import Environment

REST = ""  # the group of what cannot be told apart
ALL = "*"  # stands for all names of a folder that can be imported
_GONE = "-"
_FOLDER = "/"
_NOTHING = "?"  # a link to what is not there: its name is listed, and yet nobody can import it
NOT_RACY_NS = 2_000_000_000  # see cache/digests.py
_IMPORTABLE = ("", "py", "pyi", "so", "pyd", "pyc", "typed")
_PASSED_OVER = frozenset({"__pycache__"})

Answers = dict[str, str]  # by what was asked, in words


_ABOVE = "<above "  # and how many levels above the checkout's root


@dataclass(frozen=True, slots=True)
class PortablePaths:
    """Turns paths into portable ones and back, for one environment of one checkout."""

    root: str
    environment: str
    base: str
    entries: tuple[str, ...]  # where names are looked for: the search path, the longest first

    @classmethod
    def of(cls, environment: Environment | None, root: str, roots: Iterable[str] = ()) -> PortablePaths:
        """`roots` are further folders that names are looked for in, absolute or relative to the checkout's `root`."""
        if environment is None:
            return cls(root, "", "", ())
        base = os.path.dirname(os.path.dirname(environment.base_executable))
        found = {*environment.search_path, *environment.finder_roots, *(os.path.join(root, each) for each in roots)}
        entries = {os.path.normpath(entry) for entry in found if not _is_standard(entry)}
        return cls(root, environment.prefix, base, tuple(sorted(entries, key=lambda entry: (-len(entry), entry))))

    def _pairs(self) -> tuple[tuple[str, str], ...]:
        pairs = ((self.environment, "<environment>"), (self.root, "<root>"), (self.base, "<base>"))
        return tuple(pair for pair in pairs if pair[0])

    def portable(self, path: str) -> str:
        """A path without where things lie."""
        for folder, name in self._pairs():
            if path == folder or path.startswith(folder.rstrip("/") + "/"):
                return name + path[len(folder) :]
        above = os.path.dirname(path).rstrip("/") + "/"
        if path.startswith("/") and self.root.startswith(above):  # tools look there for what the root is a part of
            return f"{_ABOVE}{self.root[len(above) :].count('/') + 1}>/{os.path.basename(path)}"
        return path

    def local(self, text: str) -> str:
        """The path that `portable` made `text` of."""
        for folder, name in self._pairs():
            if text.startswith(name):
                return folder + text[len(name) :]
        if text.startswith(_ABOVE):
            levels, _, name = text[len(_ABOVE) :].partition(">/")
            return os.path.join(self.root.rsplit("/", int(levels))[0] or "/", name)
        return text

    def at(self, other: PortablePaths) -> PortablePaths:
        """Where the same lies in another environment."""
        return replace(other, entries=tuple(other.local(self.portable(entry)) for entry in self.entries))

    def group(self, path: str) -> str:
        """The name below the search path that a path belongs to.

        An environment may lie below an entry (`project/.venv`), or elsewhere: what is in it counts for itself.
        """
        own = self.environment + "/" if self.environment and path.startswith(self.environment + "/") else ""
        for entry in self.entries:
            if path.startswith(entry + "/") and (entry + "/").startswith(own):
                return _group_of(path[len(entry) + 1 :].partition("/")[0])
        return REST

    def is_above(self, folder: str) -> bool:
        """Whether a folder holds the checkout, the environment or the interpreter: anything may come and go there."""
        inside = folder.rstrip("/") + "/"
        if inside.startswith(self.root + "/"):
            return False
        return any(place.startswith(inside) for place in (self.root, self.environment, self.base))


def _is_standard(entry: str) -> bool:
    """Whether a search path entry is Python's own library."""
    return entry.endswith((".zip", "lib-dynload")) or disk.is_file(os.path.join(entry, "os.py"))


def _group_of(name: str) -> str:
    """The group of a top-level entry of a search path."""
    if name.endswith((".dist-info", ".egg-info")):
        return name.partition("-")[0]
    return stem_of(name)


def stem_of(name: str) -> str:
    """What of a file's name an import statement would say."""
    return name.partition(".")[0] or name


@dataclass(slots=True)
class Observed:
    """Questions; all paths portable."""

    read: dict[str, list[str]] = field(default_factory=dict)  # by folder: files whose content counts
    names: dict[str, list[str]] = field(default_factory=dict)  # by folder: names of which only the existence counts
    exist: list[str] = field(default_factory=list)  # single paths, likewise
    links: list[str] = field(default_factory=list)
    variables: list[str] = field(default_factory=list)

    def joined(self, other: Observed) -> Observed:
        """The questions of both."""
        return Observed(
            _joined(self.read, other.read),
            _joined(self.names, other.names),
            *(sorted({*getattr(self, name), *getattr(other, name)}) for name in ("exist", "links", "variables")),
        )


def joined_up(each: Iterable[Observed]) -> Observed:
    """The questions of all."""
    total = Observed()
    for observed in each:
        total = total.joined(observed)
    return total


def _joined(first: Mapping[str, list[str]], second: Mapping[str, list[str]]) -> dict[str, list[str]]:
    return {key: sorted({*first.get(key, ()), *second.get(key, ())}) for key in sorted({*first, *second})}


class Disk:
    """Answers questions, each path once; made anew for each look."""

    def __init__(self, environ: Mapping[str, str] = os.environ) -> None:
        self._environ = environ
        self._listings: dict[str, dict[str, str] | None] = {}
        self._linked: dict[str, dict[str, str]] = {}
        self._stems: dict[str, dict[str, list[str]]] = {}
        self._contents: dict[str, str] = {}
        self._marks: dict[str, tuple[int, ...] | None] = {}

    def listing(self, folder: str) -> dict[str, str] | None:
        """The names in a folder, each with a sign of what it is, or leads to; None where it cannot be listed."""
        if folder not in self._listings:
            self.mark(folder)  # first: what changes in between has another one
            found: dict[str, str] = {}
            links = self._linked[folder] = {}
            try:
                with disk.scandir(folder) as entries:
                    for entry in entries:
                        if entry.is_symlink():
                            found[entry.name] = links[entry.path] = self.led_to(entry.path)
                        else:
                            found[entry.name] = _FOLDER if disk.is_folder(entry) else ""
                self._listings[folder] = found
            except OSError:
                self._listings[folder] = None
        return self._listings[folder]

    def linked(self, folder: str) -> Mapping[str, str]:
        """The links in a folder, each with a sign of what it leads to: the folder's times do not tell that."""
        self.listing(folder)
        return self._linked[folder]

    def led_to(self, path: str) -> str:
        """A sign of what a link leads to."""
        return _FOLDER if disk.is_dir(path) else "" if disk.exists(path) else _NOTHING

    def named(self, folder: str, stem: str) -> str:
        """What is in a folder under a name, with any suffix; `stem` may be "*" for all that can be imported."""
        found = self.listing(folder)
        if not found:
            return _GONE if found is None else ""
        if stem == ALL:
            names = [name for name in found if _can_be_imported(name)]
        else:
            names = self._by_stem(folder, found).get(stem, [])
        return " ".join(sorted(name + found[name] for name in names))

    def _by_stem(self, folder: str, found: Mapping[str, str]) -> dict[str, list[str]]:
        if folder not in self._stems:
            known = self._stems[folder] = {}
            for name in found:
                known.setdefault(stem_of(name), []).append(name)
        return self._stems[folder]

    def content(self, path: str) -> str:
        """A digest of a file's content; other words where there is no file."""
        if path not in self._contents:
            found = self.mark(path)  # first: what changes in between has another one
            try:
                regular = found is not None and stat.S_ISREG(found[4])
                data = disk.read_bytes(path, disk.ANY_SIZE) if regular else b""
                known = hashlib.sha256(data).hexdigest()[:32] if regular else _FOLDER
            except (OSError, ValueError):
                found = None
            self._contents[path] = known if found else _GONE
        return self._contents[path]

    def link(self, path: str) -> str:
        """Where a link leads to, "-" where there is none."""
        try:
            return disk.readlink(path)
        except (OSError, ValueError):
            return _GONE

    def variable(self, name: str) -> str:
        """A digest of a variable's value, "-" where it is not set."""
        value = self._environ.get(name)
        return _GONE if value is None else hashlib.sha256(value.encode("utf-8", "surrogateescape")).hexdigest()[:32]

    def mark(self, path: str) -> tuple[int, ...] | None:
        """What changes with every change of a file, and of a folder with every name that comes or goes."""
        if path not in self._marks:
            try:
                self._marks[path] = mark(disk.stat(path))
            except (OSError, ValueError):
                self._marks[path] = None
        return self._marks[path]


def _can_be_imported(name: str) -> bool:
    stem, _, suffix = name.partition(".")
    return stem.isidentifier() and suffix.rpartition(".")[2] in _IMPORTABLE and name not in _PASSED_OVER


def answers(observed: Observed, places: PortablePaths, now: Disk) -> dict[str, Answers]:
    """The answers to all questions, by group."""
    found: dict[str, Answers] = {}
    for folder, names in observed.read.items():
        here = places.local(folder)
        for name in names:
            path = os.path.join(here, name)
            found.setdefault(places.group(path), {})[f"{folder}/{name}"] = now.content(path)
    for folder, stems in observed.names.items():
        here = places.local(folder)
        for stem in stems:
            group = places.group(os.path.join(here, stem)) if stem != ALL else REST
            found.setdefault(group, {})[f"{folder}/{stem}.*"] = now.named(here, stem)
    rest = found.setdefault(REST, {})
    for text in observed.exist:
        rest[f"{text}?"] = str(disk.lexists(places.local(text)))
    for text in observed.links:
        path = places.local(text)
        found.setdefault(places.group(path), {})[f"{text} ->"] = places.portable(now.link(path))
    for name in observed.variables:
        rest[f"${name}"] = now.variable(name)
    return found


def digests(groups: Mapping[str, Answers]) -> dict[str, str]:
    """A digest for each group."""
    return {
        group: hashlib.sha256(json.dumps(said, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        for group, said in sorted(groups.items())
    }


def marks(observed: Observed, places: PortablePaths, now: Disk, before_ns: int) -> str | None:
    """A digest of times and sizes of all that was asked: where it is as it was, so are the answers, on this machine.

    None where something was changed so shortly before `before_ns` that it could change again within the same time
    stamp.
    """
    total = hashlib.sha256(repr(places).encode("utf-8", "surrogateescape"))
    found = [now.mark(path) for path in _marked(observed, places)]
    newest = max((max(mark[:2]) for mark in found if mark is not None), default=0)
    total.update(marshal.dumps(found, 2))  # later versions write what they have met before in another way
    for folder, stems in observed.names.items():
        if _is_inside_checkout(folder):
            here = places.local(folder)
            total.update("\0".join(now.named(here, stem) for stem in stems).encode("utf-8", "surrogateescape"))
    for text in observed.exist:
        total.update(b"1" if disk.lexists(places.local(text)) else b"0")
    for text in observed.links:
        total.update(now.link(places.local(text)).encode("utf-8", "surrogateescape") + b"\0")
    for name in observed.variables:
        total.update(now.variable(name).encode() + b"\0")
    return total.hexdigest()[:32] if newest < before_ns - NOT_RACY_NS else None


def links_of(observed: Observed, places: PortablePaths, now: Disk) -> dict[str, str]:
    """The links among the names that were asked for, with what they lead to, which `marks` does not see."""
    folders = [places.local(folder) for folder in observed.names if not _is_inside_checkout(folder)]
    return {path: there for folder in folders for path, there in now.linked(folder).items()}


def _marked(observed: Observed, places: PortablePaths) -> Iterator[str]:
    for folder, names in observed.read.items():
        here = places.local(folder)
        for name in names:
            yield f"{here}/{name}"
    for folder in observed.names:
        if not _is_inside_checkout(folder):
            yield places.local(folder)


def _is_inside_checkout(folder: str) -> bool:
    """Whether it is a folder where files come and go all the time, so that its time says little."""
    return folder.startswith("<root>")
