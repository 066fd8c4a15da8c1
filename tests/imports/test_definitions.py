"""What a module's statements define, and what of it somebody sees who looks up some names."""

from __future__ import annotations

import ast

import pytest

from pyfmt.imports.definitions import definitions_of, seen_of


def seen(source: str, *names: str) -> str:
    return seen_of(definitions_of(ast.parse(source, type_comments=True)), names)


@pytest.mark.parametrize(
    "source, names",
    [
        ("import a.b, c as d", {"a", "d"}),
        ("from a import b as c, d", {"c", "d"}),
        ("from a import *", set()),
        ("def f():\n    global g\n    g = 1", {"f", "g"}),
        ("def f(x=(y := 1)): ...", {"f", "y"}),
        ("class C:\n    def m(self):\n        self.x = 1", {"C"}),
        ("a = b, (c, *d) = 1", {"a", "b", "c", "d"}),
        ("a: int", {"a"}),
        ("a += 1", {"a"}),
        ("a.b = 1", set()),
        ("a[0] = 1", set()),
        ("__all__ = []", set()),
        ("def __getattr__(name): ...", set()),
        ("if a:\n    b = 1", set()),
        ("print(1)", set()),
        # What is set on something else counts for whoever sees the module; of a mere argument nobody knows what it is.
        ("def f(x):\n    x.a = 1", {"f"}),
        ("def f(x=C()):\n    x.a = 1", set()),
        ("def f(x, *, y=None):\n    y.a = 1", set()),
        ("def f(x):\n    x = C()\n    x.a = 1", set()),
        ("def f(x):\n    def g(x=C()):\n        x.a = 1", set()),
        ("def f(x):\n    class x: ...\n    x.a = 1", set()),
        ("def f(x):\n    import x\n    x.a = 1", set()),
        ("def f():\n    x.a = 1", set()),
        ("class C:\n    def m(self, other=D()):\n        other.x = 1", set()),
    ],
)
def test_names_that_lead_to_a_statement(source: str, names: set[str]) -> None:
    assert [set(found.names) for found in definitions_of(ast.parse(source))] == [names]


def test_only_what_is_looked_up_is_seen() -> None:
    before = "import os\n\ndef f():\n    return 1\n\ndef g():\n    return 2\n\nclass C: ...\n"
    body = before.replace("return 1", "return 3")
    assert seen(before, "g", "C", "absent") == seen(body, "g", "C", "absent")
    assert seen(before, "f") != seen(body, "f")
    more = (
        "import os\nimport re\n\ndef f():\n    return 1\n\ndef new(): ...\n\ndef g():\n    return 2\n\nclass C: ...\n"
    )
    assert seen(before, "f", "g", "C", "os") == seen(more, "f", "g", "C", "os")
    assert seen(before, "new") != seen(more, "new")
    assert seen(before, "#") == seen(body, "#") != seen(more, "#")
    assert seen(before, "g") != seen(before + "if f():\n    h = 1\n", "g")


def test_the_order_of_what_is_seen_counts() -> None:
    first, last = "'M'\ndef f(): ...\ndef g(): ...\n", "if f():\n    pass\n"
    other = "'M'\ndef g(): ...\ndef f(): ...\n"
    assert seen(first + last, "f", "g") != seen(other + last, "f", "g")
    assert seen(first + last, "f") == seen(other + last, "f")
    assert seen(first + last, "g") != seen("'M'\ndef f(): ...\n" + last + "def g(): ...\n", "g")
    assert seen("x = 1; y = 2", "y") != seen("x = 1\ny = 2", "y")


def test_of_a_name_that_is_bound_several_times_all_is_seen() -> None:
    source = "def f(): ...\n\ndef g(): ...\n\ndef f(x): ...\n"
    assert seen(source, "f") != seen(source.replace("def f(): ...", "def f(): pass"), "f")
    assert seen(source, "f") != seen(source.replace("f(x)", "f(y)"), "f")
