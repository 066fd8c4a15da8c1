"""PURE: places and changes in a text as the protocol counts them: lines from 0, in units of the encoding that was
agreed on (UTF-16, unless the editor asks for another)."""

from __future__ import annotations

import difflib
import io
import re
import tokenize
from collections.abc import Sequence

from lsprotocol import types
from pygls.workspace import PositionCodec

from pyfmt.core.cells import CellPlace
from pyfmt.reports.problems import Problem

# What ends a line in the protocol, and in Python: not a form feed or U+2028, as str.splitlines has it.
_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
_WORD = re.compile(r"\w+")
_MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"


def lines_of(text: str) -> list[str]:
    """The lines, with what ends them."""
    return _LINE.findall(text)


def decoded(data: bytes) -> str:
    """A source as an editor has it: without a mark of its encoding, and with what cannot be decoded replaced."""
    return data.decode(_encoding(data), "replace").removeprefix(_MARK)


def encoded(text: str, before: bytes | None) -> bytes:
    """An editor's text as it would be saved, in the encoding that it names; `before` is what the file holds, whose mark
    is kept. Raises UnicodeEncodeError for what its encoding has not."""
    data = text.encode("utf-8", "surrogatepass")
    encoding = _encoding(data)
    found = text.encode(encoding, "surrogatepass" if encoding.startswith("utf") else "strict")
    mark = _MARK.encode()
    return mark + found if before is not None and before.startswith(mark) else found


def _encoding(data: bytes) -> str:
    try:
        return tokenize.detect_encoding(io.BytesIO(data).readline)[0]
    except (SyntaxError, UnicodeError):
        return "utf-8"


def range_of(lines: Sequence[str], at: Problem | CellPlace, codec: PositionCodec) -> types.Range:
    """Where a finding is underlined: what the tool says, else the word there, else the line."""
    text = _line(lines, at.line)
    if at.column is None:
        start, end = len(text) - len(text.lstrip()), (at.line, len(text.rstrip()) or len(text))
    else:
        start = at.column - 1
        word = _WORD.match(text, start)
        end = (at.line, word.end() if word else start + 1)
        if at.end_column is not None:
            end = (at.end_line or at.line, at.end_column - 1)

    def position(line: int, column: int) -> types.Position:
        return types.Position(max(0, line - 1), int(codec.client_num_units(_line(lines, line)[:column])))

    return types.Range(position(at.line, start), position(*end))


def _line(lines: Sequence[str], number: int) -> str:
    """A line by its number from 1, without its end; "" beyond the text."""
    return lines[number - 1].rstrip("\r\n") if 0 < number <= len(lines) else ""


def edits(before: str, after: str, codec: PositionCodec) -> list[types.TextEdit]:
    """What makes `after` of `before`, by whole lines: what stays is not touched, nor are cursors and marks there."""
    old, new = lines_of(before), lines_of(after)
    end = types.Position(len(old), 0)
    if old and not old[-1].endswith(("\r", "\n")):
        end = types.Position(len(old) - 1, int(codec.client_num_units(old[-1])))

    def position(number: int) -> types.Position:
        return types.Position(number, 0) if number < len(old) else end

    changes = difflib.SequenceMatcher(None, old, new).get_opcodes()
    return [
        types.TextEdit(types.Range(position(first), position(last)), "".join(new[new_first:new_last]))
        for kind, first, last, new_first, new_last in changes
        if kind != "equal"
    ]
