"""Text from a checkout made harmless, and measured in terminal cells."""

from __future__ import annotations

import re
import unicodedata

# C0 and C1 controls, line and paragraph separators, everything that reorders text (CVE-2021-42574), the byte order
# mark, lone surrogates (bytes of a file name that are not UTF-8), which cannot be written at all, and what XML forbids.
_UNSAFE = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")
_NAMED = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_LOG_COMMAND = re.compile(r"(##(?:vso)?)\[", re.IGNORECASE)
_WORKFLOW_COMMAND = re.compile(r"\A(\s*)::")
_XML = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;", "\n": "&#10;"})
_ASCII = re.compile(r"[\x20-\x7e]*\Z")

_MARKDOWN = str.maketrans({char: f"\\{char}" for char in "\\`*_[]<>|#&"})


def _escape(match: re.Match[str]) -> str:
    char = match.group()
    if char in _NAMED:
        return _NAMED[char]
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"


def printable(text: str) -> str:
    """`text` as one line that no terminal, log or reader can misread: control characters are shown as escapes.

    Nor can it give orders to a CI that reads the log: Azure and GitHub look for `##vso[` and `##[` anywhere in a line.
    """
    if "##" in text:
        text = _LOG_COMMAND.sub(r"\1\\[", text)
    return text if _ASCII.match(text) else _UNSAFE.sub(_escape, text)


def log_brackets(text: str) -> frozenset[int]:
    """The places of the brackets that `printable` puts a backslash before."""
    return frozenset(match.end() - 1 for match in _LOG_COMMAND.finditer(text)) if "##" in text else frozenset()


def printable_text(text: str) -> str:
    """`text` in lines that no terminal or log can misread."""
    return "\n".join(printable_lines(text))


def printable_lines(text: str) -> list[str]:
    """The lines of `text`, split at LF or CRLF only, each made printable; [""] for an empty text.

    A line that begins with `::` would be a workflow command to GitHub, even indented: it gets a backslash.
    """
    lines = [printable(line.removesuffix("\r")) for line in text.split("\n")]
    return [_WORKFLOW_COMMAND.sub(r"\1\\::", line) for line in lines]


def char_cells(char: str) -> int:
    """How many terminal cells a printable character takes: 0, 1 or 2 (Unicode Standard Annex 11)."""
    if unicodedata.combining(char) or unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cells(text: str) -> int:
    """How many terminal cells a printable line takes."""
    return len(text) if _ASCII.match(text) else sum(map(char_cells, text))


def pad(text: str, width: int, right: bool = False) -> str:
    """`text` filled with blanks to `width` cells; `right` puts them in front."""
    blanks = " " * (width - cells(text))
    return blanks + text if right else text + blanks


def cut_cells(text: str, width: int) -> tuple[str, str]:
    """`text` in two: as much as fits into `width` cells (one character at least), and the rest."""
    used = 0
    for index, char in enumerate(text):
        used += char_cells(char)
        if used > width and index > 0:
            return text[:index], text[index:]
    return text, ""


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken at blanks, within a word only if it is longer than a line.

    Blanks are kept, but for the one at which a line is broken.
    """
    lines: list[str] = []
    line: str | None = None
    for word in text.split(" "):
        joined = word if line is None else f"{line} {word}"
        if cells(joined) <= width:
            line = joined
            continue
        if line is not None:
            lines.append(line)
        while cells(word) > width:
            head, rest = cut_cells(word, width)
            if not rest:
                break
            lines.append(head)
            word = rest
        line = word
    return [*lines, line or ""]


def markdown(text: str) -> str:
    """A text in one line of Markdown, as it is."""
    return printable(text).translate(_MARKDOWN)


def xml(text: str) -> str:
    """Printable text (LF allowed) for XML or HTML, between tags or in a quoted attribute."""
    return text.translate(_XML)


def safe(text: str) -> str:
    """Any text for XML or HTML, as one line: a blank one would end a block of HTML within Markdown."""
    return xml(printable(text))
