"""How a finding is known again."""

from __future__ import annotations

import ast
import dataclasses
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import pyfmt
from pyfmt.core import fingerprints
from pyfmt.core.fingerprints import Coverage, FileFacts
from pyfmt.core.model import Accepted, Finding, Severity

SOURCES = sorted(Path(pyfmt.__file__).parent.rglob("*.py")) + sorted(
    Path(dataclasses.__file__).parent.glob("[a-d]*.py")
)
TEXT = '''\
class Store:
    """Not a scope:
def nothing(): ...
    """

    async def put(
        self, key: str = "(",
    ) -> None:
        total = compute(1, 2)  # def no(): [
# at the margin
        # inside

        def inner(): return {
    1: total}

        return inner

value = 3
'''


def finding(line: int, message: str = "Line 12 is bad", path: str = "a/x.py") -> Finding:
    return Finding(path, line, 1, None, None, "pylint", "W1", "bad", Severity.WARNING, message, "a")


def test_scopes() -> None:
    put = "Store.put"
    wanted = ["Store"] * 5 + [put] * 4 + ["", put, put] + [f"{put}.inner"] * 2 + [f"{put}.inner", put, put, ""]
    scopes = FileFacts.of(TEXT).scopes
    assert [scopes[number] for number in range(14)] == wanted[:14]
    assert (scopes[15], scopes[17]) == (put, "")
    assert FileFacts.of(TEXT.replace("\n", "\r\n")).scopes == scopes


def statements(node: ast.AST, scope: tuple[str, ...] = ()) -> Iterator[tuple[int, str]]:
    """The line of each statement below `node`, and its scope."""
    for child in ast.iter_child_nodes(node):
        inner = scope
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            inner = (*scope, child.name)
        if isinstance(child, ast.stmt):
            yield child.lineno, ".".join(inner)
        yield from statements(child, inner)


def test_scopes_are_those_of_the_syntax_tree() -> None:
    checked = 0
    for file in SOURCES:
        text = file.read_text("utf-8")
        scopes = FileFacts.of(text).scopes
        for line, scope in statements(ast.parse(text)):
            assert scopes[line - 1] == scope, (file, line)
            checked += 1
    assert checked > 10_000


@given(st.text("abc'\"\\\n#()[]{} \tdef:", max_size=200))
def test_any_text_has_a_scope_for_each_line(text: str) -> None:
    facts = FileFacts.of(text)
    assert len(facts.lines) == len(facts.scopes) == text.count("\n") + 1


def test_a_finding_is_known_wherever_its_line_went_and_however_it_is_spaced() -> None:
    moved = FileFacts.of("# new\n\n" + TEXT.replace("compute(1, 2)", "compute( 1,2 )"))
    known = fingerprints.identity(finding(9), FileFacts.of(TEXT))
    assert fingerprints.identity(finding(11, "Line 14 is bad"), moved) == known
    assert known.scope == "Store.put"
    others = [finding(18), finding(9, "Line 12 is worse"), finding(9, path="a/y.py")]
    assert known not in {fingerprints.identity(other, FileFacts.of(TEXT)) for other in others}
    assert fingerprints.identity(finding(99), FileFacts.of(TEXT)) == fingerprints.identity(finding(1), None)


ONE = Accepted("a/x.py", "pylint", "W1", "m", "", "l")
TWO = dataclasses.replace(ONE, path="a/gone.py")


def coverage(*files: str, whole: bool = False, blind: bool = False) -> Coverage:
    places = {("pylint", file) for file in files}
    owner = fingerprints.owner_in([".", "a"])
    return Coverage({("pylint", "a")} if whole else set(), places, places if blind else set(), owner)


def test_of_more_equal_findings_than_are_accepted_the_last_are_new() -> None:
    marked, left = fingerprints.mark([finding(1), finding(2), finding(3)], Counter({ONE: 2, TWO: 1}), lambda _: ONE)
    assert [found.baselined for found in marked] == [True, True, False]
    assert left == Counter({TWO: 1})


def test_a_syntax_error_is_never_accepted() -> None:
    error = dataclasses.replace(finding(1), syntax=True)
    assert not fingerprints.mark([error], Counter({ONE: 1}), lambda _: ONE)[0][0].baselined


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (coverage("a/x.py"), (ONE,)),
        (coverage("a/y.py"), ()),
        (coverage("a/x.py", whole=True), (TWO, ONE)),
        (coverage("a/x.py", blind=True), ()),
    ],
)
def test_only_what_was_looked_for_is_gone(seen: Coverage, expected: tuple[Accepted, ...]) -> None:
    known = Counter({ONE: 1, TWO: 1})
    assert fingerprints.gone(known, seen) == expected
    left = known - Counter(expected)
    assert +fingerprints.pruned(known, Counter(), seen) == left
    assert +fingerprints.written(known, Counter(), seen) == left


entries = st.dictionaries(
    st.builds(Accepted, st.sampled_from(["a/x.py", "a/y.py", "b.py"]), *[st.sampled_from(["pylint", "q"])] * 5),
    st.integers(1, 3),
    max_size=6,
).map(Counter)


@given(entries, entries, st.sets(st.sampled_from(["a/x.py", "a/y.py", "b.py"])))
def test_pruning_only_takes_away_and_writing_keeps_what_was_not_checked(
    known: Counter[Accepted], now: Counter[Accepted], files: set[str]
) -> None:
    seen = coverage(*files)
    pruned, written = fingerprints.pruned(known, now, seen), fingerprints.written(known, now, seen)
    assert pruned <= known
    assert now <= written
    for entry in known:
        if not seen.covers(entry):
            assert pruned[entry] == known[entry] <= written[entry]
