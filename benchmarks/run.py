"""Runs pyfmt and what people use instead side by side over a generated monorepo, and writes benchmarks/RESULTS.md.

`python -m benchmarks.run`. Everything happens in a scratch folder, with caches of its own. First the side by side: all
contestants of peers.py, cold, warm, and with one file changed. Then growth: pyfmt and ruff on trees of several sizes.
What is measured is written at once, so that an interrupted run loses nothing.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from benchmarks import generate, growth, peers, rounds
from benchmarks.results import Results, targets, text

HERE = Path(__file__).resolve().parent
# Seconds on two cores for one round of all four scenarios with all contestants: for each project, and each file.
_PROJECT, _FILE = 25.0, 0.2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="benchmarks.run", description=__doc__)
    parser.add_argument("--libraries", type=int, default=4)
    parser.add_argument("--services", type=int, default=8)
    parser.add_argument("--files", type=int, default=30, help="of each project, in the side by side")
    parser.add_argument("--rounds", type=int, default=3, help="of the side by side; 0 leaves it out")
    parser.add_argument("--without", default="", help="contestants to leave out: loop,pre-commit,prek,formatters,...")
    parser.add_argument(
        "--growth",
        default="10,40,160,360,10x400",
        help='projects of each size ("10x400": 400 files in each); "" leaves it out',
    )
    parser.add_argument("--growth-files", type=int, default=100, help="of each project")
    parser.add_argument("--growth-loop-limit", type=int, default=10, help="projects up to which the loop takes part")
    parser.add_argument(
        "--budget", type=float, default=7200, help="seconds for everything; what does not fit is left out"
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--output", type=Path, default=HERE / "RESULTS.md")
    return parser


def _side_by_side(work: Path, options: argparse.Namespace, results: Results, deadline: float) -> None:
    bench = peers.Bench(work, work / "monorepo", results.size, options.jobs)
    wanted = (_PROJECT * results.size.projects + _FILE * results.size.total) * options.rounds
    print(
        f"bench: side by side, {results.size.projects} projects, {results.size.total} files, {options.rounds} rounds: "
        f"about {wanted:.0f} s",
        flush=True,
    )
    generate.generate(bench.tree, bench.size, bench.jobs)
    peers.make_lint_environments(bench)
    left_out = set(filter(None, options.without.split(",")))
    everyone = peers.everyone(bench)
    if unknown := left_out - everyone.keys() | left_out & {"pyfmt"}:
        raise SystemExit(
            f"bench: --without cannot leave out {', '.join(sorted(unknown))}: there are {', '.join(everyone)}"
        )
    results.contestants = {name: contestant for name, contestant in everyone.items() if name not in left_out}
    last = 0.0
    for number in range(options.rounds):
        left = deadline - time.monotonic()
        if last > left:
            print(f"bench: round {number + 1} would take {last:.0f} s, and {max(left, 0):.0f} s are left", flush=True)
            break
        began = time.monotonic()
        print(f"bench: round {number + 1} of {options.rounds}", flush=True)
        rounds.run(results.contestants.values(), bench.tree, number)
        last = time.monotonic() - began
        results.rounds = number + 1
        results.loads.append(os.getloadavg()[0])
        options.output.write_text(text(results), "utf-8")


def main() -> None:
    """The command line."""
    options = _parser().parse_args()
    deadline = time.monotonic() + options.budget
    results = Results(generate.Size(options.libraries, options.services, options.files), options.jobs)
    sizes = growth.parse(options.growth, options.growth_files) if options.growth else ()
    with tempfile.TemporaryDirectory(prefix="pyfmt-bench-") as scratch:
        work = Path(scratch).resolve()
        print(f"bench: in {work}, at most {options.budget:.0f} s", flush=True)
        results.versions = peers.install(peers.Bench(work, work / "monorepo", results.size, options.jobs))
        if options.rounds:
            _side_by_side(work, options, results, deadline)

        def written(done: list[growth.Grown]) -> None:
            results.growth = done
            results.loads.append(os.getloadavg()[0])
            options.output.write_text(text(results), "utf-8")

        plan = growth.Plan(sizes, options.growth_loop_limit, deadline - time.monotonic(), options.jobs)
        growth.grow(work, plan, written)
    for target in targets(results):
        print(f"bench: {target.verdict}: {target.text}")
    print(f"bench: {options.output}")


if __name__ == "__main__":
    main()
