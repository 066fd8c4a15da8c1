"""PURE: what a file imports, and where it says so, read with `ast`.

Every import statement counts, wherever it stands: in a function, in `try`, below `if TYPE_CHECKING`. So do
`importlib.import_module` and `__import__` with a literal name.
"""

from __future__ import annotations

import ast
import io
import re
import sys
import tokenize
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pyfmt.core import parsing

_LINE_END = re.compile(r"\r\n|\r|\n")
_BODIES = ("body", "orelse", "finalbody", "handlers", "cases")
_DYNAMIC = (b"import_module", b"__import__")
# Packages whose parts lie in several places although they have an `__init__.py` (pkgutil, pkg_resources).
_EXTENDING = (b"extend_path", b"declare_namespace")


@dataclass(frozen=True, slots=True)
class Span:
    """A place in a file: lines and columns are 1-based, columns count characters, the end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@dataclass(frozen=True, slots=True)
class Import:
    """`import module`, or `from module import names` with `level` leading dots; "*" is among the names as it stands."""

    span: Span
    module: str
    level: int = 0
    names: tuple[tuple[str, Span], ...] = ()


@dataclass(frozen=True, slots=True)
class FileImports:
    """What is known of a file; absolute imports of the standard library are left out."""

    imports: tuple[Import, ...] = ()
    extends_path: bool = False  # an `__init__` that lets other folders add to its package
    problem: str = ""  # why the imports are not known
    problem_line: int = 1


def read_imports(source: bytes) -> FileImports:
    """The imports of a file's bytes, in their order."""
    extends = any(word in source for word in _EXTENDING)
    if b"import" not in source:
        return FileImports(extends_path=extends)
    try:
        tree = _parse(source)
        found: list[ast.Import | ast.ImportFrom | ast.Call] = list(_statements(tree.body))
        if any(word in source for word in _DYNAMIC):
            found += _dynamic(tree)
        columns = _Columns(source)
        imports = [made for node in found for made in _imports(node, columns)]
    except (SyntaxError, ValueError, RecursionError) as error:
        # Perhaps only newer than this Python: the statements that matter have been the same since Python 2.5.
        return _by_lines(source, extends, error)
    ordered = sorted(filter(_matters, imports), key=lambda item: (item.span.line, item.span.column))
    return FileImports(tuple(ordered), extends)


def _parse(source: bytes | str) -> ast.Module:
    return parsing.parse_python(source)


def _matters(found: Import) -> bool:
    """Whether the import could be of anything but the standard library, which wins over every other place."""
    return found.level > 0 or found.module.partition(".")[0] not in sys.stdlib_module_names


def _statements(body: Sequence[ast.stmt]) -> Iterator[ast.Import | ast.ImportFrom]:
    """All import statements; imports are never inside expressions, so those are not looked at."""
    waiting: list[Any] = list(body)
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield node
        else:
            for name in _BODIES:
                inner = getattr(node, name, None)
                if isinstance(inner, list):
                    waiting.extend(inner)


def _dynamic(tree: ast.Module) -> Iterator[ast.Call]:
    """Calls of `import_module` and `__import__` whose first argument is a literal absolute name."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        value = node.args[0].value
        if name in ("import_module", "__import__") and isinstance(value, str) and value and value[0] != ".":
            yield node


def _imports(node: ast.Import | ast.ImportFrom | ast.Call, columns: _Columns) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(columns.span(alias), alias.name)
    elif isinstance(node, ast.ImportFrom):
        names = tuple((alias.name, columns.span(alias)) for alias in node.names)
        yield Import(columns.span(node), node.module or "", node.level, names)
    else:
        argument = node.args[0]
        assert isinstance(argument, ast.Constant), argument
        yield Import(columns.span(argument), str(argument.value))


class _Columns:
    """Turns the columns of `ast`, which count UTF-8 bytes, into characters."""

    def __init__(self, source: bytes, first_line: int = 1, first_column: int = 0) -> None:
        self._source = source
        self._ascii = source.isascii()
        self._first_line = first_line
        self._first_column = first_column  # characters that were taken off before what was parsed
        self._lines: list[str] | None = None

    def span(self, node: ast.stmt | ast.expr | ast.alias) -> Span:
        """The place of a node."""
        line, end_line = node.lineno, node.end_lineno or node.lineno
        end = node.end_col_offset if node.end_col_offset is not None else node.col_offset
        start = self._column(line, node.col_offset)
        return Span(line + self._first_line - 1, start, end_line + self._first_line - 1, self._column(end_line, end))

    def _column(self, line: int, offset: int) -> int:
        if not self._ascii:
            if self._lines is None:
                self._lines = _LINE_END.split(_decode(self._source))
            offset = len(self._lines[line - 1].encode("utf-8", "surrogatepass")[:offset].decode("utf-8", "replace"))
        return offset + 1 + (self._first_column if line == 1 else 0)


def _decode(source: bytes) -> str:
    """A file's text by its coding cookie or byte order mark; SyntaxError or ValueError where it has another
    encoding."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(source).readline)
    return source.decode(encoding)


def _by_lines(source: bytes, extends: bool, error: Exception) -> FileImports:
    """The imports among a file's logical lines, where the whole cannot be parsed; `error` is why."""
    line = getattr(error, "lineno", None) or 1
    reason = error.msg if isinstance(error, SyntaxError) else f"{type(error).__name__}: {error}".rstrip(": ")
    try:
        text = _decode(source)
        imports = [made for start, words in _logical_lines(text) for made in _from_words(start, words)]
    except (SyntaxError, ValueError, tokenize.TokenError):
        return FileImports((), extends, reason, line)
    return FileImports(tuple(filter(_matters, imports)), extends)


def _logical_lines(text: str) -> Iterator[tuple[tuple[int, int], str]]:
    """Each statement that begins with `import` or `from`: where it begins (line, characters before), and its text."""
    lines = io.StringIO(text, newline=None).readlines()  # Python's line ends, and no others
    start: tuple[int, int] | None = None
    fresh = True
    for token in tokenize.generate_tokens(iter(lines).__next__):
        ends = token.type in (tokenize.NEWLINE, tokenize.ENDMARKER) or token.string == ";"
        if start is not None and ends:
            yield start, _between(lines, start, token.start)
            start = None
        elif fresh and token.type == tokenize.NAME and token.string in ("import", "from"):
            start = token.start
        quiet = token.type in (tokenize.NL, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT)
        fresh = ends or token.string == ":" or (fresh and quiet)


def _between(lines: Sequence[str], start: tuple[int, int], end: tuple[int, int]) -> str:
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]]
    inside = lines[start[0] : end[0] - 1]
    last = lines[end[0] - 1][: end[1]] if end[0] <= len(lines) else ""
    return "".join([lines[start[0] - 1][start[1] :], *inside, last])


def _from_words(start: tuple[int, int], words: str) -> Iterator[Import]:
    """The imports of one statement's text; SyntaxError where it is none, since then it is not known what is meant."""
    columns = _Columns(words.encode("utf-8", "surrogatepass"), *start)
    for node in _parse(words).body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            yield from _imports(node, columns)


def to_json(found: FileImports) -> list[Any]:
    """As lists for the cache."""
    rows = [
        [_row(item.span), item.module, item.level, [[name, _row(span)] for name, span in item.names]]
        for item in found.imports
    ]
    return [rows, found.extends_path, found.problem, found.problem_line]


def from_json(value: Any) -> FileImports:
    """What `to_json` wrote; ValueError, TypeError or KeyError for anything else."""
    rows, extends, problem, line = value
    imports = tuple(
        Import(Span(*span), module, level, tuple((name, Span(*where)) for name, where in names))
        for span, module, level, names in rows
    )
    return FileImports(imports, bool(extends), str(problem), int(line))


def _row(span: Span) -> list[int]:
    return [span.line, span.column, span.end_line, span.end_column]
