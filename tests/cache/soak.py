"""`python -m tests.cache.soak [--seed N] [--steps M] [--restart K]`: thousands of random edits, cached against cold.

Every K steps it begins with a new tree. It prints the seed; the same seed gives the same edits. Edits after which a
report differs are kept in `failing_edits.jsonl`, which the tests read: the last ones alone, where those do it.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import astuple
from pathlib import Path

from tests.cache.comparing import chosen, difference, steps
from tests.cache.little_monorepo import LittleMonorepo
from tests.cache.random_edits import Edit

KEPT = Path(__file__).with_name("failing_edits.jsonl")


def main() -> int:
    """The command line; 1 where a cached report was not that of a cold run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--restart", type=int, default=40)
    options = parser.parse_args()
    print(f"soak: seed {options.seed}, {options.steps} steps", flush=True)
    for start in range(0, options.steps, options.restart):
        seed, count = f"{options.seed}-{start}", min(options.restart, options.steps - start)
        generator = random.Random(seed)
        if failing := _failing([chosen(generator) for _ in range(count)], start):
            _keep(failing, f"soak {seed}")
            print(f"soak: repeat with --seed {options.seed} --steps {options.steps} --restart {options.restart}")
            return 1
    print(f"soak: {options.steps} steps, every cached report was that of a cold run")
    return 0


def _failing(edits: Sequence[Edit], start: int = 0) -> Sequence[Edit]:
    """The edits up to the one after which the reports differ; () where none does."""
    with tempfile.TemporaryDirectory(prefix="pyfmt-soak-") as folder:
        repo = LittleMonorepo(Path(folder) / "repo")
        number = 0
        try:
            found = difference(repo.tree)
            assert not found, found
            began = time.monotonic()
            for number, done in enumerate(steps(repo, edits), 1):
                print(f"{start + number:5} {time.monotonic() - began:6.1f} s  {done}", flush=True)
                began = time.monotonic()
        except AssertionError as error:
            print(f"soak: DIFFERENT\n{error}", flush=True)
            return edits[: number + 1]
    return ()


def _keep(edits: Sequence[Edit], why: str) -> None:
    """Add a line to the file that the tests read."""
    fewer = (edits[-count:] for count in (5, 20, 80) if count < len(edits))
    shortest = next((found for found in map(_failing, fewer) if found), edits)
    line = json.dumps({"why": why, "edits": [list(astuple(edit)) for edit in shortest]})
    with KEPT.open("a", encoding="utf-8") as file:
        file.write(f"{line}\n")
    print(f"soak: {len(shortest)} edits are kept in {KEPT}")


if __name__ == "__main__":
    sys.exit(main())
