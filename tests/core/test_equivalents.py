"""Faults that several tools say: which findings are one, and what the one is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pyfmt.core.equivalents import joined, still_unused, with_suppressions
from pyfmt.core.merging import finding_key
from pyfmt.core.model import Finding, Severity
from pyfmt.tools.registry import equivalence
from tests.reports.models import finding

SAME = equivalence()


def mypy(message: str, rule: str = "attr-defined", **changes: object) -> Finding:
    return finding(tool="mypy", rule=rule, symbol=rule, message=message, **changes)


def pylint(message: str, rule: str = "E1101", symbol: str = "no-member", **changes: object) -> Finding:
    return finding(tool="pylint", rule=rule, symbol=symbol, message=message, **changes)


def source(data: bytes | None) -> Callable[[str], bytes | None]:
    return lambda _path: data


GONE = mypy('"Thing" has no attribute "gone"')
ALSO_GONE = pylint("Instance of 'Thing' has no 'gone' member")


def test_it_holds_wherever_one_of_them_says_so_and_is_as_bad_as_the_worst() -> None:
    one = replace(GONE, environments=("a", "b"), severity=Severity.INFO)
    other = replace(ALSO_GONE, environments=("b", "c"), severity=Severity.WARNING, baselined=True)
    (both,) = joined([one, other], SAME)
    assert both == replace(
        one, environments=("a", "b", "c"), severity=Severity.WARNING, baselined=True, equivalents=(other,)
    )
    assert both.parts[1] == other


def test_another_line_name_file_or_fault_is_another_finding() -> None:
    for other in (
        replace(ALSO_GONE, line=2),
        replace(ALSO_GONE, path="other.py"),
        replace(ALSO_GONE, message="Instance of 'Thing' has no 'here' member"),
        pylint("Undefined variable 'gone'", "E0602", "undefined-variable"),
        replace(ALSO_GONE, tool="ruff"),
    ):
        assert len(joined(sorted([GONE, other], key=finding_key), SAME)) == 2
    export = mypy('Module "m" does not explicitly export attribute "gone"')  # the same rule, and something else
    assert len(joined([export, ALSO_GONE], SAME)) == 2


def test_where_no_name_is_told_the_nearest_column_is_meant() -> None:
    calls = [mypy(f'Too many arguments for "{name}"', "call-arg", column=at) for name, at in (("f", 1), ("g", 9))]
    many = "Too many positional arguments for function call"
    others = [pylint(many, "E1121", "too-many-function-args", column=at) for at in (2, 9)]
    found = joined(sorted([*calls, *others], key=finding_key), SAME)
    assert [(each.message[-2], [other.column for other in each.equivalents]) for each in found] == [
        ("f", [2]),
        ("g", [9]),
    ]


def test_one_finding_may_tell_several_names() -> None:
    missing = mypy('Missing positional arguments "a", "b" in call to "f"', "call-arg")
    others = [
        pylint(f"No value for argument '{name}' in function call", "E1120", "no-value-for-parameter") for name in "abc"
    ]
    found = joined([missing, *others], SAME)
    assert [len(each.equivalents) for each in found] == [2, 0]


def test_only_a_comment_that_names_the_fault_is_for_both() -> None:
    for comment, quiet in (
        ("# type: ignore[attr-defined]", True),
        ("# type: ignore[union-attr, misc]", True),
        ("# type: ignore", False),  # said of anything
        ("# type: ignore[misc]", False),  # said of a hundred things
        ("# noqa: E1101", False),
        ("'# type: ignore[attr-defined]'", False),
        ("# pylint: disable=no-member", False),  # its own, which it knows better
    ):
        marked = with_suppressions([ALSO_GONE], SAME, source(f"print() {comment}\n".encode()))
        assert [bool(each.suppressed_by) for each in marked] == [quiet], comment
    assert with_suppressions([ALSO_GONE], SAME, source(None)) == [ALSO_GONE]


def test_what_a_comment_suppresses_of_another_tool_is_no_reason_to_call_it_unused() -> None:
    quiet = replace(ALSO_GONE, suppressed_by=(("mypy", "attr-defined"),))
    unused = {"unused-ignore", "I0021"}

    def left(message: str, **changes: object) -> list[str]:
        said = mypy(message, "unused-ignore", **changes)
        return [each.message for each in still_unused([said], [quiet], unused)]

    assert left('Unused "type: ignore" comment') == left('Unused "type: ignore[attr-defined]" comment') == []
    assert left('Unused "type: ignore[misc, attr-defined]" comment') == ['Unused "type: ignore[misc]" comment']
    assert len(left('Unused "type: ignore" comment', line=2)) == 1
    useless = pylint("Useless suppression of 'no-member'", "I0021", "useless-suppression")
    assert still_unused([useless], [quiet], unused) == [useless]  # a comment of its own


_SAID = st.builds(
    lambda tool, name, column, line: (
        mypy(f'"T" has no attribute "{name}"', column=column, line=line)
        if tool
        else pylint(f"Instance of 'T' has no '{name}' member", column=column, line=line)
    ),
    st.booleans(),
    st.sampled_from("ab"),
    st.integers(1, 4),
    st.integers(1, 2),
)


@given(st.lists(_SAID, max_size=8, unique=True))
def test_nothing_is_lost_and_joining_again_is_the_same(findings: list[Finding]) -> None:
    ordered = sorted(findings, key=finding_key)
    once = joined(ordered, SAME)
    parts = sorted((part for each in once for part in each.parts), key=finding_key)
    assert parts == ordered
    assert joined(parts, SAME) == once
