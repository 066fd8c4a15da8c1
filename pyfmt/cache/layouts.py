"""Outcomes by the sources that a tool has read, without their layout: after a comment, or what a formatter rewrites, a
checker of trees says the same, at other places.

Under the paths of all modules that a unit could see stand the sets of those that earlier runs have read; under the
trees of such a set lies the outcome. With it stand the contents that its findings were made of; these files are kept as
they were, so that each place can be looked up in both trees. Where a place cannot be, the tool runs.
"""

from __future__ import annotations

import hashlib
import json
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
from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.core.model import Finding, Outcome, Unit
from pyfmt.core.tool_values import EVERYTHING, LayoutRules
from pyfmt.imports.layout import Moves, without_layout
from pyfmt.imports.parse import Span
from pyfmt.tools.registry import TOOLS

_SETS = 8  # of files that were read, for the same paths
_VERSION = 2  # raise it when trees or places are read in another way


@dataclass(frozen=True, slots=True)
class _KeptLayout:
    findings: tuple[Finding, ...]
    notes: tuple[str, ...]
    texts: dict[str, str]  # by file that a finding is about: the digest of its content
    observed: Observed
    read: list[str]  # files of the monorepo


_KEPT = MemoKind("unit without layout", 1, _KeptLayout)


class Layouts:
    """Outcomes of whole units by keys without layout; what is parsed is remembered by its content."""

    def __init__(self, store: Store, remembered: ObservedRuns) -> None:
        self._store = store
        self._remembered = remembered
        self._trees: dict[bytes, str] = {}
        self._parsed: dict[bytes, bytes] = {}
        self._moves: dict[tuple[str, str], Moves | None] = {}

    def find(self, units: Sequence[Unit], facts: KeyFacts) -> list[Learnt | None]:
        """What is known of whole units but for their layout, with every place as it is now."""
        listings = [self._listing(unit, facts) for unit in units]
        known = self._store.get(key for key in listings if key is not None)
        found: list[Learnt | None] = []
        for unit, listing in zip(units, listings, strict=True):
            rows = _names(known.get(listing)) if listing else []
            keys = [
                DeclaredKey(self._key(unit, row, files, facts), facts.places(unit)) for row, files in self._sets(rows)
            ]
            values = filter(None, self._remembered.find(keys))
            found.append(next(filter(None, (self._load(value, unit, facts) for value in values)), None))
        self._keep_parsed()
        return found

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
        row = fold("files read", files)
        names = [row.hex(), *(name for name in _names(self._store.get([listing]).get(listing)) if name != row.hex())]
        key = self._key(unit, row.hex(), files, facts)
        self._store.put({row: _packed(files), listing: _packed(names[:_SETS])})
        self._keep_parsed()
        kept = _KeptLayout(findings, learnt.notes, texts, learnt.observed, files)
        return DeclaredKey(key, facts.places(unit)), _KEPT.pack(kept)

    @staticmethod
    def _read_by(learnt: Learnt, facts: KeyFacts) -> list[str]:
        """The files of the monorepo that a tool has read, of those whose contents are part of its key."""
        known, _ = facts.sources.known(seen_sources(learnt.outcome.unit, facts))
        asked = {path for each in learnt.asked for path in each["files"]}
        return sorted(file for file in known if os.path.join(facts.root, file) in asked)

    def _keep_parsed(self) -> None:
        self._store.put(self._parsed, shared=False)
        self._parsed = {}

    def _sets(self, names: Sequence[str]) -> list[tuple[str, list[str]]]:
        """Sets of files by their names."""
        found = self._store.get(bytes.fromhex(name) for name in names)
        return [(key.hex(), _names(value)) for key, value in found.items()]

    def _load(self, value: bytes, unit: Unit, facts: KeyFacts) -> Learnt | None:
        kept = _KEPT.unpack(value)
        now = self._moved(unit.tool, kept.findings, kept.notes, kept.texts, facts) if kept is not None else None
        if kept is None or now is None:
            return None
        asked = {"files": [os.path.join(facts.root, file) for file in kept.read]}
        return Learnt(Outcome(unit, now, cached=True), kept.notes, kept.observed, [asked])

    def _listing(self, unit: Unit, facts: KeyFacts) -> bytes | None:
        """The key of a whole unit whatever is in its modules; None where its tool may look at more than trees."""
        if TOOLS[unit.tool].layout is None or EVERYTHING in seen_sources(unit, facts) or _has_notebooks(unit):
            return None
        return fold("unit by paths", _VERSION, unit.tool, unit_inputs(unit, facts, facts.sources.listed))

    def _key(self, unit: Unit, name: str, files: Iterable[str], facts: KeyFacts) -> bytes:
        """The key of a whole unit where its tool reads these files of the monorepo and no others."""
        trees = [self._tree(file, unit.tool, facts) for file in files]
        return fold("unit by trees", self._listing(unit, facts), name, trees)

    def _tree(self, file: str, tool: str, facts: KeyFacts) -> str:
        """A file without its layout; its content's digest where that cannot be told."""
        digest, rules = facts.digest(file), TOOLS[tool].layout
        if not file.endswith(MODULES) or rules is None:
            return digest.hex()
        key = fold("without layout", _VERSION, digest, rules.obeyed.pattern, sys.version_info[:3])
        if key not in self._trees:
            known = self._store.get([key], shared=False).get(key)  # quicker made than fetched
            if known is None:
                source = _read(file, digest, facts)
                known = self._parsed[key] = without_layout(source, rules.obeyed).encode() if source is not None else b""
            self._trees[key] = known.decode("ascii", "replace")
        return self._trees[key] or digest.hex()

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
        return tuple(sorted(found, key=lambda each: (each.path, each.line, each.column or 0, each.rule, each.message)))

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


def _packed(value: object) -> bytes:
    return json.dumps(value).encode("utf-8", "surrogatepass")


def _names(value: bytes | None) -> list[str]:
    try:
        return [str(name) for name in json.loads(value or b"[]")]
    except (ValueError, TypeError):
        return []  # damaged: nothing is known


def _text_key(digest: str) -> bytes:
    return fold("text", digest)


def _read(file: str, digest: bytes, facts: KeyFacts) -> bytes | None:
    """A file's content; None where it is not the one that the digest is of."""
    try:
        source = disk.read_bytes(os.path.join(facts.root, file))
    except OSError:
        return None
    return source if hashlib.sha256(source).digest() == digest else None


def _has_notebooks(unit: Unit) -> bool:
    return any(file.endswith(NOTEBOOK_SUFFIX) for file in unit.files)


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
