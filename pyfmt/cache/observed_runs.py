"""Outcomes by what their tools asked: one is found again as long as all its questions have the same answers.

Under the key of the declared inputs, which only says "certainly changed", stands a list of earlier runs: what each
asked, and a digest of the answers that it got. The outcome of a run lies under both. ccache's manifests are like
this.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pyfmt.cache.glances import Glances, Question
from pyfmt.cache.keys import fold
from pyfmt.cache.observed import Answers, Disk, Observed, PortablePaths, answers, digests, links_of, marks, stem_of
from pyfmt.cache.remembered import MemoKind
from pyfmt.cache.store import Store
from pyfmt.core.model import Outcome
from pyfmt.tools.protocol import JsonObject

_KEPT = 8  # runs that are kept for equal declared inputs, the newest first


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


@dataclass(frozen=True, slots=True)
class _Marks:
    """What says on this machine that the answers to some questions are as they were, and their digests."""

    mark: str
    groups: dict[str, str]
    links: dict[str, str]  # in the folders of which only the times are in the mark: what each leads to


_RUNS: MemoKind[list[tuple[str, str]]] = MemoKind("runs", 1, list[tuple[str, str]])  # the questions, and all answers
_OBSERVED = MemoKind("observed", 4, Observed)
_MARKS = MemoKind("observed marks", 4, _Marks, shared=False)


class ObservedRuns:
    """Reads and writes outcomes by declared and by observed inputs; looks at the disk once, until `look_again`."""

    def __init__(self, store: Store, new_disk: Callable[[], Disk] = Disk) -> None:
        self._store = store
        self._new_disk = new_disk
        self._began_ns = time.time_ns()
        self._disk = new_disk()
        self._known: dict[Question, dict[str, str]] = {}
        self._glances = Glances(store)
        self._totals: dict[Question, str] = {}  # where one look at the environment was enough

    def look_again(self) -> None:
        """Ask the disk anew from now on."""
        self._began_ns = time.time_ns()
        self._disk = self._new_disk()
        self._known.clear()
        self._totals.clear()

    def find(self, questions: Sequence[DeclaredKey]) -> list[bytes | None]:
        """The value that each question has; None where there is none that still holds."""
        known_runs = _RUNS.find(self._store, {question.key: _RUNS.key(question.key) for question in questions})
        runs = [known_runs.get(question.key, []) for question in questions]
        asked = [(name, question.places) for question, known in zip(questions, runs) for name, _ in known]
        self._totals |= self._glances.totals(dict.fromkeys(asked), self._disk)
        self._look_closely([each for each in asked if each not in self._totals])
        keys = [self._holding(question, known) for question, known in zip(questions, runs)]
        values = self._store.get([key for key in keys if key is not None])
        return [values.get(key) if key is not None else None for key in keys]

    def _holding(self, question: DeclaredKey, runs: Iterable[tuple[str, str]]) -> bytes | None:
        for name, total in runs:
            if self._total(name, question.places) == total:
                return result_key(question.key, total)
        return None

    def _total(self, name: str, places: PortablePaths) -> str:
        known = self._totals.get((name, places))
        groups = self.groups(name, places) if known is None else None
        return known or (total_of(groups) if groups is not None else "")

    def _look_closely(self, asked: Sequence[Question]) -> None:
        """Compute `groups` for all questions about environments of which something differs."""
        found = {each: (observed, self._total(*each)) for each, observed in self._prepare(asked).items()}
        self._glances.keep(found, self._disk, self._began_ns)

    def groups(self, name: str, places: PortablePaths) -> dict[str, str] | None:
        """The digests of the answers that questions have now, by group; None where the questions are not known."""
        if (name, places) not in self._known:
            self._prepare([(name, places)])
        return self._known.get((name, places))

    def observed(self, name: str) -> Observed | None:
        """The questions that were kept under a name."""
        return _OBSERVED.one(self._store, _OBSERVED.key(name))

    def answers(self, observed: Observed, places: PortablePaths) -> dict[str, Answers]:
        """Each question with its answer, by group."""
        return answers(observed, places, self._disk)

    def names_in(self, folder: str) -> frozenset[str]:
        """The top-level names that a folder holds, for those who import."""
        return frozenset(stem for stem in map(stem_of, self._disk.listing(folder) or ()) if stem.isidentifier())

    def _prepare(self, wanted: Iterable[Question]) -> Mapping[Question, Observed]:
        """Compute `groups` for questions, all that are kept of them being read at once; these are given back."""
        missing = [each for each in dict.fromkeys(wanted) if each not in self._known]
        questions = _OBSERVED.find(self._store, {each: _OBSERVED.key(each[0]) for each in missing})
        self._take(questions)
        return questions

    def _take(self, questions: Mapping[Question, Observed]) -> None:
        """Compute `groups` for questions; from the answers themselves only where something may have changed."""
        keys = {each: _marks_key(*each) for each in questions}
        stored = _MARKS.find(self._store, keys)
        learnt: dict[bytes, _Marks] = {}
        now = time.time_ns()
        for (name, places), observed in questions.items():
            mark = marks(observed, places, self._disk, now)
            known = stored.get((name, places))
            if known is not None and mark is not None and known.mark == mark and self._lead_there(known.links):
                self._known[name, places] = known.groups
                continue
            found = self._known[name, places] = digests(self.answers(observed, places))
            if mark is not None:
                learnt[keys[name, places]] = _Marks(mark, found, links_of(observed, places, self._disk))
        _MARKS.keep(self._store, learnt)

    def _lead_there(self, links: Mapping[str, str]) -> bool:
        return all(self._disk.led_to(path) == there for path, there in links.items())

    def keep(self, found: Mapping[DeclaredKey, tuple[Observed, bytes]]) -> None:
        """Keep values with the questions that were asked for them."""
        before = _RUNS.find(self._store, {question.key: _RUNS.key(question.key) for question in found})
        values: dict[bytes, bytes] = {}
        for question, (observed, value) in found.items():
            name = self.add(observed, values)
            total = self.total(observed, name, question.places)
            runs = [(name, total), *(run for run in before.get(question.key, ()) if run != (name, total))]
            values[_RUNS.key(question.key)] = _RUNS.pack(runs[:_KEPT])
            values[result_key(question.key, total)] = value
        self._store.put(values)

    def add(self, observed: Observed, values: dict[bytes, bytes]) -> str:
        """Add the row of some questions to what will be put into the store; the name under which they are kept."""
        text = _OBSERVED.pack(observed)
        name = hashlib.sha256(text).hexdigest()[:32]
        values[_OBSERVED.key(name)] = text
        return name

    def groups_of(self, observed: Observed, name: str, places: PortablePaths) -> dict[str, str]:
        """As `groups`, of questions that may not be in the store yet."""
        if (name, places) not in self._known:
            self._take({(name, places): observed})
        return self._known[name, places]

    def total(self, observed: Observed, name: str, places: PortablePaths) -> str:
        """A digest of all answers, likewise."""
        return self._totals.get((name, places)) or total_of(self.groups_of(observed, name, places))


def total_of(groups: Mapping[str, str]) -> str:
    """A digest of all answers."""
    return fold("answers", sorted(groups.items())).hex()[:32]


def result_key(key: bytes, total: str) -> bytes:
    """Where the value of a run lies."""
    return fold("observed result", key, total)


def _marks_key(name: str, places: PortablePaths) -> bytes:
    return _MARKS.key([name, places.root, places.environment, places.base, places.entries])
