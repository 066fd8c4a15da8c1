"""PURE: a module without its layout (comments, blank lines, wrapping, quotes), and how places in it move with that.

What a type checker says of a module and of all others is the same after a change of layout alone; only places in the
module itself are others. That holds for every checker that looks at trees, and at lines for three purposes: comments
that it obeys, whether two errors stand on one line, and numbers of lines in its messages.
"""

from __future__ import annotations

import ast
import codecs
import hashlib
import io
import re
import tokenize
from collections.abc import Iterator

from pyfmt.core import parsing
from pyfmt.imports.definitions import definitions_of
from pyfmt.imports.parse import Span
from pyfmt.imports.tree_digest import tree_digest

_UNSEEN = frozenset({tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING})
_PLAIN = ("utf-8", "utf-8-sig")
_FORMATTED = tuple(filter(None, (ast.JoinedStr, getattr(ast, "TemplateStr", None))))
_Place = tuple[int, int]  # line from 1, offset in bytes


def without_layout(source: bytes, obeyed: re.Pattern[bytes]) -> str:
    """A digest of all of a module that its layout does not change; "" where that is its text.

    `obeyed` finds comments that a checker obeys, and may find more: with these, only blank lines and other comments are
    layout.
    """
    try:
        if codecs.lookup(tokenize.detect_encoding(io.BytesIO(source).readline)[0]).name not in _PLAIN:
            return ""  # a checker may look for the cookie elsewhere, and decoding may make further lines
        tree = parsing.parse_python(source, with_type_comments=True)
        seen = tree_digest(source, definitions_of(tree))
        if not seen:
            return ""
        total = hashlib.sha256(seen.encode())
        for said in _spelled(source, tree):
            total.update(said)
        if obeyed.search(source):
            total.update("\n".join(_line_by_line(source, obeyed)).encode("utf-8", "surrogatepass"))
    except (ValueError, tokenize.TokenError, SyntaxError):
        return ""
    return total.hexdigest()[:32]


def _spelled(source: bytes, tree: ast.Module) -> Iterator[bytes]:
    """How things are written of which one tree has two spellings that not every Python accepts.

    Python 3.12: quotes within f-strings; 3.11: `x[*y]`; 3.14: `except A, B`. And statements that begin on the line
    where another one ends.
    """
    lines = source.splitlines()
    end = 0
    for number, node in enumerate(ast.walk(tree)):
        if isinstance(node, _FORMATTED):
            yield _text(lines, node)
        elif isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple):
            if any(isinstance(each, ast.Starred) for each in node.slice.elts):
                yield _text(lines, node.slice)[:1]
        elif isinstance(node, ast.ExceptHandler) and isinstance(node.type, ast.Tuple):
            yield _text(lines, node.type)[:1]
        elif isinstance(node, ast.stmt):
            if node.lineno == end:
                yield b";%d" % number
            end = node.end_lineno or 0


def _text(lines: list[bytes], node: ast.expr) -> bytes:
    first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
    if first == last:
        return lines[first][node.col_offset : node.end_col_offset]
    return b"\n".join([lines[first][node.col_offset :], *lines[first + 1 : last], lines[last][: node.end_col_offset]])


def _line_by_line(source: bytes, obeyed: re.Pattern[bytes]) -> Iterator[str]:
    """The tokens of a module, those of a line together; of comments those that may be obeyed."""
    line = 0
    for token in tokenize.tokenize(io.BytesIO(source).readline):
        if token.type in _UNSEEN or (token.type == tokenize.COMMENT and not obeyed.search(token.string.encode())):
            continue
        yield token.string if token.start[0] == line else f"\0{token.string}"
        line = token.end[0]


class Moves:
    """Where the places of a module stand after a change of its layout; raises ValueError where it is another change."""

    def __init__(self, before: bytes, after: bytes) -> None:
        self._before, self._after = _Text(before), _Text(after)
        self._lines: dict[int, set[int]] = {}
        self._starts: dict[_Place, set[_Place]] = {}
        self._ends: dict[_Place, set[_Place]] = {}
        self._whole: dict[tuple[_Place, _Place], set[tuple[_Place, _Place]]] = {}
        for old, new in zip(_placed(self._before.tree), _placed(self._after.tree), strict=True):
            self._lines.setdefault(old[0][0], set()).add(new[0][0])
            self._starts.setdefault(old[0], set()).add(new[0])
            self._ends.setdefault(old[1], set()).add(new[1])
            self._whole.setdefault(old, set()).add(new)

    def line(self, number: int) -> int | None:
        """The line on which all that began on a line begins now; None where it does not stay together."""
        found = self._lines.get(number, ())
        return next(iter(found)) if len(found) == 1 else None

    def shift(self, first: int, last: int) -> int | None:
        """By how many lines some lines have moved that are written as they were; None where they are not."""
        now = self.line(first)
        if now is None or self._before.lines[first - 1 : last] != self._after.lines[now - 1 : last + now - first]:
            return None
        return now - first

    def span(self, span: Span) -> Span | None:
        """Where an expression or a statement stands now; None where nothing is known to be just there."""
        old = ((span.line, span.column - 1), (span.end_line, span.end_column - 1))
        found = self._whole.get(old)
        if found is None:
            starts, ends = self._starts.get(old[0], ()), self._ends.get(old[1], ())
            found = {(start, end) for start in starts for end in ends}
        if len(found) != 1:
            return None
        new = next(iter(found))
        if not (self._before.is_plain(*old) and self._after.is_plain(*new)):
            return None  # a checker counts characters, or what it takes for them
        return Span(new[0][0], new[0][1] + 1, new[1][0], new[1][1] + 1)


class _Text:
    def __init__(self, source: bytes) -> None:
        if source.startswith(b"\xef\xbb\xbf"):
            raise ValueError("a byte order mark is counted by some, and not by others")
        self.lines = source.splitlines()
        try:
            self.tree = parsing.parse_python(source, with_type_comments=True)
        except SyntaxError as error:
            raise ValueError(str(error)) from error

    def is_plain(self, *places: _Place) -> bool:
        """Whether all is ASCII on the lines of these places."""
        return all(self.lines[line - 1].isascii() for line, _ in places)


def _placed(tree: ast.Module) -> Iterator[tuple[_Place, _Place]]:
    """The beginnings and ends of all that has a place, in an order that only the tree decides.

    What is inside of an f-string has none: before 3.12, Python tells wrong ones there.
    """
    waiting: list[ast.AST] = list(tree.body)
    while waiting:
        node = waiting.pop()
        line = getattr(node, "lineno", None)
        if line is not None:
            place = node.col_offset, node.end_lineno, node.end_col_offset  # type: ignore[attr-defined]
            yield (line, place[0]), (place[1] or line, place[2] or 0)
        if not isinstance(node, _FORMATTED):
            waiting.extend(ast.iter_child_nodes(node))
