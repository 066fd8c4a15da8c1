"""What each file imports, and what others can see of it, remembered by its content: a file that is known is not parsed
again."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from pyfmt import disk
from pyfmt.cache.digests import MISSING
from pyfmt.cache.keys import fold
from pyfmt.cache.memory import Memory
from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.imports.definitions import Definition
from pyfmt.imports.graph import ModuleContent, content_of


class SourceReader:
    """Reads files below `root`; one that cannot be read has no imports, which the tools themselves tell."""

    def __init__(self, memory: Memory, root: Path) -> None:
        self._memory = memory
        self._root = root
        self._known: dict[bytes, ModuleContent] = {}  # by digest

    def __call__(self, file: str) -> Sequence[str]:
        """What a file imports."""
        return self._content(file).imports

    def tree(self, file: str) -> str:
        """A digest of what others can see of a file; "" where that is its very bytes."""
        return self._content(file).tree

    def defined(self, file: str) -> Sequence[Definition]:
        """What a file defines."""
        return self._content(file).definitions

    def _content(self, file: str) -> ModuleContent:
        digest = self._memory.digests.of(file)
        if digest == MISSING:
            return ModuleContent((), "")
        if digest not in self._known:
            self._known[digest] = self._remembered(file, digest)
        return self._known[digest]

    def _remembered(self, file: str, digest: bytes) -> ModuleContent:
        # Another Python may know another grammar.
        store = self._memory.store
        key = fold("imports", 5, digest, sys.version_info[:2], file.endswith(NOTEBOOK_SUFFIX))
        known = store.get([key]).get(key) if store else None
        try:
            if known is not None:
                imports, tree, rows = json.loads(known)
                definitions = tuple(Definition(tuple(names), str(digest), bool(sets)) for names, digest, sets in rows)
                return ModuleContent(tuple(text for text in imports if isinstance(text, str)), str(tree), definitions)
        except (ValueError, TypeError):
            pass  # damaged: a miss
        try:
            found = content_of(disk.read_python(self._root / file))
        except OSError:
            return ModuleContent((), "")
        if store:
            rows = [[each.names, each.digest, each.sets] for each in found.definitions]
            store.put({key: json.dumps([found.imports, found.tree, rows]).encode()})
        return found
