"""PURE: which units of a run are whose, where several machines share it without talking to each other.

Every machine plans the whole run and takes its part. So all that the parts depend on must be the same everywhere: the
sizes of the files, and, where a report with times is given, the seconds that units took in it.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pyfmt.core.errors import UsageError
from pyfmt.core.model import Unit
from pyfmt.core.report import Report, UnitRecord
from pyfmt.core.tool_values import Cost

UnitKey = tuple[str, int, tuple[str, ...], str]  # tool, number, projects' paths, environment: the same on every machine
TimeKey = tuple[str, tuple[str, ...]]  # tool, projects' names

_FORMAT = Cost(50, 8)


def parse(text: str) -> tuple[int, int]:
    """Of "2/3" which part it is (from 1), and of how many; raises UsageError for what is no such part."""
    found = re.fullmatch(r"([0-9]{1,6})/([0-9]{1,6})", text)
    if not found or not 1 <= int(found[1]) <= int(found[2]):
        raise UsageError(f"{text!r} is no part: write I/N with I from 1 to N", "--shard", "for example --shard 2/3")
    return int(found[1]), int(found[2])


def unit_key(unit: Unit) -> UnitKey:
    """What a unit is known by on every machine."""
    paths = tuple(part.project.path for part in unit.parts)
    return unit.tool, unit.number, paths, unit.environment.name if unit.environment else ""


@dataclass(frozen=True, slots=True)
class Weights:
    """How long units take, in milliseconds: as recorded, else by the bytes of their files."""

    size: Callable[[str], int]  # bytes of a file
    costs: Mapping[str, Cost]  # by tool
    recorded: Mapping[TimeKey, int] = field(default_factory=dict)

    def of(self, units: Sequence[Unit]) -> list[int]:
        """The weight of each unit; guesses are scaled by how the guesses for the recorded units of the tool were
        off."""
        guesses = [self._guess(unit) for unit in units]
        known = [self.recorded.get((unit.tool, _names(unit))) for unit in units]
        real: defaultdict[str, int] = defaultdict(int)
        guessed: defaultdict[str, int] = defaultdict(int)
        for unit, guess, time in zip(units, guesses, known, strict=True):
            if time is not None:
                real[unit.tool] += time
                guessed[unit.tool] += guess

        def weight(tool: str, guess: int, time: int | None) -> int:
            if time is not None:
                return max(1, time)
            # In whole numbers: the same on every machine.
            return max(1, guess * real[tool] // guessed[tool] if guessed[tool] else guess)

        return [weight(unit.tool, guess, time) for unit, guess, time in zip(units, guesses, known, strict=True)]

    def _guess(self, unit: Unit) -> int:
        wanted = sum(map(self.size, unit.files))
        context = sum(self.size(file) for part in unit.parts for file in part.context)
        cost = self.costs.get(unit.tool, _FORMAT)
        return cost.start + cost.each_kib * (wanted + context // cost.context) // 1024


def _names(unit: Unit) -> tuple[str, ...]:
    return tuple(part.project.name for part in unit.parts if part.files)


def recorded_times(report: Report) -> dict[TimeKey, int]:
    """Milliseconds by tool and projects, of the units that an earlier run did not answer from its cache."""
    times: defaultdict[TimeKey, list[UnitRecord]] = defaultdict(list)
    for unit in report.units:
        times[unit.tool, unit.projects].append(unit)
    # Where a clash of module names makes several units of the same projects, each is taken for an equal share.
    return {
        key: round(1000 * sum(unit.seconds for unit in units) / len(units))
        for key, units in times.items()
        if not any(unit.cached for unit in units)
    }


def split(units: Sequence[Unit], weights: Sequence[int], count: int) -> list[list[Unit]]:
    """The units in `count` disjoint parts that are as equal as longest-first makes them; the order of `units` is free.

    Units of one tool that have the same project at home stay together, so that one part knows all that the tool says
    of it there.
    """
    ordered = sorted(zip(units, weights, strict=True), key=lambda pair: unit_key(pair[0]))
    bundles = _bundles([unit for unit, _ in ordered])
    weight = {unit_key(unit): number for unit, number in ordered}
    loads = [0] * count
    parts: list[list[Unit]] = [[] for _ in range(count)]
    heavy = [(sum(weight[unit_key(unit)] for unit in bundle), bundle) for bundle in bundles]
    for load, bundle in sorted(heavy, key=lambda pair: (-pair[0], unit_key(pair[1][0]))):
        place = min(range(count), key=lambda index: (loads[index], index))
        loads[place] += load
        parts[place] += bundle
    return [sorted(part, key=unit_key) for part in parts]


def _bundles(units: Sequence[Unit]) -> list[list[Unit]]:
    """Units of one tool with a project in common, directly or through others."""
    bundles: list[tuple[set[tuple[str, str]], list[Unit]]] = []
    for unit in units:
        places = {(unit.tool, part.project.path) for part in unit.parts if part.home}
        touching = [bundle for bundle in bundles if bundle[0] & places]
        bundles = [bundle for bundle in bundles if not bundle[0] & places]
        members = [member for _, found in touching for member in found]
        bundles.append((places.union(*(found for found, _ in touching)), [*members, unit]))
    return [sorted(members, key=unit_key) for _, members in bundles]
