"""Which files of the monorepo some files reach by imports, and which top-level names these import on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from pyfmt.core.graphs import reached, shortest_way
from pyfmt.imports.graph import ImportGraph
from pyfmt.imports.parse import Read


class Reachable:
    """Follows imports; each file's are looked up once. `owners` gives the path of each file's project."""

    def __init__(self, graph: ImportGraph, read: Read, owners: Mapping[str, str]) -> None:
        self._graph = graph
        self._read = read
        self._owners = owners
        self._targets: dict[str, frozenset[str]] = {}
        self._names: dict[str, frozenset[str]] = {}

    def from_(self, files: Iterable[str], visible: Callable[[str], bool]) -> frozenset[str]:
        """The files themselves, and those that they reach through files that are `visible`."""
        return frozenset(reached(files, lambda file: filter(visible, self._imported(file))))

    def chain(self, files: Iterable[str], target: str, visible: Callable[[str], bool]) -> list[str]:
        """The shortest way from one of the files to another file, both included; empty where there is none."""
        return [*shortest_way(sorted(files), target, lambda file: filter(visible, sorted(self._imported(file))))]

    def names(self, files: Iterable[str]) -> frozenset[str]:
        """The dotted names that files import, those of the monorepo among them; of a star, what it is of. "@name" is
        an attribute by which a module of the monorepo may be meant."""
        return frozenset().union(*map(self._names_of, files))

    def _names_of(self, file: str) -> frozenset[str]:
        if file not in self._names:
            found: set[str] = set()
            for text in self._read(file):
                if text.startswith("@"):
                    found.update([text] if text[1:] in self._graph.words else ())
                elif text.startswith("."):
                    found.update(self._graph.absolute_names(file, text))
                else:
                    found.add(text.lstrip("!"))
            self._names[file] = frozenset(text.partition(".*")[0] for text in found if text)
        return self._names[file]

    def _imported(self, file: str) -> frozenset[str]:
        found = self._targets.get(file)
        if found is None:
            owner = self._owners.get(file)
            found = self._targets[file] = (
                frozenset(self._graph.targets(file, owner)) if owner is not None else frozenset()
            )
        return found
