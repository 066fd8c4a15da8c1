"""PURE: writes `# type: ignore[code]` and `# pylint: disable=name` at the ends of lines, and nothing else.

No line is added or taken away, so that findings stay where they are. mypy takes its comment only where it comes first
(https://mypy.readthedocs.io/en/stable/common_issues.html#spurious-errors-and-locally-silencing-the-checker); pylint
finds its own behind other comments (pylint.utils.pragma_parser.OPTION_RGX).
"""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyfmt.core.model import Finding, Severity

_TYPE_IGNORE = re.compile(r"#\s*type:\s*ignore(?:\s*\[([^\]]*)\])?")
_DISABLE = re.compile(r"(#[^#]*\bpylint:\s*disable=)([\w\-, ]*[\w\-])")
# Comments about comments are to be mended, not suppressed; a block of several files has no line to stand on.
_NEVER = frozenset({"unused-ignore", "I0021", "R0801", "R0401", "astroid-error", "F0002"})
_NAME = re.compile(r"[a-z][a-z0-9\-]*\Z")


@dataclass(frozen=True, slots=True, order=True)
class Suppression:
    """One rule of one tool on one line (from 1)."""

    line: int
    tool: str
    name: str  # mypy's code, pylint's symbol


def suppression(finding: Finding) -> Suppression | None:
    """What would suppress a finding; None where no comment at the end of its line can, or none should."""
    if finding.syntax or finding.rule in _NEVER or not _NAME.match(finding.symbol):
        return None
    if finding.tool == "pylint" or (finding.tool == "mypy" and finding.severity is not Severity.INFO):
        return Suppression(finding.line, finding.tool, finding.symbol)
    return None


def annotated(data: bytes, wanted: Iterable[Suppression]) -> tuple[bytes, frozenset[Suppression]]:
    """`data` with what is wanted, as far as a comment can stand there, and the ones that were written.

    A line without code, within a string, or before a backslash takes none. A file that cannot be parsed stays as it is.
    """
    source = _SourceText.read(data)
    if source is None:
        return data, frozenset()
    lines = list(source.lines)
    written: set[Suppression] = set()
    by_line: dict[int, list[Suppression]] = {}
    for item in sorted(set(wanted)):
        by_line.setdefault(item.line, []).append(item)
    for number, items in by_line.items():
        end = source.code_ends.get(number)
        if end is not None:
            text, ending = _split(lines[number - 1])
            lines[number - 1] = _commented(text, end, items) + ending
            written.update(items)
    after = "".join(lines).encode(source.encoding)
    if ast.dump(ast.parse(after)) != ast.dump(ast.parse(data)):  # never: more than comments would have changed
        return data, frozenset()
    return after, frozenset(written)


def _commented(text: str, end: int, items: Sequence[Suppression]) -> str:
    """The line with its comment; `end` is where its code ends."""
    code, comment = text[:end], text[end:].strip()
    codes = [item.name for item in items if item.tool == "mypy"]
    names = [item.name for item in items if item.tool == "pylint"]
    if codes:
        found = _TYPE_IGNORE.match(comment)
        known = [code.strip() for code in (found.group(1) or "").split(",")] if found else []
        rest = comment[found.end() :].strip() if found else comment
        ignore = f"# type: ignore[{', '.join(dict.fromkeys(filter(None, [*known, *codes])))}]"
        comment = f"{ignore}  {rest}" if rest else ignore
    if names:
        found = _DISABLE.search(comment)
        if found:
            known = [name.strip() for name in found.group(2).split(",")]
            comment = comment[: found.start(2)] + ",".join(dict.fromkeys([*known, *names])) + comment[found.end(2) :]
        else:
            comment = f"{comment}{'  ' if comment else ''}# pylint: disable={','.join(names)}"
    return f"{code}  {comment}"


def _split(line: str) -> tuple[str, str]:
    """A line and its end."""
    text = line.removesuffix("\n").removesuffix("\r")
    return text, line[len(text) :]


@dataclass(frozen=True, slots=True)
class _SourceText:
    """A file's text, and for each line that can take a comment the offset where its code ends."""

    lines: tuple[str, ...]
    encoding: str
    code_ends: dict[int, int]

    @classmethod
    def read(cls, data: bytes) -> _SourceText | None:
        """None for what Python cannot parse, or whose lines other tools count differently."""
        try:
            ast.parse(data)
            stream = iter(data.splitlines(keepends=True))
            encoding, _ = tokenize.detect_encoding(lambda: next(stream, b""))
            text = data.decode(encoding)
            lines = re.findall(r"[^\n]*\n|[^\n]+\Z", text)
            if re.search(r"\r(?!\n)", text):
                return None
            ends = _code_ends(lines)
        except (SyntaxError, ValueError, LookupError, RecursionError, tokenize.TokenError):
            return None
        return cls(tuple(lines), encoding, ends)


def _code_ends(lines: Sequence[str]) -> dict[int, int]:
    ends: dict[int, int] = {}
    closed: set[int] = set()  # lines that end within a token
    source = iter(lines)
    for token in tokenize.generate_tokens(lambda: next(source, "")):
        (first, _), (last, column) = token.start, token.end
        if token.type in (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT):
            continue
        if token.type == tokenize.ENDMARKER:
            continue
        closed.update(range(first, last))
        ends[last] = max(ends.get(last, 0), column)
    _close_fstrings(lines, closed)
    return {
        number: end
        for number, end in ends.items()
        if number not in closed and not _split(lines[number - 1])[0].endswith("\\")
    }


def _close_fstrings(lines: Sequence[str], closed: set[int]) -> None:
    """From Python 3.12 on an f-string is many tokens: the lines that it covers, but for its last, take no comment."""
    for node in ast.walk(ast.parse("".join(lines))):
        if isinstance(node, ast.JoinedStr) and node.end_lineno is not None:
            closed.update(range(node.lineno, node.end_lineno))
