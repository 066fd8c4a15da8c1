"""Runs pyfmt and what people use instead side by side over a generated monorepo, and writes benchmarks/RESULTS.md.

`python benchmarks/run.py [--libraries N --services M --files F --rounds R --jobs J]`. Everything happens in a scratch
folder, with caches of its own. The peers: the careful parallel loop (`xargs -P`, each tool for each project, pylint in
a copy of the project's environment), `isort . && black .`, and ruff, which knows neither types nor environments.
"""

from __future__ import annotations

import argparse
import os
import platform
import shlex
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import generate  # pylint: disable=wrong-import-position  # beside this file

HERE = Path(__file__).resolve().parent
CONFIGS = HERE.parent / "configs"
SCENARIOS = ("cold", "warm", "one library file changed", "one leaf file changed")


@dataclass(frozen=True)
class Cost:
    """What one call cost: seconds on the clock, seconds of processors, and the peak of all its processes' memory."""

    wall: float
    processor: float
    peak: int  # bytes, proportional set size


@dataclass
class Contestant:
    """A way to check the tree: its command, and how it forgets everything."""

    name: str
    command: list[str]
    caches: list[Path]
    cwd: Path
    environ: Mapping[str, str] = field(default_factory=dict)
    costs: dict[str, list[Cost]] = field(default_factory=dict)

    def forget(self) -> None:
        """Remove its caches."""
        for folder in self.caches:
            shutil.rmtree(folder, ignore_errors=True)

    def run(self, scenario: str) -> None:
        """Run and measure it."""
        self.costs.setdefault(scenario, []).append(measured(self.command, self.cwd, self.environ))

    def median(self, scenario: str, what: Callable[[Cost], float]) -> float:
        """The median of all rounds."""
        return statistics.median(what(cost) for cost in self.costs[scenario])


def measured(command: list[str], cwd: Path, environ: Mapping[str, str]) -> Cost:
    """Run a command and say what it cost; findings are no failure, a crash is."""
    before, began = os.times(), time.perf_counter()
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(command, cwd=cwd, env={**os.environ, **environ}, stdout=said, stderr=said) as process:
            peak = [0]
            watcher = threading.Thread(target=_watch, args=(process, peak))
            watcher.start()
            process.wait()
            wall = time.perf_counter() - began
            watcher.join()
        after = os.times()
        if process.returncode not in (0, 1, 123):  # 123: xargs says that a tool had findings
            said.seek(0)
            raise SystemExit(f"{command} ended with {process.returncode}:\n{said.read().decode('utf-8', 'replace')}")
    processor = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(wall, processor, peak[0])


def _watch(process: subprocess.Popen[bytes], peak: list[int]) -> None:
    """Look at the memory of a process and its descendants until it ends; in `peak` the most that they had together."""
    while process.poll() is None:
        peak[0] = max(peak[0], sum(map(_memory, _descendants(process.pid))))
        time.sleep(0.25)


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


# -- the tree and the contestants


def _services(size: generate.Size) -> dict[str, str]:
    """Each project's folder with the service whose environment it is linted in."""
    homes = {f"projects/service{number:03}": f"service{number:03}" for number in range(size.services)}
    owners: dict[str, str] = {}
    for number in range(size.services):
        for step in range(3):
            below = (number * 7 + step * 5) % size.libraries
            while True:  # the libraries that it depends on come along
                owners.setdefault(f"lib/{generate.library(below)}", f"service{number:03}")
                if not below % 4:
                    break
                below -= 1
    return homes | owners


def _lint_environments(work: Path, tree: Path, size: generate.Size, jobs: int) -> None:
    """For each service a copy of its environment with pylint in it, outside of the tree."""
    from uv import find_uv_bin

    uv = find_uv_bin()

    def make(number: int) -> None:
        place = work / "lint" / f"service{number:03}"
        subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(place)], check=True)
        project = str(tree / "projects" / f"service{number:03}")
        pins = [f"{name}=={version(name)}" for name in ("pylint", "astroid", "isort")]
        command = [uv, "pip", "install", "--quiet", "--python", str(place / "bin/python"), "--editable", project, *pins]
        subprocess.run(command, check=True)

    with ThreadPoolExecutor(jobs) as pool:
        list(pool.map(make, range(size.services)))


def _loop(work: Path, tree: Path, size: generate.Size, jobs: int) -> Contestant:
    """The careful parallel loop as a list of commands for xargs, the longest kind first."""
    python, lines = shlex.quote(sys.executable), []
    for tool in ("pylint", "mypy", "black", "isort"):
        for folder, service in _services(size).items():
            env = work / "lint" / service / "bin" / "python"
            place = tree / folder
            if tool == "pylint":
                call = f"{env} -m pylint --rcfile {CONFIGS}/pylintrc --jobs 1 --source-roots . $(find . -name '*.py' -not -path './.venv/*')"
            elif tool == "mypy":
                cache = work / "caches" / "mypy" / folder.replace("/", "-")
                interpreter = tree / "projects" / service / ".venv/bin/python"
                call = f"{python} -m mypy --config-file {CONFIGS}/mypy.ini --cache-dir {cache} --python-executable {interpreter}"
                call = f"MYPYPATH=. {call} --explicit-package-bases --exclude '\\.venv' ."
            elif tool == "black":
                call = f"{python} -m black --check --quiet --config {CONFIGS}/black.toml ."
            else:
                call = f"{python} -m isort --check --quiet --settings-file {CONFIGS}/isort.cfg ."
            lines.append(f"cd {place} && {call} || true")
    script = work / "loop.txt"
    script.write_text("\0".join(lines), "utf-8")
    command = ["xargs", "-0", "-a", str(script), "-P", str(jobs), "-I{}", "sh", "-c", "{}"]
    environ = {"XDG_CACHE_HOME": str(work / "caches/loop"), "PYLINTHOME": str(work / "caches/loop/pylint")}
    caches = [work / "caches/mypy", work / "caches/loop"]
    return Contestant(f"parallel loop (xargs -P{jobs})", command, caches, tree, environ)


def _contestants(work: Path, tree: Path, size: generate.Size, jobs: int) -> list[Contestant]:
    beside = Path(sys.executable).parent
    cache = work / "caches" / "pyfmt"
    own = {"XDG_CACHE_HOME": str(cache)}
    black = {"XDG_CACHE_HOME": str(work / "caches/black")}
    tools = f"{sys.executable} -m isort --check -q --settings-file {CONFIGS}/isort.cfg . ; "
    tools += f"{sys.executable} -m black --check -q --config {CONFIGS}/black.toml . || true"
    found = [
        Contestant("pyfmt check", [str(beside / "pyfmt"), "check", "--jobs", str(jobs)], [cache], tree, own),
        _loop(work, tree, size, jobs),
        Contestant(
            "pyfmt format --check",
            [str(beside / "pyfmt"), "format", "--check", "--jobs", str(jobs)],
            [work / "caches/pyfmt-format"],
            tree,
            {"XDG_CACHE_HOME": str(work / "caches/pyfmt-format")},
        ),
        Contestant("isort . && black .", ["sh", "-c", tools], [work / "caches/black"], tree, black),
    ]
    ruff = shutil.which("ruff", path=os.pathsep.join([str(beside), os.environ.get("PATH", "")]))
    if ruff:
        folder = work / "caches/ruff"
        call = f"{ruff} check -q --cache-dir {folder} . ; {ruff} format -q --check --cache-dir {folder} . || true"
        found.append(Contestant("ruff check && ruff format --check", ["sh", "-c", call], [folder], tree))
    return found


def _change(file: Path, number: int) -> None:
    """A new function at the end, formatted as black has it."""
    text = file.read_text("utf-8")
    text += f'\n\ndef added_{number}(value: int) -> int:\n    """Number {number}."""\n    return value + {number}\n'
    file.write_text(text, "utf-8")


def _round(contestants: list[Contestant], tree: Path, number: int) -> None:
    """Every contestant in every scenario, one after the other, so that a busy machine is busy for all of them."""
    for contestant in contestants:
        contestant.forget()
        contestant.run("cold")
    time.sleep(2.5)  # a file written less than two seconds ago is read again by a careful cache
    for contestant in contestants:
        contestant.run("warm")
    library = sorted((tree / "lib").glob("*/bench/*/m000.py"))[0]
    leaf = sorted((tree / "projects").glob("*/service*/m*.py"))[-1]
    for scenario, file in ((SCENARIOS[2], library), (SCENARIOS[3], leaf)):
        _change(file, number)
        for contestant in contestants:
            contestant.run(scenario)
        time.sleep(2.5)


# -- the report


def _machine() -> list[str]:
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
    return [
        f"- {os.cpu_count()} cores ({model}), {memory:.0f} GB, {platform.system()} {platform.release()}",
        f"- Python {platform.python_version()}, {tools}",
    ]


def report(contestants: list[Contestant], options: argparse.Namespace, loads: list[float]) -> str:
    """RESULTS.md."""
    projects = options.libraries + options.services
    lines = [
        "# Benchmark results",
        "",
        "Written by `make bench`; do not edit. How it is measured: `benchmarks/run.py`.",
        "",
    ]
    lines += [f"- {time.strftime('%Y-%m-%d')}, median of {options.rounds} rounds, {options.jobs} jobs"]
    lines += [
        f"- {projects} projects ({options.libraries} libraries, {options.services} services with environments of their own), "
        f"{projects * options.files} files",
        *_machine(),
        f"- load of the machine while measuring (processes that want a core): {min(loads):.1f} to {max(loads):.1f}"
        + (
            ": it was shared with other work, so seconds on the clock are too high for everyone"
            if max(loads) > options.jobs + 1.5
            else ""
        ),
        "",
    ]
    loop, ours = contestants[1], contestants[0]
    for title, what, unit in (
        ("Seconds on the clock", lambda cost: cost.wall, "{:.2f}"),
        ("Seconds of processors", lambda cost: cost.processor, "{:.2f}"),
        ("Peak memory of all processes together, MB", lambda cost: cost.peak / 1e6, "{:.0f}"),
    ):
        lines += [f"## {title}", "", "| | " + " | ".join(SCENARIOS) + " |", "|---|" + "---:|" * len(SCENARIOS)]
        for contestant in contestants:
            cells = [unit.format(contestant.median(scenario, what)) for scenario in SCENARIOS]
            lines.append(f"| {contestant.name} | " + " | ".join(cells) + " |")
        ratios = [f"{loop.median(s, what) / max(ours.median(s, what), 1e-9):.1f}" for s in SCENARIOS]
        lines += ["| *loop / pyfmt check* | " + " | ".join(ratios) + " |", ""]
    lines += ["pre-commit's and prek's hooks are not measured yet."]
    return "\n".join(lines) + "\n"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--libraries", type=int, default=4)
    parser.add_argument("--services", type=int, default=8)
    parser.add_argument("--files", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--output", type=Path, default=HERE / "RESULTS.md")
    options = parser.parse_args()
    size = generate.Size(options.libraries, options.services, options.files)
    with tempfile.TemporaryDirectory(prefix="pyfmt-bench-") as scratch:
        work = Path(scratch).resolve()
        tree = work / "monorepo"
        print(f"bench: making {options.libraries} libraries and {options.services} services in {work}", flush=True)
        generate.generate(tree, size, options.jobs)
        _lint_environments(work, tree, size, options.jobs)
        contestants = _contestants(work, tree, size, options.jobs)
        loads = []
        for number in range(options.rounds):
            print(f"bench: round {number + 1} of {options.rounds}", flush=True)
            _round(contestants, tree, number)
            loads.append(os.getloadavg()[0])
        options.output.write_text(report(contestants, options, loads), "utf-8")
        print(f"bench: {options.output}")


if __name__ == "__main__":
    main()
