"""Which paths each file reaches, remembered by what all of these import: where that is the same, no closure is made."""

from __future__ import annotations

from pyfmt.cache.import_memory import SourceReader
from pyfmt.cache.remembered import MemoKind
from pyfmt.cache.store import Store
from pyfmt.imports.closure import ReachedPaths

_REACHED = MemoKind("reached paths", 1, ReachedPaths, shared=False)


class KnownPaths:
    """Reads and writes what is known of trees."""

    def __init__(self, store: Store | None, read: SourceReader) -> None:
        self._store = store
        self._read = read
        self._known: dict[bytes, ReachedPaths] = {}
        self._before: dict[bytes, tuple[dict[str, str], int]] = {}

    def find(self, tree: object, always: frozenset[str]) -> ReachedPaths:
        """What is known of a tree where every file reaches some paths; what is added to it is kept by `save`.

        `tree` stands for the paths that there are, and where they are looked for.
        """
        key = _REACHED.key([tree, sorted(always)])
        if key not in self._known:
            found = self._known[key] = _REACHED.one(self._store, key) or ReachedPaths()
            self._before[key] = dict(found.imports), len(found.digests)
            self._read.fetch_contents(found.imports)
        return self._known[key]

    def save(self) -> None:
        """Keep what was found out."""
        now = {key: (found.imports, len(found.digests)) for key, found in self._known.items()}
        _REACHED.keep(self._store, {key: self._known[key] for key, each in now.items() if each != self._before[key]})
