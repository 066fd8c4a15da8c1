"""How long units will take, in which order they start, and when all of it is done."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfmt.core.estimating import Recorded, estimates, long_ones, longest_first, time_left, weight
from pyfmt.core.model import Part, Project, Unit


def unit(tool: str, files: int, context: int = 0) -> Unit:
    names = tuple(f"{number}.py" for number in range(files + context))
    return Unit(tool, None, (Part(Project("p", "p"), names[:files], names[files:]),))


def test_recorded_seconds_come_before_guesses_by_files() -> None:
    units = [unit("pylint", 10), unit("pylint", 40), unit("mypy", 20), unit("pylint", 4)]
    recorded = [Recorded(30.0, 10), Recorded(20.0, 40), Recorded(10.0, 10), None]
    # The last one as a typical file of its tool: the median of 3 s and 0.5 s.
    assert estimates(units, recorded) == [30.0, 20.0, 20.0, 7.0]
    assert longest_first(units, estimates(units, recorded)) == [0, 1, 2, 3]


def test_units_that_others_would_wait_for_are_the_large_ones() -> None:
    units = [unit("pylint", 200), unit("mypy", 200), *(unit("pylint", 30) for _ in range(3)), unit("ty", 9)]
    assert long_ones(units, [None] * 6, 2) == {0, 1}
    assert long_ones(units, [60.0, 5.0, 1.0, 1.0, 1.0, 90.0], 2) == {0}
    assert not long_ones(units, [None] * 6, 1)


def test_a_tool_without_any_record_takes_what_the_others_do() -> None:
    units = [unit("pylint", 1), unit("pylint", 1), unit("pylint", 1), unit("mypy", 5)]
    assert estimates(units, [Recorded(1, 1), Recorded(2, 1), Recorded(9, 1), None]) == [1, 2, 9, 10]


def test_without_records_the_number_of_files_counts() -> None:
    units = [unit("mypy", 3), unit("pylint", 1, context=9), unit("mypy", 7), unit("mypy", 3), unit("mypy", 0)]
    known = estimates(units, [None] * 5)
    assert known == [None] * 5
    assert longest_first(units, known) == [2, 0, 1, 3, 4]
    assert [weight(each) for each in units] == [3, 3, 7, 3, 1]


@given(
    st.lists(st.floats(0, 100), max_size=4),
    st.lists(st.floats(0, 100), max_size=20),
    st.integers(1, 4),
)
def test_the_time_left_lies_between_perfect_sharing_and_one_after_the_other(
    running: list[float], waiting: list[float], jobs: int
) -> None:
    left = time_left(running, waiting, max(jobs, len(running)))
    total = sum(running) + sum(waiting)
    assert left <= total + 1e-6
    assert left >= max([0.0, *running, *waiting]) - 1e-6
    assert left >= total / max(jobs, len(running)) - 1e-6


@pytest.mark.parametrize(
    ("running", "waiting", "jobs", "left"),
    [((), (), 2, 0), ((5, -3), (4, 1), 2, 5), ((), (3, 3, 3), 2, 6), ((2,), (3, 3), 1, 8), ((2,), (3,), 2, 3)],
)
def test_what_waits_goes_where_something_ends_first(
    running: tuple[float, ...], waiting: tuple[float, ...], jobs: int, left: float
) -> None:
    assert time_left(running, waiting, jobs) == left
