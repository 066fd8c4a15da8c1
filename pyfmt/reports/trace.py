"""The trace of `--timings=FILE`: the Trace Event Format (JSON) that chrome://tracing and ui.perfetto.dev open.

One process; the row "run" holds the steps and what came from the cache, and each row "process N" what one process at a
time did. Slices of a row never overlap.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pyfmt.core.model import Outcome
from pyfmt.core.timings import ProcessSpan, Timings, queued, ran, rows, spans, split_steps
from pyfmt.reports.escaping import printable

_PID = 1
_RUN = 0  # the row of the steps; those of the processes follow

Event = dict[str, Any]


def render(timings: Timings) -> str:
    """The trace as JSON; times are in microseconds since the run began."""
    events = [*_named(timings), *_laps(timings), *_cached(timings), *_slices(timings)]
    other = {"jobs": timings.jobs, "seconds": round(timings.seconds, 6), "cpu": round(timings.cpu, 6)}
    lines = ",\n".join(json.dumps(event) for event in events)
    return f'{{"traceEvents": [\n{lines}\n],\n"displayTimeUnit": "ms",\n"otherData": {json.dumps(other)}}}\n'


def _named(timings: Timings) -> Iterator[Event]:
    """What the rows are called, and their order."""
    yield {"ph": "M", "pid": _PID, "tid": _RUN, "ts": 0, "name": "process_name", "args": {"name": "pyfmt"}}
    count = max(rows(spans(timings.outcomes)), default=-1) + 1
    for row, name in [(_RUN, "run"), *((number, f"process {number}") for number in range(1, count + 1))]:
        base = {"ph": "M", "pid": _PID, "tid": row, "ts": 0}
        yield {**base, "name": "thread_name", "args": {"name": name}}
        yield {**base, "name": "thread_sort_index", "args": {"sort_index": row}}


def _laps(timings: Timings) -> Iterator[Event]:
    for step in split_steps(timings):
        yield _slice(timings, (step.started, step.ended), {"tid": _RUN, "name": step.name, "cat": "step", "args": {}})


def _cached(timings: Timings) -> Iterator[Event]:
    """An instant event for each unit that was known, where it was looked up."""
    for outcome in timings.outcomes:
        if outcome.cached and outcome.started:
            yield {
                **{"ph": "i", "s": "t", "pid": _PID, "tid": _RUN, "ts": _micro(outcome.started - timings.began)},
                **{"name": printable(outcome.unit.label), "cat": f"{outcome.unit.tool},cached", "args": _args(outcome)},
            }


def _slices(timings: Timings) -> Iterator[Event]:
    parts, found = split_steps(timings), spans(timings.outcomes)
    for span, row in zip(found, rows(found), strict=True):
        args = {**_args(span.outcome), "queued": round(queued(span.outcome, parts), 6)}
        yield _slice(timings, (span.started, span.ended), {"tid": row + 1, **_named_span(span), "args": args})


def _named_span(span: ProcessSpan) -> Event:
    if span.starting:
        return {"name": f"start the worker of {span.unit.tool}", "cat": "start"}
    return {"name": printable(span.unit.label), "cat": span.unit.tool}


def _args(outcome: Outcome) -> Event:
    unit = outcome.unit
    return {
        "tool": unit.tool,
        "projects": [printable(name) for name in unit.projects],
        "environment": printable(unit.environment.name) if unit.environment else "",
        "files": len(unit.files),
        "findings": len(outcome.findings),
        "failures": len(outcome.failures),
        "cached": outcome.cached,
        "seconds": round(ran(outcome), 6),
        "cpu": round(outcome.cpu, 6),
    }


def _slice(timings: Timings, between: tuple[float, float], rest: Event) -> Event:
    # Both ends are rounded, not the length: what touches goes on to touch, and does not overlap.
    start, end = (_micro(moment - timings.began) for moment in between)
    return {"ph": "X", "pid": _PID, "ts": start, "dur": end - start, **rest}


def _micro(seconds: float) -> int:
    return max(0, round(seconds * 1_000_000))
