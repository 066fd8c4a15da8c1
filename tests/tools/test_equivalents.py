"""The table of rules that mean one fault: each pair on real output of both tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pyfmt.tools.equivalents import FAULTS
from tests.end_to_end import trees
from tests.support.monorepo import Monorepo

_CLASS = "class Thing:\n    here = 1\n\n\n"

# A fault, the code that has it, and the rules of mypy and pylint that say so.
CASES: tuple[tuple[str, str, str, str], ...] = (
    ("undefined name", "print(nowhere)", "name-defined", "E0602"),
    ("use before definition", "print(late)\nlate = 1", "used-before-def", "E0601"),
    (
        "use before definition",
        "class Late:\n    def __init__(self):\n        self.later += 1\n        self.later = other()\n",
        "has-type",
        "E0203",
    ),
    ("definition twice", "def one(): ...\n\n\nprint(one)\n\n\ndef one(): ...", "no-redef", "E0102"),
    ("missing module", "import absent.part", "import-not-found", "E0401"),
    ("missing module", "from xml.absent.part import gone", "import-not-found", "E0401 E0611"),
    ("missing attribute", _CLASS + "print(Thing().gone)", "attr-defined", "E1101"),
    ("missing attribute", "import sys\nprint(sys.stdout.gone)", "union-attr", "E1101"),
    ("missing attribute", "from os import gone", "attr-defined", "E0611"),
    (
        "missing attribute",
        _CLASS + "class Sub(Thing):\n    def run(self):\n        return super().gone()",
        "misc",
        "E1101",
    ),
    (
        "attribute beside the slots",
        "class Slots:\n    __slots__ = ('a',)\n\n    def __init__(self):\n        self.a = 1\n        self.b = 2",
        "misc",
        "E0237",
    ),
    ("not callable", "NUMBER = 1\nprint(NUMBER())", "operator", "E1102"),
    ("not callable", "None()", "misc", "E1102"),
    ("missing argument", "def two(a, b): ...\n\n\ntwo()", "call-arg", "E1120"),
    ("missing argument", "print(isinstance(1))", "call-arg", "E1120"),
    ("missing argument", "def named(*, a): ...\n\n\nnamed()", "call-arg", "E1125"),
    ("too many arguments", "def none(): ...\n\n\nnone(1)", "call-arg", "E1121"),
    ("unexpected keyword", "def none(): ...\n\n\nnone(a=1)", "call-arg", "E1123"),
    ("unexpected keyword", "def place(a, /): ...\n\n\nplace(a=1)", "call-arg", "E3102"),
    ("argument twice", "def one(a): ...\n\n\none(1, a=2)", "misc", "E1124"),
    ("use of no result", "def nothing() -> None:\n    print()\n\n\nX = nothing()", "func-returns-value", "E1111"),
    ("use of no result", "def nothing() -> None:\n    return None\n\n\nX = nothing()", "func-returns-value", "E1128"),
    (
        "abstract class instantiated",
        "import abc\n\n\nclass A(abc.ABC):\n    @abc.abstractmethod\n    def run(self): ...\n\n\nA()",
        "abstract",
        "E0110",
    ),
    ("not subscriptable", "NUMBER = 1\nprint(NUMBER[0])", "index", "E1136"),
    ("not subscriptable", _CLASS + "print(Thing[int])", "misc", "E1136"),
    ("not subscriptable", _CLASS + "def of(a: Thing[int]): ...", "type-arg", "E1136"),
    ("no assignment of items", "TWO = (1, 2)\nTWO[0] = 3", "index", "E1137"),
    ("no deletion of items", "TWO = (1, 2)\ndel TWO[0]", "attr-defined", "E1138"),
    ("no membership", _CLASS + "print(1 in Thing())", "operator", "E1135"),
    ("no such operator", "print(-'a')", "operator", "E1130"),
    ("not iterable", "for _ in 10:\n    print()", "attr-defined", "E1133"),
    ("not iterable", "A, B = 1", "misc", "E0633"),
    ("no mapping", "def keys(**_): ...\n\n\nkeys(**3)", "arg-type", "E1134"),
    ("no mapping", "print(dict(**3))", "dict-item", "E1134"),
    ("no context manager", _CLASS + "with Thing():\n    print()", "attr-defined", "E1129"),
    (
        "no context manager",
        "import contextlib\n\n\n@contextlib.asynccontextmanager\nasync def made():\n    yield\n\n\n"
        "with made():\n    print()",
        "attr-defined",
        "E1145",
    ),
    (
        "no context manager",
        _CLASS + "async def enter():\n    async with Thing():\n        print()",
        "attr-defined",
        "E1701",
    ),
    ("index of a wrong type", "print('text'['word'])", "index", "E1126"),
    ("index of a wrong type", "LIST = [1]\nprint(LIST[:'a'])", "index", "E1127"),
    (
        "override of another signature",
        "class A:\n    def run(self, a): ...\n\n\nclass B(A):\n    def run(self, a, b): ...",
        "override",
        "W0221",
    ),
    (
        "override of another signature",
        "class A:\n    def run(self, a=1): ...\n\n\nclass B(A):\n    def run(self, a): ...",
        "override",
        "W0222",
    ),
    (
        "override of another kind",
        "class A:\n    def run(self) -> int:\n        return 1\n\n\n"
        "class B(A):\n    async def run(self) -> int:\n        return 1",
        "override",
        "W0236",
    ),
    (
        "override of what is final",
        "import typing\n\n\nclass A:\n    @typing.final\n    def run(self): ...\n\n\n"
        "class B(A):\n    def run(self): ...",
        "misc",
        "W0239",
    ),
    (
        "base that is final",
        "import typing\n\n\n@typing.final\nclass A: ...\n\n\nclass B(A): ...",
        "misc",
        "W0240",
    ),
    ("bases without an order", "class A: ...\n\n\nclass B(A): ...\n\n\nclass C(A, B): ...", "misc", "E0240"),
    ("base twice", "class A: ...\n\n\nclass B(A, A): ...", "misc", "E0241"),
    ("extension of an enum", "import enum\n\n\nclass A(enum.Enum):\n    X = 1\n\n\nclass B(A): ...", "misc", "E0244"),
    ("method without self", "class A:\n    def run(): ...", "misc", "E0211"),
    ("raising no exception", "raise None", "misc", "E0702"),
    ("raising no exception", _CLASS + "raise Thing()", "misc", "E0710"),
    ("raising no exception", "raise NotImplemented()", "misc", "E0711"),
    ("catching no exception", _CLASS + "try:\n    print()\nexcept Thing:\n    print()", "misc", "E0712"),
    ("unknown conversion", "print('%z' % 1)", "str-format", "E1300"),
    ("mixed conversions", "print('%(a)s %s' % {'a': 1})", "str-format", "E1302"),
    ("format without a mapping", "print('%(a)s' % [1])", "str-format", "E1303"),
    ("format without its key", "print('%(a)s' % {'b': 1})", "str-format", "E1304"),
    ("too much to format", "print('%s' % (1, 2))", "str-format", "E1305"),
    ("too little to format", "print('%s %s' % (1,))", "str-format", "E1306"),
    ("value of a wrong type to format", "print('%d' % 'a')", "str-format", "E1307"),
)
_CONFIGS: dict[str, str | bytes] = {
    "configs/pylintrc": "[MAIN]\ndisable=C,R\n",
    "configs/mypy.ini": "[mypy]\ncheck_untyped_defs = True\n",
    "pyproject.toml": '[tool.pyfmt]\nconfigs = "configs"\n',
}

Found = dict[str, list[dict[str, Any]]]


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    """A module for each case."""
    files: dict[str, str | bytes] = {"app/__init__.py": ""}
    files |= {f"app/case{number}.py": f"{code}\n".encode() for number, (_, code, *_) in enumerate(CASES)}
    made = trees.one_project(tmp_path_factory.mktemp("equivalents"), files)
    made.write(_CONFIGS)
    return made


@pytest.fixture(scope="module")
def found(tree: Monorepo) -> Found:
    """The findings of each module."""
    _, report = tree.check(command_name="lint")
    assert report["failures"] == []
    result: Found = {}
    for finding in report["findings"]:
        result.setdefault(Path(finding["path"]).stem, []).append(finding)
    return result


@pytest.mark.parametrize("number", range(len(CASES)), ids=lambda number: f"{CASES[number][2]}-{CASES[number][3]}")
def test_both_tools_say_it_and_it_is_one_finding(found: Found, number: int) -> None:
    fault, _, mypy_rule, pylint_rule = CASES[number]
    one = [each for each in found[f"case{number}"] if each["rule"] == mypy_rule and "equivalents" in each]
    rules = set(pylint_rule.split())
    assert [{each["rule"] for each in finding["equivalents"]} for finding in one] == [rules], found[f"case{number}"]
    assert {each.rule for each in FAULTS[fault]} >= {mypy_rule, *rules}


def test_each_wording_of_the_table_has_its_case() -> None:
    tried = {(fault, rule) for fault, _, *rules in CASES for rule in " ".join(rules).split()}
    assert {(fault, each.rule) for fault, wordings in FAULTS.items() for each in wordings} == tried
