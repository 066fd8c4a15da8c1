"""What others can see of a module: neither its comments nor its layout, but whatever astroid compares."""

from __future__ import annotations

import ast
from pathlib import Path

import black
import pytest

import pyfmt
from pyfmt.imports.parse import read_module
from pyfmt.imports.tree_digest import lines_digest

BEFORE = 'class A:\n    """Text."""\n    one = 1\n\n\ndef f(a, b=(1, 2)):\n    return a  # first\n'

UNSEEN = {
    "a comment": BEFORE.replace("# first", "# another one"),
    "a pragma": BEFORE.replace("# first", "# pylint: disable=all"),
    "no comment": BEFORE.replace("  # first", ""),
    "blank lines": BEFORE.replace("\n\n\n", "\n\n\n\n\n\n"),
    "a comment at the end": BEFORE + "# the end\n",
    "a layout": BEFORE.replace("f(a, b=(1, 2))", "f(\n    a,\n    b=(1, 2),\n)"),
    "redundant parentheses": BEFORE.replace("return a ", "return (a) "),
    "quotes": BEFORE.replace('"""Text."""', "'''Text.'''"),
    "line ends": BEFORE.replace("\n", "\r\n"),
}
SEEN = {
    "a name": BEFORE.replace("one", "two"),
    "a value": BEFORE.replace("= 1", "= 1.0"),
    "a docstring": BEFORE.replace("Text.", "Text,"),
    "a body": BEFORE.replace("return a", "return b"),
    "a type comment": BEFORE.replace("one = 1", "one = 1  # type: int"),
    "two statements on a line": BEFORE.replace("    one = 1", "    one = 1; two = 2"),
    "what is in line 1": "\n" + BEFORE,
    "another level": BEFORE.replace("    return a", "    if a:\n        return a"),
}


def _tree(source: str) -> str:
    return read_module(source.encode()).content.tree


@pytest.mark.parametrize("source", UNSEEN.values(), ids=UNSEEN)
def test_what_others_cannot_see(source: str) -> None:
    assert _tree(source) == _tree(BEFORE) != ""


@pytest.mark.parametrize("source", SEEN.values(), ids=SEEN)
def test_what_others_can_see(source: str) -> None:
    assert _tree(source) != _tree(BEFORE)


def test_statements_on_one_line_are_not_those_on_two() -> None:
    # astroid takes `x` in the second one for what a later statement of the same line makes of it, too.
    assert _tree("A = 0\nx = 1; y = x; x = ''\n") != _tree("A = 0\nx = 1\ny = x\nx = ''\n")
    assert _tree("A = 0\nif A: x = 1\n") != _tree("A = 0\nif A:\n    x = 1\n")


def test_of_what_cannot_be_parsed_or_is_read_as_text_the_bytes_count() -> None:
    assert _tree("def f(:\n") == ""
    assert _tree("# pkg_resources.declare_namespace(__name__)\n") == ""
    assert _tree("__path__ = extend_path(__path__, __name__)\n") == ""


@pytest.mark.parametrize(
    "other",
    [
        BEFORE.replace("\n\n\n", "\n# a comment\n\n\n"),
        BEFORE.replace("\n", "\n\n", 2) + "# the end\n",
        BEFORE.replace("\n", "  \n"),
    ],
)
def test_lines_that_say_nothing_do_not_count(other: str) -> None:
    assert lines_digest(other.encode()) == lines_digest(BEFORE.encode()) != ""


@pytest.mark.parametrize(
    "other",
    [
        *(
            BEFORE + line
            for line in ("# pylint: disable=all\n", "# type: ignore\n", "# vim: fileencoding=utf-8\n", '# """\n')
        ),
        BEFORE.replace("# first", "# another one"),
        BEFORE.replace("f(a, b=(1, 2))", "f(\n    a,\n    b=(1, 2),\n)"),
    ],
)
def test_comments_that_may_be_obeyed_count_and_so_does_what_stands_on_a_line(other: str) -> None:
    assert lines_digest(other.encode()) != lines_digest(BEFORE.encode())


def test_a_pragma_for_the_next_line_makes_every_line_count() -> None:
    assert lines_digest(b"x = 1\n# pylint: disable-next=all\ny = x\n") == ""


def test_depth_and_length_are_no_limit() -> None:
    assert _tree(f"x = {'+'.join(['1'] * 900)}\n") != ""
    assert _tree(f"x = {'9' * 4200}\n") != ""


def test_equal_digests_mean_equal_trees() -> None:
    """Of modules of pyfmt, formatted otherwise: the same digest where Python says that the trees are the same."""
    same = 0
    for path in sorted(Path(pyfmt.__file__).parent.glob("imports/*.py")):
        source = path.read_text()
        other = black.format_str(source, mode=black.Mode(line_length=40))
        is_equal = ast.dump(ast.parse(source)) == ast.dump(ast.parse(other))
        assert (_tree(source) == _tree(other)) is is_equal, path
        same += is_equal and source != other
    assert same
