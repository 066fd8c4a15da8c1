"""PURE: writes the tools' comments that suppress a finding (`# type: ignore[code]`) at the ends of lines, nothing else.

No line is added or taken away, so that findings stay where they are.
"""

from __future__ import annotations

import ast
import re
import tokenize
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pyfmt.core.model import Finding
from pyfmt.core.notebooks import Notebook, NotebookError
from pyfmt.core.tool_values import Comment


@dataclass(frozen=True, slots=True, order=True)
class Suppression:
    """One rule of one tool on one line (from 1), in a notebook of one of its cells (from 1; 0: it is none)."""

    line: int
    tool: str
    name: str  # of the rule, as the tool's comment has it
    cell: int = 0


def suppression(finding: Finding, comments: Mapping[str, Comment]) -> Suppression | None:
    """What would suppress a finding; None where no comment at the end of its line can, or none should.

    Of a finding of several tools one comment does, the first tool's that has one.
    """
    found = (_of_one_tool(part, comments) for part in finding.parts)
    return next((each for each in found if each is not None), None)


def _of_one_tool(finding: Finding, comments: Mapping[str, Comment]) -> Suppression | None:
    comment = comments.get(finding.tool)
    if comment is None or finding.syntax or finding.rule in (*comment.never, comment.unused_rule):
        return None
    name = finding.rule if comment.by_rule else finding.symbol
    if not comment.name.match(name) or finding.severity.rank > comment.mildest.rank:
        return None
    at = finding.cell or finding
    return Suppression(at.line, finding.tool, name, finding.cell.number if finding.cell else 0)


def annotated(
    data: bytes, wanted: Iterable[Suppression], comments: Mapping[str, Comment]
) -> tuple[bytes, frozenset[Suppression]]:
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
            lines[number - 1] = _commented(text, end, items, comments) + ending
            written.update(items)
    after = "".join(lines).encode(source.encoding)
    try:
        same = ast.dump(ast.parse(after)) == ast.dump(ast.parse(data))
    except RecursionError:
        same = False  # cannot be compared
    if not same:  # never, otherwise: more than comments would have changed
        return data, frozenset()
    return after, frozenset(written)


def annotated_notebook(
    data: bytes, wanted: Iterable[Suppression], comments: Mapping[str, Comment]
) -> tuple[bytes, frozenset[Suppression]]:
    """As `annotated`, for a notebook's bytes; a cell with magics stays as it is, since it cannot be parsed."""
    try:
        notebook = Notebook(data)
    except NotebookError:
        return data, frozenset()
    sources: dict[int, str] = {}
    done: set[Suppression] = set()
    for cell in notebook.cells:
        mine = [item for item in wanted if item.cell == cell.number]
        after, written = annotated(cell.source.encode("utf-8", "surrogatepass"), mine, comments)
        sources[cell.number] = after.decode("utf-8", "surrogatepass")
        done |= written
    return notebook.rewritten(sources), frozenset(done)


def _commented(text: str, end: int, items: Sequence[Suppression], comments: Mapping[str, Comment]) -> str:
    """The line with its comments; `end` is where its code ends."""
    code, said = text[:end], text[end:].strip()
    for tool, comment in sorted(comments.items(), key=lambda each: not each[1].first):
        names = [item.name for item in items if item.tool == tool]
        said = _with_names(said, comment, names) if names else said
    return f"{code}  {said}"


def _with_names(said: str, comment: Comment, names: Sequence[str]) -> str:
    """The line's comments with some rules more in the one of a tool."""
    found = comment.pattern.match(said) if comment.first else comment.pattern.search(said)
    known = [name.strip() for name in (found["names"] or "").split(",")] if found else []
    joined = comment.separator.join(dict.fromkeys(filter(None, [*known, *names])))
    if comment.first:
        rest = said[found.end() :].strip() if found else said
        return comment.template.format(joined) + (f"  {rest}" if rest else "")
    if found:
        return said[: found.start("names")] + joined + said[found.end("names") :]
    return f"{said}{'  ' if said else ''}{comment.template.format(joined)}"


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
        except (SyntaxError, ValueError, LookupError, RecursionError, MemoryError, tokenize.TokenError):
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
