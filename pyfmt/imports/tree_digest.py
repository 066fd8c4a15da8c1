"""PURE: what other files can see of a module: its tree, not its bytes.

pylint looks at other modules through astroid, which makes its own tree of Python's. Comments, blank lines and the way
in which a statement is laid out are not in it. Lines are, but all that is compared is which of two *statements* of a
module begins later (`astroid.filter_statements`), which its order says, unless two begin on one line; and line 1 is
told apart, since the line before it counts as none.
"""

from __future__ import annotations

import hashlib
import io
import tokenize
from collections.abc import Iterable, Iterator

from pyfmt.imports.definitions import Definition

# What is looked for in the text of an `__init__.py`, comments included (astroid's finders, isort).
_READ_AS_TEXT = (b"declare_namespace", b"extend_path")
_OF_THE_NEXT_LINE = b"disable-next"  # begins a comment that is obeyed for whatever stands on the line after it
# In every comment that a checker obeys (`type: int`, `coding=utf-8`), or takes for the end of a docstring.
_OBEYED = (b":", b"=", b'"' * 3, b"'" * 3)


def tree_digest(source: bytes, definitions: Iterable[Definition]) -> str:
    """A digest of what others can see of the module `source`; "" where that is its text."""
    if any(word in source for word in _READ_AS_TEXT) or not _is_text(source):
        return ""
    return "tree " + hashlib.sha256(" ".join(each.digest for each in definitions).encode()).hexdigest()[:32]


def _is_text(source: bytes) -> bool:
    """Whether a module can be decoded, which Python's parser does not ask of the comments in bytes; astroid does."""
    if source.isascii():
        return True
    try:
        source.decode(tokenize.detect_encoding(io.BytesIO(source).readline)[0])
    except (SyntaxError, ValueError, LookupError):
        return False
    return True


def lines_digest(source: bytes) -> str:
    """A digest of the lines of a module in their order, but for blank ones and those of comments that nobody obeys; ""
    where these count.

    Between two modules with the same lines and the same tree (which has all that stands in strings) what begins before
    something else, and on the line of something else, does so in both.
    """
    if _OF_THE_NEXT_LINE in source:
        return ""
    total = hashlib.sha256()
    for _, line in _lines(source):
        total.update(line.rstrip() + b"\n")
    return total.hexdigest()[:32]


def telling_lines(source: bytes) -> list[int]:
    """The numbers of the lines that `lines_digest` takes, from 1.

    Of two modules with the same tree and digest of lines, what stands on one of these lines of the first one stands on
    the line at the same place in the list of the second.
    """
    return [number for number, _ in _lines(source)]


def _lines(source: bytes) -> Iterator[tuple[int, bytes]]:
    for number, line in enumerate(source.splitlines(), 1):
        words = line.strip()
        if words and (words[:1] != b"#" or any(sign in words for sign in _OBEYED)):
            yield number, line
