"""Files with the same tree and other comments or blank lines: the text is linted, what was said of the tree moves.

With a record stands, for each content that something was said of, which of its lines say something themselves
(`imports/tree_digest.py`). A content with the same tree has the same ones, at other places; so has whatever was said of
the tree. Where a place or a number in a message cannot be told for certain, the file is linted.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from dataclasses import replace

from pyfmt import disk
from pyfmt.cache.keys import KeyFacts
from pyfmt.cache.records import Entry, Record
from pyfmt.cache.remembered import MemoKind
from pyfmt.cache.store import Store
from pyfmt.core.model import Finding
from pyfmt.core.tool_values import TextRules
from pyfmt.imports.tree_digest import telling_lines
from pyfmt.tools.registry import TOOLS

_Lines = Mapping[int, int]  # where a line stands now
# By content the first and the last one of each row of lines that say something; sooner made than fetched.
_LINES = MemoKind("telling lines", 1, list[int], shared=False)


class MovedLines:
    """Keeps where the lines of files stand, and moves what was said of them."""

    def __init__(self, store: Store, facts: KeyFacts) -> None:
        self._store = store
        self._facts = facts
        self._kept: set[str] = set()

    def keep(self, tool: str, records: Iterable[Record]) -> None:
        """Note the lines of the files about which records say something, as long as these are what they were."""
        missing: dict[str, str] = {}
        for record in records if TOOLS[tool].texts else ():
            about = {finding.path for finding in record.wide[1]}
            for file, (digest, findings) in record.files.items():
                content = digest.partition(" ")[2]
                if content and (findings or file in about) and content not in self._kept:
                    missing[content] = file
        self._kept.update(missing)
        known = _LINES.find(self._store, {content: _LINES.key([content]) for content in missing})
        found = {}
        for content in missing.keys() - known.keys():
            source = self._read(missing[content], content)
            if source is not None:
                found[_LINES.key([content])] = _rows(telling_lines(source))
        _LINES.keep(self._store, found)

    def of(self, tool: str, entry: Entry) -> Entry:
        """The entry, of which nothing but files with another layout is left, with their texts alone to be linted; the
        same where that cannot be for all of them."""
        rules, record = TOOLS[tool].texts, entry.record
        if rules is None or not entry.files.stale or not entry.files.stale <= record.texts.keys():
            return entry
        texts: dict[str, tuple[Finding, ...]] = {}
        moves: dict[str, _Lines] = {}
        for file in entry.files.stale:
            found = self._moved(rules, entry, file, moves)
            if found is None:
                return entry
            texts[file] = found
        wide = record.wide[1] if record.wide_holds(entry.now) else _project_wide(entry, rules, moves)
        if wide is None:
            return entry
        record.wide = (entry.now.wide, wide)
        nothing = frozenset[str]()
        files = replace(entry.files, stale=nothing, changed=entry.files.changed - entry.files.stale)
        return replace(entry, files=files, texts=texts)

    def _moved(self, rules: TextRules, entry: Entry, file: str, moves: dict[str, _Lines]) -> tuple[Finding, ...] | None:
        """What is said of a file's tree, where it stands now; None where that cannot be told."""
        before, findings = entry.relaid[file][0], entry.record.files[file][1]
        source = self._read(file, self._facts.digest(file).hex())
        if source is None or rules.kept.search(source):
            return None
        of_text = entry.record.texts[file]
        of_tree = [each for each in findings if [each.rule, each.line, each.column] not in of_text]
        if any(rules.line.search(each.message) for each in of_tree) and rules.miscounted.search(source):
            return None
        about = [*of_tree, *(each for each in entry.record.wide[1] if each.path == file)]
        rows = _LINES.one(self._store, _LINES.key([before])) if about else []
        lines, now = _numbers(rows or ()), telling_lines(source) if about else []
        if len(lines) != len(now):
            return None
        moves[file] = dict(zip(lines, now))
        found = [_placed(each, moves[file], rules) for each in of_tree]
        return None if None in found else tuple(each for each in found if each is not None)

    def _read(self, file: str, digest: str) -> bytes | None:
        """A file's content; None where it is not the one that the digest, or its beginning, is of."""
        source = disk.bytes_or_none(os.path.join(self._facts.root, file))
        return source if source is not None and hashlib.sha256(source).hexdigest().startswith(digest) else None


def _project_wide(entry: Entry, rules: TextRules, moves: Mapping[str, _Lines]) -> list[Finding] | None:
    """What is said of the project as a whole, where it stands now; None where more than places may have changed."""
    before, found = entry.record.wide
    if before.partition(" ")[0] != entry.now.wide.partition(" ")[0]:
        return None
    if any(each.notes or each.path in entry.files.changed - moves.keys() for each in found):
        return None  # notes tell lines of other files
    placed = [_placed(each, moves[each.path], rules) if each.path in moves else each for each in found]
    return None if None in placed else [each for each in placed if each is not None]


def _placed(finding: Finding, moves: _Lines, rules: TextRules) -> Finding | None:
    """A finding where it stands now; None where that cannot be told.

    In line 1 may stand what is said of the module itself, which stays there.
    """
    line = None if finding.rule in rules.counted else moves.get(finding.line)
    if finding.line == 1 and line is None and finding.end_line is None:
        line = 1
    elif finding.line == 1 and line != 1:
        return None
    told = rules.line.search(finding.message)
    message = finding.message
    if told is not None:
        if int(told[1]) not in moves:
            return None
        message = f"{message[: told.start(1)]}{moves[int(told[1])]}{message[told.end(1) :]}"
    rest = message[: told.start()] if told else message
    end = None if finding.end_line is None else moves.get(finding.end_line)
    if line is None or (end is None) != (finding.end_line is None) or rules.placed.search(rest) or finding.notes:
        return None
    return replace(finding, line=line, end_line=end, message=message)


def _rows(numbers: Iterable[int]) -> list[int]:
    rows: list[int] = []
    for number in numbers:
        if rows and rows[-1] == number - 1:
            rows[-1] = number
        else:
            rows += [number, number]
    return rows


def _numbers(rows: Iterable[int]) -> list[int]:
    each = iter(rows)
    return [number for first in each for number in range(first, next(each) + 1)]
