"""Which files of the monorepo a file can reach by imports: all that a linter's messages about it can depend on there.

Where it cannot be known, more is taken than less: every folder that may be on the search path counts, whichever comes
first, every branch of a file, and what a star may import. A name's folders count too, and so do files that do not exist
yet: once they do, the names that lead to them reach more than before.
"""

from __future__ import annotations

import copy
import hashlib
import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from pyfmt.core.graphs import reached
from pyfmt.imports.definitions import Definition, seen_of
from pyfmt.imports.parse import Read, absolute_texts, start_folder

Trees = Callable[[str], str]  # what others can see of a file (`pyfmt.imports.tree_digest`), "" for its very bytes
Defined = Callable[[str], Sequence[Definition]]  # what a file defines
Reads = Mapping[str, Sequence[str]]  # by module: names that somebody looks up, ALL for whatever is in it
ALL = "*"
_MODULES = (".py", ".pyi")
_COMPILED = (".so", ".pyd", ".pyc")


@dataclass(frozen=True, slots=True)
class Tree:
    """What can be imported: files with their digests (a folder without any ends in "/"), and from where."""

    contents: Mapping[str, str]
    roots: tuple[tuple[str, str], ...]  # folder ("." for all), and the dotted name that it stands for, "" for none
    rest: str = ""  # digest of everything else that any of the files may depend on
    # Its top-level names that packages which are not in it may import, too
    shared: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Closure:
    """All that a file reaches, with the attributes that are named there, and the folders of packages among it."""

    paths: frozenset[str]
    attributes: frozenset[str]
    packages: frozenset[str]


class Reach:
    """The files that each file reaches; nothing is read before it is asked for.

    Among them are folders, which end in "/" and do not count themselves, names that some folder has, which end in ":",
    and what only counts as being there: that ends in "?".
    """

    def __init__(
        self,
        tree: Tree,
        read: Read,
        trees: Trees = lambda _: "",
        defined: Defined = lambda _: (),
        lines: Trees = lambda _: "",
    ) -> None:
        self._contents = tree.contents
        self._rest = tree.rest
        self._read = read
        self._trees = trees
        self._defined = defined
        self._lines = lines
        self._names: dict[str, set[str]] = {}
        self._called: dict[str, set[str]] = {}  # the dotted names of a file
        self._children: dict[str, set[str]] = {}
        self._places: dict[str, set[str]] = {}  # by path without suffix
        self.roots = frozenset(folder for folder, _ in tree.roots)
        roots: dict[str, set[str]] = {}
        for folder, name in tree.roots:
            roots.setdefault("" if folder == "." else folder, set()).add(name)
        for path in tree.contents:
            self._take(path, roots)
        self._shared = tree.shared
        self._below_places: dict[str, set[str]] = {}  # the names directly in a folder
        for place in self._places:
            folder, _, name = place.rpartition("/")
            self._below_places.setdefault(folder, set()).add(name)
        self._attributes: dict[str, frozenset[str]] = {}  # by file, once its imports have been read
        self._direct: dict[str, frozenset[str]] = {}
        self._begin(frozenset(found for name in tree.shared for found in self._below(name)))

    def asked(self, names: Iterable[str], tops: Iterable[str]) -> Reach:
        """The same where it is known what packages that are not in the tree ask for: `names`, of those below `tops`."""
        always = {path for top in self._shared.difference(tops) for path in self._below(top)}
        always.update(path for name in names for path in self._absolute(name))
        found = copy.copy(self)
        found._begin(frozenset(always))  # pylint: disable=protected-access  # its own class
        return found

    def _begin(self, always: frozenset[str]) -> None:
        """Forget what files reach; `always` is what every file does."""
        self._always = always
        self._known: dict[str, _Closure] = {}
        self._digests: dict[frozenset[str], str] = {}
        self._seen: dict[frozenset[str], str] = {}
        self._paths: dict[frozenset[str], str] = {}

    def of(self, file: str) -> frozenset[str]:
        """The file itself, and all that it reaches."""
        found = self._known.get(file)
        if found is None:
            found = self._known[file] = self._closure(file)
        return found.paths

    def _closure(self, file: str) -> _Closure:
        """Follow imports, and attributes that may mean a module of a package, until there is nothing new.

        What leads to a file of which all is known already is taken as a whole.
        """
        seen = {file, *self._always}
        attributes: set[str] = set()
        packages: set[str] = set()
        waiting = [*seen]
        while waiting:
            names, places = set[str](), set[str]()
            while waiting:
                current = waiting.pop()
                known = self._known.get(current)
                if known is not None:
                    seen |= known.paths
                    names |= known.attributes
                    places |= known.packages
                    continue
                targets = self._targets(current)
                waiting += targets - seen
                seen |= targets
                names |= self._attributes.get(current, frozenset())
                places.add(self._package(current))
            names -= attributes
            places -= packages | {""}
            attributes |= names
            # The new names in the packages of before, and all names in the new ones.
            asked = [(package, names) for package in packages if names]
            packages |= places
            for package, wanted in (*asked, *((package, attributes) for package in places)):
                found = set(self._modules(package, wanted)) - seen
                waiting += found
                seen |= found
        return _Closure(frozenset(seen), frozenset(attributes), frozenset(packages))

    def _package(self, path: str) -> str:
        """The folder of a package; "" for anything else."""
        if path.endswith("/"):
            return path[:-1]
        return posixpath.dirname(path) if path.endswith(("/__init__.py", "/__init__.pyi")) else ""

    def _modules(self, package: str, names: Iterable[str]) -> Iterator[str]:
        """What stands directly in a package's folder under some names."""
        below = self._below_places.get(package)
        if below:
            for name in below.intersection(names):
                for path in self._places[f"{package}/{name}"]:
                    yield path
                    if path.endswith("/"):
                        yield from (f"{called}:" for called in self._called.get(path, (path,)))

    def names_attribute(self, file: str, name: str) -> bool:
        """Whether a file, or one that it reaches, names an attribute, or has a string that could name it."""
        return any(name in self._attributes.get(path, ()) for path in self.of(file))

    def has(self, file: str) -> bool:
        """Whether it is one of the files."""
        return file in self._contents

    @property
    def names(self) -> list[str]:
        """The paths of all that can be imported, and the digest of what else counts."""
        return [*sorted(self._contents), self._rest]

    def digest(self, file: str, reads: Reads | None = None) -> str:
        """Of a file's content, and of what it sees of all that it reaches: two digests, the second one of its content
        alone; where the first ones of two are equal, they differ at most in its layout."""
        own = f"{self.seen_digest(file, reads)} {self.own_digest(file)}"
        return f"{hashlib.sha256(own.encode()).hexdigest()} {self._contents.get(file, '')}"

    def own_digest(self, file: str) -> str:
        """Of a file's tree and of its lines that say something; of its content where more of its layout counts."""
        tree, lines = self._visible(file), self._lines(file) if file in self._contents else ""
        return f"{tree} {lines}" if tree and lines else self._contents.get(file, "")

    def seen_digest(self, file: str, reads: Reads | None) -> str:
        """Of the paths of all that a file reaches, and of what it looks up there; of its own tree, if it is not among
        these.

        None: it may look at all of it, as where it has looked into what is not told apart (a link, say).
        """
        if reads is None or not all(map(self.has, reads)):
            return self.tree_digest(file)
        own = "" if file in reads else self._visible(file) or self._contents.get(file, "")
        paths = self._folded(self._paths, file, lambda _: "")
        total = hashlib.sha256(f"{paths} {own} {file}".encode("utf-8", "surrogateescape"))
        for path, names in sorted(reads.items()):
            seen = self._visible(path) or self._contents[path]
            if seen != self._contents[path] and ALL not in names:
                seen = seen_of(self._defined(path), names)
            total.update(f"\n{path}\0{seen}".encode("utf-8", "surrogateescape"))
        return total.hexdigest()

    def tree_digest(self, file: str) -> str:
        """Of what others can see of a file and of all that it reaches: its comments, say, are not in it."""
        return self._folded(self._seen, file, lambda path: self._visible(path) or self._contents.get(path, ""))

    def exact_digest(self, file: str) -> str:
        """Of the contents of a file and of all that it reaches."""
        return self._folded(self._digests, file, lambda path: self._contents.get(path, ""))

    def _visible(self, path: str) -> str:
        return self._trees(path) if path.endswith(_MODULES) and path in self._contents else ""

    def _folded(self, known: dict[frozenset[str], str], file: str, content: Callable[[str], str]) -> str:
        reached = self.of(file)
        found = known.get(reached)
        if found is None:
            total = hashlib.sha256(self._rest.encode())
            for path in sorted(path for path in reached if not path.endswith("/")):
                total.update(f"{path}\0{content(path)}\n".encode("utf-8", "surrogateescape"))
            found = known[reached] = total.hexdigest()
        return found

    def _take(self, path: str, roots: Mapping[str, set[str]]) -> None:
        place = path.rstrip("/")
        if not path.endswith("/"):
            stem, suffix = posixpath.splitext(path)
            if suffix in _COMPILED:
                folder, _, name = path.rpartition("/")
                stem = posixpath.join(folder, name.partition(".")[0])
            elif suffix not in _MODULES:
                return
            place = posixpath.dirname(stem) if posixpath.basename(stem) == "__init__" else stem
        self._places.setdefault(place, set()).add(path)
        entry, below = path, place
        while True:
            self._name(entry, below, roots)
            below = posixpath.dirname(below)
            if not below or below + "/" in self._places.get(below, ()):
                break
            entry = below + "/"  # a folder can be imported, too
            self._places.setdefault(below, set()).add(entry)

    def _name(self, entry: str, place: str, roots: Mapping[str, set[str]]) -> None:
        folder = place
        while True:
            for prefix in roots.get(folder, ()):
                inside = place[len(folder) :].strip("/").replace("/", ".")
                name = f"{prefix}.{inside}" if prefix and inside else prefix or inside
                if name:
                    self._names.setdefault(name, set()).add(entry)
                    self._called.setdefault(entry, set()).add(name)
                    self._children.setdefault(name.rpartition(".")[0], set()).add(name)
            if not folder:
                return
            folder = posixpath.dirname(folder)

    def _targets(self, file: str) -> frozenset[str]:
        found = self._direct.get(file)
        if found is None:
            targets = set[str]()
            if file.endswith(_MODULES):
                targets.update(self._packages(file))
                read = self._read(file)
                self._attributes[file] = frozenset(text[1:] for text in read if text.startswith("@"))
                for text in read:
                    if not text.startswith("@"):
                        targets.update(self._relative(file, text) if text.startswith(".") else self._absolute(text))
            found = self._direct[file] = frozenset(targets - {file})
        return found

    def _packages(self, file: str) -> Iterator[str]:
        """That the packages exist which a file is in, and the stub or module beside it: its own name depends on that.

        So does what else has its names. What is written in them counts only where the file imports them.
        """
        place = posixpath.splitext(file)[0]
        while place:
            yield from (f"{path}?" for path in self._places.get(place, ()))
            place = posixpath.dirname(place)
        for called in self._called.get(file, ()):
            for path in self._absolute(called):
                if not path.endswith("/"):
                    yield path if path.endswith(":") else f"{path}?"

    def _absolute(self, text: str) -> Iterator[str]:
        name, star, _ = text.partition(".*")
        prefix = ""
        for part in name.split("."):
            prefix = f"{prefix}.{part}" if prefix else part
            found = self._names.get(prefix, ())
            yield from found
            if any(path.endswith("/") for path in found):
                yield f"{prefix}:"
        if star:
            yield from self._inside(name, deep=text.endswith("**"))

    def _inside(self, name: str, deep: bool) -> Iterator[str]:
        if deep:
            yield from self._below(name)
            return
        for child in self._children.get(name, ()):
            yield from _being_there(self._names.get(child, ()))

    def _below(self, name: str) -> Iterator[str]:
        """Everything that a name and the names below it lead to."""
        for current in reached([name], lambda each: self._children.get(each, ())):
            yield from _being_there(self._names.get(current, ()))

    def _relative(self, file: str, text: str) -> Iterator[str]:
        """By the folders, and by the names that the file has: a namespace's portions lie in several folders."""
        name = text.lstrip(".")
        if name == "**":  # the file cannot be parsed, and may name anything
            yield from _being_there(self._contents)
            return
        yield from self._in_folder(start_folder(file, text), name)
        for absolute in absolute_texts(file, text, self._called.get(file, ())):
            yield from self._absolute(absolute)

    def _in_folder(self, folder: str, name: str) -> Iterator[str]:
        place = folder
        yield from _being_there(self._places.get(place, ()))
        for part in name.split("."):
            if part.startswith("*"):
                prefix = place + "/" if place else ""
                for below, paths in self._places.items():
                    if below.startswith(prefix) and (part == "**" or "/" not in below[len(prefix) :]):
                        yield from _being_there(paths)
                return
            place = posixpath.join(place, part)
            yield from _being_there(self._places.get(place, ()))


def _being_there(paths: Iterable[str]) -> Iterator[str]:
    """Paths, of which the folders are to count."""
    for path in paths:
        yield path
        if path.endswith("/"):
            yield f"{path}?"


def beginning(file: str, files: Mapping[str, str]) -> str:
    """The folder where the chain of packages that a file is in begins: pylint looks there if an import root is a
    package."""
    folder = posixpath.dirname(file)
    while folder and (f"{folder}/__init__.py" in files or f"{folder}/__init__.pyi" in files):
        folder = posixpath.dirname(folder)
    return folder or "."


def top_names(tree: Tree) -> Iterable[str]:
    """The first parts of all names under which something in the tree can be imported."""
    tops: set[str] = set()
    for folder, name in tree.roots:
        if name:
            tops.add(name.partition(".")[0])
            continue
        prefix = "" if folder in (".", "") else folder + "/"
        for path in tree.contents:
            if path.startswith(prefix):
                tops.add(path[len(prefix) :].partition("/")[0].partition(".")[0])
    return tops
