"""PURE: what a file imports, where it says so, and what others can see of it; it is parsed once.

Every import statement counts, wherever it stands: in a function, in `try`, below `if TYPE_CHECKING`. So do
`importlib.import_module` and `__import__` with a literal name.
"""

from __future__ import annotations

import ast
import io
import posixpath
import re
import sys
import tokenize
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from pyfmt.core import parsing
from pyfmt.imports.definitions import Definition, definitions_of
from pyfmt.imports.tree_digest import lines_digest, tree_digest
from pyfmt.projects.layout import imported_names

# What a file imports, as texts: "a.b", with dots in front where it is relative; "a.*" also all modules directly in `a`
# (a star may import them), "a.**" all below it (the file cannot be parsed). "@name" is no import: an attribute, or a
# string that could name one, by which a module below an imported package may be meant (`import a` and then `a.name`).
# "!a.b" is an import of a computed name that begins with "a.b."; where nothing of it is written ("!"), it may be any of
# the own package.
Read = Callable[[str], Sequence[str]]
_LINE_END = re.compile(r"\r\n|\r|\n")
_DYNAMIC = ("import_module", "__import__")
_IMPORTING = (ast.Import, ast.ImportFrom, ast.Attribute, ast.Constant, ast.Call)  # of which something is asked here
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


@dataclass(frozen=True, slots=True)
class ModuleContent:
    """What a module imports by its names, as `Read` has them, and the digest of what others can see of it."""

    imports: tuple[str, ...]
    tree: str  # see `tree_digest`; "" where others see its very bytes
    definitions: tuple[Definition, ...] = ()
    lines: str = ""  # see `lines_digest`


@dataclass(frozen=True, slots=True)
class ParsedModule:
    """All that is read from a module's source: in order, each name once."""

    content: ModuleContent
    statements: FileImports


def read_module(source: bytes) -> ParsedModule:
    """What stands in a file's bytes; of one that cannot be parsed more is taken than less."""
    extends = any(word in source for word in _EXTENDING)
    try:
        tree = parsing.parse_python(source, with_type_comments=True)
    except (SyntaxError, ValueError) as error:
        texts = (*(f"{name}.**" for name in sorted(imported_names(source))), ".**")
        return ParsedModule(ModuleContent(texts, ""), _by_lines(source, extends, error))
    inside = [parsing.nodes(statement) for statement in tree.body]
    nodes = [node for each in inside for node in each if isinstance(node, _IMPORTING)]
    texts = tuple(dict.fromkeys(text for node in nodes for text in _texts(node)))
    definitions = definitions_of(tree, inside)
    content = ModuleContent(texts, tree_digest(source, definitions), definitions, lines_digest(source))
    return ParsedModule(content, _statements(nodes, source, extends))


def _statements(nodes: Iterable[ast.AST], source: bytes, extends: bool) -> FileImports:
    columns = _Columns(source)
    try:
        imports = [found for node in nodes for found in _imports(node, columns)]
    except (SyntaxError, ValueError) as error:  # its text is not what its first lines say
        return _by_lines(source, extends, error)
    ordered = sorted(filter(_matters, imports), key=lambda item: (item.span.line, item.span.column))
    return FileImports(tuple(ordered), extends)


def _matters(found: Import) -> bool:
    """Whether the import could be of anything but the standard library, which wins over every other place."""
    return found.level > 0 or found.module.partition(".")[0] not in sys.stdlib_module_names


def _texts(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.Attribute):
        yield f"@{node.attr}"
    elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
        yield f"@{node.value}"
    elif isinstance(node, ast.ImportFrom):
        base = "." * node.level + (node.module or "")
        for alias in node.names:
            yield f"{base}{'' if base.endswith('.') or not base else '.'}{alias.name}"
    elif isinstance(node, ast.Call) and (argument := _dynamic(node)) is not None:
        name = _literal(argument)
        yield f"!{_beginning(argument)}" if name is None else name


def _dynamic(node: ast.Call) -> ast.expr | None:
    """What a call of `import_module` or `__import__` imports; None for any other."""
    called = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
    return node.args[0] if called in _DYNAMIC and node.args else None


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def _beginning(name: ast.expr) -> str:
    """The package that a computed name begins with ("a.b" of f"a.b.{name}"); "" where it is not written there."""
    while True:
        if isinstance(name, ast.JoinedStr) and name.values:
            name = name.values[0]
        elif isinstance(name, ast.BinOp):
            name = name.left
        elif isinstance(name, ast.Call) and isinstance(name.func, ast.Attribute) and name.func.attr == "format":
            name = name.func.value
        else:
            break
    text = _literal(name) or ""
    return text.partition("{")[0].partition("%")[0].rpartition(".")[0].lstrip(".")


def _imports(node: ast.AST, columns: _Columns) -> Iterator[Import]:
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield Import(columns.span(alias), alias.name)
    elif isinstance(node, ast.ImportFrom):
        names = tuple((alias.name, columns.span(alias)) for alias in node.names)
        yield Import(columns.span(node), node.module or "", node.level, names)
    elif isinstance(node, ast.Call) and (argument := _dynamic(node)) is not None:
        name = _literal(argument)
        if name and name[0] != ".":
            yield Import(columns.span(argument), name)


def start_folder(file: str, text: str) -> str:
    """The folder that a relative import of a file begins in; "" for the root."""
    folder = file.rpartition("/")[0]
    for _ in range(len(text) - len(text.lstrip(".")) - 1):
        folder = folder.rpartition("/")[0]
    return folder


def absolute_texts(file: str, text: str, called: Iterable[str]) -> Iterator[str]:
    """What a relative import of a file means by the dotted names that the file has."""
    name = text.lstrip(".")
    levels = len(text) - len(name) - posixpath.basename(file).startswith("__init__.")
    for parts in (each.split(".") for each in called):
        if len(parts) > levels:
            yield ".".join([*parts[: len(parts) - levels], name])


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
    if b"import" not in source:
        return FileImports(extends_path=extends)
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
    for node in parsing.parse_python(words).body:
        yield from _imports(node, columns)
