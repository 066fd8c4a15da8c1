"""Steps of a run that are remembered by all that they asked of the disk, whoever of their modules asked it.

What a step asks is noted as for the answer of a whole command (`cache/repeating`), and looked at again by times, sizes
and inodes: an edit makes only those steps run again that have read what was edited.
"""

from __future__ import annotations

import hashlib
import marshal
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar

import pyfmt
from pyfmt import disk
from pyfmt.cache.remembered import MemoKind
from pyfmt.cache.repeating import witness
from pyfmt.cache.repeating.answering import mark
from pyfmt.cache.store import Store

Value = TypeVar("Value")
_Names = dict[str, list[str]]  # by folder


@dataclass(frozen=True, slots=True)
class _Asked:
    """Paths by what was asked of them, see `RecordedRun`; `mark` is a digest of the answers."""

    files: _Names
    links: _Names
    kinds: _Names
    kinds_here: _Names
    absent: _Names
    absent_here: _Names
    mark: str


_ASKED = MemoKind("what a step asked", 1, _Asked, shared=False)


class WatchedSteps:
    """Reads and writes what steps came to; `folder` is the cache's own, which changes all the time: who looks into
    it is not remembered."""

    def __init__(self, store: Store, folder: Path) -> None:
        self._store = store
        self._folder = str(folder)
        self._held: dict[str, _Asked] = {}

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
        about = [{**inputs, "code": _code(), "Python": python}]
        key, place = _ASKED.key([kind.name, *about]), kind.key(about)
        asked = _ASKED.one(self._store, key)
        if asked is not None and _now(asked) == asked.mark:
            said, _, data = self._store.get([place], shared=False).get(place, b"").partition(b"\n")
            value = kind.unpack(data) if said == asked.mark.encode() else None
            if value is not None:
                self._held[kind.name] = asked
                return value, True
        with witness.watching() as watching:
            value = make()
        learnt = self._learnt(watching) if watching.usable and lasting(value) else None
        self._held.pop(kind.name, None)
        if learnt is not None:
            self._held[kind.name] = learnt
            packed = b"%b\n%b" % (learnt.mark.encode(), kind.pack(value))
            self._store.put({key: _ASKED.pack(learnt), place: packed}, shared=False)
        return value, False

    def holds(self, kind: str) -> bool:
        """Whether a step of this run would still come to the same; False where that is not known."""
        asked = self._held.get(kind)
        return asked is not None and _now(asked) == asked.mark

    def _learnt(self, watching: witness.Witness) -> _Asked | None:
        record = watching.asked()
        groups: list[Iterable[str]] = [record.files, record.links, record.kinds, record.kinds_here]
        groups += [record.absent, record.absent_here]
        paths = {path for group in groups for path in group}
        own = any(os.path.dirname(path) == self._folder or path == self._folder for path in record.files)
        if own or not watching.is_steady() or any(path[:1] != "/" for path in paths):
            return None
        files, links, kinds, kinds_here, absent, absent_here = map(_by_folder, groups)
        answers = [
            [record.files[path] for path in _paths(files)],
            [record.links[path] for path in _paths(links)],
            [record.kinds[path] for path in _paths(kinds)],
            [record.kinds_here[path] for path in _paths(kinds_here)],
        ]
        return _Asked(files, links, kinds, kinds_here, absent, absent_here, _digest(answers))


def _by_folder(paths: Iterable[str]) -> _Names:
    found: _Names = {}
    for path in paths:
        folder, _, name = path.rpartition("/")
        found.setdefault(folder, []).append(name)
    return found


def _paths(names: _Names) -> Iterator[str]:
    for folder, inside in names.items():
        for name in inside:
            yield f"{folder}/{name}"


def _digest(answers: Any) -> str:
    # Version 2: the later ones write what they have met before in another way.
    return hashlib.sha256(marshal.dumps(answers, 2)).hexdigest()[:32]


def _now(asked: _Asked) -> str:
    """The digest of the answers that the disk gives now; "" where one is of another kind."""
    stat, lstat = disk.stat, disk.lstat
    try:
        answers = [
            [mark(stat(path)) for path in _paths(asked.files)],
            [mark(lstat(path)) for path in _paths(asked.links)],
            [disk.kind(path) for path in _paths(asked.kinds)],
            [disk.kind(path, followed=False) for path in _paths(asked.kinds_here)],
        ]
    except (OSError, ValueError):
        return ""
    if any(map(disk.exists, _paths(asked.absent))) or any(map(disk.lexists, _paths(asked.absent_here))):
        return ""
    return _digest(answers)


@lru_cache(maxsize=1)
def _code() -> str:
    """Tells pyfmt's own code from another one of the same version: it is worked on."""
    found = []
    with witness.suspended():  # the answer of a command knows its code by itself
        for where, _, names in disk.walk(os.path.dirname(pyfmt.__file__)):
            found += [mark(disk.stat(f"{where}/{name}"))[0] for name in names if name.endswith(".py")]
    return _digest(sorted(found))
