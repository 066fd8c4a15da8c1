"""What of a module is layout, and where its places stand after a change of that."""

from __future__ import annotations

import ast
from pathlib import Path

import black
import pytest

import pyfmt
from pyfmt.imports.layout import Moves, without_layout
from pyfmt.imports.parse import Span
from pyfmt.tools.registry import TOOLS

BEFORE = '''"""Text."""
import os

def f(a, b=(1, 2)):
    label = f"{a!r} and {b['x']}"
    return g(a, b)  # first

VALUE: "int" = f(1); OTHER = f(
    "é", 3)
'''
LAYOUT = {
    "a comment": BEFORE.replace("# first", "# another one"),
    "no comment": BEFORE.replace("  # first", ""),
    "comments and blank lines": BEFORE.replace("\nimport", "\n\n# Imports.\nimport").replace("def", "\n\n# f\ndef"),
    "wrapping": BEFORE.replace("f(a, b=(1, 2))", "f(\n    a,\n    b=(1, 2),\n)"),
    "parentheses": BEFORE.replace("return g(a, b)", "return (\n        g(a, b)\n    )"),
    "quotes": BEFORE.replace('"int"', "'int'").replace('"""Text."""', "'''Text.'''"),
}
OTHERWISE = {
    "a name": BEFORE.replace("VALUE", "AMOUNT"),
    "a docstring": BEFORE.replace("Text.", "Text,"),
    "a type comment": BEFORE.replace("# first", "# type: ignore"),
    "a setting in a comment": BEFORE.replace("# first", "# mypy: ignore-errors"),
    "quotes in an f-string": BEFORE.replace("""f"{a!r} and {b['x']}\"""", """f'{a!r} and {b["x"]}'"""),
    "two statements on a line": BEFORE.replace("; OTHER", "\nOTHER"),
    "nothing that can be parsed": BEFORE.replace("import os", "import"),
}
RULES = TOOLS["mypy"].layout
assert RULES is not None
OBEYED = RULES.obeyed


def _digest(source: str) -> str:
    return without_layout(source.encode(), OBEYED)


@pytest.mark.parametrize("source", LAYOUT.values(), ids=LAYOUT)
def test_layout(source: str) -> None:
    assert _digest(source) == _digest(BEFORE) != ""


@pytest.mark.parametrize("source", OTHERWISE.values(), ids=OTHERWISE)
def test_what_is_no_layout(source: str) -> None:
    assert _digest(source) != _digest(BEFORE)


def test_beside_a_comment_that_is_obeyed_only_blank_lines_and_comments_are_layout() -> None:
    before = "import f\nVALUE = f(1, 2)  # type: ignore\nOTHER = f(3, 4)\n"
    assert _digest(before.replace("VALUE", "# A comment.\n\nVALUE")) == _digest(before) != ""
    assert _digest(before.replace("f(3, 4)", "f(\n    3, 4\n)")) != _digest(before)
    assert _digest(before.replace("f(1, 2)", "f(\n    1, 2\n)")) != _digest(before)
    assert _digest(before.replace("f(3, 4)", "f(3, 4)  # type: ignore")) != _digest(before)


def test_where_an_encoding_is_declared_everything_counts() -> None:
    source = b"# coding: latin-1\nLENGTH = len('\xe9')\n"
    assert without_layout(source, OBEYED) == ""  # after a blank line mypy sees no such comment, and Python does
    assert without_layout(b"# coding: unicode_escape\nA = 1\\nB = f'{A}'\n", OBEYED) == ""
    assert without_layout(b"# coding: unheard-of\n", OBEYED) == without_layout(b"A = '\xe9'\n", OBEYED) == ""
    assert without_layout(b"# coding: utf8\nLENGTH = 1\n", OBEYED) == without_layout(b"#\nLENGTH = 1\n", OBEYED) != ""


@pytest.mark.parametrize("source", LAYOUT.values(), ids=LAYOUT)
def test_every_place_that_is_told_is_that_of_the_same_expression(source: str) -> None:
    moves = Moves(BEFORE.encode(), source.encode())
    for old, new in zip(_nodes(BEFORE), _nodes(source), strict=True):
        found = moves.span(_span(old))
        assert found in (None, _span(new)), ast.dump(old)


def test_places_move_with_what_stands_there() -> None:
    source = LAYOUT["comments and blank lines"].replace("return g(a, b)", "return g(\n        a, b)")
    moves = Moves(BEFORE.encode(), source.encode())
    assert moves.span(Span(6, 12, 6, 19)) == Span(11, 12, 12, 14)  # g(a, b)
    assert moves.line(2) == 4 and moves.shift(4, 4) == 5
    assert moves.shift(6, 6) is None  # it is written in another way
    assert moves.line(6) is None  # not all of it stands on one line any more
    assert moves.span(Span(8, 1, 8, 3)) is None  # nothing stands just there
    assert moves.span(Span(9, 10, 9, 11)) is None and moves.shift(9, 9) == 6  # beside a letter that is no ASCII
    with pytest.raises(ValueError, match="byte order"):
        Moves(b"\xef\xbb\xbf" + BEFORE.encode(), source.encode())


def test_black_changes_nothing_but_layout() -> None:
    mode = black.Mode(line_length=60, magic_trailing_comma=False)
    known = told = 0
    for path in sorted(Path(pyfmt.__file__).parent.glob("core/[a-m]*.py")):
        before = path.read_text()
        after = black.format_str(before, mode=mode)
        if not _digest(before) == _digest(after) != "":
            continue  # docstrings, or comments that are obeyed
        known += 1
        moves = Moves(before.encode(), after.encode())
        for old, new in zip(_nodes(before), _nodes(after), strict=True):
            found = moves.span(_span(old))
            assert found in (None, _span(new)), (path, ast.dump(old))
            told += found is not None
    assert known >= 3 and told > 2_000


def _nodes(source: str) -> list[ast.expr]:
    tree = ast.parse(source)
    inner = {id(node) for each in ast.walk(tree) if isinstance(each, ast.JoinedStr) for node in ast.walk(each)}
    return [node for node in ast.walk(tree) if isinstance(node, ast.expr) and id(node) not in inner]


def _span(node: ast.expr) -> Span:
    assert node.end_lineno is not None and node.end_col_offset is not None
    return Span(node.lineno, node.col_offset + 1, node.end_lineno, node.end_col_offset + 1)
