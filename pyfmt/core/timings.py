"""PURE: where the time of a run went: its steps, its units, who was busy when, and the sums of all that."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from pyfmt.core.model import Outcome, Unit
from pyfmt.core.report import StepSpan

LOOKUPS, REMEMBERING = "cache lookups", "remembering"  # end the names of parts of steps
_WITH_UNITS = {"format": True, "lint": False}  # steps in which units run, and whether these are the formatters'


@dataclass(frozen=True, slots=True)
class Timings:
    """What was measured of a run; all moments are of one monotonic clock, in seconds."""

    steps: tuple[StepSpan, ...]  # one after the other, without a gap
    outcomes: tuple[Outcome, ...]
    jobs: int  # processes at once, at most
    cpu: float = 0.0  # seconds of a processor, of pyfmt and all that it started; 0.0 where nobody counted

    @property
    def began(self) -> float:
        """The moment at which the first step began."""
        return self.steps[0].started if self.steps else 0.0

    @property
    def seconds(self) -> float:
        """From the first step to the last one."""
        return self.steps[-1].ended - self.began if self.steps else 0.0


@dataclass(frozen=True, slots=True)
class ProcessSpan:
    """What one process did at a stretch."""

    started: float
    ended: float
    unit: Unit
    outcome: Outcome
    starting: bool = False  # it waited for its worker to start


@dataclass(slots=True)
class Sum:
    """Units taken together; `seconds` are those that they ran, `cpu` those of a processor."""

    units: int = 0
    cached: int = 0
    seconds: float = 0.0
    cpu: float = 0.0


@dataclass(frozen=True, slots=True)
class Sums:
    """By tool, and by the names of projects and tool: a unit's seconds are shared among its projects by their files."""

    tools: dict[str, Sum] = field(default_factory=lambda: defaultdict(Sum))
    projects: dict[str, dict[str, float]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))


def joined(steps: Sequence[StepSpan]) -> tuple[StepSpan, ...]:
    """The spans of several parts as one sequence: each begins where the one before ended."""
    begins = [step.ended for step in steps[:-1]]
    return (*steps[:1], *(replace(step, started=begin) for step, begin in zip(steps[1:], begins, strict=True)))


def ran(outcome: Outcome) -> float:
    """Seconds that a unit's tool ran: without the start of its worker."""
    return 0.0 if outcome.cached else max(0.0, outcome.seconds - outcome.waited)


def queued(outcome: Outcome, steps: Sequence[StepSpan]) -> float:
    """Seconds that a unit waited for its turn, from when the step's units could begin."""
    begun = (step for step in reversed(steps) if step.started <= outcome.started)
    return next((outcome.started - step.started for step in begun), 0.0)


def split_steps(timings: Timings) -> list[StepSpan]:
    """The steps, those with units cut in three: looking up what is known, running what is not, and remembering that.

    A step in which nothing ran was all lookups.
    """
    found = []
    for step in timings.steps:
        if step.name not in _WITH_UNITS:
            found.append(step)
            continue
        formatters = _WITH_UNITS[step.name]
        inside = [
            (outcome.started, outcome.ended)
            for outcome in timings.outcomes
            if not outcome.cached and (outcome.unit.tool == "format") is formatters
            if step.started <= outcome.started <= step.ended
        ]
        first = min((started for started, _ in inside), default=step.ended)
        found.append(StepSpan(f"{step.name}: {LOOKUPS}", step.started, first))
        if inside:
            last = min(max(ended for _, ended in inside), step.ended)
            found.append(replace(step, started=first, ended=last))
            found.append(StepSpan(f"{step.name}: {REMEMBERING}", last, step.ended))
    return found


def sums(outcomes: Sequence[Outcome]) -> Sums:
    """What the units took together."""
    found = Sums()
    for outcome in outcomes:
        unit, seconds = outcome.unit, ran(outcome)
        total = found.tools[unit.tool]
        total.units += 1
        total.cached += outcome.cached
        total.seconds += seconds
        total.cpu += outcome.cpu
        files = len(unit.files)
        for part in unit.parts:
            if part.files:
                found.projects[part.project.name][unit.tool] += seconds * len(part.files) / files
    return found


def busy(timings: Timings) -> float | None:
    """The share of the processes that pyfmt may have which was at work while units ran; None where none ran."""
    within = [step for step in split_steps(timings) if step.name in _WITH_UNITS]
    seconds = sum(step.ended - step.started for step in within)
    worked = sum(span.ended - span.started for span in spans(timings.outcomes) if not span.starting)
    return min(1.0, worked / (timings.jobs * seconds)) if seconds and worked else None


def spans(outcomes: Sequence[Outcome]) -> list[ProcessSpan]:
    """What processes did for the units that ran, by when it began; a unit may be the work of several."""
    found = []
    for outcome in outcomes:
        if outcome.cached or not outcome.started:
            continue
        if outcome.pieces:
            found += [ProcessSpan(started, ended, outcome.unit, outcome) for started, ended in outcome.pieces]
            continue
        begin = min(outcome.started + outcome.waited, outcome.ended)
        if begin > outcome.started:
            found.append(ProcessSpan(outcome.started, begin, outcome.unit, outcome, starting=True))
        found.append(ProcessSpan(begin, outcome.ended, outcome.unit, outcome))
    return sorted(found, key=lambda span: (span.started, span.ended))


def rows(found: Sequence[ProcessSpan]) -> list[int]:
    """A row (from 0) for each span, as few as possible so that none overlap in a row; `found` by when they began."""
    free: list[int] = []
    taken: list[tuple[float, int]] = []
    count = 0
    placed = []
    for span in found:
        while taken and taken[0][0] <= span.started:
            heapq.heappush(free, heapq.heappop(taken)[1])
        if free:
            row = heapq.heappop(free)
        else:
            row, count = count, count + 1
        heapq.heappush(taken, (span.ended, row))
        placed.append(row)
    return placed
