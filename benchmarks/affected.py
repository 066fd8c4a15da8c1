"""What `pyfmt affected` costs on a large tree, beside the `git status` of the same tree.

    python -m benchmarks.affected [--projects 240] [--files 100]

Prints seconds of a processor: cold, with nothing changed, after an edit of a leaf, of a library that a few use and of
the library that the most files reach; and how many times `git status` that is. Each is the median of three.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
from pathlib import Path

from benchmarks.corpora import PYFMT
from benchmarks.generate import Size, write
from benchmarks.measuring import measured
from benchmarks.rounds import change, leaf_file, library_file
from tests.support.monorepo import Monorepo


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--projects", type=int, default=240)
    parser.add_argument("--files", type=int, default=100)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pyfmt-affected-") as scratch:
        play(Path(scratch), Size.of(options.projects, options.files))


def play(scratch: Path, size: Size) -> None:
    """Make the tree, and print what each state costs."""
    repository, environ = Monorepo(scratch / "tree", scratch), {"XDG_CACHE_HOME": str(scratch / "cache")}
    tree = repository.root
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # nobody compiles pyfmt anew each time
    write(tree, size)
    repository.git("commit", "--quiet", "--message", "all")
    edits = {
        "nothing changed": None,
        "a leaf": leaf_file(tree),
        "a library": tree / "lib/lib001/bench/lib001/m000.py",
        "the most used library": library_file(tree),
    }
    status = max(0.01, statistics.median(measured(["git", "status"], tree, environ).processor for _ in range(3)))
    print(f"{size.projects} projects, {sum(1 for _ in tree.rglob('*.py'))} files; git status {status:.2f} s")
    command = [PYFMT, "affected", "--since", "HEAD", "--json"]
    change(leaf_file(tree), 0)
    cold = measured(command, tree, environ).processor
    print(f"cold: {cold:.2f} s, {cold / status:.0f} x git status")
    for name, file in edits.items():
        repository.git("checkout", "--quiet", ".")
        if file:
            change(file, 0)
        measured(command, tree, environ)  # what has changed is read once
        seconds = statistics.median(measured(command, tree, environ).processor for _ in range(3))
        print(f"{name}: {seconds:.2f} s, {seconds / status:.1f} x git status", flush=True)


if __name__ == "__main__":
    main()
