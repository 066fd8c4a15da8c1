"""Faults that several tools say: which findings are one, and what the one is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from pyfmt.core.equivalents import joined, still_unused, with_suppressions
from pyfmt.core.fingerprints import identity, mark
from pyfmt.core.merging import finding_key
from pyfmt.core.model import Accepted, Finding, Severity
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


MANY = "Too many positional arguments for function call"


def too_many(name: str, column: int | None) -> tuple[Finding, Finding]:
    """What mypy and pylint say of one call."""
    return (
        mypy(f'Too many arguments for "{name}"', "call-arg", column=column),
        pylint(MANY, "E1121", "too-many-function-args", column=column),
    )


def test_where_no_name_is_told_the_column_is_the_same() -> None:
    first, second = too_many("f", 1), too_many("g", 9)
    found = joined(sorted([*first, *second], key=finding_key), SAME)
    assert [each.parts for each in found] == [first, second]
    for parts in ([first[0], second[1]], [*first, second[1]], [first[1], second[1]]):
        found = joined(sorted(parts, key=finding_key), SAME)
        assert sorted(each.column or 0 for each in found) == [1, 9]
    place = too_many("f", None)
    assert [len(each.parts) for each in joined([*place, replace(place[1], end_line=2)], SAME)] == [2, 1]


def test_rules_that_point_elsewhere_are_joined_once_for_each() -> None:
    format_ = mypy("Not all arguments converted during string formatting", "str-format", column=14)
    others = [
        pylint("Too many arguments for format string", "E1305", "too-many-format-args", column=at) for at in (7, 30)
    ]
    assert [len(each.parts) for each in joined([format_, *others], SAME)] == [2, 1]


def test_words_that_differ_about_one_name_are_two_faults_of_one_tool() -> None:
    other = replace(ALSO_GONE, message="Instance of 'Other' has no 'gone' member")
    again = replace(ALSO_GONE, column=9)
    found = joined([GONE, ALSO_GONE, other, again], SAME)
    assert [[part.message for part in each.parts] for each in found] == [
        [GONE.message, ALSO_GONE.message, again.message],
        [other.message],
    ]
    none = mypy('Item "None" of "Thing | None" has no attribute "gone"', "union-attr")
    assert len(joined([none, ALSO_GONE], SAME)) == 2


def known(*findings: Finding) -> Counter[Accepted]:
    return Counter(identity(each, None) for each in findings)


def accepted(findings: list[Finding], baseline: Counter[Accepted]) -> list[str]:
    """The messages of what the baseline accepts, and how much of it is gone."""
    marked, left = mark(joined(findings, SAME), baseline, lambda each: identity(each, None))
    return [each.message for each in marked if each.baselined] + ["gone"] * left.total()


def test_a_baseline_accepts_no_other_fault_that_one_tool_says_in_the_same_words() -> None:
    first, second = too_many("first", 7), too_many("second", 20)
    both = sorted([*first, *second], key=finding_key)
    assert accepted(both, known(*second)) == [second[0].message]
    assert accepted(both, known(*both)) == [first[0].message, second[0].message]
    assert accepted(list(first), known(*second)) == ["gone"]  # the one is mended, the other new: only mypy's is gone
    assert accepted([first[0], second[1]], known(first[0])) == [first[0].message]
    # Written before pylint's rule was on, or by pylint alone
    assert accepted(both, known(second[0])) == [second[0].message]
    assert accepted(list(second), known(second[1])) == [second[0].message]
    # One of them falls silent
    for part in second:
        assert accepted([part], known(*second)) == [part.message, "gone"]


def test_a_baseline_accepts_no_second_name() -> None:
    def missing(*names: str) -> list[Finding]:
        quoted = ", ".join(f'"{name}"' for name in names)
        plural = "s" * (len(names) > 1)
        return [mypy(f'Missing positional argument{plural} {quoted} in call to "f"', "call-arg")] + [
            pylint(f"No value for argument '{name}' in function call", "E1120", "no-value-for-parameter")
            for name in names
        ]

    now = missing("a", "b")
    assert accepted(now, known(*missing("a"))) == ["gone"]
    assert accepted(now, known(*now)) == accepted(now, known(now[0])) == [now[0].message]


def test_shards_accept_no_other_fault() -> None:
    first, second = too_many("first", 7), too_many("second", 20)
    marked = [first[0], replace(first[1], baselined=True), replace(second[0], baselined=True), second[1]]
    assert [each.baselined for each in joined(sorted(marked, key=finding_key), SAME)] == [False, False]


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
        ("# type: ignore[union-attr, misc]", False),  # mostly said of None, which pylint never says
        ("# type: ignore", False),  # said of anything
        ("# type: ignore[misc]", False),  # said of a hundred things
        ("# noqa: E1101", False),
        ("'# type: ignore[attr-defined]'", False),
        ("# pylint: disable=no-member", False),  # its own, which it knows better
    ):
        marked = with_suppressions([ALSO_GONE], SAME, source(f"print() {comment}\n".encode()))
        assert [bool(each.suppressed_by) for each in marked] == [quiet], comment
    assert with_suppressions([ALSO_GONE], SAME, source(None)) == [ALSO_GONE]


def test_what_a_comment_may_not_mean_is_shown() -> None:
    here = pylint("Instance of 'Other' has no 'here' member")
    wrong = pylint("No name 'wrong' in module 'a'", "E0611", "no-name-in-module")
    absent = mypy('Cannot find implementation or library stub for module named "a.b"', "import-not-found")
    none = mypy('Item "None" of "Thing | None" has no attribute "gone"', "union-attr")
    for findings, comment in (
        ([ALSO_GONE, here], "# type: ignore[attr-defined]"),
        ([wrong], "# type: ignore[import-not-found]"),
        ([absent], "# pylint: disable=no-name-in-module"),
        ([none], "# pylint: disable=no-member"),
    ):
        assert with_suppressions(findings, SAME, source(f"print() {comment}\n".encode())) == findings, comment
    for one, comment in ((wrong, "# type: ignore[attr-defined]"), (GONE, "# pylint: disable=no-member")):
        assert with_suppressions([one], SAME, source(f"print() {comment}\n".encode())) != [one], comment


def test_one_name_in_two_places_of_a_line_is_two_findings() -> None:
    elsewhere = replace(ALSO_GONE, column=(ALSO_GONE.column or 0) + 20)
    assert [len(each.parts) for each in joined([GONE, elsewhere], SAME)] == [1, 1]
    assert [len(each.parts) for each in joined([GONE, ALSO_GONE, elsewhere], SAME)] == [3]  # mypy says it once a line


def test_a_comment_may_be_about_another_name_of_its_line() -> None:
    missing = pylint("No name 'wrong' in module 'a'", "E0611", "no-name-in-module")
    for finding, line, quiet in (
        (ALSO_GONE, "thing.gone", True),
        (ALSO_GONE, "self.value = (await thing.first.get('x').gone)[0].last", True),
        (ALSO_GONE, "print(thing.gone, other.gone)", True),
        (ALSO_GONE, "print(thing.gone, other.here)", False),
        (ALSO_GONE, "thing.call(other.gone)", False),
        (ALSO_GONE, "thing.here = other.gone", False),
        (missing, "from a import wrong", True),
        (missing, "from a import wrong, other", False),
    ):
        data = f"async def f(): {line}  # type: ignore[attr-defined]\n".encode()
        marked = with_suppressions([finding], SAME, source(data))
        assert [bool(each.suppressed_by) for each in marked] == [quiet], line


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
