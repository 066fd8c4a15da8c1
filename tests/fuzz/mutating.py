"""Drawing mutations of a corpus, and counting the lines of pyfmt that an input reaches."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from hypothesis import strategies as st

import pyfmt

CORPUS = Path(__file__).parents[1] / "data" / "fuzz"
_INSIDE = str(Path(pyfmt.__file__).parent)
_WORDS = (
    *(char.encode("latin-1") for char in "\"'[]{}=:,\n\r\0\xff#\\/"),
    *b'[[ null true 0 -1 1e999 [] {} "" package name version source ../ %s'.split(),
    *(b"\xed\xa0\x80", b"-r x\n", b"import sys; ", b"9" * 400),
    *(b"(" * 300, b"[" * 3000, b"{'a':" * 1500, b"a." * 2000),
)


@st.composite
def mutations(draw: st.DrawFn, sample: bytes) -> bytes:
    """A sample after a few changes: parts left out, doubled, moved, and words put in or in the place of others."""
    data = sample
    for _ in range(draw(st.integers(1, 6))):
        start = draw(st.integers(0, len(data)))
        end = min(len(data), start + draw(st.integers(0, 40)))
        kind = draw(st.sampled_from("word swap drop double cut byte".split()))
        if kind == "word":
            data = data[:start] + draw(st.sampled_from(_WORDS)) + data[start:]
        elif kind == "swap":
            data = data[:start] + draw(st.sampled_from(_WORDS)) + data[end:]
        elif kind == "drop":
            data = data[:start] + data[end:]
        elif kind == "double":
            data = data[:end] + data[start:]
        elif kind == "cut":
            data = data[:start]
        else:
            data = data[:start] + draw(st.binary(min_size=1, max_size=3)) + data[end:]
    return data


def reached(call: Callable[[], object]) -> int:
    """How many lines of pyfmt a call runs through; whatever it raises is raised."""
    lines: set[tuple[str, int]] = set()

    def trace(frame: FrameType, event: str, _argument: Any) -> Any:
        if not frame.f_code.co_filename.startswith(_INSIDE):
            return None
        if event == "line":
            lines.add((frame.f_code.co_filename, frame.f_lineno))
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return len(lines)
