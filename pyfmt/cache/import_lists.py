"""What the files of a project import, remembered for all of them at once: a large tree is then few questions."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence

from pyfmt.cache.import_memory import SourceReader
from pyfmt.cache.keys import fold
from pyfmt.cache.memory import Memory
from pyfmt.core.model import Project


class ImportLists:
    """What a file imports, as `graph.Read` has it, but for the names ("@name") that are no imports.

    The first question about a file answers those about all of its project.
    """

    def __init__(self, read: SourceReader, memory: Memory, projects: Iterable[Project]) -> None:
        self._read, self._memory = read, memory
        self._homes = {
            file: project for project in projects for file in (*project.files, *project.hidden, *project.notebooks)
        }
        self._known: dict[str, list[str]] = {}

    def __call__(self, file: str) -> Sequence[str]:
        """What a file imports; nothing for one that cannot be read."""
        if file not in self._known:
            home = self._homes.get(file)
            self._known.update(self._lists((*home.files, *home.hidden, *home.notebooks) if home else (file,)))
        return self._known[file]

    def _lists(self, files: Sequence[str]) -> dict[str, list[str]]:
        store, digests = self._memory.store, self._memory.digests
        wanted = [file for file in files if not file.endswith("/")]
        key = fold("import lists", 1, sys.version_info[:3], [(file, digests.of(file)) for file in wanted])
        known = _loaded(store.get([key]).get(key)) if store and len(wanted) > 1 else None
        if known is not None and known.keys() == {*wanted}:
            return known
        found = {file: [text for text in self._read(file) if not text.startswith("@")] for file in wanted}
        steady = all(digests.again(file) == digests.of(file) for file in wanted)
        if store and steady and len(wanted) > 1:
            store.put({key: json.dumps(found, separators=(",", ":")).encode("utf-8", "surrogatepass")})
        return found


def _loaded(value: bytes | None) -> dict[str, list[str]] | None:
    try:
        found = json.loads(value.decode("utf-8", "surrogatepass")) if value is not None else None
    except ValueError:
        return None  # damaged: a miss
    return found if isinstance(found, dict) else None
