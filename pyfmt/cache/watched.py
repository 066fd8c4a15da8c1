"""Steps of a run that are remembered by all that they asked of the disk, whoever of their modules asked it.

What a step asks is noted as for the answer of a whole command (`cache/repeating`), and looked at again by times, sizes
and inodes: an edit makes only those steps run again that have read what was edited.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

import pyfmt
from pyfmt import disk
from pyfmt.cache.remembered import MemoKind
from pyfmt.cache.repeating import witness
from pyfmt.cache.repeating.answering import RecordedRun, mark
from pyfmt.cache.store import Store

Value = TypeVar("Value")


class WatchedSteps:
    """Reads and writes what steps came to; `folder` is the cache's own, which changes all the time: who looks into
    it is not remembered."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = str(folder)
        self._held: dict[str, RecordedRun] = {}

    def recall(
        self,
        kind: MemoKind[Value],
        inputs: Mapping[str, object],
        make: Callable[[], Value],
        lasting: Callable[[Value], bool] = lambda _: True,
    ) -> tuple[Value, bool]:
        """What `make` gives for inputs and for what it asks of the disk, and whether it was known.

        The value must depend on nothing else. Nothing is kept where a process was started, something was written, or
        the value is not `lasting`.
        """
        # What is found may be of pyfmt's own Python: the standard library of files that have no environment.
        python = [sys.version, sys.base_prefix, sys.executable]
        key = kind.key([{**inputs, "code": _code(), "Python": python}])
        record = RecordedRun.load(self._store.get([key], shared=False).get(key, b""))
        if record is not None and record.holds():
            value = kind.unpack(record.text)
            if value is not None:
                witness.recalled(record)
                self._held[kind.name] = record
                return value, True
        with witness.watching() as watching:
            value = make()
        self._held.pop(kind.name, None)
        if watching.usable and lasting(value) and self._is_lasting(watching):
            record = self._held[kind.name] = watching.asked()
            record.text = kind.pack(value)
            self._store.put({key: record.dump()}, shared=False)
        return value, False

    def holds(self, kind: str) -> bool:
        """Whether a step of this run would still come to the same; False where that is not known."""
        record = self._held.get(kind)
        return record is not None and record.holds()

    def _is_lasting(self, watching: witness.Witness) -> bool:
        """Whether the questions of a step can be asked again."""
        record = watching.asked()
        own = any(os.path.dirname(path) == self._folder or path == self._folder for path in record.files)
        return not own and watching.is_steady() and all(path.startswith("/") for path in record.paths())


@lru_cache(maxsize=1)
def _code() -> str:
    """Tells pyfmt's own code from another one of the same version: it is worked on."""
    found = []
    with witness.suspended():  # the answer of a command knows its code by itself
        for where, _, names in disk.walk(os.path.dirname(pyfmt.__file__)):
            found += [mark(disk.stat(f"{where}/{name}"))[0] for name in names if name.endswith(".py")]
    # Version 2: the later ones write what they have met before in another way.
    return hashlib.sha256(marshal.dumps(sorted(found), 2)).hexdigest()[:32]
