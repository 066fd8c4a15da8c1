"""Comments at the ends of lines: what they become, and that nothing else changes."""

from __future__ import annotations

import ast
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfmt.core import suppressions
from pyfmt.core.model import Severity
from pyfmt.core.suppressions import Suppression
from pyfmt.tools.registry import comments
from tests.reports.models import finding

annotated = partial(suppressions.annotated, comments=comments())
suppression = partial(suppressions.suppression, comments=comments())

MYPY = Suppression(1, "mypy", "assignment")
PYLINT = Suppression(1, "pylint", "invalid-name")


@pytest.mark.parametrize(
    ("line", "wanted", "expected"),
    [
        ("x = 1", [MYPY], "x = 1  # type: ignore[assignment]"),
        ("x = 1", [PYLINT], "x = 1  # pylint: disable=invalid-name"),
        ("x = 1", [PYLINT, MYPY], "x = 1  # type: ignore[assignment]  # pylint: disable=invalid-name"),
        ("x = 1 # why", [PYLINT, MYPY], "x = 1  # type: ignore[assignment]  # why  # pylint: disable=invalid-name"),
        ("x = 1  # type: ignore[misc]  # why", [MYPY], "x = 1  # type: ignore[misc, assignment]  # why"),
        ("x = 1  # pylint: disable=a,b # why", [PYLINT], "x = 1  # pylint: disable=a,b,invalid-name # why"),
        ("x = '# no' ", [MYPY], "x = '# no'  # type: ignore[assignment]"),
        ("x = 1\r", [MYPY], "x = 1  # type: ignore[assignment]\r"),
        ("é = '名'", [MYPY], "é = '名'  # type: ignore[assignment]"),
        ("def f(\n    a): ...", [PYLINT], "def f(  # pylint: disable=invalid-name\n    a): ..."),
    ],
)
def test_a_comment_joins_what_the_line_has(line: str, wanted: list[Suppression], expected: str) -> None:
    after, written = annotated(f"{line}\n".encode(), wanted)
    assert after.decode() == f"{expected}\n"
    assert written == set(wanted)
    assert annotated(after, wanted)[0] == after


@pytest.mark.parametrize(
    "text",
    [
        "#!/usr/bin/env python\n",
        "# only a comment\nx = 1\n",
        "\nx = 1\n",
        'x = """\n"""\n',
        'y = 1\nx = f"""\n{y}\n"""\n'.replace("y = 1\n", ""),
        "x = \\\n    1\n",
        "x = (\n",
        "x = 1\rz = 2\n",
    ],
)
def test_a_line_that_cannot_take_one_is_left_alone(text: str) -> None:
    assert annotated(text.encode(), [MYPY]) == (text.encode(), frozenset())


def test_no_file_end_no_encoding_and_no_byte_order_mark_is_changed() -> None:
    latin = "# -*- coding: latin-1 -*-\nx = 'é'".encode("latin-1")
    assert annotated(latin, [Suppression(2, "mypy", "misc")])[0] == latin + b"  # type: ignore[misc]"
    marked = b"\xef\xbb\xbfx = 1\n"
    assert annotated(marked, [MYPY])[0] == b"\xef\xbb\xbfx = 1  # type: ignore[assignment]\n"


SOURCES = st.lists(
    st.sampled_from(
        ["x = 1", "y = '''a", "b'''", "if x:", "    z = (1,", "  2)", "# c", "", 's = f"{x}"', "w = 1  # c", "q = \\"]
    ),
    max_size=7,
).map("\n".join)
WANTED = st.lists(
    st.builds(
        Suppression, st.integers(1, 9), st.sampled_from(["mypy", "pylint"]), st.sampled_from(["misc", "no-member"])
    )
)


@given(SOURCES, WANTED)
def test_the_program_stays_the_same_and_no_line_moves(text: str, wanted: list[Suppression]) -> None:
    data = text.encode()
    after, written = annotated(data, wanted)
    assert len(after.splitlines()) == len(data.splitlines())
    assert written <= set(wanted)
    try:
        tree = ast.parse(data)
    except SyntaxError:
        assert after == data
        return
    assert ast.dump(ast.parse(after)) == ast.dump(tree)
    for before, line in zip(data.splitlines(), after.splitlines(), strict=True):
        assert line.startswith(before.split(b"#")[0].rstrip())


def test_what_should_not_be_suppressed_is_not() -> None:
    assert suppression(finding()) == Suppression(1, "pylint", "import-error")
    assert suppression(finding(syntax=True)) is None
    assert suppression(finding(rule="R0801", symbol="duplicate-code")) is None
    assert suppression(finding(tool="mypy", rule="unused-ignore", symbol="unused-ignore")) is None
    assert suppression(finding(tool="mypy", rule="misc", symbol="misc", severity=Severity.INFO)) is None
    assert suppression(finding(tool="black")) is None
