"""Answers units from the cache: a unit runs only where something that its tool could see has changed."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt.cache.keys import (
    SOURCES,
    KeyFacts,
    portable,
    seen_sources,
    unit_identity,
    unit_inputs,
)
from pyfmt.cache.observed import Observed, PortablePaths
from pyfmt.cache.observed_runs import DeclaredKey, Learnt, ObservedRuns
from pyfmt.cache.questions import Changed, WalkedPaths, observed_of
from pyfmt.cache.remembered import LAST_INPUTS, MemoKind, changed_since
from pyfmt.cache.store import Store
from pyfmt.cache.touched import PartQuestions, by_group
from pyfmt.core.memo import HIT, changed_inputs, miss
from pyfmt.core.model import Environment, Finding, Outcome, Unit
from pyfmt.tools.configured_code import names_any
from pyfmt.tools.protocol import JsonObject
from pyfmt.tools.registry import TOOLS

if TYPE_CHECKING:
    from pyfmt.cache.cut_off import CutOff
    from pyfmt.cache.file_records import FileRecords, ReachOf
    from pyfmt.cache.layouts import Layouts

_LISTING: MemoKind[dict[str, str]] = MemoKind("listing", 1, dict[str, str], shared=False)
_SAID: MemoKind[dict[str, str]] = MemoKind("answers", 1, dict[str, str], shared=False)
# What stands for a tool's questions and their answers among the inputs of a unit's last outcome.
_OBSERVED = "observed"


@dataclass(frozen=True, slots=True)
class UnitAnswer:
    """What is kept of a unit."""

    findings: tuple[Finding, ...]
    notes: tuple[str, ...]


UNIT_ANSWER = MemoKind("unit", 1, UnitAnswer)


@dataclass(frozen=True, slots=True)
class Known:
    """An outcome from the cache, with what the tool had to say besides."""

    outcome: Outcome
    notes: tuple[str, ...]


def whole(unit: Unit) -> Unit:
    """The same unit with all its files reported: what is cached does not depend on what a run selects."""
    parts = tuple(replace(part, files=tuple(sorted((*part.files, *part.context))), context=()) for part in unit.parts)
    return replace(unit, parts=parts)


def share(outcome: Outcome, unit: Unit) -> Outcome:
    """The share of a whole unit's outcome that concerns the files of `unit`, and the projects that these belong to."""
    wanted = set(unit.files)
    asked = {part.project.name for part in unit.parts if part.files}
    kept = tuple(f for f in outcome.findings if f.path in wanted or not wanted.isdisjoint(f.also))
    failures = tuple(failure for failure in outcome.failures if not asked.isdisjoint(failure.projects))
    return replace(outcome, unit=unit, findings=kept, failures=failures)


class UnitCache:
    """Outcomes of whole units by everything that they depend on."""

    def __init__(
        self,
        store: Store,
        facts: KeyFacts,
        facts_now: Callable[[Sequence[Environment]], KeyFacts | None],
        reach_of: ReachOf,
    ) -> None:
        self._store = store
        self._facts = facts
        self._reach_of = reach_of
        self._facts_now = facts_now  # the facts as the disk has them now; None where an environment has changed
        self._remembered = ObservedRuns(store)

    @cached_property
    def records(self) -> FileRecords:
        """What is known of the files of units that must run."""
        from pyfmt.cache.file_records import FileRecords  # deferred for start-up time: not where all is known

        return FileRecords(self._store, self._facts, self._reach_of, self._remembered)

    @cached_property
    def layouts(self) -> Layouts:
        """What is known but for the layout of sources."""
        from pyfmt.cache.layouts import Layouts  # deferred for start-up time: not where all is known

        return Layouts(self._store, self._remembered)

    def cut_off(self, units: Mapping[int, Unit]) -> CutOff:
        """Which of the units that must run can wait for what others say."""
        from pyfmt.cache.cut_off import CutOff  # deferred for start-up time: not where all is known

        return CutOff({index: whole(unit) for index, unit in units.items()}, self.layouts, self._facts)

    @contextlib.contextmanager
    def own_caches(self, units: Iterable[Unit], folder_of: Callable[[Unit], Path | None]) -> Iterator[None]:
        """While units run: gets the tools' own caches of them from other machines, and notes that they have more."""
        remote = self._store.remote
        if remote is None:
            yield
            return
        from pyfmt.cache import shared_folders  # deferred: only where there is one

        folders = {folder: unit.tool for unit in units if (folder := folder_of(unit)) is not None}
        shared_folders.take(remote, folders)
        yield
        if folders and remote.speaks_for_all:
            shared_folders.used(self._store, folders)

    def look_again(self, units: Sequence[Unit]) -> bool:
        """From now on keys are made of what the files are now; False where nothing can be said of them any more."""
        environments = {unit.environment.prefix: unit.environment for unit in units if unit.environment is not None}
        now = self._facts_now(tuple(environments.values()))
        if now is None:
            return False
        self._facts = now
        self._remembered.look_again()
        return True

    def keys(self, units: Sequence[Unit]) -> list[bytes]:
        """The key of each unit as the files are now; to be asked for before the tools run."""
        return [UNIT_ANSWER.key([unit.tool, unit_inputs(whole(unit), self._facts)]) for unit in units]

    def get(self, units: Sequence[Unit], keys: Sequence[bytes]) -> list[Known | None]:
        """What is known of each unit."""
        questions = [DeclaredKey(key, self._facts.places(unit)) for unit, key in zip(units, keys, strict=True)]
        found = [_known(value, unit) for value, unit in zip(self._remembered.find(questions), units, strict=True)]
        missing = [index for index, known in enumerate(found) if known is None and TOOLS[units[index].tool].layout]
        if missing:
            relaid = self.layouts.find([whole(units[index]) for index in missing], self._facts)
            learnt = {index: each for index, each in zip(missing, relaid) if each is not None}
            self.put({keys[index]: each for index, each in learnt.items()})
            for index, each in learnt.items():
                found[index] = Known(share(each.outcome, units[index]), each.notes)
        return found

    def asked(self, unit: Unit, asked: Sequence[JsonObject], began_ns: int) -> dict[str, PartQuestions] | None:
        """What a unit's tool asked, by project ("" for all); None where nothing can be said of its answer.

        A program that reads an environment and tells nothing (ty) may have asked anything.
        """
        if not asked and unit.environment is None:
            if names_any(self._facts.configs[unit.tool], TOOLS[unit.tool].looks_anywhere):
                return None  # other files have a say, and nothing is known of them
            return {"": PartQuestions(Observed(), {})}  # it sees nothing but the files that it is given
        files, folders = self._facts.sources.known(seen_sources(unit, self._facts))
        known = WalkedPaths(files, folders)
        found: dict[str, PartQuestions] = {}
        try:
            for each in asked:
                part = next((part for part in unit.parts if part.project.name == each.get("project")), None)
                places = self._facts.places(unit, part)
                observed = observed_of(each, places, known, began_ns)
                found[each.get("project", "")] = PartQuestions(
                    observed, by_group(each.get("touches", {}), places, known)
                )
        except Changed:
            return None
        return found or None

    def put(self, found: Mapping[bytes, Learnt]) -> None:
        """Remember outcomes of whole units, and what they were made from; one with a failure is never remembered."""
        values: dict[bytes, bytes] = {}
        explaining: dict[bytes, dict[str, object]] = {}
        listings: dict[bytes, str] = {}
        answers: dict[bytes, tuple[Observed, PortablePaths]] = {}
        kept: dict[DeclaredKey, tuple[Observed, bytes]] = {}
        for key, learnt in found.items():
            unit = learnt.outcome.unit
            if learnt.outcome.failures or learnt.observed is None:
                continue
            places = self._facts.places(unit)
            kept[DeclaredKey(key, places)] = (
                learnt.observed,
                UNIT_ANSWER.pack(UnitAnswer(learnt.outcome.findings, learnt.notes)),
            )
            if TOOLS[unit.tool].layout and (entry := self.layouts.entry(learnt, self._facts)):
                kept[entry[0]] = (learnt.observed, entry[1])
            name = self._remembered.add(learnt.observed, values)
            said = [name, self._remembered.total(learnt.observed, name, places)]
            answers[_SAID.key(said)] = learnt.observed, places
            explaining[LAST_INPUTS.key(unit_identity(unit))] = {_OBSERVED: said, **unit_inputs(unit, self._facts)}
            for folder in seen_sources(unit, self._facts):
                listings[_LISTING.key(self._facts.sources.below(folder).hex())] = folder
        self._store.put(values)
        LAST_INPUTS.keep(self._store, explaining)
        there = self._store.get([*answers, *listings], shared=False)  # most are as they were
        _SAID.keep(self._store, {key: self._said(*asked) for key, asked in answers.items() if key not in there})
        told = {key: self._facts.sources.listing(folder) for key, folder in listings.items() if key not in there}
        _LISTING.keep(self._store, told)
        self._remembered.keep(kept)

    def told(self, unit: Unit) -> str:
        """Whether a unit's outcome is known, and if not, which of its inputs have changed since the last one."""
        (key,) = self.keys([unit])
        if self.get([unit], [key])[0] is not None:
            return HIT
        before = LAST_INPUTS.one(self._store, LAST_INPUTS.key(unit_identity(unit)))
        if before is None:
            return miss(())
        name, total = before.pop(_OBSERVED)
        observed, said = self._remembered.observed(name), _SAID.one(self._store, _SAID.key([name, total])) or {}
        now = {**unit_inputs(whole(unit), self._facts)}
        if observed and said:
            now.update(self._said(observed, self._facts.places(unit)))
        changed = changed_since({**before, **said}, now)
        names = (part for name in changed for part in self._in_folder(name, before.get(name), unit))
        return miss([self._in_words(name, unit) for name in names]) + self._anew(unit)

    def _said(self, observed: Observed, places: PortablePaths) -> dict[str, str]:
        """The answers to what a tool asked, by what it asked."""
        groups = self._remembered.answers(observed, places)
        return {question: answer for said in groups.values() for question, answer in said.items()}

    @staticmethod
    def _in_words(name: str, unit: Unit) -> str:
        """An input's name as a person calls it."""
        place = unit.environment.name if unit.environment else ""
        return name.replace("<environment>", place).replace("<root>/", "")

    def _anew(self, unit: Unit) -> str:
        """How much of a unit would be linted anew, where it is not all of it."""
        partial = self.records.partial(whole(unit))
        if partial is None:
            return ""
        files = len(partial.run.files) if partial.run else 0
        texts = sum(len(entry.texts) for entry in partial.entries)
        alone = f", {texts} of them only in its text" if texts else ""
        return f"; {files} of {len(whole(unit).files)} files can see that{alone}"

    def _in_folder(self, name: str, before: object, unit: Unit) -> list[str]:
        """An input that has changed, or, where it is a folder, the files in it that have."""
        for folder in seen_sources(whole(unit), self._facts):
            if name == SOURCES + portable(folder, unit.environment, self._facts.root) and isinstance(before, str):
                listing = _LISTING.one(self._store, _LISTING.key(before))
                if listing is not None:
                    return changed_inputs(listing, self._facts.sources.listing(folder))
        return [name]


def _known(value: bytes | None, unit: Unit) -> Known | None:
    found = UNIT_ANSWER.unpack(value)
    return Known(share(Outcome(unit, found.findings, cached=True), unit), found.notes) if found is not None else None
