"""Where the time of a run went: rows, sums, the table and the trace, of runs that are made up."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyfmt.core.model import Environment, Failure, Outcome, Part, Project, PythonVersion, Unit
from pyfmt.core.report import StepSpan
from pyfmt.core.timings import Timings, busy, queued, rows, spans, split_steps, sums
from pyfmt.reports import timings_table, trace
from tests.reports import trace_format

BEGAN = 1000.0


def unit(tool: str, *projects: tuple[str, int]) -> Unit:
    environment = None if tool == "format" else Environment("e", "/e", PythonVersion(3, 11), "/python", (), ())
    parts = tuple(Part(Project(name, name), tuple(f"{name}/{n}.py" for n in range(files))) for name, files in projects)
    return Unit(tool, environment, parts)


def outcome(
    tool: str,
    name: str,
    between: tuple[float, float],
    waited: float = 0.0,
    pieces: tuple[tuple[float, float], ...] = (),
) -> Outcome:
    """One that ran between two moments, in seconds since the run began."""
    started, ended = (BEGAN + moment for moment in between)
    return Outcome(
        unit(tool, (name, 2)),
        seconds=sum(end - start for start, end in pieces) or ended - started,
        started=started,
        ended=ended,
        waited=waited,
        cpu=0.5,
        pieces=tuple((BEGAN + start, BEGAN + end) for start, end in pieces),
    )


def cached(tool: str, name: str, moment: float) -> Outcome:
    return Outcome(unit(tool, (name, 2)), cached=True, started=BEGAN + moment, ended=BEGAN + moment)


def steps(*ends: tuple[str, float]) -> tuple[StepSpan, ...]:
    begins = (0.0, *(end for _, end in ends))
    return tuple(StepSpan(name, BEGAN + begin, BEGAN + end) for (name, end), begin in zip(ends, begins))


RUN = Timings(
    steps(("config", 1), ("format", 4), ("plan", 5), ("lint", 15), ("report", 16)),
    (
        cached("format", "a", 1.5),
        outcome("format", "b", (2, 3.5), pieces=((2, 3), (2.5, 3.5))),
        cached("mypy", "a", 6),
        outcome("mypy", "b", (6, 14)),
        outcome("pylint", "a", (6, 10), waited=1.0),
        outcome("pylint", "b\x1b[2J\n", (10, 12)),
    ),
    jobs=2,
    cpu=12.0,
)


def test_steps_with_units_are_lookups_then_the_units_then_remembering() -> None:
    found = [(step.name, step.started - BEGAN, step.ended - BEGAN) for step in split_steps(RUN)]
    assert found == [
        ("config", 0, 1),
        ("format: cache lookups", 1, 2),
        ("format", 2, 3.5),
        ("format: remembering", 3.5, 4),
        ("plan", 4, 5),
        ("lint: cache lookups", 5, 6),
        ("lint", 6, 14),
        ("lint: remembering", 14, 15),
        ("report", 15, 16),
    ]


def test_where_nothing_ran_all_was_lookups() -> None:
    found = split_steps(Timings(RUN.steps, (cached("format", "a", 1.5), cached("mypy", "a", 6)), 2))
    assert [step.name for step in found] == ["config", "format: cache lookups", "plan", "lint: cache lookups", "report"]


def test_sums_share_a_unit_among_its_projects_by_their_files() -> None:
    shared = Outcome(unit("mypy", ("a", 1), ("b", 3), ("c", 0)), seconds=8.0, cpu=6.0)
    found = sums([*RUN.outcomes, shared])
    assert found.projects["b"] == {"format": 2.0, "mypy": 8.0 + 6.0}
    assert found.projects["a"] == {"format": 0.0, "mypy": 2.0, "pylint": 3.0} and "c" not in found.projects
    tools = {tool: (each.units, each.cached, each.seconds, each.cpu) for tool, each in found.tools.items()}
    assert tools == {"format": (2, 1, 2.0, 0.5), "mypy": (3, 1, 16.0, 6.5), "pylint": (2, 0, 5.0, 1.0)}


def test_how_long_units_waited_and_how_many_processes_were_at_work() -> None:
    waited = [queued(each, split_steps(RUN)) for each in RUN.outcomes if not each.cached]
    assert waited == [0.0, 0.0, 0.0, 4.0]
    # 1.5 s of formatting and 8 s of linting for two; of them 2 s and 8 + 3 + 2 s were used.
    assert busy(RUN) == pytest.approx(15 / 19)
    assert busy(Timings(RUN.steps, (), 2)) is None


moments = st.lists(st.tuples(st.integers(0, 50), st.integers(1, 20)), max_size=30)


@given(moments)
def test_rows_never_overlap_and_are_as_few_as_possible(found: list[tuple[int, int]]) -> None:
    outcomes = [outcome("mypy", "a", (start, start + length)) for start, length in found]
    placed = spans(outcomes)
    numbers = rows(placed)
    used: dict[int, float] = {}
    for span, row in zip(placed, numbers, strict=True):
        assert used.get(row, 0) <= span.started
        used[row] = span.ended
    at_once = [sum(other.started <= span.started < other.ended for other in placed) for span in placed]
    assert len(used) <= max([1, *at_once]) if placed else not used


@given(moments, st.integers(1, 4))
def test_the_trace_of_any_run_is_one(found: list[tuple[int, int]], jobs: int) -> None:
    outcomes = tuple(outcome("mypy", f"p{n}", (s / 7, (s + d) / 7), waited=d / 13) for n, (s, d) in enumerate(found))
    events = trace_format.read(trace.render(Timings(steps(("lint", 11.0)), outcomes, jobs)))
    slices = [event for event in events if event["ph"] == "X" and event["cat"] == "mypy"]
    assert len(slices) == len(outcomes)


def test_the_trace_holds_what_processes_did_and_what_was_known() -> None:
    events = trace_format.read(trace.render(RUN))
    rest = [event for event in events if event["ph"] != "M"]
    slices = [(e["tid"], e["name"], e["ts"] / 1e6, (e["ts"] + e["dur"]) / 1e6) for e in rest if e["ph"] == "X"]
    assert [found for found in slices if found[0] > 0] == [
        (1, "format b", 2, 3),
        (2, "format b", 2.5, 3.5),
        (1, "start the worker of pylint", 6, 7),
        (2, "mypy b (e)", 6, 14),
        (1, "pylint a (e)", 7, 10),
        (1, "pylint b\\x1b[2J\\n (e)", 10, 12),
    ]
    assert [found[1:] for found in slices if found[0] == 0] == [
        (step.name, step.started - BEGAN, step.ended - BEGAN) for step in split_steps(RUN)
    ]
    known = [(e["tid"], e["name"], e["ts"]) for e in rest if e["ph"] == "i"]
    assert known == [(0, "format a", 1_500_000), (0, "mypy a (e)", 6_000_000)]
    last = rest[-1]["args"]
    assert (last["queued"], last["seconds"], last["cpu"], last["files"]) == (4.0, 2.0, 0.5, 2)
    names = {e["tid"]: e["args"]["name"] for e in events if e["name"] == "thread_name"}
    assert names == {0: "run", 1: "process 1", 2: "process 2"}


def test_the_table() -> None:
    text = timings_table.render(RUN)
    blocks = [block.splitlines() for block in text.removesuffix("\n").split("\n\n")]
    assert blocks[0] == ["timings: 16.00 s, at most 2 at once"]
    assert blocks[1][:3] == [
        "step                   seconds",
        "config                    1.00",
        "format: cache lookups     1.00",
    ]
    assert [line.split() for line in blocks[2]] == [
        ["unit", "queued", "start", "run", "cpu"],
        ["mypy", "b", "(e)", "0.00", "0.00", "8.00", "0.50", "ran"],
        ["pylint", "a", "(e)", "0.00", "1.00", "3.00", "0.50", "ran"],
        ["pylint", "b\\x1b[2J\\n", "(e)", "4.00", "0.00", "2.00", "0.50", "ran"],
        ["mypy", "a", "(e)", "cached"],
    ]
    assert [line.split() for line in blocks[3]] == [
        ["tool", "units", "cached", "run", "cpu"],
        ["mypy", "2", "1", "8.00", "0.50"],
        ["pylint", "2", "0", "5.00", "1.00"],
        ["format", "2", "1", "2.00", "0.50"],
    ]
    assert [line.split() for line in blocks[4]] == [
        ["project", "format", "mypy", "pylint", "run"],
        ["b", "2.00", "8.00", "0.00", "10.00"],
        ["a", "0.00", "0.00", "3.00", "3.00"],
        ["b\\x1b[2J\\n", "0.00", "0.00", "2.00", "2.00"],
    ]
    assert blocks[5] == [
        "79% of 2 processes at work while units ran",
        "12.00 s of a processor: 0.75 processors on average",
    ]


def test_a_long_table_names_the_longest_and_counts_the_rest() -> None:
    many = tuple(outcome("pylint", f"p{number}", (6, 7 + number / 10)) for number in range(50))
    failed = Outcome(many[0].unit, failures=(Failure("pylint", ("p0",), "e", "crashed"),), seconds=99.0)
    run = Timings(RUN.steps, (*many[1:], failed, cached("mypy", "p0", 6)), 50)
    text = timings_table.render(run)
    assert text.count("(e)") == 40 and "and 11 more, 1 of them from the cache (all with -v)" in text
    assert "99.00" in text and "failed" in text and "and 10 more (all with -v)" in text
    assert timings_table.render(run, everything=True).count("(e)") == 51


def test_a_run_without_units_has_steps_only() -> None:
    assert timings_table.render(Timings(steps(("config", 0.25)), (), 3)).splitlines() == [
        "timings: 0.25 s, at most 3 at once",
        "",
        "step    seconds",
        "config     0.25",
    ]
