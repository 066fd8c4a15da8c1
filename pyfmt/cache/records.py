"""What is known of the files of a project in an environment, and what of it holds where something else is seen."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pyfmt.cache import side_effects
from pyfmt.cache.elsewhere import tells_of
from pyfmt.cache.observed import PortablePaths
from pyfmt.cache.side_effects import LintedAnew, SideEffects
from pyfmt.cache.touched import AskedNames
from pyfmt.core.model import Environment, Finding, Part, Unit, by_place
from pyfmt.imports.closure import Reach
from pyfmt.tools.protocol import JsonObject
from pyfmt.tools.registry import TOOLS


@dataclass(frozen=True, slots=True)
class SeenNow:
    """What a project's files depend on, as the disk has them when it is asked."""

    reach: Reach
    wide: str  # of what project-wide messages depend on: a digest without, and one with the layout of files

    def digest(self, tool: str, file: str, findings: Iterable[Finding], effects: SideEffects) -> str:
        """Of all that the findings of a file depend on: its own content, and what it sees of others.

        That are the definitions that it has looked at, and their very lines where a message tells one of these.
        """
        quotes = TOOLS[tool].quotes
        if quotes is not None and any(quotes.search(each.message) for each in findings):
            return self.reach.exact_digest(file)
        return self.reach.digest(file, effects.reads.get(file))


Before = tuple[str, tuple[Finding, ...]]  # the content of a file, and what was said of it


@dataclass(slots=True)
class Record:
    """What is known of a project in an environment; plain data, as it is stored."""

    files: dict[str, tuple[str, list[Finding]]]  # digest of what the file reaches, findings
    wide: tuple[str, list[Finding]]
    effects: SideEffects
    notes: list[str]
    touched: AskedNames = field(default_factory=AskedNames)
    # By file what was said of its text, not of its tree: rule, line, column
    texts: dict[str, list[list[Any]]] = field(default_factory=dict)

    def wide_holds(self, now: SeenNow) -> bool:
        """Whether the project-wide findings are as they were: of layout only places depend."""
        (before, found), after = self.wide, now.wide
        return before == after or (not found and before.partition(" ")[0] == after.partition(" ")[0])


@dataclass(frozen=True, slots=True)
class RecordView:
    """What a record is compared with."""

    now: SeenNow
    answers: Mapping[str, str]  # to what was asked, by group
    renamed: frozenset[str]  # groups that mean something else, whatever the answers
    setting: frozenset[str]  # groups of which something sets attributes on others, or is built for that


@dataclass(frozen=True, slots=True)
class Entry:
    """One project's part of a unit: what of it must be linted anew."""

    part: Part
    now: SeenNow
    record: Record
    files: LintedAnew  # what to lint; may be nothing where only project-wide messages are
    is_fresh: bool  # nothing to run
    answers: Mapping[str, str]  # to what was asked in the earlier run, by group
    is_taken_over: bool = False  # from another environment
    # Of files that are stale, those with another layout alone.
    relaid: Mapping[str, Before] = field(default_factory=dict)
    is_relaid: bool = False  # all that has changed for the part is the layout of these
    # Files of which the text alone must be linted, and what is said of their trees.
    texts: Mapping[str, tuple[Finding, ...]] = field(default_factory=dict)

    @property
    def anew(self) -> frozenset[str]:
        """The files to lint, if only their texts."""
        return self.files.stale | self.texts.keys()

    @property
    def replay(self) -> JsonObject:
        """What the worker is told of the earlier run."""
        replay = side_effects.replay(self.record.effects, self.files)
        return {**replay, "wide": not self.record.wide_holds(self.now), "text": sorted(self.texts)}


@dataclass(frozen=True, slots=True)
class Partial:
    """A unit of which only some files must be linted; `run` is that unit, None where nothing must."""

    unit: Unit
    entries: tuple[Entry, ...]
    run: Unit | None
    differing: object = None  # where it is taken over: equal for units that see the same other things

    @classmethod
    def of(cls, unit: Unit, entries: Sequence[Entry], differing: object = None) -> Partial:
        """The unit with what of each entry must be linted."""
        parts = []
        for entry in entries:
            files, others = entry.anew, {*entry.part.files, *entry.part.context} - entry.anew
            if not entry.is_fresh:
                parts.append(replace(entry.part, files=tuple(sorted(files)), context=tuple(sorted(others))))
        return cls(unit, tuple(entries), replace(unit, parts=tuple(parts)) if parts else None, differing)

    @property
    def left(self) -> int:
        """How many files must be linted."""
        return len(self.run.files) if self.run else 0

    @property
    def before(self) -> frozenset[tuple[object, ...]]:
        """What was said of the files to lint where all that has changed is their layout; else nothing."""
        stale = [(entry.relaid.get(file), file) for entry in self.entries for file in entry.anew]
        return frozenset(stale) if all(before for before, _ in stale) else frozenset()

    @property
    def replays(self) -> dict[str, JsonObject]:
        """By project path, for the parts that run."""
        return {entry.part.project.path: entry.replay for entry in self.entries if not entry.is_fresh}


def entry_of(tool: str, part: Part, record: Record, seen: RecordView | None) -> Entry | None:
    """What of a part must be linted anew, where a record is what is known of it; None where all of it must."""
    if seen is None:
        return None
    now = seen.now
    everyone, asked = frozenset({*part.files, *part.context}), frozenset(part.files)
    gone = set(record.files) - everyone
    changed = {file for file in everyone if not _is_as_it_was(tool, record, now, file)}
    answered = record.touched.changed(seen.answers) | seen.renamed
    setters = {file for file, (digest, _) in record.effects.made.items() if digest and now.reach.has(file)}
    concerned = record.touched.concerned(answered, now.reach.of, {*everyone, *setters})
    if concerned is None or not answered.isdisjoint(seen.setting):
        return None  # by now these may set other things on the classes of others
    changed |= concerned & everyone
    moved = side_effects.moved(record.effects, now.reach, asked, gone, concerned)
    affected = side_effects.affected(moved, record.effects, now.reach, everyone, gone)
    if affected is None:
        return None
    wanted = changed | affected
    orphans = side_effects.orphans(record.effects, everyone)
    if orphans and (wanted or side_effects.affected(orphans, record.effects, now.reach, everyone, gone) != set()):
        return None
    # What others set is looked at anew, wherever one of them has changed.
    is_fresh = not wanted & asked and not changed and record.wide_holds(now)
    files = LintedAnew(everyone, frozenset(wanted & asked), frozenset(wanted - asked), frozenset(changed))
    if not side_effects.is_traceable(record.effects, now.reach, files, concerned):
        return None
    relaid = _relaid(tool, record, now, changed - concerned - affected)
    # Nothing that sets something on others is built where only texts are linted.
    alone = wanted == relaid.keys() and side_effects.is_traceable(
        record.effects, now.reach, replace(files, stale=frozenset()), concerned
    )
    return Entry(part, now, record, files, is_fresh, seen.answers, relaid=relaid, is_relaid=alone)


def _relaid(tool: str, record: Record, now: SeenNow, changed: Iterable[str]) -> dict[str, Before]:
    found: dict[str, Before] = {}
    for file in changed:
        digest, findings = record.files.get(file, ("", []))
        tree, _, content = digest.partition(" ")
        if tree and tree == now.digest(tool, file, findings, record.effects).partition(" ")[0]:
            found[file] = content, said_in(findings, "")
    return found


def said_in(findings: Iterable[Finding], environment: str) -> tuple[Finding, ...]:
    """The same findings of another environment ("" for none)."""
    return tuple(replace(each, environments=(environment,)) for each in findings)


def findings_of(partial: Partial) -> tuple[Finding, ...]:
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


def said_of(record: Record, other: Unit, unit: Unit) -> bool:
    """Have what a record says be said of another environment; whether none of it tells of the first one."""
    before, now = other.environment, unit.environment
    assert before is not None and now is not None
    for file, (digest, findings) in record.files.items():
        record.files[file] = (digest, [*said_in(findings, now.name)])
        if any(tells_of(before, finding) for finding in findings):
            return False
    record.notes = [note.replace(before.name, now.name) for note in record.notes]
    return True


def take_layout(tool: str, entry: Entry, theirs: Entry, both: tuple[Environment, Environment]) -> Entry | None:
    """The entry with what the linting of `theirs` in the second one of two environments has said of files that are
    left; None where it can stand for none of them.

    Where a file has another layout alone, and everything else that it sees in either environment is as it was, all that
    was said of its tree is said again, at other places, and what its text gives rise to is the same everywhere: new is
    the same in both what was the same before.
    """
    files = entry.files
    taken = {
        file
        for file in entry.anew & theirs.anew & entry.relaid.keys()
        if entry.relaid[file] == theirs.relaid.get(file)
        and not any(tells_of(both[1], finding) for finding in theirs.record.files[file][1])
    }
    if not taken or entry.part.home:
        return None
    for file in taken:
        found = [*said_in(theirs.record.files[file][1], both[0].name)]
        entry.record.files[file] = (entry.now.digest(tool, file, found, entry.record.effects), found)
        _note_text(entry.record, file, theirs.record.texts)
    entry.record.wide = (entry.now.wide, [])
    left = replace(files, stale=files.stale - taken, changed=files.changed - taken)
    texts = {file: found for file, found in entry.texts.items() if file not in taken}
    is_fresh = not left.stale and not left.left and not texts
    return replace(entry, files=left, is_fresh=is_fresh, is_taken_over=True, texts=texts)


def _note_text(record: Record, file: str, texts: Mapping[str, list[list[Any]]]) -> None:
    record.texts.pop(file, None)
    if file in texts:
        record.texts[file] = texts[file]


def drop_gone(entry: Entry) -> None:
    """Forget files that are not linted where a record was taken over, and what they set on others."""
    for file in set(entry.record.files) - entry.files.everyone:
        del entry.record.files[file]
        entry.record.texts.pop(file, None)
        entry.record.effects.made.pop(file, None)


def setting_of(record: Record, places: PortablePaths) -> frozenset[str]:
    """The groups of installed modules that set something on others, or that are built for it."""
    effects = record.effects
    installed = (file for file, (digest, _) in effects.made.items() if not digest)
    names = (row[1].partition(".")[0] for row in (*effects.early, *effects.late))
    return frozenset((*(places.group(os.path.join(places.root, places.local(file))) for file in installed), *names))


def seen_now(reach: Reach, effects: SideEffects, wide: str) -> SeenNow:
    """What files depend on, if packages that are not the checkout's ask for what was noted."""
    return SeenNow(reach.asked(effects.asked, effects.tops), wide)


def _is_as_it_was(tool: str, record: Record, now: SeenNow, file: str) -> bool:
    digest, findings = record.files.get(file, ("", []))
    return now.digest(tool, file, findings, record.effects) == digest


def wider(entry: Entry, said: JsonObject | None) -> Entry | None:
    """The same entry if no file that was not linted can say something else by now, or one with those that can; None
    where that may be all."""
    if said is None or not said["local"]:
        return None
    more = side_effects.unsettled(entry.record.effects, entry.now.reach, entry.files, said)
    if more is None:
        return None
    if not more:
        return entry
    texts = {file: found for file, found in entry.texts.items() if file not in more}
    return replace(entry, files=entry.files.wider(more, entry.part.files), texts=texts)


def take_in(tool: str, entry: Entry, findings: Iterable[Finding], said: JsonObject | None) -> None:
    """Take what was linted anew into the record."""
    record, now = entry.record, entry.now
    for file in set(record.files) - entry.files.everyone:
        del record.files[file]
        record.texts.pop(file, None)
    rows: dict[str, list[Finding]] = {file: [*entry.texts.get(file, ())] for file in entry.anew}
    wide = []
    for finding in findings:
        if finding.rule in (TOOLS[finding.tool].project_rules or ()):
            wide.append(finding)
        elif finding.path in rows:
            rows[finding.path].append(finding)
    if not record.wide_holds(now):
        record.wide = (now.wide, wide)
    if said is not None:
        side_effects.update(record.effects, now.reach, entry.files, said)
        now = seen_now(now.reach, record.effects, now.wide)
        side_effects.redigest(record.effects, now.reach)
    for file in entry.anew | entry.files.left:
        _note_text(record, file, said["texts"] if said and file in entry.anew else {})
    record.files.update({file: ("", found) for file, found in rows.items()})
    # All that is not stale is as it was, also where files may see more by now.
    known = record.effects
    record.files.update(
        {file: (now.digest(tool, file, found, known), found) for file, (_, found) in record.files.items()}
    )
    record.files.update({file: ("", []) for file in entry.files.left})
