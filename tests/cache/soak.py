"""`python -m tests.cache.soak [--seed N] [--steps M] [--restart K]`: thousands of random edits, cached against cold.

Every K steps it begins with a new tree. It prints the seed; the same seed gives the same edits.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from pathlib import Path

from tests.cache.comparing import chosen, difference, steps
from tests.cache.little_monorepo import LittleMonorepo


def main() -> int:
    """The command line; 1 where a cached report was not that of a cold run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1_000_000))
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--restart", type=int, default=40)
    options = parser.parse_args()
    print(f"soak: seed {options.seed}, {options.steps} steps", flush=True)
    for start in range(0, options.steps, options.restart):
        if not _round(f"{options.seed}-{start}", min(options.restart, options.steps - start), start):
            print(f"soak: repeat with --seed {options.seed} --steps {options.steps} --restart {options.restart}")
            return 1
    print(f"soak: {options.steps} steps, every cached report was that of a cold run")
    return 0


def _round(seed: str, count: int, start: int) -> bool:
    generator = random.Random(seed)
    with tempfile.TemporaryDirectory(prefix="pyfmt-soak-") as folder:
        repo = LittleMonorepo(Path(folder) / "repo")
        try:
            found = difference(repo.tree)
            assert not found, found
            began = time.monotonic()
            for number, done in enumerate(steps(repo, [chosen(generator) for _ in range(count)])):
                print(f"{start + number + 1:5} {time.monotonic() - began:6.1f} s  {done}", flush=True)
                began = time.monotonic()
        except AssertionError as error:
            print(f"soak: DIFFERENT (round {seed})\n{error}", flush=True)
            return False
    return True


if __name__ == "__main__":
    sys.exit(main())
