"""pylint's messages file by file: where a project has changed, only the files that can see the change are linted anew.

A record holds, for one project in one environment, each file's findings with the digest of all that the file reaches
(`pyfmt.imports.closure`), the project-wide findings (R0801, R0401) with the digest of what these depend on, and what
files set on the classes of others (`pyfmt/tools/pylint/worker/effects.py`), since messages depend on that as well.
Whatever cannot be proved to be as it was has the whole project linted.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from pyfmt.cache.elsewhere import SearchOrders, kind, search_order
from pyfmt.cache.keys import KeyFacts, fold, part_inputs
from pyfmt.cache.moved_lines import MovedLines
from pyfmt.cache.observed import Observed, PortablePaths
from pyfmt.cache.observed_runs import ObservedRuns
from pyfmt.cache.records import (
    Entry,
    Partial,
    Record,
    RecordView,
    SeenNow,
    drop_gone,
    entry_of,
    findings_of,
    said_of,
    seen_now,
    setting_of,
    take_in,
    take_layout,
    wider,
)
from pyfmt.cache.remembered import MemoKind
from pyfmt.cache.side_effects import LintedAnew, SideEffects
from pyfmt.cache.store import Store
from pyfmt.cache.touched import AskedNames, PartQuestions
from pyfmt.core.cells import has_notebooks
from pyfmt.core.model import Outcome, Part, Unit
from pyfmt.imports.closure import Reach
from pyfmt.tools.configured_code import names_any
from pyfmt.tools.protocol import JsonObject
from pyfmt.tools.registry import TOOLS

ReachOf = Callable[[Unit, Part], Reach | None]  # None: what files depend on cannot be told


_RECORD = MemoKind("files", 7, Record)


class FileRecords:
    """Reads and writes records; `reach_of` tells what the files of a part reach."""

    def __init__(self, store: Store, facts: KeyFacts, reach_of: ReachOf, remembered: ObservedRuns) -> None:
        self._store = store
        self._facts = facts
        self._reach_of = reach_of
        self._remembered = remembered
        self._counting: dict[str, bool] = {}
        self._moved_lines = MovedLines(store, facts)

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
        return Partial.of(unit, entries)

    def taken_over(self, unit: Unit, other: Unit) -> Partial | None:
        """What of a unit must be linted anew if what is known of its project in the environment of `other` is taken for
        that of its own, as if something else were installed there; None where that cannot be said."""
        (part,), (theirs,) = unit.parts, other.parts
        alike = kind(unit, self._facts.root) == kind(other, self._facts.root)
        orders = SearchOrders(*(search_order(*each, self._facts) for each in ((other, theirs), (unit, part))))
        record = self._load(other, theirs) if alike and not part.home and not has_notebooks(unit.files) else None
        if record is None or orders.apart is None or not said_of(record, other, unit):
            return None
        before, now = self._reach_of(other, theirs), self._now(unit, part, record.effects)
        observed = self._remembered.observed(record.touched.name)
        if before is None or now is None or observed is None:
            return None
        record.wide = (now.wide, [])
        places, elsewhere = self._facts.places(unit, part), self._facts.places(other, theirs)
        renamed = self._renamed(orders.apart, now.reach.roots & before.roots, record)
        entry = entry_of(unit.tool, part, record, self._seen(record, now, elsewhere.at(places), renamed))
        if entry is None or "__init__" in renamed:  # a package that is an import root: it is looked for further up
            return None
        others = {(group, entry.answers.get(group)) for group in record.touched.changed(entry.answers)}
        asked = orders.asked_there(observed, map(elsewhere.portable, elsewhere.entries))
        values: dict[bytes, bytes] = {}
        self._take(record.touched, PartQuestions(asked, {}), places, values)
        self._store.put(values)
        drop_gone(entry)
        entry = replace(entry, answers=record.touched.groups, is_taken_over=True, relaid={})
        return Partial.of(unit, [entry], (entry.files.stale, frozenset(others)))

    def relaid(self, partial: Partial, donor: Partial) -> Partial | None:
        """What of a unit must be linted where a donor has linted the same files after the same change of their layout;
        None where it can stand for none."""
        (entry,), (theirs,), unit = partial.entries, donor.entries, partial.unit
        here, there = unit.environment, donor.unit.environment
        if here is None or there is None or self._counts_lines(unit.tool):
            return None
        if (here.python, here.base_executable) != (there.python, there.base_executable):
            return None  # each reads the text in its own way
        found = take_layout(unit.tool, entry, theirs, (here, there))
        return Partial.of(unit, [found]) if found else None

    def _renamed(self, apart: Iterable[str], both: Collection[str], record: Record) -> frozenset[str]:
        """The names that may mean something else since only one of two environments looks in the folders `apart`.

        What is found by a name of the checkout is told by what files reach, but in folders that count for `both`.
        """
        names = {folder: self._remembered.names_in(os.path.join(self._facts.root, folder)) for folder in apart}
        told = frozenset(record.effects.tops) - {"__init__"}
        return frozenset().union(*(found if folder in both else found - told for folder, found in names.items()))

    def _looked_up(self, unit: Unit, part: Part) -> Entry | None:
        record = self._load(unit, part)
        now = self._now(unit, part, record.effects) if record else None
        if record is None or now is None:
            return None
        entry = entry_of(unit.tool, part, record, self._seen(record, now, self._facts.places(unit, part)))
        if entry is None or not entry.is_relaid or self._counts_lines(unit.tool):
            return entry
        return self._moved_lines.of(unit.tool, entry)

    def _seen(
        self, record: Record, now: SeenNow, places: PortablePaths, renamed: frozenset[str] = frozenset()
    ) -> RecordView | None:
        groups = self._remembered.groups(record.touched.name, places)
        return None if groups is None else RecordView(now, groups, renamed, setting_of(record, places))

    def known(self, partial: Partial) -> Outcome:
        """The outcome of a unit of which nothing must run."""
        now = time.monotonic()
        return Outcome(partial.unit, findings_of(partial), cached=True, started=now, ended=now)

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

    def joined(self, partial: Partial, done: Outcome, effects: Sequence[JsonObject]) -> Outcome | Partial | None:
        """A unit's outcome from what was known and what was linted anew; where other files may say something else now,
        what must be linted instead, None: all.

        Updates the records that `partial` holds; `keep` stores them.
        """
        told = {each["project"]: each for each in effects}
        said = [(entry, told.get(entry.part.project.name)) for entry in partial.entries]
        seen = [entry if entry.is_fresh or done.failures else wider(entry, each) for entry, each in said]
        entries = [entry for entry in seen if entry is not None]
        if len(entries) < len(seen):
            return None
        if any(after is not before for after, before in zip(entries, partial.entries)):
            return Partial.of(partial.unit, entries)
        for entry, each in said:
            own = [finding for finding in done.findings if finding.project == entry.part.project.name]
            if not entry.is_fresh:
                take_in(done.unit.tool, entry, own, each)
        return replace(done, unit=partial.unit, findings=findings_of(partial))

    def notes(self, partial: Partial) -> tuple[str, ...]:
        """What was said besides, when the files were linted."""
        return tuple(dict.fromkeys(note for entry in partial.entries for note in entry.record.notes))

    def keep(self, partial: Partial) -> None:
        """Store the records of a unit that `joined` has updated."""
        changed = [entry for entry in partial.entries if not entry.is_fresh or entry.is_taken_over]
        self._moved_lines.keep(partial.unit.tool, [entry.record for entry in changed])
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
                take_in(
                    outcome.unit.tool,
                    entry,
                    [each for each in outcome.findings if each.project == part.project.name],
                    said,
                )
                places = self._facts.places(outcome.unit, part)
                self._take(record.touched, asked[said["project"]], places, values)
                found[self._key(outcome.unit, part)] = record
        self._store.put(values)
        self._moved_lines.keep(outcome.unit.tool, found.values())
        _RECORD.keep(self._store, found)

    def _now(self, unit: Unit, part: Part, effects: SideEffects) -> SeenNow | None:
        reach = self._reach_of(unit, part)
        if reach is None:
            return None
        files, exact = sorted({*part.files, *part.context}), self._counts_lines(unit.tool)
        own = [(file, self._facts.digest(file).hex()) for file in files]
        plain = own if exact else [(file, reach.own_digest(file) or content) for file, content in own]
        return seen_now(reach, effects, " ".join(fold("wide", each, reach.paths).hex() for each in (plain, own)))

    def _counts_lines(self, tool: str) -> bool:
        """Whether comments and numbers of lines may decide more than places."""
        if tool not in self._counting:
            self._counting[tool] = names_any(self._facts.configs[tool], TOOLS[tool].counts_lines)
        return self._counting[tool]

    def _key(self, unit: Unit, part: Part) -> bytes:
        return _RECORD.key(part_inputs(unit, part, self._facts))

    def _load(self, unit: Unit, part: Part) -> Record | None:
        return _RECORD.one(self._store, self._key(unit, part))
