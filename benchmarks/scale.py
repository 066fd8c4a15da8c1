"""A large generated monorepo, checked to the end: what the cold run and each edit cost where most projects are not
concerned.

`python -m benchmarks.scale FOLDER --projects 160 --files 100` makes the tree with its environments (see `generate`),
runs everything once and prints a table; `--append FILE` adds it to a file. What it made is removed.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from benchmarks import generate, rounds
from benchmarks.measuring import Cost, measured

_CHECK = ("check",)
_SETTLED = (
    ("nothing changed, second run", (*_CHECK, "-v")),
    ("nothing changed, text", _CHECK),
    ("nothing changed, JSON", (*_CHECK, "--output", "json")),
    ("nothing changed, `--since HEAD`", (*_CHECK, "--since", "HEAD")),
    ("nothing changed, `--staged`", (*_CHECK, "--staged")),
)


def _edits(tree: Path) -> Iterator[tuple[str, Path, str, str]]:
    """What is changed, in which file, and to what."""
    end = "    return value"
    for name, file in (("a leaf", rounds.leaf_file(tree)), ("a library", rounds.library_file(tree))):
        yield f"a comment in {name}", file, end, f"    # a comment\n{end}"
        yield f"a line in {name}", file, end, f"    value += 0\n{end}"
    manifest = tree / "projects/service000/pyproject.toml"
    yield "a version in a pyproject.toml", manifest, 'version = "1.0"', 'version = "1.1"'


def _size(folder: Path) -> int:
    files = (os.path.join(place, name) for place, _, names in os.walk(folder) for name in names)
    return sum(os.lstat(file).st_blocks * 512 for file in files)


def scenarios(tree: Path, cache: Path, jobs: int) -> Iterator[tuple[str, Cost]]:
    """Each run with its cost; the cold one first."""
    program = str(Path(sys.executable).parent / "pyfmt")
    environ = {"XDG_CACHE_HOME": str(cache), "PYTHONDONTWRITEBYTECODE": ""}

    def run(arguments: tuple[str, ...]) -> Cost:
        return measured([program, *arguments, "--jobs", str(jobs)], tree, environ)

    yield "cold", run(_CHECK)
    rounds.settle()
    for name, arguments in _SETTLED:
        run(arguments)
        yield name, run(arguments)
    for name, file, before, after in _edits(tree):
        file.write_text(file.read_text("utf-8").replace(before, after, 1), "utf-8")
        yield name, run(_CHECK)
        rounds.settle()
        run(_CHECK)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--projects", type=int, default=160)
    parser.add_argument("--files", type=int, default=100, help="of each project")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--append", type=Path, default=Path(os.devnull))
    options = parser.parse_args()
    size = generate.Size.of(options.projects, options.files)
    folder = options.folder.resolve()
    tree, cache = folder / "tree", folder / "cache"
    identity = ["-c", "user.name=bench", "-c", "user.email=bench@example.org"]
    try:
        generate.generate(tree, size, options.jobs)
        subprocess.run(["git", "-C", str(tree), *identity, "commit", "--quiet", "-m", "generated"], check=True)
        lines = [f"## {size.projects} projects ({size.services} environments), {size.total:,} files", ""]
        lines += [f"{date.today()}, {options.jobs} jobs, load before {os.getloadavg()[0]:.1f}", ""]
        lines += ["| run | processor, s | clock, s | peak memory, MB |", "|---|---:|---:|---:|"]
        print("\n".join(lines), flush=True)
        for name, cost in scenarios(tree, cache, options.jobs):
            lines.append(f"| {name} | {cost.processor:.2f} | {cost.wall:.2f} | {cost.peak >> 20:,} |")
            print(lines[-1], f"load {os.getloadavg()[0]:.1f}", flush=True)
        lines += ["", f"The cache: {_size(cache) >> 20:,} MB on disk.", ""]
        print("\n".join(lines[-2:]))
        with options.append.open("a", encoding="utf-8") as stream:
            stream.write("\n".join(lines) + "\n")
    finally:
        for folder in (tree, cache):
            shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
