"""RESULTS.md: the tables, the machine's facts, and the targets with what became of them."""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

from benchmarks import generate, rounds
from benchmarks.growth import Grown
from benchmarks.measuring import Contestant, Cost, wall
from benchmarks.rounds import COLD, LEAF, LIBRARY, SCENARIOS, WARM

LARGE = 36_000  # files of the largest tree that the targets speak of
_FAR = 10  # times as many files, from which on there is a growth to speak of
_EVEN = 1.25  # how much more a file may cost in the largest tree than in the smallest, to be called linear


@dataclass
class Results:
    """All that was measured so far."""

    size: generate.Size
    jobs: int
    versions: str = ""  # of the peers
    contestants: dict[str, Contestant] = field(default_factory=dict)  # by their short names
    rounds: int = 0  # that are done
    growth: list[Grown] = field(default_factory=list)
    loads: list[float] = field(default_factory=list)  # of the machine

    def median(self, name: str, scenario: str, what: Callable[[Cost], float] = wall) -> float | None:
        """A figure of the side by side; None where it was not measured."""
        return self.contestants[name].median(scenario, what) if name in self.contestants else None


@dataclass(frozen=True)
class Target:
    """One of the project's promises: what was measured, None where it was not, and the limit that it must keep."""

    text: str
    found: float | None
    limit: float
    unit: str = ""
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """Whether it is met."""
        if self.found is None:
            return "not measured"
        return "met" if (self.found >= self.limit if self.at_least else self.found <= self.limit) else "**missed**"


def ratio(above: float | None, below: float | None) -> float | None:
    """One by the other, None where one is not known."""
    return None if above is None or below is None else above / max(below, 1e-9)


def targets(results: Results) -> list[Target]:
    """The targets of "As fast as the work allows", each with its figure."""
    of = results.median
    measured = [grown for grown in results.growth if not grown.left_out]
    large = next((grown for grown in measured if grown.size.total >= LARGE), None)
    small = min(measured, key=lambda grown: grown.size.total, default=None)
    idle = large.median("pyfmt", WARM) if large else None
    start, small_idle = (small.median("python", WARM), small.median("pyfmt", WARM)) if small else (None, None)
    if start is None:
        start, small_idle = of("python", WARM), of("pyfmt", WARM)
    above = None if start is None or small_idle is None else small_idle - start

    def peak(cost: Cost) -> float:
        return cost.peak

    return [
        Target(
            f"Nothing to do, {LARGE:,} files: pyfmt by ruff",
            ratio(idle, large.median("ruff", WARM) if large else None),
            2.5,
        ),
        Target(f"Nothing to do, {LARGE:,} files", idle, 2.0, " s"),
        Target("Nothing to do, small tree: above Python's own start", above, 0.15, " s"),
        Target("Nothing to do: the warm loop by pyfmt", ratio(of("loop", WARM), of("pyfmt", WARM)), 100, at_least=True),
        Target(
            "Growth: a file's cost in the largest tree by that in the smallest, nothing to do", _growth(measured), _EVEN
        ),
        Target("Cold: the loop by pyfmt", ratio(of("loop", COLD), of("pyfmt", COLD)), 1.8, at_least=True),
        Target("Cold: pyfmt's memory by the loop's", ratio(of("pyfmt", COLD, peak), of("loop", COLD, peak)), 1.5),
        Target(
            "Cold: pyfmt's format by `isort . && black .`", ratio(of("pyfmt-format", COLD), of("formatters", COLD)), 1.0
        ),
        Target(
            f"One file of a library with {rounds.dependents(results.size)} dependents: the warm loop by pyfmt",
            ratio(of("loop", WARM), of("pyfmt", LIBRARY)),
            10,
            at_least=True,
        ),
        Target("One leaf file", of("pyfmt", LEAF), 3.0, " s"),
    ]


def _growth(measured: Sequence[Grown]) -> float | None:
    """How many times more a further file costs at the end than at the start, by sizes of equally large projects."""
    known = [(one.size, one.median("pyfmt", WARM)) for one in measured]
    even = sorted((size.total, found) for size, found in known if found is not None and size.files == known[0][0].files)
    if len(even) < 3 or even[-1][0] < _FAR * even[0][0]:
        return None
    (first, second, *_), last = even, even[-1]
    early = (second[1] - first[1]) / (second[0] - first[0])
    late = (last[1] - second[1]) / (last[0] - second[0])
    return ratio(late, early)


# -- the text


def text(results: Results) -> str:
    """RESULTS.md of what is known so far."""
    lines = ["# Benchmark results", "", "Written by `make bench`; do not edit. How it is measured: `benchmarks/`.", ""]
    lines += [
        f"- {time.strftime('%Y-%m-%d')}, {results.jobs} jobs",
        *machine(results.versions, results.jobs, results.loads),
        "",
    ]
    lines += ["## Targets", "", "| target | wanted | found | |", "|---|---:|---:|---|"]
    for target in targets(results):
        wanted = f"{'at least' if target.at_least else 'at most'} {target.limit:g}{target.unit}"
        found = "" if target.found is None else f"{target.found:.2f}{target.unit}"
        lines.append(f"| {target.text} | {wanted} | {found} | {target.verdict} |")
    if results.rounds:
        lines += ["", *_side_by_side(results)]
    if results.growth:
        lines += ["", *_grown(results.growth)]
    return "\n".join(lines) + "\n"


def machine(versions: str, jobs: int, loads: Sequence[float]) -> list[str]:
    """Lines that say on what, with which versions and beside how much other work it was measured."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text("utf-8").splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    tools = ", ".join(f"{name} {version(name)}" for name in ("black", "isort", "mypy", "pylint"))
    lines = [
        f"- {os.cpu_count()} cores ({model}), {memory:.0f} GB, {platform.system()} {platform.release()}",
        f"- Python {platform.python_version()}, {tools}" + (f", {versions}" if versions else ""),
    ]
    if loads:
        busy = max(loads) > jobs + 1.5
        told = f"- load while measuring (processes that want a core): {min(loads):.1f} to {max(loads):.1f}"
        lines.append(
            told + (": shared with other work, seconds on the clock are too high for everyone" if busy else "")
        )
    return lines


def _side_by_side(results: Results) -> list[str]:
    size = results.size
    lines = [
        "## Side by side",
        "",
        f"{size.projects} projects ({size.libraries} libraries, {size.services} services with environments of their "
        "own), "
        f"{size.total} files; median of {results.rounds} rounds.",
    ]
    kinds: tuple[tuple[str, Callable[[Cost], float], str], ...] = (
        ("Seconds on the clock", wall, "{:.2f}"),
        ("Seconds of processors", lambda cost: cost.processor, "{:.2f}"),
        ("Peak memory of all processes together, MB", lambda cost: cost.peak / 1e6, "{:.0f}"),
    )
    for title, what, form in kinds:
        lines += ["", f"### {title}", "", f"| | {' | '.join(SCENARIOS)} |", "|---|" + "---:|" * len(SCENARIOS)]
        for contestant in results.contestants.values():
            lines.append(row(contestant.name, [contestant.median(scenario, what) for scenario in SCENARIOS], form))
        for peer in ("loop", "pre-commit", "prek"):
            if peer in results.contestants:
                ratios = [ratio(results.median(peer, s, what), results.median("pyfmt", s, what)) for s in SCENARIOS]
                lines.append(row(f"*{peer} / pyfmt check*", ratios, "{:.1f}"))
    return lines


def _grown(growth: Sequence[Grown]) -> list[str]:
    lines = ["## Growth", "", "Seconds on the clock; nothing to do: the median of three."]
    columns = [(name, scenario) for name in ("pyfmt", "ruff", "loop") for scenario in (COLD, WARM, LEAF)]
    titles = [f"{name}, {'nothing to do' if scenario == WARM else scenario}" for name, scenario in columns]
    for title, per_files in (("### Seconds", False), ("### Seconds for 1,000 files", True)):
        lines += ["", title, "", f"| projects | files | {' | '.join(titles)} |", "|---:|---:|" + "---:|" * len(columns)]
        for one in growth:
            head = f"{one.size.projects} | {one.size.total:,}"
            if one.left_out:
                lines.append(f"| {head} | {one.left_out} |{' |' * (len(columns) - 1)}")
                continue
            found = [one.median(name, scenario) for name, scenario in columns]
            if per_files:
                found = [None if value is None else value * 1000 / one.size.total for value in found]
            lines.append(row(head, found, "{:.3f}" if per_files else "{:.2f}"))
    return [*lines, *_as_many_files(growth)]


def _as_many_files(growth: Sequence[Grown]) -> list[str]:
    """Trees of as many files in another number of projects: what the projects cost by themselves."""
    lines = []
    for other in growth:
        for one in growth:
            if one.size.total == other.size.total and one.size.projects < other.size.projects:
                few, many = one.median("pyfmt", WARM), other.median("pyfmt", WARM)
                if few is not None and many is not None:
                    told = f"{one.size.total:,} files with nothing to do: {few:.2f} s in {one.size.projects} projects"
                    lines += ["", f"{told}, {many:.2f} s in {other.size.projects} projects."]
    return lines


def row(name: str, values: Sequence[float | None], form: str) -> str:
    """A line of a table; empty where nothing was measured."""
    return f"| {name} | {' | '.join('' if value is None else form.format(value) for value in values)} |"
