"""How even `--shard` is: `python -m benchmarks.shards REPORT.json [--projects 360] [--shards 2 4 8 16]`.

Takes the seconds of the units in a JSON report of a real run, makes so many projects by drawing from them (with their
tools' units together, as one project has them), and cuts that by `pyfmt.core.sharding`: once by times that are exact,
once by times of an earlier run that are off by a quarter either way. Prints the longest shard beside the lower bound of
any plan: the mean, or the heaviest bundle of units that must stay together, whichever is more.
"""

from __future__ import annotations

import argparse
import random
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from pyfmt.core import sharding
from pyfmt.reports import json as json_report
from tests.core.test_sharding import unit

_OFF = 0.25  # how far a time of an earlier run is off


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("report")
    parser.add_argument("--projects", type=int, default=360)
    parser.add_argument("--shards", type=int, nargs="+", default=[2, 4, 8, 16])
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    options = parser.parse_args()
    recorded = recorded_projects(options.report)
    print(f"{len(recorded)} projects recorded, seed {options.seed}")
    for count in options.shards:
        exact, drifted = simulate(recorded, options.projects, count, random.Random(options.seed))
        print(f"{count} shards: {exact:.3f} of the lower bound; by an earlier run's times {drifted:.3f}")


def recorded_projects(file: str) -> list[dict[str, int]]:
    """The milliseconds of each tool's units, by the project that is at home in them."""
    report = json_report.read(Path(file).read_text("utf-8"), file)
    found: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for (tool, projects), milliseconds in sharding.recorded_times(report).items():
        for project in projects:
            found[project][tool] = max(1, milliseconds // len(projects))
    return list(found.values())


def simulate(recorded: Sequence[dict[str, int]], projects: int, count: int, dice: random.Random) -> tuple[float, float]:
    """The longest of `count` shards by the lower bound: planned by exact times, and by those of an earlier run."""
    units, times = [], []
    for number in range(projects):
        for tool, milliseconds in dice.choice(recorded).items():
            units.append(unit(tool, f"p{number:03}"))
            times.append(milliseconds)
    before = [max(1, round(time * dice.uniform(1 - _OFF, 1 + _OFF))) for time in times]
    real = {sharding.unit_key(each): time for each, time in zip(units, times, strict=True)}
    bound = max(sum(times) / count, *times)
    longest = []
    for weights in (times, before):
        parts = sharding.split(units, weights, count)
        longest.append(max(sum(real[sharding.unit_key(each)] for each in part) for part in parts) / bound)
    return longest[0], longest[1]


if __name__ == "__main__":
    main()
