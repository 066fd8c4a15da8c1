"""Outcomes by the sources that a tool has read, without their layout: after a comment, or what a formatter rewrites, a
checker of trees says the same, at other places.

Under the paths of all modules that a unit could see stand the sets of those that earlier runs have read; under the
trees of such a set lies the outcome. With it stand the contents that its findings were made of; these files are kept as
they were, so that each place can be looked up in both trees. Where a place cannot be, the tool runs.
"""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pyfmt import disk
from pyfmt.cache.keys import KeyFacts, fold, seen_sources, unit_inputs
from pyfmt.cache.observed import Observed
from pyfmt.cache.observed_runs import DeclaredKey, Learnt, ObservedRuns
from pyfmt.cache.remembered import MemoKind
from pyfmt.cache.sources import MODULES
from pyfmt.cache.store import Store
from pyfmt.core.cells import has_notebooks
from pyfmt.core.model import Finding, Outcome, Unit, by_place
from pyfmt.core.tool_values import EVERYTHING, LayoutRules
from pyfmt.imports.layout import Moves, without_layout
from pyfmt.imports.parse import Span
from pyfmt.tools.protocol import JsonObject
from pyfmt.tools.registry import TOOLS

_MOST = 8  # sets of files that were read, for the same paths


@dataclass(frozen=True, slots=True)
class _KeptLayout:
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    texts: dict[str, str]  # by file that a finding is about: the digest of its content
    observed: Observed
    read: list[str]  # files of the monorepo
    interfaces: dict[str, tuple[str, ...]]  # of these, where the tool has told them: `Interface`


_KEPT = MemoKind("unit without layout", 3, _KeptLayout)
_READ: MemoKind[list[str]] = MemoKind("files read", 2, list[str])
_SETS: MemoKind[list[bytes]] = MemoKind("unit by paths", 3, list[bytes])  # keys of `_READ`, the newest first


@dataclass(frozen=True, slots=True)
class _LastRead:
    """What a unit's tool read when it was asked last, whatever is in the files."""

    files: list[str]
    trees: list[str]  # of each, without its layout


_LAST = MemoKind("last read", 1, _LastRead, shared=False)
# Of a file, "" where it cannot be told; sooner made than fetched from another machine.
_TREES = MemoKind("without layout", 4, str, shared=False)


Interface = tuple[str, ...]  # what a module says to others, and all that it sees itself


@dataclass(frozen=True, slots=True)
class Held:
    """An outcome that holds if modules that have changed say to others what they said before; what the tool finds in
    those that are the unit's own is not in it."""

    learnt: Learnt
    changed: Mapping[str, Interface]


class Layouts:
    """Outcomes of whole units by keys without layout; what is parsed is remembered by its content."""

    def __init__(self, store: Store, remembered: ObservedRuns) -> None:
        self._store = store
        self._remembered = remembered
        self._trees: dict[bytes, str] = {}
        self._moves: dict[tuple[str, str], Moves | None] = {}

    def find(self, units: Sequence[Unit], facts: KeyFacts) -> list[Learnt | None]:
        """What is known of whole units but for their layout, with every place as it is now."""
        listings = {unit: listing for unit in units if (listing := self._listing(unit, facts)) is not None}
        known = _SETS.find(self._store, listings)
        found: list[Learnt | None] = []
        for unit in units:
            read = _READ.find(self._store, {key: key for key in known.get(unit, ())})
            trees = [(files, self._trees_of(files, unit.tool, facts)) for files in read.values()]
            keys = [DeclaredKey(_kept_key(listings[unit], *each), facts.places(unit)) for each in trees]
            values = filter(None, self._remembered.find(keys))
            found.append(next(filter(None, (self._load(value, unit, facts) for value in values)), None))
        return found

    def held(self, unit: Unit, facts: KeyFacts) -> Held | None:
        """What the last answer about a whole unit says, but for modules that have other trees now; None where it does
        not hold, or it is not known how these looked to others."""
        listing = self._listing(unit, facts)
        last = _LAST.one(self._store, _LAST.key([listing])) if listing else None
        if listing is None or last is None:
            return None
        now = self._trees_of(last.files, unit.tool, facts)
        changed = [file for file, before, tree in zip(last.files, last.trees, now) if before != tree]
        key = DeclaredKey(_kept_key(listing, last.files, last.trees), facts.places(unit))
        learnt = self._load(self._remembered.find([key])[0], unit, facts, frozenset(changed)) if changed else None
        told = interfaces_of(learnt.asked, facts) if learnt else {}
        if learnt is None or not set(changed) <= told.keys():
            return None
        return Held(learnt, {file: told[file] for file in changed})

    def entry(self, learnt: Learnt, facts: KeyFacts) -> tuple[DeclaredKey, bytes] | None:
        """Under which key to keep an outcome, and as what; None where more than trees may count."""
        unit, findings = learnt.outcome.unit, learnt.outcome.findings
        listing = self._listing(unit, facts)
        texts = self._kept(findings, facts) if listing and not any(each.syntax for each in findings) else None
        if listing is None or texts is None or learnt.observed is None:
            return None
        files = self._read_by(learnt, facts)
        if not texts.keys() | set(unit.files) <= set(files):
            return None  # what it has read for certain was not told, as below pyfmt's own folders: nor may be the rest
        before = _SETS.one(self._store, listing) or []
        sets = [*dict.fromkeys((_READ.key(files), *before))]
        _READ.keep(self._store, {sets[0]: files})
        _SETS.keep(self._store, {listing: sets[:_MOST]})
        trees = self._trees_of(files, unit.tool, facts)
        _LAST.keep(self._store, {_LAST.key([listing]): _LastRead(files, trees)})
        kept = _KeptLayout(findings, learnt.notes, texts, learnt.observed, files, interfaces_of(learnt.asked, facts))
        return DeclaredKey(_kept_key(listing, files, trees), facts.places(unit)), _KEPT.pack(kept)

    @staticmethod
    def _read_by(learnt: Learnt, facts: KeyFacts) -> list[str]:
        """The files of the monorepo that a tool has read, of those whose contents are part of its key."""
        known, _ = facts.sources.known(seen_sources(learnt.outcome.unit, facts))
        asked = {path for each in learnt.asked for path in each["files"]}
        return sorted(file for file in known if os.path.join(facts.root, file) in asked)

    def _load(
        self, value: bytes | None, unit: Unit, facts: KeyFacts, without: frozenset[str] = frozenset()
    ) -> Learnt | None:
        """An outcome with every place as it is now; nothing of the findings in the files `without`."""
        kept = _KEPT.unpack(value)
        if kept is None:
            return None
        findings = [each for each in kept.findings if each.path not in without]
        now = self._moved(unit.tool, findings, kept.notes, kept.texts, facts)
        if now is None:
            return None
        asked: JsonObject = {"files": [os.path.join(facts.root, file) for file in kept.read]}
        asked["interfaces"] = {os.path.join(facts.root, file): said for file, said in kept.interfaces.items()}
        return Learnt(Outcome(unit, now, cached=True), kept.notes, kept.observed, [asked])

    def _listing(self, unit: Unit, facts: KeyFacts) -> bytes | None:
        """The key of a whole unit whatever is in its modules; None where its tool may look at more than trees."""
        if TOOLS[unit.tool].layout is None or EVERYTHING in seen_sources(unit, facts) or has_notebooks(unit.files):
            return None
        return _SETS.key([unit.tool, unit_inputs(unit, facts, facts.sources.listed)])

    def _trees_of(self, files: Iterable[str], tool: str, facts: KeyFacts) -> list[str]:
        """Files without their layout; their contents' digests where that cannot be told."""
        rules, digests = TOOLS[tool].layout, {file: facts.digest(file) for file in files}
        assert rules is not None, tool
        how = rules.obeyed.pattern, sys.version_info[:3]
        keys = {file: _TREES.key([digest, *how]) for file, digest in digests.items() if file.endswith(MODULES)}
        missing = {key: file for file, key in keys.items() if key not in self._trees}
        self._trees.update(_TREES.find(self._store, {key: key for key in missing}))
        made: dict[bytes, str] = {}
        for key, file in missing.items():
            source = _read(file, digests[file], facts) if key not in self._trees else None
            if source is not None:
                made[key] = without_layout(source, rules.obeyed)
        _TREES.keep(self._store, made)
        self._trees.update(made)
        return [self._trees.get(keys.get(file, b"")) or digest.hex() for file, digest in digests.items()]

    def _kept(self, findings: Iterable[Finding], facts: KeyFacts) -> dict[str, str] | None:
        """The digests of the files that findings are about, as they are kept for `_moved`; None where one is gone."""
        digests = {path: facts.digest(path) for path in sorted({finding.path for finding in findings})}
        keys = {path: _text_key(digest.hex()) for path, digest in digests.items()}
        known = self._store.get(keys.values(), shared=False)
        texts: dict[bytes, bytes] = {}
        for path, key in keys.items():
            if key not in known:
                source = _read(path, digests[path], facts)
                if source is None:
                    return None
                texts[key] = source
        self._store.put(texts, shared=False)
        return {path: digest.hex() for path, digest in digests.items()}

    def _moved(
        self, tool: str, findings: Sequence[Finding], notes: Sequence[str], before: Mapping[str, str], facts: KeyFacts
    ) -> tuple[Finding, ...] | None:
        """Findings that were made of files with the digests `before`, at the places where they are now; None where one
        cannot be told."""
        rules = TOOLS[tool].layout
        changed = {path for path in before if facts.digest(path).hex() != before[path]}
        texts = [*notes, *(text for each in findings for text in (each.message, *each.notes))]
        if rules is None or any(rules.placed.search(text) for text in texts):
            return None
        found: list[Finding] = []
        for finding in findings:
            moves = self._moves_of(finding.path, before[finding.path], facts) if finding.path in changed else None
            place = _placed(finding, moves, rules) if moves else finding
            if place is None or (finding.path in changed and moves is None):
                return None
            found.append(place)
        lines = {((each.path, each.line), (each.path, new.line)) for each, new in zip(findings, found)}
        if not len({old for old, _ in lines}) == len({new for _, new in lines}) == len(lines):
            return None  # what a tool says twice on a line, it says once
        return tuple(sorted(found, key=by_place))

    def _moves_of(self, path: str, before: str, facts: KeyFacts) -> Moves | None:
        digest = facts.digest(path)
        key = before, digest.hex()
        if key not in self._moves:
            text = _text_key(before)
            old = self._store.get([text], shared=False).get(text)
            new = _read(path, digest, facts)
            try:
                self._moves[key] = Moves(old, new) if old is not None and new is not None else None
            except ValueError:
                self._moves[key] = None
        return self._moves[key]


def interfaces_of(asked: Iterable[JsonObject], facts: KeyFacts) -> dict[str, Interface]:
    """How modules of the monorepo look, by their paths, where a tool has told that."""
    told = (item for each in asked for item in each.get("interfaces", {}).items())
    return {os.path.relpath(path, facts.root).replace(os.sep, "/"): tuple(said) for path, said in told}


def _kept_key(listing: bytes, files: Sequence[str], trees: Sequence[str]) -> bytes:
    """The key of a whole unit where its tool reads these files of the monorepo, with these trees, and no others."""
    return _KEPT.key([listing, files, trees])


def _text_key(digest: str) -> bytes:
    return fold("text", digest)


def _read(file: str, digest: bytes, facts: KeyFacts) -> bytes | None:
    """A file's content; None where it is not the one that the digest is of."""
    source = disk.bytes_or_none(os.path.join(facts.root, file))
    return source if source is not None and hashlib.sha256(source).digest() == digest else None


def _placed(finding: Finding, moves: Moves, rules: LayoutRules) -> Finding | None:
    """A finding where it stands now, with the lines that its message tells."""
    line = moves.line(finding.line)
    texts = [_retold(text, moves, rules) for text in (finding.message, *finding.notes)]
    if line is None or None in texts or (finding.column is None and finding.line == 1 != line):
        return None  # line 1 without a column may stand for none
    message, *notes = [text for text in texts if text is not None]
    finding = replace(finding, message=message, notes=tuple(notes))
    shift = moves.shift(finding.line, finding.end_line or finding.line)
    if shift is not None:
        return replace(finding, line=line, end_line=finding.end_line and finding.end_line + shift)
    if finding.column is None or finding.end_line is None or finding.end_column is None:
        return None
    span = moves.span(Span(finding.line, finding.column, finding.end_line, finding.end_column))
    if span is None:
        return None
    return replace(finding, line=span.line, column=span.column, end_line=span.end_line, end_column=span.end_column)


def _retold(text: str, moves: Moves, rules: LayoutRules) -> str | None:
    """A message with the numbers that its lines have now; None where one of them is not known."""
    lines = {found[1]: moves.line(int(found[1])) for found in rules.line.finditer(text)}
    if None in lines.values():
        return None
    return rules.line.sub(lambda found: found[0].replace(found[1], str(lines[found[1]])), text)
