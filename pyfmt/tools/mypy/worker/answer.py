"""What mypy says, read: JSON lines to findings with true columns, notes at their errors (standard library only)."""

from __future__ import annotations

import ast
import importlib
import io
import json
import os
import re
import tokenize
from collections.abc import Iterable, Mapping
from typing import Any

_BOM = "\ufeff"
_DISK = re.compile(r"\bsqlite3\.|\[Errno (?:5|28|30|122)\]")  # I/O error, no space, read-only, quota
_TAIL_LINES = 20
_STRING = re.compile(r"""(?:\b[A-Za-z]{1,2})?(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""")
_TOKEN = re.compile(_STRING.pattern + r"|\w+|[^\w\s]")
_NEWLINE = re.compile(r"\r\n|\r|\n")
_NO_STUBS = re.compile(r'Library stubs not installed for "([\w.]+)"')
# mypy/build.py and mypy/errors.py, only_once=True
_ONCE = re.compile(
    r"See https://\S+missing-imports|See https://\S+ for more info|Hint: \"python3 -m pip install .*\"|"
    r"\(or run \"mypy --install-types\" .*\)|\(Using --follow-imports=error, .*\)"
)
# Errors that need not be errors any more once a file that cannot be parsed is read as Any.
_FROM_ANY = frozenset(
    {"unused-ignore", "no-any-return", "no-any-unimported", "no-untyped-call", "redundant-cast", "explicit-any"}
)


def read_lines(text: str) -> tuple[list[dict[str, Any]], list[str]]:
    """mypy's messages (as in its JSON) and the lines that are none."""
    items, rest = [], []
    for line in text.splitlines():
        try:
            item = json.loads(line) if line.startswith("{") else None
        except ValueError:
            item = None
        if isinstance(item, dict) and "severity" in item and "message" in item:
            items.append(item)
        elif line.strip():
            rest.append(line)
    return items, rest


class Printed:
    """What a call of mypy left: its exit code (negative: killed by a signal), its messages and its other lines."""

    def __init__(self, status: int, out: str, err: str) -> None:
        self.status = status
        self.items, self.out = read_lines(out)
        self.plugin_items, self.err = read_lines(err)
        self.broken = status < 0 or "INTERNAL ERROR" in err or "Traceback (most recent call last)" in err

    @property
    def blames_disk(self) -> bool:
        """Whether it broke down since a database or a file could not be written."""
        return any(_DISK.search(line) for line in (*self.out, *self.err))

    def tail(self) -> str:
        """The last lines that are no findings."""
        messages = [str(item["message"]) for item in self.plugin_items]
        return "\n".join([*messages, *self.out, *self.err][-_TAIL_LINES:])


def messages(items: Iterable[Mapping[str, Any]]) -> str:
    """mypy's messages in words, the last ones."""
    return "\n".join(f"{item['file']}:{item['line']}: {item['message']}" for item in list(items)[-_TAIL_LINES:])


class Lines:
    """Lines of source files, for columns; a file that cannot be read has none."""

    def __init__(self) -> None:
        self._files: dict[str, list[str]] = {}

    def get(self, path: str, number: int) -> str | None:
        """Line `number` (from 1) without its end, None where there is no such line."""
        if path not in self._files:
            self._files[path] = _split(path)
        lines = self._files[path]
        return lines[number - 1] if 0 < number <= len(lines) else None


def _split(path: str) -> list[str]:
    try:
        with open(path, "rb") as file:
            data = file.read()
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        # The mark at the beginning stays: mypy counts with it.
        return _NEWLINE.split(data.decode("utf-8" if encoding == "utf-8-sig" else encoding, "replace"))
    except (OSError, SyntaxError, LookupError):
        return []


def findings(items: Iterable[Mapping[str, Any]], lines: Lines) -> list[dict[str, Any]]:
    """mypy's messages as findings, `path` still as mypy has it; notes are attached to the error that they follow.

    mypy's own `hint` holds the notes of the same line and column; a note of the same line and another column comes as
    a message of its own right behind the error.
    """
    found: list[dict[str, Any]] = []
    last: Mapping[str, Any] | None = None
    for item in items:
        if item["severity"] == "note" and not lasting(str(item["message"])):
            continue
        if last is not None and _belongs(item, last):
            found[-1]["notes"] += str(item["message"]).split("\n")
            continue
        last = item if item["severity"] == "error" else None
        found.append(_finding(item, lines))
    return found


def _belongs(note: Mapping[str, Any], error: Mapping[str, Any]) -> bool:
    """Whether a message is a note on that error; revealed types and notes of a code of their own are not."""
    return (
        note["severity"] == "note"
        and (note["file"], note["line"]) == (error["file"], error["line"])
        and note["code"] in (None, error["code"])
        and not str(note["message"]).startswith("Revealed ")
    )


def _finding(item: Mapping[str, Any], lines: Lines) -> dict[str, Any]:
    path, code = str(item["file"]), item["code"] or "misc"
    parser_said = code == "syntax" and "Python 3." not in str(item["message"])
    column, end_line, end_column = _place(item, lines, parser_said)
    return {
        "path": path,
        "line": max(1, int(item["line"])),
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
        "rule": code,
        "severity": "error" if item["severity"] == "error" else "info",
        "message": str(item["message"]),
        "notes": _notes(item),
        "syntax": code == "syntax",
    }


def _notes(item: Mapping[str, Any]) -> list[str]:
    """The notes that mypy attaches to an error, less those that it gives once in a run, to whatever file comes first.

    Which one that is depends on what its cache holds. Of these, the hint what to install is worth giving always.
    """
    notes = lasting(str(item.get("hint") or ""))
    missing = _NO_STUBS.match(str(item["message"]))
    if missing:
        stubinfo = importlib.import_module("mypy.stubinfo")  # only mypy's worker comes here
        distribution = stubinfo.stub_distribution_name(missing[1])
        notes += [f'Hint: "python3 -m pip install {distribution}"'] if distribution else []
    return notes


def lasting(text: str) -> list[str]:
    """The lines of a note that do not depend on what mypy has said before in the same run."""
    return [line for line in text.split("\n") if line and not _ONCE.fullmatch(line)]


def _place(item: Mapping[str, Any], lines: Lines, one_based: bool) -> tuple[int | None, int | None, int | None]:
    """Column, end line and end column: 1-based, in characters, within their lines, the end exclusive.

    mypy 2.4 gives offsets from 0 (from 1 for what its parser rejects). On a line with characters beyond ASCII they
    are wrong: its parser takes the character offset c once more for an offset in UTF-8 bytes, see `_seen`. That is
    undone; of the up to four offsets that look the same, those are taken that make the shortest whole expression.
    """
    path, number, end_number = str(item["file"]), int(item["line"]), int(item["end_line"] or -1)
    text, end_text = lines.get(path, number), lines.get(path, end_number)
    if text is None or int(item["column"]) < 0:
        return None, None, None
    base = 1 if one_based else 0
    starts = _offsets(int(item["column"]) - base, text, one_based)
    if end_text is None or end_number < number or int(item["end_column"]) < 0:
        return starts[0] + 1, None, None
    ends = _offsets(int(item["end_column"]) - base, end_text, one_based)
    same = end_number == number
    pairs = [(start, end) for start in starts for end in ends if end > start or not same]
    if not pairs:
        return starts[0] + 1, None, None
    if len(pairs) > 1:
        plain, end_plain = text.removeprefix(_BOM), end_text.removeprefix(_BOM)
        pairs.sort(key=lambda pair: _doubt(pair, plain, end_plain if not same else None))
    start, end = pairs[0]
    return start + 1, end_number, end + 1


def _offsets(offset: int, text: str, trusted: bool) -> list[int]:
    """The true offsets that mypy's `offset` may stand for; at least one, within the line."""
    length = len(text.removeprefix(_BOM))
    fits = [] if trusted or text.isascii() else [c for c in range(length + 1) if _seen(text, c) == offset]
    return fits or [min(max(offset, 0), length)]


def _doubt(pair: tuple[int, int], text: str, end_text: str | None) -> tuple[bool, bool, bool, int]:
    """How unlikely an expression is at `pair`, the best first; `end_text` is None where it ends on its first line."""
    start, end = pair
    begins = text[start : start + 1] not in tuple(")]},:;.=") and any(m.start() == start for m in _TOKEN.finditer(text))
    finishes = any(match.end() == end for match in _TOKEN.finditer(text if end_text is None else end_text))
    if end_text is not None:
        return not begins, not finishes, False, 0
    return not begins, not finishes, not _balanced(text[start:end]), end - start


def _seen(text: str, column: int) -> int:
    """What mypy makes of the true character offset `column`."""
    return len(text.encode("utf-8", "surrogatepass")[: column + 1].decode("utf-8", "ignore")) - 1


def _balanced(text: str) -> bool:
    """Whether every bracket that is closed was opened, and the other way round (strings aside)."""
    bare = _STRING.sub("", text)
    return all(bare.count(opening) == bare.count(closing) for opening, closing in ("()", "[]", "{}"))


def without_hearsay(
    found: Iterable[dict[str, Any]], shadowed: Iterable[str], modules: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Findings less those that may stem from reading `shadowed` files as Any; `modules` names the run's files.

    A file that imports a shadowed one, directly or over others, sees Any where there are types: an ignore looks
    unused, a returned value looks like Any.
    """
    tainted = _importers(set(shadowed), modules)
    return [
        item
        for item in found
        if item["path"] not in tainted or not (item["rule"] in _FROM_ANY or 'has type "Any"' in item["message"])
    ]


def _importers(roots: set[str], modules: Mapping[str, str]) -> set[str]:
    """`roots` and the files that import them, transitively."""
    by_name = {name: file for file, name in modules.items()}
    importers: dict[str, set[str]] = {}
    for file, name in modules.items():
        for imported in _imports(file, name):
            while imported:
                if imported in by_name:
                    importers.setdefault(by_name[imported], set()).add(file)
                imported = imported.rpartition(".")[0]
    reached, waiting = set(roots), list(roots)
    while waiting:
        for file in importers.get(waiting.pop(), set()) - reached:
            reached.add(file)
            waiting.append(file)
    return reached


def _imports(file: str, module: str) -> set[str]:
    """Names of modules that a file may import, also those that are only names in them."""
    try:
        with open(file, "rb") as source:
            tree = ast.parse(source.read())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return set()
    package = module if os.path.basename(file).startswith("__init__.") else module.rpartition(".")[0]
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            origin = node.module or ""
            if node.level:
                above = package.split(".")[: len(package.split(".")) - node.level + 1]
                origin = ".".join([*above, *([origin] if origin else [])])
            names.add(origin)
            names.update(f"{origin}.{alias.name}" for alias in node.names)
    return names
