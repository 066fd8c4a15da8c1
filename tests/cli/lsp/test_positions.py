"""Places and changes as the protocol counts them, whatever a text holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lsprotocol import types
from pygls.workspace import PositionCodec

from pyfmt.cli.lsp.positions import decoded, edits, encoded, lines_of, range_of
from pyfmt.core.cells import CellPlace
from tests.cli.lsp.editor import applied

ENCODINGS = {
    types.PositionEncodingKind.Utf8: ("utf-8", 1),
    types.PositionEncodingKind.Utf16: ("utf-16-le", 2),
    types.PositionEncodingKind.Utf32: ("utf-32-le", 4),
}
# What ends a line in the protocol, what ends one for str.splitlines alone, and characters of one to four bytes.
TEXTS = st.lists(
    st.sampled_from(["a", "b", "\n", "\r\n", "\r", "\f", "\u2028", "\N{EURO SIGN}", "\N{GRINNING FACE}"])
).map("".join)


@given(before=TEXTS, after=TEXTS, kind=st.sampled_from([*ENCODINGS]))
def test_edits_make_the_one_text_of_the_other(before: str, after: str, kind: types.PositionEncodingKind) -> None:
    assert "".join(lines_of(before)) == before
    assert applied(before, edits(before, after, PositionCodec(kind)), *ENCODINGS[kind]) == after


@pytest.mark.parametrize(
    ("kind", "start", "end"),
    [
        (types.PositionEncodingKind.Utf8, 10, 22),
        (types.PositionEncodingKind.Utf16, 8, 14),
        (types.PositionEncodingKind.Utf32, 7, 11),
    ],
)
def test_columns_are_counted_in_the_units_of_the_encoding(
    kind: types.PositionEncodingKind, start: int, end: int
) -> None:
    lines = lines_of('a\fb\nsay("\N{GRINNING FACE}"\N{EURO SIGN}\N{GRINNING FACE}\N{GRINNING FACE}xy)\n')
    found = range_of(lines, CellPlace(1, 2, 8, 2, 12), PositionCodec(kind))
    assert (found.start, found.end) == (types.Position(1, start), types.Position(1, end)), found


def test_what_a_tool_does_not_say_is_a_word_or_a_line() -> None:
    lines, codec = lines_of("    value = other\n"), PositionCodec()
    assert range_of(lines, CellPlace(1, 1), codec) == types.Range(types.Position(0, 4), types.Position(0, 17))
    assert range_of(lines, CellPlace(1, 1, 13), codec) == types.Range(types.Position(0, 12), types.Position(0, 17))
    # Beyond the text, where a file is shorter by now.
    assert range_of(lines, CellPlace(1, 9, 3), codec) == types.Range(types.Position(8, 0), types.Position(8, 0))


def test_a_text_is_saved_in_the_encoding_that_it_names() -> None:
    latin = "# -*- coding: latin-1 -*-\nNAME = '\N{LATIN SMALL LETTER E WITH ACUTE}'\n"
    assert encoded(latin, None) == latin.encode("latin-1") and decoded(latin.encode("latin-1")) == latin
    with pytest.raises(UnicodeEncodeError):
        encoded(latin + "\N{EURO SIGN}", None)
    marked = b"\xef\xbb\xbfX = 1\r\n"
    assert decoded(marked) == "X = 1\r\n" and encoded("X = 1\r\n", marked) == marked
