"""Answers units from the cache: a unit runs only where something that its tool could see has changed."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
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
from pyfmt.cache.observed import Observed, PortablePaths, joined_up
from pyfmt.cache.observed_runs import DeclaredKey, Learnt, ObservedRuns
from pyfmt.cache.questions import Changed, WalkedPaths, observed_of
from pyfmt.cache.remembered import LAST_INPUTS, MemoKind, changed_inputs, miss
from pyfmt.cache.repeating.witness import suspended
from pyfmt.cache.store import Store
from pyfmt.cache.touched import PartQuestions, by_group
from pyfmt.core.model import Environment, Finding, Outcome, Unit
from pyfmt.runner.options import LintOptions, LintResult, Listener
from pyfmt.tools.configured_code import names_any
from pyfmt.tools.protocol import JsonObject
from pyfmt.tools.registry import TOOLS

if TYPE_CHECKING:
    from pyfmt.cache.cut_off import CutOff
    from pyfmt.cache.file_records import FileRecords, Partial, ReachOf
    from pyfmt.cache.layouts import Layouts

_LISTING: MemoKind[dict[str, str]] = MemoKind("listing", 1, dict[str, str], shared=False)
_OBSERVED = "observed"  # where the name of the questions stands among the inputs of a unit's last outcome


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
        listings: dict[bytes, dict[str, str]] = {}
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
            inputs = {**unit_inputs(unit, self._facts), **self._said(learnt.observed, places)}
            explaining[LAST_INPUTS.key(unit_identity(unit))] = {_OBSERVED: name, **inputs}
            for folder in seen_sources(unit, self._facts):
                listing = _LISTING.key(self._facts.sources.below(folder).hex())
                if listing not in listings:
                    listings[listing] = self._facts.sources.listing(folder)
        self._store.put(values)
        LAST_INPUTS.keep(self._store, explaining)
        _LISTING.keep(self._store, listings)
        self._remembered.keep(kept)

    def told(self, unit: Unit) -> str:
        """Whether a unit's outcome is known, and if not, which of its inputs have changed since the last one."""
        (key,) = self.keys([unit])
        if self.get([unit], [key])[0] is not None:
            return "hit"
        before = LAST_INPUTS.one(self._store, LAST_INPUTS.key(unit_identity(unit)))
        if before is None:
            return miss(())
        observed, places = self._remembered.observed(str(before.pop(_OBSERVED, ""))), self._facts.places(unit)
        now = {**unit_inputs(whole(unit), self._facts), **(self._said(observed, places) if observed else {})}
        changed = changed_inputs(before, now)
        names = (part for name in changed for part in self._in_folder(name, before.get(name), unit))
        return miss([self._in_words(name, unit) for name in names]) + self._anew(unit)

    def _said(self, observed: Observed, places: PortablePaths) -> dict[str, object]:
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
        return f"; {files} of {len(whole(unit).files)} files can see that"

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


_Found = tuple[Outcome, tuple[str, ...]]  # an outcome, and what the tool had to say besides
_Told = tuple[tuple[JsonObject, ...], tuple[JsonObject, ...]]  # effects, and what was asked


def lint(units: Sequence[Unit], options: LintOptions, listener: Listener, cache: UnitCache | None) -> LintResult:
    """Lint what the cache does not know; `cache` None: everything, and nothing is remembered."""
    keys = cache.keys(units) if cache else []
    known = cache.get(units, keys) if cache else [None] * len(units)
    now = time.monotonic()
    results: dict[int, _Found] = {
        index: (replace(found.outcome, started=now, ended=now), found.notes)
        for index, found in enumerate(known)
        if found is not None
    }
    for outcome, _ in results.values():
        listener.done(outcome)
    missing = [index for index, found in enumerate(known) if found is None]
    anew = set(missing)
    if missing and cache:
        asked = {index: (keys[index], units[index]) for index in missing}
        missed = _Missing(asked, options, listener, cache)
        results.update(missed.results())
        anew = missed.run_whole
    elif missing:
        done = _run_tools([_asked_of_tool(units[index]) for index in missing], options, listener)
        for index, outcome, notes in zip(missing, done.outcomes, done.notes, strict=True):
            results[index] = (share(outcome, units[index]), notes)
    ordered = [results[index] for index in range(len(units))]
    found = LintResult(tuple(outcome for outcome, _ in ordered), tuple(notes for _, notes in ordered))
    hits = [index for index in range(len(units)) if index not in anew]
    return _audited(found, hits, options, listener) if options.audit and hits else found


def _audited(found: LintResult, hits: Sequence[int], options: LintOptions, listener: Listener) -> LintResult:
    """Compute a random sample of what the cache has answered again; a unit that says something else is a failure."""
    from pyfmt.cache import audit  # only where it is asked for

    units = {index: found.outcomes[index].unit for index in audit.sample(hits, options.audit)}
    listener.more(len(units))
    without = replace(options, cache_folder=lambda _: None, replays={}, times=None)
    cold = _run_tools([whole(unit) for unit in units.values()], without, listener).outcomes
    fresh = {index: share(outcome, units[index]) for index, outcome in zip(units, cold, strict=True)}
    return replace(found, outcomes=audit.audited(found.outcomes, fresh))


def _run_tools(units: Sequence[Unit], options: LintOptions, listener: Listener) -> LintResult:
    """Run units with a folder for what they leave behind; only here, since a run with nothing to do writes nothing."""
    import tempfile  # deferred for start-up time

    from pyfmt.runner.linting import lint_units

    with suspended(), tempfile.TemporaryDirectory(prefix="pyfmt-", ignore_cleanup_errors=True) as scratch:
        return lint_units(units, replace(options, scratch=Path(scratch)), listener)


def _asked_of_tool(unit: Unit) -> Unit:
    """A tool whose findings are not those of single files checks all in any case: its whole answer is worth keeping."""
    return unit if TOOLS[unit.tool].in_parts else whole(unit)


class _Missing:
    """The units whose outcomes are not known: linted whole, or only the files that something has changed for."""

    def __init__(
        self, asked: Mapping[int, tuple[bytes, Unit]], options: LintOptions, listener: Listener, cache: UnitCache
    ) -> None:
        self._asked = asked
        self._options = options
        self._listener = listener
        self._cache = cache
        self._began_ns = time.time_ns()
        self._learnt: list[tuple[int, Outcome, tuple[str, ...], _Told]] = []
        self._joined: list[tuple[int, Partial, Outcome, tuple[JsonObject, ...]]] = []
        self._settled: dict[int, Learnt] = {}

    @property
    def run_whole(self) -> set[int]:
        """The units of which nothing was remembered."""
        return {index for index, *_ in self._learnt}

    def results(self) -> dict[int, _Found]:
        """Each unit's outcome; what can be is remembered."""
        units = {index: unit for index, (_, unit) in self._asked.items()}
        partials = {index: self._cache.records.partial(unit) for index, unit in units.items()}
        cut_off = self._cache.cut_off({index: unit for index, unit in units.items() if partials[index] is None})
        found: dict[int, _Found] = {}
        runs: dict[int, Unit] = {}
        for index, partial in partials.items():
            if partial is None:
                if index not in cut_off.waiting:
                    runs[index] = _asked_of_tool(units[index])
            elif partial.run is not None:
                runs[index] = partial.run
            else:
                found[index] = (self._cache.records.known(partial), self._cache.records.notes(partial))
                self._joined.append((index, partial, found[index][0], ()))
                self._listener.done(found[index][0])
        again = self._run(runs, partials, found)
        if again:
            self._listener.more(len(again))
            self._run({index: whole(units[index]) for index in again}, {}, found)
        self._settled = cut_off.settled((outcome, asked) for _, outcome, _, (_, asked) in self._learnt)
        for index, learnt in self._settled.items():
            found[index] = (share(learnt.outcome, units[index]), learnt.notes)
            self._listener.done(found[index][0])
        self._run({index: _asked_of_tool(units[index]) for index in cut_off.waiting if index not in found}, {}, found)
        self._remember()
        return found

    def _run(
        self, runs: Mapping[int, Unit], partials: Mapping[int, Partial | None], found: dict[int, _Found]
    ) -> list[int]:
        """Run units and add to `found`; those that must run again, as wholes."""
        replays = {}
        for index, unit in runs.items():
            partial = partials.get(index)
            if partial is not None and unit.environment is not None:
                replays[unit.tool, unit.environment.prefix, unit.number] = partial.replays
        if not runs:
            return []
        done = _run_tools(list(runs.values()), replace(self._options, replays=replays), self._listener)
        again = []
        told = zip(done.effects, done.asked, strict=True)
        for index, outcome, notes, (effects, asked) in zip(runs, done.outcomes, done.notes, told, strict=True):
            partial = partials.get(index)
            if partial is None:
                self._learnt.append((index, outcome, notes, (effects, asked)))
                found[index] = (share(outcome, self._asked[index][1]), notes)
            elif (joined := self._cache.records.joined(partial, outcome, effects)) is not None:
                self._joined.append((index, partial, joined, asked))
                said = dict.fromkeys((*self._cache.records.notes(partial), *notes))
                found[index] = (joined, tuple(said))
            else:
                again.append(index)
        return again

    def _remember(self) -> None:
        """Keep the outcomes of units whose inputs are still what they were before the tools ran."""
        cache, units = self._cache, [unit for _, unit in self._asked.values()]
        if not cache.look_again(units):
            return
        now = dict(zip(self._asked, cache.keys(units), strict=True))
        steady = {index for index, (key, _) in self._asked.items() if now[index] == key}
        found = {now[index]: learnt for index, learnt in self._settled.items() if index in steady}
        for index, outcome, notes, (effects, asked) in self._learnt:
            said = cache.asked(outcome.unit, asked, self._began_ns) if index in steady else None
            if said is not None and not any(part.context for part in outcome.unit.parts):
                total = joined_up(each.observed for each in said.values())
                found[now[index]] = Learnt(outcome, notes, total, asked)
                if not outcome.failures:
                    cache.records.learn(outcome, notes, effects, said)
        for index, partial, outcome, asked in self._joined:
            said = cache.asked(partial.unit, asked, self._began_ns) if asked else {}
            if index in steady and not outcome.failures and said is not None:
                observed = cache.records.take_asked(partial, said)
                if observed is None:
                    continue
                cache.records.keep(partial)
                if not any(part.context for part in partial.unit.parts):
                    found[now[index]] = Learnt(outcome, cache.records.notes(partial), observed)
        cache.put(found)
