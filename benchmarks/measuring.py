"""Runs a command and says what it cost: seconds on the clock, seconds of processors, memory of all its processes."""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_LOOKS = (0.01, 0.25)  # seconds between two looks at the memory: of a short run as well, and cheap for a long one


@dataclass(frozen=True)
class Cost:
    """What one call cost; `peak` in bytes (proportional set size)."""

    wall: float
    processor: float
    peak: int


def wall(cost: Cost) -> float:
    """Seconds on the clock."""
    return cost.wall


@dataclass
class Contestant:
    """A way to check the tree: its command, and how it forgets everything."""

    name: str
    command: list[str]
    caches: list[Path]
    cwd: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    last_code: int = 0  # the highest exit code that is an answer: real code has findings
    costs: dict[str, list[Cost]] = field(default_factory=dict)

    def forget(self) -> None:
        """Remove its caches."""
        for folder in self.caches:
            shutil.rmtree(folder, ignore_errors=True)

    def run(self, scenario: str) -> None:
        """Run and measure it."""
        self.costs.setdefault(scenario, []).append(measured(self.command, self.cwd, self.environ, self.last_code))

    def median(self, scenario: str, what: Callable[[Cost], float] = wall) -> float | None:
        """The median of all rounds; None where it was not measured."""
        costs = self.costs.get(scenario)
        return statistics.median(what(cost) for cost in costs) if costs else None


def measured(command: list[str], cwd: Path, environ: Mapping[str, str], last_code: int = 0) -> Cost:
    """Run a command and say what it cost. The generated tree is clean: what finds something there is set up wrongly."""
    before, began = os.times(), time.perf_counter()
    environ = {**os.environ, "PYFMT_SERVER": "off", **environ}  # what outlives the command would not be counted
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(command, cwd=cwd, env=environ, stdout=said, stderr=said) as process:
            peak = [0]
            watcher = threading.Thread(target=watch, args=(process.pid, ended := threading.Event(), peak))
            watcher.start()
            process.wait()
            seconds = time.perf_counter() - began
            ended.set()
            watcher.join()
        after = os.times()
        if not 0 <= process.returncode <= last_code:
            said.seek(0)
            text = said.read().decode("utf-8", "replace")[-4000:]
            raise SystemExit(f"bench: {' '.join(command)[:500]} ended with {process.returncode}:\n{text}")
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(seconds, processor, peak[0])


def watch(pid: int, ended: threading.Event, peak: list[int]) -> None:
    """Look at the memory of a process and its descendants until it ends; in `peak` the most that they had together."""
    pause, slowest = _LOOKS
    while not ended.wait(pause):
        peak[0] = max(peak[0], together(pid))
        pause = min(pause * 1.3, slowest)


def together(pid: int) -> int:
    """What a process and its descendants have of the memory now, in bytes (PSS)."""
    return sum(map(_memory, _descendants(pid)))


def processor(pid: int) -> float:
    """The seconds of a processor that a process, its descendants and what they had started have taken."""
    found = 0
    for each in _descendants(pid):
        try:
            fields = Path(f"/proc/{each}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
            found += sum(map(int, fields[11:15]))
        except OSError:
            continue  # gone
    return found / os.sysconf("SC_CLK_TCK")


def _descendants(pid: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text("utf-8", "replace").rpartition(")")[2].split()[1])
            except OSError:
                continue  # gone
            parents.setdefault(parent, []).append(int(entry.name))
    found, waiting = [], [pid]
    while waiting:
        found.append(waiting.pop())
        waiting += parents.get(found[-1], [])
    return found


def _memory(pid: int) -> int:
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text("utf-8").splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass  # gone, or nothing that we may see
    return 0
