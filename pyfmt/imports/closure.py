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
from dataclasses import dataclass, field
from functools import lru_cache

from pyfmt.imports.definitions import Definition, seen_of
from pyfmt.imports.index import MODULES, Index, Roots, place_of, prefixes
from pyfmt.imports.parse import Read, absolute_texts, start_folder

Trees = Callable[[str], str]  # what others can see of a file (`pyfmt.imports.tree_digest`), "" for its very bytes
Defined = Callable[[str], Sequence[Definition]]  # what a file defines
Reads = Mapping[str, Sequence[str]]  # by module: names that somebody looks up, ALL for whatever is in it
ALL = "*"


@dataclass(slots=True)
class ReachedPaths:
    """What earlier runs know of the paths that files reach; it holds where all modules among them import the same."""

    imports: dict[str, str] = field(default_factory=dict)  # by module: a digest of what it imports
    digests: dict[str, str] = field(default_factory=dict)  # by file: of all paths that it reaches, and of `rest`


# What is known where every file reaches these; what is added to it is kept.
PathMemory = Callable[[frozenset[str]], ReachedPaths]


@dataclass(frozen=True, slots=True)
class Tree:
    """What can be imported: files with their digests (a folder without any ends in "/"), and from where."""

    contents: Mapping[str, str]
    index: Index  # of these
    roots: Roots
    rest: str = ""  # digest of everything else that any of the files may depend on
    # Its top-level names that packages which are not in it may import, too
    shared: frozenset[str] = frozenset()
    paths: str = ""  # a digest of the paths in `contents`, and of `rest`
    memory: PathMemory = lambda _: ReachedPaths()


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
        self.paths = tree.paths
        self._memory = tree.memory
        self._contents = tree.contents
        self._rest = tree.rest
        self._read = read
        self._trees = trees
        self._defined = defined
        self._lines = lines
        self._index = tree.index
        self._roots = tree.roots
        self.roots = frozenset(tree.roots.folders)
        self._shared = tree.shared
        self._attributes: dict[str, frozenset[str]] = {}  # by file, once its imports have been read
        self._direct: dict[str, frozenset[str]] = {}
        self._said: dict[str, tuple[str, ...]] = {}
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
        self._alike: dict[frozenset[str], str] = {}
        self._reached: ReachedPaths | None = None

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
        for name in self._index.below.get(package, frozenset()).intersection(names):
            for path in self._at(f"{package}/{name}"):
                yield path
                if path.endswith("/"):
                    yield from (f"{called}:" for called in [*self._names_of(path)] or [path])

    def names_attribute(self, file: str, name: str) -> bool:
        """Whether a file, or one that it reaches, names an attribute, or has a string that could name it."""
        return any(name in self._attributes.get(path, ()) for path in self.of(file))

    def has(self, file: str) -> bool:
        """Whether it is one of the files."""
        return file in self._contents

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
        total = hashlib.sha256(f"{self._paths_digest(file)} {own} {file}".encode("utf-8", "surrogateescape"))
        for path, names in sorted(reads.items()):
            seen = self._visible(path) or self._contents[path]
            if seen != self._contents[path] and ALL not in names:
                seen = seen_of(self._defined(path), names)
            total.update(f"\n{path}\0{seen}".encode("utf-8", "surrogateescape"))
        return total.hexdigest()

    def _paths_digest(self, file: str) -> str:
        """Of the paths of all that a file reaches; found out only where no earlier run knows it."""
        known = self._known_paths()
        found = known.digests.get(file)
        if found is None:
            found = self._folded(self._alike, file, lambda _: "")
            imports = {path: _digest_of(self._imports(path)) for path in self.of(file) if path.endswith(MODULES)}
            if all(known.imports.get(path, digest) == digest for path, digest in imports.items()):
                known.imports.update(imports)
                known.digests[file] = found
        return found

    def _known_paths(self) -> ReachedPaths:
        if self._reached is None:
            self._reached = known = self._memory(self._always)
            if any(_digest_of(self._imports(path)) != digest for path, digest in known.imports.items()):
                known.imports.clear()
                known.digests.clear()
        return self._reached

    def _imports(self, file: str) -> tuple[str, ...]:
        """What a file imports, as it was when that was first asked."""
        if file not in self._said:
            self._said[file] = tuple(self._read(file))
        return self._said[file]

    def tree_digest(self, file: str) -> str:
        """Of what others can see of a file and of all that it reaches: its comments, say, are not in it."""
        return self._folded(self._seen, file, lambda path: self._visible(path) or self._contents.get(path, ""))

    def exact_digest(self, file: str) -> str:
        """Of the contents of a file and of all that it reaches."""
        return self._folded(self._digests, file, lambda path: self._contents.get(path, ""))

    def _visible(self, path: str) -> str:
        return self._trees(path) if path.endswith(MODULES) and path in self._contents else ""

    def _folded(self, known: dict[frozenset[str], str], file: str, content: Callable[[str], str]) -> str:
        reached = self.of(file)
        found = known.get(reached)
        if found is None:
            total = hashlib.sha256(self._rest.encode())
            for path in sorted(path for path in reached if not path.endswith("/")):
                total.update(f"{path}\0{content(path)}\n".encode("utf-8", "surrogateescape"))
            found = known[reached] = total.hexdigest()
        return found

    def _at(self, place: str) -> Iterator[str]:
        """What stands at a place: files, and a folder that can be imported, too."""
        yield from self._index.at.get(place, ())
        if place and place in self._index.below:
            yield f"{place}/"

    def _there(self, places: Iterable[str]) -> Iterator[str]:
        """What stands at places, of which the folders are to count."""
        for place in places:
            for path in self._at(place):
                yield path
                if path.endswith("/"):
                    yield f"{path}?"

    def _targets(self, file: str) -> frozenset[str]:
        found = self._direct.get(file)
        if found is None:
            targets = set[str]()
            if file.endswith(MODULES):
                targets.update(self._packages(file))
                read = self._imports(file)
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
            yield from (f"{path}?" for path in self._at(place))
            place = posixpath.dirname(place)
        for called in self._names_of(file):
            for path in self._absolute(called):
                if not path.endswith("/"):
                    yield path if path.endswith(":") else f"{path}?"

    def _names_of(self, path: str) -> Iterator[str]:
        """The dotted names of a file or folder."""
        place = place_of(path) if path.endswith("/") or path in self._contents else None
        return self._roots.names_of(place) if place is not None else iter(())  # "" is the root

    def _absolute(self, text: str) -> Iterator[str]:
        name, star, _ = text.partition(".*")
        for prefix in prefixes(name):
            found = [path for _, place in self._roots.named(prefix) for path in self._at(place)]
            yield from found
            if any(path.endswith("/") for path in found):
                yield f"{prefix}:"
        if text.endswith("**"):
            yield from self._below(name)
        elif star:
            yield from self._there(place for _, place in self._roots.below(name, deep=False))

    def _below(self, name: str) -> Iterator[str]:
        """Everything that a name and the names below it lead to."""
        return self._there(place for _, place in (*self._roots.named(name), *self._roots.below(name, deep=True)))

    def _relative(self, file: str, text: str) -> Iterator[str]:
        """By the folders, and by the names that the file has: a namespace's portions lie in several folders."""
        name = text.lstrip(".")
        if name == "**":  # the file cannot be parsed, and may name anything
            yield from (
                each for path in self._contents for each in ((path, f"{path}?") if path[-1] == "/" else (path,))
            )
            return
        yield from self._there(self._index.from_folder(start_folder(file, text), name))
        for absolute in absolute_texts(file, text, self._names_of(file)):
            yield from self._absolute(absolute)


@lru_cache(maxsize=None)  # most are read for many environments
def _digest_of(imports: tuple[str, ...]) -> str:
    return hashlib.sha256("\n".join(imports).encode("utf-8", "surrogateescape")).hexdigest()[:32]


def beginning(file: str, files: Mapping[str, str]) -> str:
    """The folder where the chain of packages that a file is in begins: pylint looks there if an import root is a
    package."""
    folder = posixpath.dirname(file)
    while folder and (f"{folder}/__init__.py" in files or f"{folder}/__init__.pyi" in files):
        folder = posixpath.dirname(folder)
    return folder or "."
