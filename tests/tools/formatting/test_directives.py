"""Which `# fmt` and `# isort` comments hold back nothing, by what the real black and isort make of the text."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pyfmt.tools import directives, formatting
from pyfmt.tools.directives import Useless, useless
from tests.tools.formatting.reference import BUILT_IN

SETTINGS = formatting.settings_for(None, Path("/nowhere"), BUILT_IN)
TOOLS = ("isort", "black")


def formatted(data: bytes) -> bytes | None:
    result = formatting.format_bytes(data, "a.py", SETTINGS)
    return (data if result.data is None else result.data) if result.settled else None


def told(text: str) -> list[tuple[int, str, int | None]]:
    """Line, words, and the line of the end, of each useless directive."""
    found = useless(text.encode(), TOOLS, formatted)
    return [(each.directive.line, each.directive.words, each.end.line if each.end else None) for each in found]


NEEDED = {
    "skip": "x = [1,2]  # fmt: skip\n",
    "skip in another comment": "x = [1,2]  # noqa # fmt: skip\ny = [1,2]  # noqa; fmt: skip\n",
    "the comment keeps the lines apart": "x = [  # fmt: skip\n    1,2\n]\n",
    "off and on": "x = 1\n\n# fmt: off\ny  = 2\n# fmt: on\n\nz = 3\n",
    "blank lines": "class A:\n    x = 1\n    # fmt: off\n\n\n\n    y = 2\n",
    "isort skip": "import os\nimport b  # isort: skip\nimport a\n\nprint(a, b)\n",
    "isort off and on": "# isort: off\nimport sys\nimport os\n# isort: on\n\nprint(os)\n",
    "groups of imports": "# isort: off\nimport a\n\nimport b\n# isort: on\n\nprint(a)\n",
    "isort skip_file": "# isort: skip_file\nimport b\nimport a\n",
    "text that only mentions "
    "them": "x = '''\n# fmt: off\n'''\n# we use fmt: skip, or # fmt: skip\n# fmt: off is good\n",
    "a text that nobody can format": "x = (  # fmt: skip\n",
}


@pytest.mark.parametrize("text", NEEDED.values(), ids=NEEDED)
def test_what_holds_something_back_is_not_reported(text: str) -> None:
    assert directives.may_hold_any(text.encode())
    assert told(text) == []


USELESS = {
    "skip": ("x = [1, 2]  # fmt: skip\n", (1, "fmt: skip", None)),
    "whatever else is not formatted": ("z=1\nx = [1, 2]  # fmt: skip\n", (2, "fmt: skip", None)),
    "the comment alone makes the line long": (f"x = f({'a' * 70}, b)  # fmt: skip\n", (1, "fmt: skip", None)),
    "one of two": ("x = [1, 2]  # fmt: skip\ny = [1,2]  # fmt: skip\n", (1, "fmt: skip", None)),
    "the first where one is enough": ("# fmt: off\nx = [1,2]  # fmt: skip\n# fmt: on\n", (1, "fmt: off", 3)),
    "black does not heed it here": ("x = [1,2]  # fmt: off\n", (1, "fmt: off", None)),
    "off and on": ("x = 1\n\n# fmt: off\ny = 2\n# fmt: on\n\nz = 3\n", (3, "fmt: off", 5)),
    "in a class": ("class A:\n    # fmt: off\n    x = 1\n    # fmt: on\n    y = 2\n", (2, "fmt: off", 4)),
    "nothing is off": ("x = 1\n# fmt: on\ny = 2\n", (2, "fmt: on", None)),
    "yapf's words": ("# yapf: disable\nx = 1\n# yapf: enable\n", (1, "yapf: disable", 3)),
    "other line ends": ("x = [1, 2]  # fmt: skip\r\ny = 1\r\n", (1, "fmt: skip", None)),
    "isort skip": ("import a  # noqa isort:skip\nimport b\n", (1, "isort:skip", None)),
    "isort off and on": ("import os\n# isort: off\nimport sys\n# isort: on\n\nprint(os)\n", (2, "isort: off", 4)),
    "isort skip_file": ('"""Doc."""\n\n# isort: skip_file\n\nimport os\n', (3, "isort: skip_file", None)),
}


@pytest.mark.parametrize("text, expected", USELESS.values(), ids=USELESS)
def test_what_holds_back_nothing_is_reported(text: str, expected: tuple[int, str, int | None]) -> None:
    assert directives.may_hold_any(text.encode())
    assert told(text) == [expected]


def test_only_the_directives_of_the_tools_in_use_are_judged() -> None:
    text = b"import os  # isort: skip # fmt: skip\n"
    assert [each.directive.tool for each in useless(text, ("isort",), formatted)] == ["isort"]
    assert [each.directive.tool for each in useless(text, ("black",), formatted)] == ["black"]


LINES = (
    "import os", "import b  # isort: "
    "skip", "import a", "# isort: off", "# isort: on", "# fmt: off", "# fmt: on", "", "",
    "x = [1,2]  # fmt: skip", "x = [1, 2]  # fmt: "
    "skip", "x = {'a':1}", "y = 1", "def f( a ):\n    # fmt: off\n    return  a\n    # fmt: on",
    "class A:  # fmt: skip\n    pass", "z = (  # fmt: skip\n  1)", "# a comment",
)  # fmt: skip


@example(["import os", "# a comment", "# isort: off", "import b  # isort: skip"])
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(LINES), max_size=10))
def test_all_that_are_reported_can_be_removed_together(lines: list[str]) -> None:
    data = ("\n".join(lines) + "\n").encode()
    found = useless(data, TOOLS, formatted)
    before, after = formatted(data), formatted(_removed(data, found))
    if found:
        assert before is not None and after is not None
        assert _code(after) == _code(before)


def _removed(data: bytes, found: tuple[Useless, ...]) -> bytes:
    """As a person would do it: the words go, what is left of the comment if it is nothing, and then the line. (A blank
    line in its place can be a difference to isort, which carries comments along with imports.)"""
    lines: list[str | None] = [*data.decode().split("\n")]
    for part in (part for each in found for part in each.parts):
        line = (lines[part.line - 1] or "").replace(f"# {part.words}", "").rstrip()
        lines[part.line - 1] = line or None
    return "\n".join(line for line in lines if line is not None).encode()


def _code(data: bytes) -> list[str]:
    """The lines without directives, as a person compares them."""
    text = data.decode()
    for words in ("fmt: off", "fmt: on", "fmt: skip", "isort: off", "isort: on", "isort: skip"):
        text = text.replace(f"# {words}", "")
    return [line.rstrip() for line in text.split("\n") if line.strip()]
