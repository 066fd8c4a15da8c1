"""PURE: Jupyter notebooks (nbformat 4): their code cells as one module, and where each character stands in the file.

A notebook is read with the place of every source string in its JSON, so that new sources can be put in and all other
bytes stay what they are: nbformat and `json` would write the whole document in a style of their own. The format:
https://nbformat.readthedocs.io/en/latest/format_description.html
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from pyfmt.core import parsing
from pyfmt.core.cells import CellPlace
from pyfmt.core.model import Finding
from pyfmt.core.parsing import table

# From the source of a cell its text as Python, of as many lines; None for a cell in another language.
Mask = Callable[[str], str | None]

_BLANK = re.compile(r"[ \t\r\n]*")
_LINE_END = re.compile(r"\r\n|\r|\n")
_CONFLICT = re.compile(r"^(?:<{7} |={7}$|>{7} )", re.MULTILINE)
_DECODER = json.JSONDecoder()
# What IPython takes for its own, as far as a line tells:
# https://ipython.readthedocs.io/en/stable/interactive/magics.html
_MAGIC = re.compile(r"(?P<indent>\s*)(?:[%!?]|[^#'\"]*[\w\])]\?{1,2}\s*$)")
_ASSIGNED = re.compile(r"(?P<target>\s*[\w.,\[\] ]+?=\s*)[%!].*")
# A statement that runs among the others: its names are used, and what it binds is there afterwards.
_TIMED = re.compile(
    r"\s*%(?:time|timeit|prun)\s+(?:(?:-[nrp]\s*\d+|-[lsTD]\s+\S+|--?[\w-]+)\s+)*(?P<statement>[^-\s].*)"
)
_CELL_MAGIC = re.compile(r"(?:\s*(?:#.*)?\n)*\s*%%(?P<name>\w*)")
_NAMED = re.compile(r" \(notebook_[0-9a-f]{12}, line \d+\)")  # of a module that no reader knows
_NUMBERED = re.compile(r"\bline (\d+)\b")
_PYTHON_MAGICS = frozenset({"capture", "prun", "time", "timeit"})  # whose cell runs here, among the others


class NotebookError(ValueError):
    """A file that cannot be taken for a notebook: one line why, and what cures it."""

    def __init__(self, what: str, cure: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.cure = cure


@dataclass(frozen=True, slots=True)
class _Literal:
    """A string of the document: what it says, and the offsets of its quotes (the end is exclusive)."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class CodeCell:
    """A code cell; `number` counts all cells from 1, `start` and `end` are the offsets of its source's value."""

    number: int
    start: int
    end: int
    literals: tuple[_Literal, ...]
    is_list: bool
    is_python: bool = True

    @property
    def source(self) -> str:
        """What the cell says."""
        return "".join(literal.text for literal in self.literals)


@dataclass(frozen=True, slots=True)
class Module:
    """The code cells of a notebook in their order, as one text.

    `lines` gives for each line of it the number of its cell and the line there, both from 1; `shown` are the lines of
    the expressions that end a cell, whose values Jupyter shows.
    """

    text: str
    lines: tuple[tuple[int, int], ...]
    shown: frozenset[int]


class Notebook:
    """A notebook's document and its code cells; raises NotebookError for what is none of version 4."""

    def __init__(self, data: bytes) -> None:
        self._mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
        try:
            self._text = data[len(self._mark) :].decode("utf-8")
        except UnicodeDecodeError as error:
            raise NotebookError(f"is no notebook: it is not UTF-8 (byte {error.start})", "`exclude` it") from error
        start = _skip(self._text, 0)
        try:
            document, end = _DECODER.raw_decode(self._text, start)
            if self._text[end:].strip() or not isinstance(document, dict):
                raise json.JSONDecodeError("it is more or less than one object", self._text, end)
        except (ValueError, RecursionError) as error:
            raise self._no_json(error) from error
        _check_version(document)
        self.language = _language(document.get("metadata"))
        self.cells = tuple(self._code_cells(dict(_members(self._text, start))["cells"][0], document["cells"]))
        self._ends = [match.start() for match in re.finditer("\n", self._text)]

    def _no_json(self, error: Exception) -> NotebookError:
        conflict = _CONFLICT.search(self._text)
        if conflict is not None:
            line = self._text.count("\n", 0, conflict.start()) + 1
            return NotebookError(f"holds the marks of a merge conflict (line {line})", "resolve the conflict")
        where = f" (line {error.lineno}, {error.msg})" if isinstance(error, json.JSONDecodeError) else ""
        return NotebookError(f"is no notebook: it is not a JSON object{where}", "mend it, or `exclude` it")

    def _code_cells(self, start: int, cells: list[Any]) -> Iterator[CodeCell]:
        for number, ((first, _), cell) in enumerate(zip(_items(self._text, start), cells, strict=True), 1):
            if not isinstance(cell, dict) or cell.get("cell_type") != "code":
                continue
            source = cell.get("source", "")
            texts = source if isinstance(source, list) else [source]
            if not all(isinstance(text, str) for text in texts):
                raise NotebookError(f"is no notebook: the source of its cell {number} is no text", "`exclude` it")
            begin, end = dict(_members(self._text, first)).get("source", (first, first))
            spans = list(_items(self._text, begin)) if isinstance(source, list) else [(begin, end)]
            literals = tuple(_Literal(*span, text) for span, text in zip(spans, texts, strict=True) if begin < end)
            is_python = table(cell.get("metadata"), "vscode").get("languageId", "python") == "python"  # an editor's
            yield CodeCell(number, begin, end, literals, isinstance(source, list), is_python)

    def rewritten(self, sources: Mapping[int, str]) -> bytes:
        """The document with new sources by cell number; all other bytes are as they were."""
        parts, last = [], 0
        for cell in self.cells:
            if cell.number in sources and sources[cell.number] != cell.source:
                parts += [self._text[last : cell.start], self._encoded(cell, sources[cell.number])]
                last = cell.end
        return self._mark + "".join([*parts, self._text[last:]]).encode("utf-8")

    def _encoded(self, cell: CodeCell, source: str) -> str:
        """A source in the style of the one that it replaces; lines that stay keep their bytes."""
        raw = self._text[cell.start : cell.end]
        ascii_only = raw.isascii() and (self._text.isascii() or not cell.source.isascii())
        ascii_only = ascii_only or any("\ud800" <= char <= "\udfff" for char in source)  # half of a character
        known = {literal.text: self._text[literal.start : literal.end] for literal in cell.literals}
        if not cell.is_list:
            return json.dumps(source, ensure_ascii=ascii_only)
        lines = [known.get(line) or json.dumps(line, ensure_ascii=ascii_only) for line in source.splitlines(True)]
        if not lines:
            return "[]"
        head = self._text[cell.start : cell.literals[0].start] if cell.literals else "["
        tail = self._text[cell.literals[-1].end : cell.end] if cell.literals else "]"
        if len(cell.literals) > 1:
            between = self._text[cell.literals[0].end : cell.literals[1].start]
        else:
            between = "," + (head[1:] or " ")
        return head + between.join(lines) + tail

    def place(self, number: int, line: int, column: int) -> tuple[int, int]:
        """The line and column of the file where a place in a cell stands; all from 1, columns in characters."""
        cell = next(cell for cell in self.cells if cell.number == number)
        starts = [0, *(match.end() for match in _LINE_END.finditer(cell.source))]
        offset = starts[min(line, len(starts)) - 1] + column - 1
        place = cell.start
        for literal in cell.literals:
            place = literal.start + 1
            if offset < len(literal.text) or literal is cell.literals[-1]:
                place = self._within(literal, min(offset, len(literal.text)))
                break
            offset -= len(literal.text)
        row = bisect_right(self._ends, place - 1)
        return row + 1, place - (self._ends[row - 1] if row else -1)

    def _within(self, literal: _Literal, count: int) -> int:
        """The offset in the document of a character of a string."""
        place = literal.start + 1
        for char in literal.text[:count]:
            if self._text[place] != "\\":
                place += 1
            elif self._text[place + 1] != "u":
                place += 2
            else:  # what lies beyond 16 bits is written as two
                place += 12 if ord(char) > 0xFFFF else 6
        return place

    def module(self, mask: Mask) -> Module:
        """All cells in Python as one module."""
        texts: list[str] = []
        lines: list[tuple[int, int]] = []
        shown: set[int] = set()
        for cell in self.cells:
            text = mask(cell.source) if cell.is_python and cell.source.strip() else None
            if text is None:
                continue
            own = _LINE_END.split(text.rstrip("\r\n"))
            shown.update(len(lines) + line for line in _shown("\n".join(own)))
            before = _LINE_END.split(cell.source)
            shown.update(len(lines) + line for line, text in enumerate(own, 1) if _shift(text, before[line - 1]))
            lines += [(cell.number, line) for line in range(1, len(own) + 1)]
            texts += own
        return Module("".join(f"{line}\n" for line in texts), tuple(lines), frozenset(shown))

    def line(self, at: CellPlace) -> str:
        """The line at a place, without its end."""
        lines = next((_LINE_END.split(cell.source) for cell in self.cells if cell.number == at.number), [])
        return lines[at.line - 1] if 0 < at.line <= len(lines) else ""

    def placed(self, finding: Finding, at: CellPlace) -> Finding:
        """A finding at a place in a cell, which is told from the file's first line as well."""
        line, column = self.place(at.number, at.line, at.column or 1)
        end_line, end_column = None, None
        if at.end_line is not None:
            end_line, end_column = self.place(at.number, at.end_line, at.end_column or 1)
        return replace(
            finding,
            line=line,
            column=column,
            end_line=end_line,
            end_column=end_column if at.end_column else None,
            cell=replace(at, text=self.line(at)),
        )

    def _shifted(self, finding: Finding, module: Module, at: CellPlace) -> Finding:
        """The finding with the columns that it has behind a magic."""
        more = _shift(module.text.split("\n")[finding.line - 1], self.line(at)) if 0 < finding.line else 0
        column, end = finding.column, finding.end_column
        return replace(finding, column=column and column + more, end_column=end and end + more) if more else finding

    def located(self, finding: Finding, module: Module) -> Finding:
        """A finding at a place in the module, told from its cell and from the file; a range ends with its cell."""
        if not module.lines:
            return finding
        line = min(max(finding.line, 1), len(module.lines))
        number, own_line = module.lines[line - 1]
        finding = self._shifted(finding, module, CellPlace(number, own_line, 1))
        end = module.lines[finding.end_line - 1] if finding.end_line and finding.end_line <= len(module.lines) else None
        same = end is not None and end[0] == number
        place = CellPlace(number, own_line, finding.column)
        if same and end is not None:
            place = replace(place, end_line=end[1], end_column=finding.end_column)
        texts = [_retold(text, module.lines) for text in (finding.message, *finding.notes)]
        return self.placed(replace(finding, message=texts[0], notes=tuple(texts[1:])), place)


def _retold(text: str, lines: Sequence[tuple[int, int]]) -> str:
    """A message with its line numbers told from the cells."""

    def told(found: re.Match[str]) -> str:
        number = int(found[1])
        cell, line = lines[number - 1] if 0 < number <= len(lines) else (0, 0)
        return f"line {line} of cell {cell}" if cell else found[0]

    return _NUMBERED.sub(told, _NAMED.sub("", text))


def _shown(text: str) -> range:
    """The lines of the expression that ends a cell; none where another statement does."""
    try:
        body = parsing.parse_python(text).body
    except (SyntaxError, ValueError):
        return range(0)
    last = body[-1] if body else None
    is_value = last is not None and type(last).__name__ == "Expr"
    return range(last.lineno, (last.end_lineno or last.lineno) + 1) if is_value and last is not None else range(0)


def _members(text: str, place: int) -> Iterator[tuple[str, tuple[int, int]]]:
    """The keys of the JSON object at `place`, which is known to be one, with the offsets of their values."""
    place = _skip(text, place + 1)
    while text[place] != "}":
        key, end = _DECODER.raw_decode(text, place)
        start = _skip(text, _skip(text, end) + 1)  # behind the colon
        _, end = _DECODER.raw_decode(text, start)
        yield key, (start, end)
        place = _next(text, end)


def _items(text: str, place: int) -> Iterator[tuple[int, int]]:
    """The offsets of the items of the JSON array at `place`, which is known to be one."""
    place = _skip(text, place + 1)
    while text[place] != "]":
        _, end = _DECODER.raw_decode(text, place)
        yield place, end
        place = _next(text, end)


def _next(text: str, place: int) -> int:
    """Behind a value and the comma after it, if there is one."""
    place = _skip(text, place)
    return _skip(text, place + 1) if text[place] == "," else place


def _skip(text: str, place: int) -> int:
    found = _BLANK.match(text, place)
    return found.end() if found else place


def _check_version(document: Mapping[str, Any]) -> None:
    version = document.get("nbformat")
    if version == 4 and isinstance(document.get("cells"), list):
        return
    if isinstance(version, int) and version != 4:
        cure = "`jupyter nbconvert --to notebook --inplace FILE` brings it up to date"
        raise NotebookError(f"has version {version} of the notebook format, and only 4 can be read", cure)
    raise NotebookError("is no notebook: it has no cells, or no version of its format", "`exclude` it")


def _language(metadata: Any) -> str:
    """What a notebook is written in; "python" where it does not say."""
    names = (table(metadata, "language_info").get("name"), table(metadata, "kernelspec").get("language"))
    return next((name.lower() for name in names if isinstance(name, str) and name), "python")


def timed(line: str) -> str | None:
    """The statement that a magic runs in the notebook's own namespace: of `%time x = f()` the assignment."""
    found = _TIMED.fullmatch(line)
    return found["statement"] if found is not None and _parses(found["statement"]) else None


def _shift(text: str, before: str) -> int:
    """By how many characters a line begins later in its cell, since a magic stands before the statement there."""
    own = text.lstrip()
    return len(before) - len(text) if own and timed(before) == own else 0


def plain(source: str, value: str = "None") -> str | None:
    """A cell as Python, with IPython's magics taken out by the looks of their lines, and `value` for what they give;
    None: it is another language's."""
    named = _CELL_MAGIC.match(source)
    if named is not None and named["name"] not in _PYTHON_MAGICS:
        return None
    if named is None and _parses(source):
        return source
    lines, goes_on = [], False
    for line in _LINE_END.split(source):
        magic, assigned = _MAGIC.match(line), _ASSIGNED.match(line)
        if goes_on:
            goes_on, line = line.endswith("\\"), ""
        elif assigned is not None:
            goes_on, line = line.endswith("\\"), f"{assigned['target']}{value}"
        elif magic is not None:
            goes_on, line = line.endswith("\\"), f"{magic['indent']}{timed(line) or 'pass'}"
        lines.append(line)
    return "\n".join(lines)


def _parses(source: str) -> bool:
    try:
        parsing.parse_python(source)
    except (SyntaxError, ValueError):
        return False
    return True


def source_of(data: bytes) -> bytes:
    """The Python text of a notebook, nothing where it is none, or in another language: what it imports can be read
    there."""
    try:
        notebook = Notebook(data)
    except NotebookError:
        return b""
    return notebook.module(plain).text.encode("utf-8", "surrogatepass") if notebook.language == "python" else b""
