"""Who does what of a run that several machines share."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfmt.core import sharding
from pyfmt.core.errors import UsageError
from pyfmt.core.model import Part, Project, Unit
from pyfmt.core.report import Report, UnitRecord
from pyfmt.core.request import Command
from pyfmt.core.sharding import Weights, split, unit_key
from pyfmt.tools.registry import costs


def unit(tool: str, *projects: str, number: int = 0, files: int = 1) -> Unit:
    parts = tuple(
        Part(Project(name, f"p/{name}"), tuple(f"p/{name}/{index}.py" for index in range(files))) for name in projects
    )
    return Unit(tool, None, parts, number)


units = st.lists(
    st.builds(
        lambda tool, names, number: unit(tool, *sorted(names), number=number),
        st.sampled_from(["pylint", "mypy", "format"]),
        st.sets(st.sampled_from("abcdefghij"), min_size=1, max_size=3),
        st.integers(0, 3),
    ),
    unique_by=unit_key,
    max_size=30,
)


@given(units, st.integers(1, 9), st.randoms())
def test_parts_are_disjoint_complete_and_the_same_in_any_order(
    found: list[Unit], count: int, chance: random.Random
) -> None:
    weights = {unit_key(each): chance.randint(1, 1000) for each in found}

    def parts(order: Sequence[Unit]) -> list[list[Unit]]:
        return split(order, [weights[unit_key(each)] for each in order], count)

    result = parts(found)
    keys = [unit_key(each) for part in result for each in part]
    assert len(result) == count
    assert sorted(keys) == sorted(map(unit_key, found))
    assert parts(chance.sample(found, len(found))) == result
    # All that a tool says of a project is known to one machine.
    homes: dict[tuple[str, str], set[int]] = {}
    for index, part in enumerate(result):
        for each in part:
            for project in each.projects:
                homes.setdefault((each.tool, project), set()).add(index)
    assert all(len(places) == 1 for places in homes.values())


@given(st.lists(st.integers(1, 1000), min_size=1, max_size=40), st.integers(1, 5))
def test_no_part_is_heavier_than_the_lightest_by_more_than_one_unit(weights: list[int], count: int) -> None:
    found = [unit("pylint", f"p{number}") for number in range(len(weights))]
    known = dict(zip(map(unit_key, found), weights, strict=True))
    loads = [sum(known[unit_key(each)] for each in part) for part in split(found, weights, count)]
    assert max(loads) - min(loads) <= max(weights)


def test_weights_are_the_recorded_times_and_guesses_on_their_scale() -> None:
    found = [unit("pylint", "a"), unit("pylint", "b"), unit("pylint", "c"), unit("mypy", "a")]
    sizes = {"p/a/0.py": 1024, "p/b/0.py": 1024, "p/c/0.py": 4096}
    plain = Weights(sizes.__getitem__, costs())
    records = [
        UnitRecord("pylint", "e", ("a",), 1, 4.0, False),
        UnitRecord("pylint", "e", ("b",), 1, 0.0, True),
        UnitRecord("mypy", "e", ("z",), 1, 9.0, False),
    ]
    times = sharding.recorded_times(Report("/m", Command.CHECK, units=tuple(records)))
    assert times == {("pylint", ("a",)): 4000, ("mypy", ("z",)): 9000}
    guesses, weights = plain.of(found), Weights(sizes.__getitem__, costs(), times).of(found)
    assert weights[0] == weights[1] == 4000
    assert weights[2] == guesses[2] * 4000 // guesses[0]
    assert weights[3] == guesses[3]


def test_parts_are_written_from_one() -> None:
    assert sharding.parse("2/3") == (2, 3)
    for text in ("0/3", "4/3", "3", "1/0", "-1/2", "1/2/3", "a/b", ""):
        with pytest.raises(UsageError):
            sharding.parse(text)
