"""What a cluster brings: `python -m benchmarks.cluster [--workers 1 2 4]`.

Makes a generated monorepo, checks it cold on this machine with one process, and then on Dask workers, each a process
with a home and a folder of its own and one process for its tools. The environments are made before, and that is told
apart. Prints seconds on the clock, how many times quicker that is than one worker, the efficiency (that, divided by
the workers), what the sources weigh on their way, and the seconds to pack them; and what a run costs in which a worker
is killed in the middle. More workers than processors say nothing of efficiency.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import tempfile
import time
from pathlib import Path

from benchmarks.generate import Size, generate
from pyfmt.cli.cluster import bundle
from tests.support.cluster import Machines
from tests.support.monorepo import Monorepo, command
from tests.support.waiting import until


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--libraries", type=int, default=4)
    parser.add_argument("--services", type=int, default=12)
    parser.add_argument("--files", type=int, default=12)
    options = parser.parse_args()
    # What a worker that is killed has begun may still write.
    with tempfile.TemporaryDirectory(prefix="pyfmt-bench-", ignore_cleanup_errors=True) as scratch:
        folder = Path(scratch).resolve()
        home = folder / "home"
        home.mkdir()
        tree = Monorepo(folder / "monorepo", home)
        generate(tree.root, Size(options.libraries, options.services, options.files))
        tree.run("trust").expect(0)  # the workers make environments
        began = time.monotonic()
        sources = bundle.pack(tree.root)
        took, load = time.monotonic() - began, os.getloadavg()[0]
        print(f"sources: {len(sources.data)} bytes, packed in {took:.2f} s; load {load:.1f}")
        print(f"one machine, --jobs 1: {_seconds(tree, '--jobs=1'):.1f} s")
        one = 0.0
        for count in options.workers:
            one = _spread(tree, folder / f"with-{count}", count, one)


def _spread(tree: Monorepo, folder: Path, count: int, one: float) -> float:
    """Measure with so many workers; the seconds of one worker."""
    folder.mkdir()
    machines = Machines(folder)
    try:
        machines.begin(count)
        spread = ("--executor=dask", f"--scheduler={machines.scheduler}", "--jobs=1")
        first = _seconds(tree, *spread)
        seconds = _seconds(tree, *spread)
        one = one or seconds * count
        print(
            f"{count} workers: {seconds:.1f} s, {one / seconds:.2f} times as quick as one, efficiency "
            f"{one / seconds / count:.2f}; the first run, which makes the environments: {first:.1f} s"
        )
        if count > 1:
            began = time.monotonic()
            with subprocess.Popen(
                [*command(), "check", "--no-cache", *spread],
                cwd=tree.root,
                env=tree.environment_variables(),
                stdout=subprocess.DEVNULL,
            ) as run:
                until(lambda: machines.parts("w0/"))
                machines.processes[1].kill()
            print(f"  with one of them killed: {time.monotonic() - began:.1f} s, exit code {run.returncode}")
    finally:
        machines.stop()
    return one


def _seconds(tree: Monorepo, *options: str) -> float:
    began = time.monotonic()
    done = tree.run("check", "--no-cache", *options, timeout=3600)
    assert done.code in (0, 1), done
    return time.monotonic() - began


if __name__ == "__main__":
    main()
