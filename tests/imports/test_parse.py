"""What files import, and where they say so."""

from __future__ import annotations

import json

import pytest

from pyfmt.core.codec import codec
from pyfmt.imports.parse import FileImports, read_module


def said(source: str | bytes) -> list[tuple[int, int, str]]:
    """(line, column, name) of everything imported, names with their dots."""
    found = read_module(source.encode() if isinstance(source, str) else source).statements
    assert not found.problem
    assert codec(FileImports).load(json.loads(json.dumps(codec(FileImports).dump(found)))) == found
    rows = []
    for item in found.imports:
        dots = "." * item.level + item.module
        names = item.names or (("", item.span),)
        rows += [(span.line, span.column, f"{dots}:{name}" if name else dots) for name, span in names]
    return rows


def test_statements_wherever_they_stand() -> None:
    source = """\
import a, b.c as d
from e import (
    f,
    g as h,
)
if TYPE_CHECKING:
    from .i import j
def k():
    try: import l
    except ImportError: import m
    else:
        with x: from .. import n
match y:
    case 1:
        import o; import p
"""
    assert said(source) == [
        (1, 8, "a"),
        (1, 11, "b.c"),
        (3, 5, "e:f"),
        (4, 5, "e:g"),
        (7, 20, ".i:j"),
        (9, 17, "l"),
        (10, 32, "m"),
        (12, 32, "..:n"),
        (15, 16, "o"),
        (15, 26, "p"),
    ]


def test_literal_dynamic_imports_count_and_strings_and_the_standard_library_do_not() -> None:
    source = '''\
"""import doc"""
import os, importlib
importlib.import_module("a.b"); __import__("c"); importlib.import_module(name); importlib.import_module(".d", "e")
text = """
import f
"""
'''
    assert said(source) == [(3, 25, "a.b"), (3, 44, "c")]


@pytest.mark.parametrize(
    "source",
    [
        "é = 'ü'; import a\n",
        "\ufeffé = 'ü'; import a\r\n",
        "é = 'ü'; import a\r",
        "# -*- coding: latin-1 -*-\né = 'ü'; import a\n".encode("latin-1"),
        "x = 1 if\né = 'ü'; import a\n",  # cannot be parsed
    ],
)
def test_columns_count_characters(source: str | bytes) -> None:
    assert [(column, name) for _, column, name in said(source)] == [(17, "a")]


def test_a_file_in_another_grammar_is_read_statement_by_statement() -> None:
    source = '''\
import a
def f() { braces }
if x: from b import c, d; import e
class G:
    """import no"""
    from .h import (  # why
        i,
        j)
print "import k"
'''
    assert said(source) == [
        (1, 8, "a"),
        (3, 21, "b:c"),
        (3, 24, "b:d"),
        (3, 34, "e"),
        (7, 9, ".h:i"),
        (8, 9, ".h:j"),
    ]


@pytest.mark.parametrize(
    "source", [b"import a\nx = (\n", b"import a\0", b"# coding: nonsense\nimport a\n", b"import a  # \xff\n"]
)
def test_what_cannot_be_read_is_a_problem(source: bytes) -> None:
    found = read_module(source).statements
    assert found.problem
    assert found.imports == ()


def test_a_file_without_imports() -> None:
    assert read_module(b"x = 1\n").statements == FileImports()
    assert read_module(b"__path__ = __import__('pkgutil').extend_path(__path__, __name__)\n").statements.extends_path
