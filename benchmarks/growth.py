"""How the time grows: trees of several sizes, each with pyfmt, ruff beside it, and the loop where that is bearable."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import generate, peers, rounds
from benchmarks.measuring import Contestant
from benchmarks.peers import Bench

_TIMES = 3  # how often "nothing to do" is measured
# Seconds for 1,000 files on two cores, before anything is known: to make the tree, pyfmt and ruff, and the loop.
_MAKING, _PYFMT, _LOOP = 12.0, 60.0, 400.0


@dataclass
class Grown:
    """One size, and what was measured of it."""

    size: generate.Size
    contestants: dict[str, Contestant] = field(default_factory=dict)  # "pyfmt", "ruff", perhaps "loop"
    left_out: str = ""  # why nothing was measured
    seconds: float = 0.0  # that this took altogether

    def median(self, name: str, scenario: str) -> float | None:
        """Seconds on the clock."""
        return self.contestants[name].median(scenario) if name in self.contestants else None


@dataclass(frozen=True)
class Plan:
    """Which sizes, and how long they may take."""

    sizes: tuple[generate.Size, ...]
    loop_limit: int  # projects, up to which the loop takes part
    budget: float  # seconds for all sizes together
    jobs: int


def parse(text: str, files: int) -> tuple[generate.Size, ...]:
    """Sizes from "10,40,160": projects, with `files` each; "10x400" has another number of files in each."""
    found = []
    for item in text.split(","):
        projects, _, own = item.partition("x")
        found.append(generate.Size.of(int(projects), int(own) if own else files))
    return tuple(found)


def grow(work: Path, plan: Plan, written: Callable[[list[Grown]], None]) -> None:
    """Measure each size; `written` is told of all results so far after each."""
    began, done = time.monotonic(), list[Grown]()
    for size in plan.sizes:
        with_loop = size.projects <= plan.loop_limit
        left = plan.budget - (time.monotonic() - began)
        wanted = expected(size, with_loop, done)
        print(
            f"bench: growth, {size.projects} projects, {size.total:,} files: about {wanted:.0f} s of {left:.0f} s",
            flush=True,
        )
        grown = Grown(size)
        if wanted > left:
            grown.left_out = f"not measured: would take about {wanted:.0f} s, and {max(left, 0):.0f} s are left"
        else:
            _measure(work, plan.jobs, grown, with_loop)
        done.append(grown)
        written(done)


def expected(size: generate.Size, with_loop: bool, done: list[Grown]) -> float:
    """Seconds that a size will take: by its files, at the speed of the last size that was measured like it."""
    last = next((one for one in reversed(done) if one.seconds and ("loop" in one.contestants) == with_loop), None)
    if last is not None:
        return last.seconds * size.total / last.size.total
    return (_MAKING + _PYFMT + (_LOOP if with_loop else 0.0)) * size.total / 1000 + 10


def _measure(work: Path, jobs: int, grown: Grown, with_loop: bool) -> None:
    began = time.monotonic()
    bench = Bench(work, work / "growth", grown.size, jobs)
    try:
        generate.generate(bench.tree, bench.size, jobs)
        found = {"pyfmt": peers.pyfmt(bench, "check"), "ruff": peers.ruff(bench), "python": peers.interpreter(bench)}
        if with_loop:
            peers.make_lint_environments(bench)
            found["loop"] = peers.loop(bench)
        grown.contestants = found
        for contestant in found.values():
            contestant.forget()
            contestant.run(rounds.COLD)
        rounds.settle()
        for name, contestant in found.items():
            for _ in range(1 if name == "loop" else _TIMES):
                contestant.run(rounds.WARM)
        rounds.change(rounds.leaf_file(bench.tree), 0)
        for contestant in found.values():
            contestant.run(rounds.LEAF)
    finally:
        for folder in (bench.tree, work / "lint", work / "caches"):
            shutil.rmtree(folder, ignore_errors=True)
    grown.seconds = time.monotonic() - began
