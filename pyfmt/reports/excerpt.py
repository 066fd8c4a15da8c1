"""The source line of a finding with its range underlined, cut to the terminal's width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pyfmt.core.cells import CellPlace
from pyfmt.core.model import Finding
from pyfmt.reports.escaping import cells, char_cells, log_brackets, printable

_TAB = 4
_LEAD = 12  # cells kept before the range where a long line is cut


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One source line, printable, and which of its cells the finding is about."""

    line: int  # 1-based
    text: str
    start: int  # first underlined cell, 0-based
    length: int  # underlined cells, at least 1
    more_to: int | None = None  # the last line of the range, where it goes on below this one


def _expand(source: str) -> list[str]:
    """What is shown for each character of a source line: tabs as blanks, control characters as escapes.

    What a CI would take for an order (`##vso[`) has a backslash in it, as in every other line.
    """
    shown = []
    column = 0
    brackets = log_brackets(source)
    for place, char in enumerate(source):
        text = " " * (_TAB - column % _TAB) if char == "\t" else printable(char)
        text = f"\\{text}" if place in brackets else text
        shown.append(text)
        column += cells(text)
    return shown


def excerpt(finding: Finding, lines: Sequence[str] | None, width: int) -> Excerpt | None:
    """What to show of the file's `lines` for a finding, in `width` cells; None where the line is not there.

    A finding without a column is about the whole line, without its indentation.
    """
    source = line_of(finding, lines)
    if not source:
        return None
    at = finding.cell or finding
    first, end = range_of(at, source)
    shown = _expand(source)
    start = cells("".join(shown[:first]))
    length = max(1, cells("".join(shown[first:end])))
    text, start, length = _cut("".join(shown), (start, length), max(width, 2 * _LEAD))
    return Excerpt(at.line, text, start, length, None if at.end_line in (None, at.line) else at.end_line)


def range_of(at: Finding | CellPlace, source: str) -> tuple[int, int]:
    """The characters of its source line that a finding is about, 0-based, the end exclusive: one at least."""
    first = min(at.column - 1, len(source)) if at.column else len(source) - len(source.lstrip())
    if at.column is None or at.end_line not in (None, at.line):
        end = len(source)
    else:
        end = min(at.end_column - 1, len(source)) if at.end_column else first + 1
    return first, max(end, first + 1)


def line_of(finding: Finding, lines: Sequence[str] | None) -> str:
    """The source line of a finding, without white space at its end; a notebook's findings bring theirs."""
    if finding.cell is not None:
        return finding.cell.text.rstrip()
    return lines[finding.line - 1].rstrip() if lines is not None and 1 <= finding.line <= len(lines) else ""


def _cut(text: str, span: tuple[int, int], width: int) -> tuple[str, int, int]:
    """A part of at most `width` cells of a printable line that holds the beginning of `span` (start, length)."""
    start, length = span
    if cells(text) <= width:
        return text, start, length
    skip = max(0, start - _LEAD) if start + min(length, width // 2) > width - 3 else 0
    kept: list[str] = []
    position = used = 0
    room = width - 3 - (3 if skip else 0)
    cut_end = False
    for char in text:
        size = char_cells(char)
        if position >= skip:
            if used + size > room:
                cut_end = True
                break
            kept.append(char)
            used += size
        elif position + size > skip:  # a wide character that the cut goes through
            skip = position + size
        position += size
    offset = 3 - skip if skip else 0
    start += offset
    body = ("..." if skip else "") + "".join(kept) + ("..." if cut_end else "")
    return body, start, max(1, min(length, used + (3 if skip else 0) - start))
