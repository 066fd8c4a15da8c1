"""Outcomes by what their tools asked: one is found again as long as all its questions have the same answers.

Under the key of the declared inputs, which only says "certainly changed", stands a list of earlier runs: what each
asked, and a digest of the answers that it got. The outcome of a run lies under both. ccache's manifests are like
this.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pyfmt.cache.keys import fold
from pyfmt.cache.observed import Answers, Disk, Observed, PortablePaths, answers, digests, marks
from pyfmt.cache.store import Store
from pyfmt.core.model import Outcome
from pyfmt.tools.protocol import JsonObject

_RUNS = 8  # that are kept for equal declared inputs, the newest first
_FORMAT = 2


@dataclass(frozen=True, slots=True)
class DeclaredKey:
    """What is looked for: the key of its declared inputs, and where its paths lie on this machine."""

    key: bytes
    places: PortablePaths


@dataclass(frozen=True, slots=True)
class Learnt:
    """An outcome of a whole unit that may be remembered: with what was said besides, and what its tool asked."""

    outcome: Outcome
    notes: tuple[str, ...]
    observed: Observed | None  # None: not all of it is known
    asked: Sequence[JsonObject] = ()  # the same as its worker told it


class Remembered:
    """Reads and writes outcomes by declared and by observed inputs; looks at the disk once, until `look_again`."""

    def __init__(self, store: Store, new_disk: Callable[[], Disk] = Disk) -> None:
        self._store = store
        self._new_disk = new_disk
        self._disk = new_disk()
        self._known: dict[tuple[str, PortablePaths], dict[str, str]] = {}

    def look_again(self) -> None:
        """Ask the disk anew from now on."""
        self._disk = self._new_disk()
        self._known.clear()

    def find(self, questions: Sequence[DeclaredKey]) -> list[bytes | None]:
        """The value that each question has; None where there is none that still holds."""
        manifests = self._store.get([question.key for question in questions])
        runs = [_runs(manifests.get(question.key)) for question in questions]
        self._prepare((name, question.places) for question, known in zip(questions, runs) for name, _ in known)
        keys = [self._holding(question, known) for question, known in zip(questions, runs)]
        values = self._store.get([key for key in keys if key is not None])
        return [values.get(key) if key is not None else None for key in keys]

    def _holding(self, question: DeclaredKey, runs: Iterable[tuple[str, str]]) -> bytes | None:
        for name, total in runs:
            now = self.groups(name, question.places)
            if now is not None and total_of(now) == total:
                return result_key(question.key, total)
        return None

    def groups(self, name: str, places: PortablePaths) -> dict[str, str] | None:
        """The digests of the answers that questions have now, by group; None where the questions are not known."""
        if (name, places) not in self._known:
            self._prepare([(name, places)])
        return self._known.get((name, places))

    def observed(self, name: str) -> Observed | None:
        """The questions that were kept under a name."""
        key = _observed_key(name)
        return _load(self._store.get([key]).get(key))

    def answers(self, observed: Observed, places: PortablePaths) -> dict[str, Answers]:
        """Each question with its answer, by group."""
        return answers(observed, places, self._disk)

    def _prepare(self, wanted: Iterable[tuple[str, PortablePaths]]) -> None:
        """Compute `groups` for questions, all that are kept of them being read at once."""
        missing = [each for each in dict.fromkeys(wanted) if each not in self._known]
        keys = {each: (_observed_key(each[0]), _marks_key(*each)) for each in missing}
        stored = self._store.get([observed for observed, _ in keys.values()])
        stored |= self._store.get([mark for _, mark in keys.values()], shared=False)
        learnt: dict[bytes, bytes] = {}
        now = time.time_ns()
        for (name, places), (observed_key, marks_key) in keys.items():
            observed = _load(stored.get(observed_key))
            if observed is None:
                continue
            mark = marks(observed, places, self._disk, now)
            known = _load_marks(stored.get(marks_key))
            if known is not None and mark is not None and known[0] == mark:
                self._known[name, places] = known[1]
                continue
            found = self._known[name, places] = digests(self.answers(observed, places))
            if mark is not None:
                learnt[marks_key] = json.dumps([mark, found]).encode()
        self._store.put(learnt, shared=False)  # marks are this machine's

    def keep(self, found: Mapping[DeclaredKey, tuple[Observed, bytes]]) -> None:
        """Keep values with the questions that were asked for them."""
        manifests = self._store.get([question.key for question in found])
        values: dict[bytes, bytes] = {}
        for question, (observed, value) in found.items():
            name = self.add(observed, values)
            total = total_of(self.groups_of(observed, name, question.places))
            runs = [(name, total), *(run for run in _runs(manifests.get(question.key)) if run != (name, total))]
            values[question.key] = json.dumps(runs[:_RUNS]).encode()
            values[result_key(question.key, total)] = value
        self._store.put(values)

    def add(self, observed: Observed, values: dict[bytes, bytes]) -> str:
        """Add the row of some questions to what will be put into the store; the name under which they are kept."""
        text = observed.dump()
        name = hashlib.sha256(text).hexdigest()[:32]
        values[_observed_key(name)] = text
        return name

    def groups_of(self, observed: Observed, name: str, places: PortablePaths) -> dict[str, str]:
        """As `groups`, of questions that may not be in the store yet."""
        if (name, places) not in self._known:
            self._known[name, places] = digests(self.answers(observed, places))
        return self._known[name, places]


def total_of(groups: Mapping[str, str]) -> str:
    """A digest of all answers."""
    return fold("answers", sorted(groups.items())).hex()[:32]


def result_key(key: bytes, total: str) -> bytes:
    """Where the value of a run lies."""
    return fold("observed result", key, total)


def _observed_key(name: str) -> bytes:
    return fold("observed", _FORMAT, name)


def _marks_key(name: str, places: PortablePaths) -> bytes:
    return fold("observed marks", _FORMAT, name, places.root, places.environment, places.base, places.entries)


def _load(value: bytes | None) -> Observed | None:
    try:
        return Observed.load(value) if value is not None else None
    except (ValueError, TypeError, KeyError):
        return None  # damaged: a miss


def _runs(value: bytes | None) -> list[tuple[str, str]]:
    try:
        return [(str(name), str(total)) for name, total in json.loads(value or b"[]")]
    except (ValueError, TypeError):
        return []  # damaged: a miss


def _load_marks(value: bytes | None) -> tuple[str, dict[str, str]] | None:
    try:
        mark, groups = json.loads(value or b"null")
        return str(mark), {str(group): str(digest) for group, digest in groups.items()}
    except (ValueError, TypeError, AttributeError):
        return None
