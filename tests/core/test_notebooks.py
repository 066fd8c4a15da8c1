"""Notebooks as text: what is not code keeps its bytes, and every place in a cell is found in the file."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfmt.core.model import Finding, Severity
from pyfmt.core.notebooks import Notebook, NotebookError, plain

TEXT = st.text(st.sampled_from('ab \n"\\é/\t\u2028😀=1'), max_size=20)


def cell(source: Any, kind: str = "code") -> dict[str, Any]:
    """A cell as Jupyter writes one, with keys in an order of its own."""
    code = {"outputs": [{"source": ["no source"]}], "execution_count": None} if kind == "code" else {}
    return {"cell_type": kind, "id": "x", "metadata": {"source": "neither"}, **code, "source": source}


def document(*cells: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {"cells": list(cells), "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}


@st.composite
def documents(draw: st.DrawFn) -> bytes:
    """Notebooks in many styles of JSON."""
    sources = draw(st.lists(st.tuples(TEXT, st.booleans(), st.sampled_from(["code", "markdown"])), max_size=4))
    cells = [cell(text.splitlines(True) if as_list else text, kind) for text, as_list, kind in sources]
    separators = draw(st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", "\t: ")]))
    indent = draw(st.sampled_from([None, 0, 1, 4, "\t"]))
    text = json.dumps(document(*cells), ensure_ascii=draw(st.booleans()), indent=indent, separators=separators)
    return (draw(st.sampled_from(["", "\ufeff"])) + text + draw(st.sampled_from(["", "\n", "\r\n"]))).encode()


@given(documents(), st.lists(TEXT, min_size=4, max_size=4))
def test_only_the_sources_change(data: bytes, texts: list[str]) -> None:
    notebook = Notebook(data)
    assert notebook.rewritten({}) == data
    sources = {each.number: text for each, text in zip(notebook.cells, texts)}
    after = Notebook(notebook.rewritten(sources))
    assert {each.number: each.source for each in after.cells} == sources
    # Back again, the document is the same one; with nothing to tell the style by (an empty source), up to JSON.
    before = after.rewritten({each.number: each.source for each in notebook.cells})
    wanted = json.loads(data.decode("utf-8-sig"))
    assert json.loads(before.decode("utf-8-sig")) == wanted
    bare = [
        "".join(part)
        for part in (_without_sources(notebook, data), _without_sources(after, notebook.rewritten(sources)))
    ]
    assert bare[0] == bare[1]


def _without_sources(notebook: Notebook, data: bytes) -> list[str]:
    text, last, parts = data.decode("utf-8-sig"), 0, []
    for each in notebook.cells:
        parts.append(text[last : each.start])
        last = each.end
    return [*parts, text[last:]]


@given(documents())
def test_every_character_is_found_in_the_file(data: bytes) -> None:
    notebook, lines = Notebook(data), data.decode("utf-8-sig").split("\n")
    for each in notebook.cells:
        for number, line in enumerate(each.source.split("\n"), 1):
            for column, char in enumerate(line, 1):
                row, place = notebook.place(each.number, number, column)
                shown = lines[row - 1][place - 1 :]
                assert shown.startswith((char, json.dumps(char)[1:-1], json.dumps(char, ensure_ascii=False)[1:-1]))


def test_the_bytes_of_lines_that_stay_are_kept() -> None:
    data = b'{"nbformat": 4, "cells": [{"source": ["a\\/b\\n",\n "\\u00E9" , "x"], "cell_type": "code"}]}'
    assert Notebook(data).rewritten({1: "a/b\nnew\nx"}) == data.replace(b'"\\u00E9" , "x"', b'"new\\n",\n "x"')


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "it is not a JSON object"),
        (b'{"cells": [', "it is not a JSON object (line 1"),
        (b"[1]", "it is not a JSON object"),
        (b'{\n"cells": [\n<<<<<<< ours\n1\n=======\n2\n>>>>>>> theirs\n]}', "the marks of a merge conflict (line 3)"),
        (b'{"nbformat": 3, "worksheets": []}', "has version 3 of the notebook format"),
        (b'{"nbformat": 4}', "it has no cells"),
        (b'{"nbformat": 4, "cells": [{"cell_type": "code", "source": [1]}]}', "the source of its cell 1 is no text"),
        (b"\xff", "it is not UTF-8"),
        (b"[" * 100_000, "it is not a JSON object"),
    ],
)
def test_what_is_no_notebook_is_said(data: bytes, said: str) -> None:
    with pytest.raises(NotebookError) as caught:
        Notebook(data)
    assert said in caught.value.what
    assert caught.value.cure


def test_the_language_is_what_the_metadata_say() -> None:
    def language(**metadata: Any) -> str:
        return Notebook(json.dumps(document(**metadata)).encode()).language

    assert language() == "python"
    assert language(language_info={"name": "R"}, kernelspec={"language": "python"}) == "r"
    assert language(kernelspec={"language": "julia"}) == "julia"
    assert language(kernelspec="broken") == "python"


def test_cells_become_one_module_and_the_values_that_end_them_are_known() -> None:
    data = json.dumps(
        document(cell("import os\nos"), cell("# text", "markdown"), cell(""), cell("if 1:\n  2\n\n"), cell("f(\n3)"))
    )
    module = Notebook(data.encode()).module(plain)
    assert module.text == "import os\nos\nif 1:\n  2\nf(\n3)\n"
    assert module.lines == ((1, 1), (1, 2), (4, 1), (4, 2), (5, 1), (5, 2))
    assert module.shown == {2, 5, 6}


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("x = 1 % 2", "x = 1 % 2"),
        ("%matplotlib inline\nimport os", "pass\nimport os"),
        ("for _ in x:\n    !ls {x} \\\n      more\n    y", "for _ in x:\n    pass\n\n    y"),
        ("files = !ls\nfiles?", "files = None\npass"),
        ("# a comment\n%%time\nf()", "# a comment\npass\nf()"),
        ("%time x = f()\n  %timeit -n 5 -r2 g(x)\n%prun -l 5 h()\n%timeit -n", "x = f()\n  g(x)\nh()\npass"),
        ("%time await f(\n%time --fast f()", "pass\nf()"),
        ("%%bash\nls", None),
        ("%%writefile a.py\nimport os", None),
        ("!echo?\n# why?\nx = '?'", "pass\n# why?\nx = '?'"),
    ],
)
def test_magics_are_taken_out_by_their_looks(source: str, text: str | None) -> None:
    assert plain(source) == text


def test_what_stands_behind_a_magic_is_told_where_it_stands() -> None:
    notebook = Notebook(json.dumps(document(cell("if 1:\n  %time x = f()"))).encode())
    module = notebook.module(plain)
    finding = Finding("a.ipynb", 2, 7, 2, 8, "mypy", "r", "r", Severity.ERROR, "m", "p")
    at = notebook.located(finding, module).cell
    assert at is not None and (at.line, at.column, at.end_column) == (2, 13, 14) and at.text[12] == "f"
    assert module.shown == {2}
