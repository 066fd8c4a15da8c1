"""What each file imports, remembered by its content: a file that is known is not parsed again."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

from pyfmt import disk
from pyfmt.cache.digests import MISSING
from pyfmt.cache.keys import fold
from pyfmt.cache.memory import Memory
from pyfmt.core.model import NOTEBOOK_SUFFIX
from pyfmt.imports.graph import Read, imports_of


def reader(memory: Memory, root: Path) -> Read:
    """Gives the imports of files below `root`; one that cannot be read has none, which the tools themselves tell."""

    def read(file: str) -> Sequence[str]:
        digest = memory.digests.of(file)
        if digest == MISSING:
            return ()
        # Another Python may know another grammar.
        key = fold("imports", 4, digest, sys.version_info[:2], file.endswith(NOTEBOOK_SUFFIX))
        known = memory.store.get([key]).get(key) if memory.store else None
        try:
            if known is not None:
                return [text for text in json.loads(known) if isinstance(text, str)]
        except ValueError:
            pass  # damaged: a miss
        try:
            found = imports_of(disk.read_python(root / file))
        except OSError:
            return ()
        if memory.store:
            memory.store.put({key: json.dumps(found).encode()})
        return found

    return read
