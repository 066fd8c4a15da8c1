"""pylint's messages file by file: where a project has changed, only the files that can see the change are linted anew.

A record holds, for one project in one environment, each file's findings with the digest of all that the file reaches
(`pyfmt.imports.closure`), the project-wide findings (R0801, R0401) with the digest of what these depend on, and what
files set on the classes of others (`pyfmt/tools/pylint/worker/effects.py`), since messages depend on that as well.
Whatever cannot be proved to be as it was has the whole project linted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pyfmt.cache import side_effects
from pyfmt.cache.keys import KeyFacts, fold, part_inputs
from pyfmt.cache.observed import Observed, PortablePaths
from pyfmt.cache.observed_runs import ObservedRuns
from pyfmt.cache.remembered import MemoKind
from pyfmt.cache.side_effects import LintedAnew, SideEffects
from pyfmt.cache.store import Store
from pyfmt.cache.touched import AskedNames, PartQuestions
from pyfmt.core.cells import has_notebooks
from pyfmt.core.model import Finding, Outcome, Part, Unit, by_place
from pyfmt.imports.closure import Reach
from pyfmt.tools.protocol import JsonObject
from pyfmt.tools.registry import TOOLS

ReachOf = Callable[[Unit, Part], Reach | None]  # None: what files depend on cannot be told


@dataclass(frozen=True, slots=True)
class _Now:
    """What a project's files depend on, as the disk has them when it is asked."""

    reach: Reach
    wide: str  # digest of what project-wide messages depend on
    beside: str  # digest of what files that another environment answers for may set on others

    def digest(self, tool: str, file: str, findings: Iterable[Finding], effects: SideEffects) -> str:
        """Of all that the findings of a file depend on: its own content, and what it sees of others.

        That are the definitions that it has looked at, and their very lines where a message tells one of these.
        """
        quotes = TOOLS[tool].quotes
        if quotes is not None and any(quotes.search(each.message) for each in findings):
            return self.reach.exact_digest(file)
        return self.reach.digest(file, effects.reads.get(file))


@dataclass(slots=True)
class Record:
    """What is known of a project in an environment; plain data, as it is stored."""

    files: dict[str, tuple[str, list[Finding]]]  # digest of what the file reaches, findings
    wide: tuple[str, list[Finding]]
    effects: SideEffects
    notes: list[str]
    touched: AskedNames = field(default_factory=AskedNames)
    beside: str = ""


_RECORD = MemoKind("files", 2, Record)


@dataclass(frozen=True, slots=True)
class Entry:
    """One project's part of a unit: what of it must be linted anew."""

    part: Part
    now: _Now
    record: Record
    files: LintedAnew  # what to lint; may be nothing where only project-wide messages are
    is_fresh: bool  # nothing to run
    answers: Mapping[str, str]  # to what was asked in the earlier run, by group

    @property
    def replay(self) -> JsonObject:
        """What the worker is told of the earlier run."""
        replay = side_effects.replay(self.record.effects, self.files, self.part.beside)
        return {**replay, "wide": self.record.wide[0] != self.now.wide}


@dataclass(frozen=True, slots=True)
class Partial:
    """A unit of which only some files must be linted; `run` is that unit, None where nothing must."""

    unit: Unit
    entries: tuple[Entry, ...]
    run: Unit | None

    @property
    def replays(self) -> dict[str, JsonObject]:
        """By project path, for the parts that run."""
        return {entry.part.project.path: entry.replay for entry in self.entries if not entry.is_fresh}


class FileRecords:
    """Reads and writes records; `reach_of` tells what the files of a part reach."""

    def __init__(self, store: Store, facts: KeyFacts, reach_of: ReachOf, remembered: ObservedRuns) -> None:
        self._store = store
        self._facts = facts
        self._reach_of = reach_of
        self._remembered = remembered

    def partial(self, unit: Unit) -> Partial | None:
        """What of a unit must be linted anew; None where all of it must."""
        if not TOOLS[unit.tool].in_parts or has_notebooks(unit.files):
            return None
        entries = []
        for part in unit.parts:
            entry = self._looked_up(unit, part)
            if entry is None:
                return None
            entries.append(entry)
        parts = tuple(
            replace(entry.part, files=tuple(sorted(entry.files.stale)), context=_others(entry.part, entry.files.stale))
            for entry in entries
            if not entry.is_fresh
        )
        return Partial(unit, tuple(entries), replace(unit, parts=parts) if parts else None)

    def _looked_up(self, unit: Unit, part: Part) -> Entry | None:
        record = self._load(unit, part)
        now = self._now(unit, part, record.effects) if record else None
        if record is None or now is None or record.beside != now.beside:
            return None
        everyone, asked = frozenset({*part.files, *part.context}), frozenset(part.files)
        gone = set(record.files) - everyone
        changed = {file for file in everyone if not _is_as_it_was(unit.tool, record, now, file)}
        places = self._facts.places(unit, part)
        now_said = self._remembered.groups(record.touched.name, places)
        if now_said is None or gone & {row[0] for row in (*record.effects.early, *record.effects.late)}:
            return None
        answered = record.touched.changed(now_said)
        concerned = record.touched.concerned(answered, now.reach.of, everyone)
        if concerned is None or not answered.isdisjoint(_setting(record, places)):
            return None  # by now these may set other things on the classes of others
        changed |= concerned
        moved = side_effects.moved(record.effects, now.reach, asked)
        affected = side_effects.affected(moved, record.effects, now.reach, everyone)
        if affected is None:
            return None
        wanted = changed | affected
        # What others set is looked at anew, wherever one of them has changed.
        is_fresh = not wanted & asked and not changed and record.wide[0] == now.wide
        files = LintedAnew(everyone, frozenset(wanted & asked), frozenset(wanted - asked), frozenset(changed))
        if not side_effects.is_traceable(record.effects, now.reach, files):
            return None
        return Entry(part, now, record, files, is_fresh, now_said)

    def known(self, partial: Partial) -> Outcome:
        """The outcome of a unit of which nothing must run."""
        now = time.monotonic()
        return Outcome(partial.unit, _findings(partial), cached=True, started=now, ended=now)

    def take_asked(self, partial: Partial, asked: Mapping[str, PartQuestions]) -> Observed | None:
        """Add what was asked for the files that were linted anew; all questions of the unit, None: they are unknown."""
        total = Observed()
        values: dict[bytes, bytes] = {}
        for entry in partial.entries:
            touched, places = entry.record.touched, self._facts.places(partial.unit, entry.part)
            observed = self._remembered.observed(touched.name)
            if observed is None or self._remembered.groups(touched.name, places) != entry.answers:
                return None  # it has changed while the tools ran
            new = asked.get(entry.part.project.name)
            if new is None and not entry.is_fresh:
                return None
            if new is not None:
                observed = observed.joined(new.observed)
                self._take(touched, PartQuestions(observed, new.asked_for), places, values)
            total = total.joined(observed)
        self._store.put(values)
        return total

    def _take(
        self, touched: AskedNames, asked: PartQuestions, places: PortablePaths, values: dict[bytes, bytes]
    ) -> None:
        touched.name = self._remembered.add(asked.observed, values)
        touched.groups = self._remembered.groups_of(asked.observed, touched.name, places)
        touched.add(asked.asked_for)

    def joined(self, partial: Partial, done: Outcome, effects: Sequence[JsonObject]) -> Outcome | None:
        """A unit's outcome from what was known and what was linted anew; None where the rest may say something else
        now.

        Updates the records that `partial` holds; `keep` stores them.
        """
        told = {each["project"]: each for each in effects}
        for entry in partial.entries:
            said = told.get(entry.part.project.name)
            if entry.is_fresh:
                continue
            if not done.failures and not (said and said["local"] and _settled(entry, said)):
                return None
            _update(
                done.unit.tool, entry, [each for each in done.findings if each.project == entry.part.project.name], said
            )
        return replace(done, unit=partial.unit, findings=_findings(partial))

    def notes(self, partial: Partial) -> tuple[str, ...]:
        """What was said besides, when the files were linted."""
        return tuple(dict.fromkeys(note for entry in partial.entries for note in entry.record.notes))

    def keep(self, partial: Partial) -> None:
        """Store the records of a unit that `joined` has updated."""
        changed = [entry for entry in partial.entries if not entry.is_fresh]
        _RECORD.keep(self._store, {self._key(partial.unit, entry.part): entry.record for entry in changed})

    def learn(
        self, outcome: Outcome, notes: Sequence[str], effects: Sequence[JsonObject], asked: Mapping[str, PartQuestions]
    ) -> None:
        """Store records of a unit that was linted whole, where its files' messages are their own."""
        found: dict[bytes, Record] = {}
        values: dict[bytes, bytes] = {}
        for said in effects:
            part = next((part for part in outcome.unit.parts if part.project.name == said["project"]), None)
            if (
                part is None
                or part.context
                or has_notebooks(part.files)
                or not said["local"]
                or said["project"] not in asked
            ):
                continue
            record = Record({file: ("", []) for file in part.files}, ("", []), SideEffects(), list(notes))
            now = self._now(outcome.unit, part, record.effects)
            if now is not None:
                files = frozenset(part.files)
                entry = Entry(part, now, record, LintedAnew(files, files, frozenset(), frozenset()), False, {})
                _update(
                    outcome.unit.tool,
                    entry,
                    [each for each in outcome.findings if each.project == part.project.name],
                    said,
                )
                places = self._facts.places(outcome.unit, part)
                self._take(record.touched, asked[said["project"]], places, values)
                found[self._key(outcome.unit, part)] = record
        self._store.put(values)
        _RECORD.keep(self._store, found)

    def _now(self, unit: Unit, part: Part, effects: SideEffects) -> _Now | None:
        reach = self._reach_of(unit, part)
        if reach is None:
            return None
        own = [(file, self._facts.digest(file).hex()) for file in sorted({*part.files, *part.context})]
        return _now(reach, effects, fold("wide", own, reach.names).hex(), part)

    def _key(self, unit: Unit, part: Part) -> bytes:
        return _RECORD.key(part_inputs(unit, part, self._facts))

    def _load(self, unit: Unit, part: Part) -> Record | None:
        return _RECORD.one(self._store, self._key(unit, part))


def _findings(partial: Partial) -> tuple[Finding, ...]:
    """What the records have of the files that are asked for."""
    found: list[Finding] = []
    for entry in partial.entries:
        wanted = set(entry.part.files)
        own = [each for file, (_, known) in entry.record.files.items() if file in wanted for each in known]
        for each in (*own, *entry.record.wide[1]):
            if each.path in wanted or not wanted.isdisjoint(each.also):
                found.append(each)
    found.sort(key=by_place)
    return tuple(dict.fromkeys(found))


def _others(part: Part, stale: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({*part.files, *part.context} - set(stale)))


def _setting(record: Record, places: PortablePaths) -> set[str]:
    """The groups of installed modules that set something on others, or that are built for it."""
    effects = record.effects
    installed = (file for file, (digest, _) in effects.made.items() if not digest)
    names = (row[1].partition(".")[0] for row in (*effects.early, *effects.late))
    return {*(places.group(os.path.join(places.root, places.local(file))) for file in installed), *names}


def _now(reach: Reach, effects: SideEffects, wide: str, part: Part) -> _Now:
    """What files depend on, if packages that are not the checkout's ask for what was noted."""
    asked = reach.asked(effects.asked, effects.tops)
    setters = (file for file in part.beside if asked.sets(file))
    beside = [(file, asked.seen_digest(file, effects.reads.get(file))) for file in setters]
    return _Now(asked, wide, fold("beside", beside).hex())


def _is_as_it_was(tool: str, record: Record, now: _Now, file: str) -> bool:
    digest, findings = record.files.get(file, ("", []))
    return now.digest(tool, file, findings, record.effects) == digest


def _settled(entry: Entry, said: JsonObject) -> bool:
    return side_effects.settled(entry.record.effects, entry.now.reach, entry.files, said)


def _update(tool: str, entry: Entry, findings: Iterable[Finding], said: JsonObject | None) -> None:
    """Take what was linted anew into the record."""
    record, now = entry.record, entry.now
    for file in set(record.files) - entry.files.everyone:
        del record.files[file]
    rows: dict[str, list[Finding]] = {file: [] for file in entry.files.stale}
    wide = []
    for finding in findings:
        if finding.rule in (TOOLS[finding.tool].project_rules or ()):
            wide.append(finding)
        elif finding.path in rows:
            rows[finding.path].append(finding)
    if record.wide[0] != now.wide:
        record.wide = (now.wide, wide)
    if said is not None:
        side_effects.update(record.effects, now.reach, entry.files, said)
        now = _now(now.reach, record.effects, now.wide, entry.part)
        record.beside = now.beside
        side_effects.redigest(record.effects, now.reach)
    record.files.update({file: ("", found) for file, found in rows.items()})
    # All that is not stale is as it was, also where files may see more by now.
    known = record.effects
    record.files.update(
        {file: (now.digest(tool, file, found, known), found) for file, (_, found) in record.files.items()}
    )
    record.files.update({file: ("", []) for file in entry.files.left})
