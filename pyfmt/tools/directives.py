"""PURE: comments that hold back black or isort (`# fmt: off`, `# isort: skip`), and which of them hold back nothing.

A directive is judged by what the formatters make of the text without it, never by what their manuals promise: black
alone has a dozen places where `# fmt: skip` does not count.
"""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

# black wants its words alone, or between `#` or `;` (black.comments.contains_fmt_directive); isort finds `skip`
# anywhere in a comment, `off` and `on` only as the whole of it (isort.core). Other comments that mention them are
# prose, and so is a comment on a line of its own that mentions them after other words.
_BLACK = re.compile(r"(?<=[#;])[ \t]*((?:fmt: ?(off|on|skip))|(?:yapf: (disable|enable)))[ \t]*(?=[#;]|\Z)")
_ISORT = re.compile(r"(?<=[#; \t])isort: ?(skip)(?:_file)?\b")
_ISORT_BLOCK = re.compile(r"# (isort: (off|on))\Z")
_HINT = re.compile(rb"fmt: ?(?:off|on|skip)|yapf: (?:dis|en)able|isort: ?(?:skip|off|on)")
_ROLES = {"disable": "off", "enable": "on"}
_STAND_INS = ("fmq", "fmz", "qmt", "zmt", "jqz", "qzj")  # as wide as "fmt": no line changes its length

Formatted = Callable[[bytes], bytes | None]  # what the formatters make of a text; None where they refuse it
_Line = str | None  # None: a line, or several, with nothing but directives, and the blank lines around them


@dataclass(frozen=True, slots=True)
class Directive:
    """One of the words that a formatter heeds; line and columns are 1-based, columns count characters."""

    line: int
    comment: int  # column where the comment begins
    column: int  # where the words begin
    end_column: int  # exclusive
    words: str  # "fmt: skip"
    tool: str  # "black" or "isort"
    role: str  # "off", "on" or "skip"
    alone: bool  # nothing but this comment stands on the line

    @property
    def shown_column(self) -> int:
        """Where to point: at the comment's hash, unless something else comes first in it."""
        return self.comment if self.column - self.comment <= len("# ") else self.column


@dataclass(frozen=True, slots=True)
class Useless:
    """A directive that can go, together with the one that ends what it begins."""

    directive: Directive
    end: Directive | None = None

    @property
    def parts(self) -> tuple[Directive, ...]:
        """Both, or the one."""
        return (self.directive, self.end) if self.end else (self.directive,)


def may_hold_any(data: bytes) -> bool:
    """Whether it is worth looking closer: a quick search that misses no directive."""
    return _HINT.search(data) is not None


def useless(data: bytes, tools: Collection[str], formatted: Formatted) -> tuple[Useless, ...]:
    """The directives of `tools` that can all be removed without a change in what the formatters write.

    Nothing is said of a text that they refuse, or that Python cannot split into tokens. Where one of two directives is
    enough, the first one counts as useless.
    """
    source = _Text.read(data)
    if source is None or not any(each.tool in tools for each in source.directives):
        return ()
    known: dict[bytes, bytes | None] = {}

    def written(lines: Iterable[_Line]) -> _Text | None:
        text = "".join(line for line in lines if line is not None).encode(source.encoding)
        if text not in known:
            known[text] = formatted(text)
        result = known[text]
        return None if result is None else _Text.read(result)

    before = written(source.lines)
    if before is None:
        return ()
    found: list[Useless] = []
    for each in _pairs(source.directives):
        gone = [part for one in found for part in one.parts]
        if each.directive.tool in tools:
            after = written(source.without([*gone, *each.parts]))
            if after is not None and _same(before, after) and _is_inert(each, source, gone, written):
                found.append(each)
    return tuple(found)


def _is_inert(
    each: Useless, source: _Text, gone: Sequence[Directive], written: Callable[[Iterable[_Line]], _Text | None]
) -> bool:
    """Whether black minds these words no more than any others in their place.

    That tells of the blank lines around a comment, which `_same` passes over. Not for isort, which carries other
    comments along with imports; not at the end of a line, where only a removed comment shows how long the code is.
    """
    if each.directive.tool != "black" or not each.directive.alone:
        return True
    word = next((word for word in _STAND_INS if word not in "".join(source.lines)), None)
    if word is None:
        return False
    names = {part: part.words.replace("fmt", word).replace("yapf", f"{word}y") for part in each.parts}
    before, after = written(source.without(gone)), written(source.without(gone, names))
    if before is None or after is None:
        return False
    return "".join(before.lines) == "".join(after.lines).replace(f"{word}y", "yapf").replace(word, "fmt")


def _pairs(directives: Sequence[Directive]) -> list[Useless]:
    """Each directive that begins something with the next one that ends it; an end that ends nothing by itself."""
    pairs: list[Useless] = []
    begun: dict[str, int] = {}  # tool -> place of its last `off`
    for each in directives:
        if each.role == "on" and each.tool in begun:
            place = begun.pop(each.tool)
            pairs[place] = Useless(pairs[place].directive, each)
            continue
        if each.role == "off":
            begun[each.tool] = len(pairs)
        pairs.append(Useless(each))
    return pairs


def _same(before: _Text, after: _Text) -> bool:
    """Whether two texts are equal but for directives, and the blank lines around those that have a line of their
    own."""
    one, other = before.bare(), after.bare()
    place = 0
    for line in one:
        if line is not None:
            if place == len(other) or other[place] != line:
                return False
            place += 1
        elif place < len(other) and other[place] is None:
            place += 1
        else:
            while place < len(other) and other[place] == "":
                place += 1
    return place == len(other)


@dataclass(frozen=True, slots=True)
class _Text:
    """A text by lines (with their ends), and its directives in order."""

    lines: tuple[str, ...]
    encoding: str
    directives: tuple[Directive, ...]

    @classmethod
    def read(cls, data: bytes) -> _Text | None:
        """None for what Python cannot split into tokens, or whose lines others count differently."""
        try:
            encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
            text = data.decode(encoding)
            lines = tuple(re.findall(r"[^\n]*\n|[^\n]+\Z", text))
            if re.search(r"\r(?!\n)", text):
                return None
            return cls(lines, encoding, tuple(_directives(lines)))
        except (SyntaxError, ValueError, LookupError, tokenize.TokenError):
            return None

    def without(self, gone: Collection[Directive], renamed: Mapping[Directive, str] | None = None) -> list[_Line]:
        """The lines without some directives; None for one that held nothing else."""
        changes: dict[int, list[tuple[Directive, str]]] = {}
        for each, words in [*((each, "") for each in gone), *(renamed or {}).items()]:
            changes.setdefault(each.line, []).append((each, words))
        lines: list[_Line] = list(self.lines)
        for number, todo in changes.items():
            lines[number - 1] = _changed(self.lines[number - 1], todo)
        return lines

    def bare(self) -> list[_Line]:
        """The lines, without their ends, without any directive."""
        found: list[_Line] = []
        for line in self.without(self.directives):
            text = None if line is None else line.rstrip("\r\n")
            if text is None:
                while found and not found[-1]:
                    found.pop()
                found.append(None)
            elif text or not found or found[-1] is not None:
                found.append(text)
        return found


def _directives(lines: Sequence[str]) -> Iterator[Directive]:
    source = iter(lines)
    for token in tokenize.generate_tokens(lambda: next(source, "")):
        if token.type != tokenize.COMMENT:
            continue
        row, start = token.start
        alone = not lines[row - 1][:start].strip()
        for tool, pattern in (("black", _BLACK), ("isort", _ISORT), ("isort", _ISORT_BLOCK)):
            for match in pattern.finditer(token.string):
                words = match.group(1) if pattern is not _ISORT else match.group()
                role = [group for group in match.groups() if group][-1]
                column = start + token.string.index(words, match.start()) + 1
                if alone and column - start > len("#  "):
                    continue
                yield Directive(row, start + 1, column, column + len(words), words, tool, _ROLES.get(role, role), alone)


def _changed(line: str, todo: Sequence[tuple[Directive, str]]) -> _Line:
    """A line with the words of directives replaced; None where nothing is left."""
    end = line[len(line.rstrip("\r\n")) :]
    text = line[: len(line) - len(end)]
    begin = todo[0][0].comment - 1
    for each, words in sorted(todo, key=lambda change: -change[0].column):
        text = text[: each.column - 1] + words + text[each.end_column - 1 :]
    if any(not words for _, words in todo):
        comment = re.sub(r"[#;][ \t]*(?=[#;]|\Z)", "", text[begin:]).strip()
        text = (text[:begin] + re.sub(r"\A;", "#", comment)).rstrip()
    return text + end if text else None
