"""What git ignores: one ignore file's patterns, matched as git's dir.c and wildmatch.c do.

pathspec is not enough here: it judges a file together with the folders above it, so that `*` with `!*/` and `!*.py` (a
common whitelist) ignores every folder, and it raises for patterns that git merely never matches.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

_SPECIAL = re.compile(r"[*?\[\\]")
_NEVER = "(?!)"
_ANYTHING, _IN_FOLDER, _FOLDERS = ".*", "[^/]*", "(?:.*/)?"  # `*` in a name or `**`, `*` in a path, `**/`
# The time of a regular expression grows with the text's length to the power of its stars.
_FEW_STARS = 3
_SHORT = 512
_ALL = frozenset(range(1, 256))
_ASCII = frozenset(range(128))
_UNKNOWN = frozenset({-1})  # a class that does not exist: the pattern never matches
# The classes of C's ctype.h in its "C" locale, as wildmatch.c knows them.
_CLASSES: dict[str, frozenset[int]] = {
    "alnum": frozenset(c for c in _ASCII if chr(c).isalnum()),
    "alpha": frozenset(c for c in _ASCII if chr(c).isalpha()),
    "blank": frozenset(b" \t"),
    "cntrl": frozenset({*range(32), 127}),
    "digit": frozenset(b"0123456789"),
    "graph": frozenset(range(33, 127)),
    "lower": frozenset(c for c in _ASCII if chr(c).islower()),
    "print": frozenset(range(32, 127)),
    "punct": frozenset(c for c in range(33, 127) if not chr(c).isalnum()),
    "space": frozenset(b" \t\n\v\f\r"),
    "upper": frozenset(c for c in _ASCII if chr(c).isupper()),
    "xdigit": frozenset(b"0123456789abcdefABCDEF"),
}


def as_bytes(path: str) -> str:
    """`path` with a character for each byte: git's `?` and sets match single bytes of the file system's name."""
    return path if path.isascii() else path.encode("utf-8", "surrogateescape").decode("latin-1")


class Glob:
    """A glob of single characters and stars, matched against a whole text in a time that no pattern can blow up."""

    def __init__(self, tokens: list[str]) -> None:
        self.source = "".join(tokens)
        self.stars = sum(token in (_ANYTHING, _IN_FOLDER, _FOLDERS) for token in tokens)
        self._regex = re.compile(self.source, re.DOTALL) if self.stars <= _FEW_STARS else None
        self._tokens = tokens
        self._nodes: list[tuple[str, re.Pattern[str]]] = []

    def __call__(self, text: str) -> object:
        """Something true if the text matches."""
        if self._regex is not None and (len(text) <= _SHORT or self.stars < 2):
            return self._regex.fullmatch(text)
        return self._walk(text)

    def _walk(self, text: str) -> bool:
        """Every place of the glob that can be reached, one character of the text after the other."""
        if not self._nodes:
            for token in self._tokens:
                if token == _FOLDERS:  # may be left out as a whole: itself, what it loops over, and the slash
                    self._nodes += [("skip", _node("")), ("loop", _node(".")), ("one", _node("/"))]
                elif token in (_ANYTHING, _IN_FOLDER):
                    self._nodes.append(("loop", _node(token[:-1])))
                else:
                    self._nodes.append(("one", _node(token)))
        places = self._onwards([0])
        for char in text:
            following = []
            for place in places:
                kind, accepted = self._nodes[place] if place < len(self._nodes) else ("end", None)
                if accepted is not None and kind != "skip" and accepted.match(char):
                    following.append(place + (kind == "one"))
            places = self._onwards(following)
            if not places:
                return False
        return len(self._nodes) in places

    def _onwards(self, places: list[int]) -> set[int]:
        """The places, and those that are reached from them without a character."""
        found: set[int] = set()
        while places:
            place = places.pop()
            if place not in found:
                found.add(place)
                kind = self._nodes[place][0] if place < len(self._nodes) else "end"
                if kind in ("loop", "skip"):
                    places.append(place + 1)
                if kind == "skip":
                    places.append(place + 3)
        return found


@lru_cache(maxsize=1024)
def _node(source: str) -> re.Pattern[str]:
    return re.compile(source, re.DOTALL)


@dataclass(frozen=True, slots=True)
class _EndsWith:
    """The commonest glob: `*.pyc`."""

    suffix: str

    def __call__(self, text: str) -> bool:
        return text.endswith(self.suffix)


@dataclass(frozen=True, slots=True)
class _Pattern:
    """One line; it must match all of the base name, or with `anchored` all of the path below the file's folder."""

    matches: Callable[[str], object]  # something true if it does
    negative: bool
    folders_only: bool
    anchored: bool


class IgnoreFile:
    """The patterns of one ignore file, or of a list like `exclude`; the last one that matches decides."""

    def __init__(self, lines: Iterable[str]) -> None:
        names: set[str] = set()
        paths: set[str] = set()
        suffixes: list[str] = []
        name_sources: list[str] = []
        path_sources: list[str] = []
        starry = False
        patterns: list[_Pattern] = []
        for line in lines:
            parsed = _parse(as_bytes(line))
            if parsed is None:
                continue
            text, negative, folders_only = parsed
            anchored = "/" in text
            text = text.removeprefix("/")
            matches: Callable[[str], object]
            if not _SPECIAL.search(text):
                matches = text.__eq__
                (paths if anchored else names).add(text)
            elif not anchored and text[0] == "*" and not _SPECIAL.search(text, 1):
                suffixes.append(text[1:])
                matches = _EndsWith(text[1:])
            else:
                matches = glob = Glob(_translate(text, anchored))
                if glob.stars > _FEW_STARS:
                    starry = True
                else:
                    (path_sources if anchored else name_sources).append(glob.source)
            patterns.append(_Pattern(matches, negative, folders_only, anchored))
        # Whether any pattern could match is answered from these, since most files match none.
        self._names = frozenset(names)
        self._paths = frozenset(paths)
        self._suffixes = tuple(suffixes)
        self._name_regex = _any_of(name_sources)
        self._path_regex = _any_of(path_sources)
        self._starry = starry
        self._patterns = tuple(reversed(patterns))

    def verdict(self, path: str, name: str, is_folder: bool) -> bool | None:
        """True: ignored, False: expressly not, None: nothing said of it.

        `path` is relative to the ignore file's folder, `name` its last part, both as `as_bytes` gives them.
        """
        if not (
            self._starry
            or len(path) > _SHORT
            or name in self._names
            or path in self._paths
            or name.endswith(self._suffixes)
            or (self._name_regex is not None and self._name_regex.fullmatch(name))
            or (self._path_regex is not None and self._path_regex.fullmatch(path))
        ):
            return None
        for pattern in self._patterns:
            if pattern.folders_only and not is_folder:
                continue
            if pattern.matches(path if pattern.anchored else name):
                return not pattern.negative
        return None


def _any_of(sources: list[str]) -> re.Pattern[str] | None:
    return re.compile("|".join(f"(?:{source})" for source in sources), re.DOTALL) if sources else None


def _parse(line: str) -> tuple[str, bool, bool] | None:
    """A line's pattern, whether it negates, and whether it is about folders only; None for a comment or nothing."""
    if line.startswith("#"):
        return None
    text = _without_trailing_spaces(line)
    negative = text.startswith("!")
    text = text.removeprefix("!")
    folders_only = text.endswith("/")
    text = text[:-1] if folders_only else text
    return (text, negative, folders_only) if text else None


def _without_trailing_spaces(line: str) -> str:
    """Without the blanks at the end, but for an escaped one (dir.c: trim_trailing_spaces)."""
    end = index = 0
    while index < len(line):
        if line[index] == "\\":
            if index + 1 == len(line):
                return line
            index += 1
            end = index + 1
        elif line[index] != " ":
            end = index + 1
        index += 1
    return line[:end]


def _translate(pattern: str, anchored: bool) -> list[str]:
    """A glob as the pieces of a regular expression: characters, sets and stars.

    By wildmatch.c; `anchored` is its WM_PATHNAME, where only `**` crosses a "/".
    """
    # dir.c compares what stands before the first special character by itself, so that `**` right after it counts as
    # standing at the beginning of a pattern.
    first = _SPECIAL.search(pattern)
    start = first.start() if first else len(pattern)
    parts = [re.escape(char) for char in pattern[:start]]
    index = start
    while index < len(pattern):
        char = pattern[index]
        if char == "\\":
            if index + 1 == len(pattern):
                return [_NEVER]
            parts.append(re.escape(pattern[index + 1]))
            index += 2
        elif char == "?":
            parts.append("[^/]" if anchored else ".")
            index += 1
        elif char == "*":
            source, index = _stars(pattern, index, start, anchored)
            if not (source == _FOLDERS and parts and parts[-1] == source):  # `**/**/` says no more than `**/`
                parts.append(source)
        elif char == "[":
            found = _bracket(pattern, index, anchored)
            if found is None:
                return [_NEVER]
            parts.append(found[0])
            index = found[1]
        else:
            parts.append(re.escape(char))
            index += 1
    return parts


def _stars(pattern: str, index: int, start: int, anchored: bool) -> tuple[str, int]:
    """One or more `*` at `index`: their regular expression, and where the pattern goes on."""
    end = index
    while end < len(pattern) and pattern[end] == "*":
        end += 1
    if not anchored:
        return _ANYTHING, end
    rest = pattern[end:]
    free_left = index == start or pattern[index - 1] == "/"
    if end - index == 1 or not free_left or not (rest == "" or rest.startswith(("/", "\\/"))):
        return _IN_FOLDER, end
    if rest.startswith("/"):
        return _FOLDERS, end + 1
    return _ANYTHING, end


def _bracket(pattern: str, index: int, anchored: bool) -> tuple[str, int] | None:
    """A set `[…]` at `index`: its regular expression, and where the pattern goes on; None where it never matches."""
    at = index + 1
    negated = pattern[at : at + 1] in ("!", "^") and at < len(pattern)
    at += negated
    chosen: set[int] = set()
    previous = 0
    first = True
    while first or pattern[at : at + 1] != "]":
        first = False
        if at >= len(pattern):
            return None
        char = pattern[at]
        if pattern.startswith("[:", at):
            close = pattern.find("]", at + 2)
            if close > at + 2 and pattern[close - 1] == ":":
                chosen |= _CLASSES.get(pattern[at + 2 : close - 1], _UNKNOWN)
                previous, at = 0, close + 1
                continue
        if char == "-" and previous and pattern[at + 1 : at + 2] not in ("", "]"):
            at += 1
            at += pattern[at] == "\\"
            if at >= len(pattern):
                return None
            chosen |= set(range(previous, ord(pattern[at]) + 1))
            previous = 0
        else:
            at += char == "\\"
            if at >= len(pattern):
                return None
            previous = ord(pattern[at])
            chosen.add(previous)
        at += 1
    if -1 in chosen:
        return None
    members = (_ALL - chosen if negated else chosen) - ({ord("/")} if anchored else set())
    source = "[" + "".join(re.escape(chr(code)) for code in sorted(members)) + "]" if members else _NEVER
    return source, at + 1


def ignore_lines(text: str) -> list[str]:
    """The lines of an ignore file as git splits them: a byte order mark and the CR of a CRLF are dropped."""
    return [line.removesuffix("\r") for line in text.removeprefix("\ufeff").split("\n")]
