"""How long each unit ran the last time, whatever was in its files; used only by runs that run units."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from pyfmt import disk
from pyfmt.cache.keys import unit_identity
from pyfmt.cache.remembered import MemoKind
from pyfmt.cache.store import Store
from pyfmt.core.estimating import Recorded, weight
from pyfmt.core.model import Outcome, Unit

_SECONDS = MemoKind("seconds", 2, Recorded)


class RecordedTimes:
    """The times of units by what they are; `cache_folder` is where a unit's tool keeps a cache of its own.

    A tool with such a cache (mypy) takes many times longer without one: cold and warm runs are told apart.
    """

    def __init__(self, store: Store, cache_folder: Callable[[Unit], Path | None]) -> None:
        self._store = store
        self._cache_folder = cache_folder
        self._asked: dict[bytes, tuple[bytes, Recorded | None]] = {}  # identity -> where its time goes, what is there

    def recall(self, units: Sequence[Unit]) -> list[Recorded | None]:
        """What is known of each unit; to be asked for before the tools run.

        Where only the other kind of run (cold or warm) is recorded, its time is better than none.
        """
        identities = [unit_identity(unit) for unit in units]
        kinds = [_is_warm(self._cache_folder(unit)) for unit in units]
        keys = [_key(identity, warm) for identity in identities for warm in (False, True)]
        found = _SECONDS.find(self._store, dict(zip(keys, keys)))
        known: list[Recorded | None] = []
        for identity, warm in zip(identities, kinds, strict=True):
            same, other = (found.get(_key(identity, kind)) for kind in (warm, not warm))
            self._asked[identity] = (_key(identity, warm), same)
            known.append(same or other)
        return known

    def remember(self, outcomes: Sequence[Outcome]) -> None:
        """Keep the times of units that ran to their end; a small share of a unit says little about all of it."""
        values = {}
        for outcome in outcomes:
            asked = self._asked.get(unit_identity(outcome.unit))
            if asked is None or outcome.failures:
                continue
            key, before = asked
            # Not the start of the worker: it is the first unit's only because that one came first.
            now = Recorded(round(outcome.seconds - outcome.waited, 3), weight(outcome.unit))
            if before is None or 2 * now.weight >= before.weight:
                values[key] = now
        _SECONDS.keep(self._store, values)


def _is_warm(folder: Path | None) -> bool:
    return folder is not None and disk.is_dir(folder)


def _key(identity: bytes, warm: bool) -> bytes:
    return _SECONDS.key([identity, warm])
