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

    def from_(self, files: Iterable[str], visible: Callable[[str], bool]) -> frozenset[str]:
        """The files themselves, and those that they reach through files that are `visible`."""
        return frozenset(reached(files, lambda file: filter(visible, self._imported(file))))

    def chain(self, files: Iterable[str], target: str, visible: Callable[[str], bool]) -> list[str]:
        """The shortest way from one of the files to another file, both included; empty where there is none."""
        return [*shortest_way(sorted(files), target, lambda file: filter(visible, sorted(self._imported(file))))]

    def names(self, files: Iterable[str]) -> frozenset[str]:
        """The dotted names that files import, those of the monorepo among them; of a star, what it is of."""
        texts = (text.lstrip("!") for file in files for text in self._read(file) if not text.startswith("@"))
        return frozenset(text.partition(".*")[0] for text in texts if text and not text.startswith("."))

    def _imported(self, file: str) -> frozenset[str]:
        found = self._targets.get(file)
        if found is None:
            owner = self._owners.get(file)
            found = self._targets[file] = (
                frozenset(self._graph.targets(file, owner)) if owner is not None else frozenset()
            )
        return found
