"""PURE: how long units will take, from how long they took: what runs first, and when a run will be done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pyfmt.core.model import Unit

_LARGE = 24  # files: with fewer, several processes are not worth what they cost


@dataclass(frozen=True, slots=True)
class Recorded:
    """How long a unit ran the last time, in seconds, and how much of it that was (see `weight`)."""

    seconds: float
    weight: int


def weight(unit: Unit) -> int:
    """How much there is to do, in files: one that is only looked at takes about a quarter of one that is reported
    on."""
    return max(1, len(unit.files) + sum(len(part.context) for part in unit.parts) // 4)


def estimates(units: Sequence[Unit], recorded: Sequence[Recorded | None]) -> list[float | None]:
    """Seconds that each unit will take: as it took, else as those of its tool take for a file, else as all do.

    None for every unit where nothing at all is recorded.
    """
    rates: defaultdict[str, list[float]] = defaultdict(list)
    for unit, known in zip(units, recorded, strict=True):
        if known is not None:
            rates[unit.tool].append(known.seconds / known.weight)
    everything = [rate for found in rates.values() for rate in found]
    if not everything:
        return [None] * len(units)
    typical = {unit.tool: _median(rates.get(unit.tool, everything)) for unit in units}
    return [
        (known.seconds / known.weight if known is not None else typical[unit.tool]) * weight(unit)
        for unit, known in zip(units, recorded, strict=True)
    ]


def _median(values: Sequence[float]) -> float:
    ordered = sorted(values)  # not `statistics`, which takes longer to import than this ever will
    middle = len(ordered) // 2
    return ordered[middle] if len(ordered) % 2 else (ordered[middle - 1] + ordered[middle]) / 2


def longest_first(units: Sequence[Unit], seconds: Sequence[float | None]) -> list[int]:
    """The places of the units in the order in which to start them, so that no long one is left for the end."""

    def size(index: int) -> float:
        known = seconds[index]
        return weight(units[index]) if known is None else known

    return sorted(range(len(units)), key=lambda index: (-size(index), index))


def long_ones(units: Sequence[Unit], seconds: Sequence[float | None], jobs: int) -> frozenset[int]:
    """The places of the units of which each is so large a part of all that processors will wait for it in the end.

    None with a single one of the `jobs`.
    """
    sizes = [weight(unit) if known is None else known for unit, known in zip(units, seconds, strict=True)]
    large = (index for index, unit in enumerate(units) if weight(unit) >= _LARGE and jobs > 1)
    return frozenset(index for index in large if 2 * jobs * sizes[index] > sum(sizes))


def time_left(running: Iterable[float], waiting: Iterable[float], jobs: int) -> float:
    """Seconds until all is done: `running` holds what those under way still need, `waiting` what comes, in order.

    One that takes longer than it should counts as just about done: there is no telling.
    """
    ends = [max(0.0, seconds) for seconds in running]
    ends += [0.0] * (max(1, jobs) - len(ends))
    for seconds in waiting:
        ends[ends.index(min(ends))] += seconds  # there are as many as processors: no heap, and no import of one
    return max(ends)
