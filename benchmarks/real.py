"""pyfmt beside the loop on real code: `python -m benchmarks.real [--rounds N]`; writes benchmarks/RESULTS-real.md.

A monorepo of three corpora (corpora.py), each package in an environment of its own, with pyfmt's built-in configuration
for all. The loop is what a careful person writes today: `mypy -n auto` and `pylint -j` in each package. prek runs the
same calls as hooks; ruff, ty and pyrefly are limits: they have no plugins, and judge no file in two environments.
"""

from __future__ import annotations

import argparse
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

from benchmarks import corpora, edits, peers, rounds
from benchmarks.generate import Size
from benchmarks.measuring import Contestant, Cost, wall
from benchmarks.peers import CONFIGS, Bench, Call
from benchmarks.results import machine
from tests.support import virtualenvs
from tests.support.virtualenvs import BuiltEnvironment

CORPORA = ("pallets", "jupyter", "opentelemetry")
COLD, WARM, JSON, HOOK = "cold", "nothing changed", "nothing changed, JSON", "`pyfmt run FILE`, a line changed"
_LIMITS = ("ruff", "ty", "pyrefly")


def _packages(tree: Path) -> list[Path]:
    return sorted(place.parent for place in tree.glob("packages/*/.venv"))


def _calls(bench: Bench, name: str) -> Iterator[Call]:
    """Each tool in each package; pylint in a copy of the package's environment, outside of the tree."""
    python = shlex.quote(sys.executable)
    for package in _packages(bench.tree):
        folder, roots = f"packages/{package.name}", "src,." if (package / "src").is_dir() else "."
        files = "$(git ls-files '*.py')"
        pylint = f"{bench.work / 'lint' / package.name / 'bin/python'} -m pylint --rcfile {CONFIGS}/pylintrc"
        mypy = (
            f"MYPYPATH={roots.replace(',', ':')} {python} -m mypy --config-file {CONFIGS}/mypy.ini --num-workers auto"
        )
        mypy += f" --cache-dir {bench.cache(name) / 'mypy' / package.name} --explicit-package-bases"
        calls = {
            "pylint": f"{pylint} --jobs {bench.jobs} --source-roots {roots} {files}",
            "mypy": f"{mypy} --python-executable {package / '.venv/bin/python'} {files}",
            "black": f"{python} -m black --check --quiet --config {CONFIGS}/black.toml {files}",
            "isort": f"{python} -m isort --check --quiet --settings-file {CONFIGS}/isort.cfg {files}",
        }
        for tool, call in calls.items():
            yield tool, folder, f"cd {package} && {call}"


def _limits(bench: Bench) -> Iterator[Contestant]:
    each = " ; ".join
    folders = _packages(bench.tree)
    ty = each(f"{bench.peers}/ty check -q --python {folder}/.venv {folder}" for folder in folders)
    pyrefly = each(
        f"cd {folder} && {bench.peers}/pyrefly check --python-interpreter-path .venv/bin/python ." for folder in folders
    )
    ruff = f"{bench.peers}/ruff check -q --cache-dir {bench.cache('ruff')} . ; {bench.peers}/ruff format -q --check ."
    for name, call in (("ruff check; ruff format", ruff), ("ty in each", ty), ("pyrefly in each", pyrefly)):
        yield Contestant(name, ["sh", "-c", f"({call}) > /dev/null 2>&1 ; :"], [bench.cache("ruff")], bench.tree)


def _everyone(bench: Bench) -> list[Contestant]:
    cache, program = bench.cache("pyfmt"), corpora.PYFMT
    environ = {"XDG_CACHE_HOME": str(cache)}
    pyfmt = Contestant("pyfmt check", [program, "check"], [cache], bench.tree, environ)
    # The calls are one shell's: xargs would hide which of the exit codes is an answer.
    script = bench.work / "loop.sh"
    script.write_text("\n".join(call.replace("cd ", "(cd ", 1) + ")" for *_, call in _calls(bench, "loop")) + "\n:\n")
    loop = Contestant(
        f"loop: mypy -n auto, pylint -j{bench.jobs}", ["sh", str(script)], [bench.cache("loop")], bench.tree, environ
    )
    prek = peers.hooks(bench, "prek", _calls(bench, "prek"))
    for contestant in (pyfmt, loop, prek):
        contestant.last_code = 1
    return [pyfmt, loop, prek, *_limits(bench)]


def _copies(bench: Bench) -> None:
    """For each package a copy of its environment with pylint in it, outside of the tree."""
    pins = [f"{name}=={version(name)}" for name in ("pylint", "astroid", "isort")]
    for package in _packages(bench.tree):
        virtualenvs.clone(BuiltEnvironment(package / ".venv"), bench.work / "lint" / package.name, *pins)


def _round(bench: Bench, everyone: list[Contestant]) -> None:
    """Every contestant in every scenario, side by side; what needs no peer is measured with pyfmt alone."""
    pyfmt = everyone[0]
    for contestant in everyone:
        contestant.forget()
        contestant.run(COLD)
    rounds.settle()
    for contestant in everyone:
        contestant.run(WARM)
    settled = pyfmt.command
    pyfmt.command = [*settled, "--output", "json"]
    pyfmt.run(JSON)
    pyfmt.command = settled
    for edit in edits.of(bench.tree):
        with edit:
            for contestant in everyone:
                contestant.run(edit.name)
        for contestant in everyone:  # what was there before is known to whoever keeps more than one answer
            contestant.run(f"{edit.name}, taken back")
        if edit.name == "a line of a leaf":
            with edit:
                pyfmt.command = [corpora.PYFMT, "run", str(edit.file)]
                edit.file.write_text(edit.content + "\n# again\n", "utf-8")
                pyfmt.run(HOOK)
            pyfmt.command = settled
            rounds.settle()


def _table(everyone: list[Contestant], title: str, unit: str) -> list[str]:
    """Medians: one line for each scenario."""
    lines = ["", f"## {title}", "", f"| | {' | '.join(contestant.name for contestant in everyone)} |"]
    lines.append("|---" + "|---:" * len(everyone) + "|")

    def figure(cost: Cost) -> float:
        return cost.processor if unit == "processor" else wall(cost) if unit == "wall" else cost.peak / 1e6

    for scenario in everyone[0].costs:
        found = [contestant.median(scenario, figure) for contestant in everyone]
        cells = ["" if value is None else f"{value:.0f}" if unit == "peak" else f"{value:.2f}" for value in found]
        lines.append(f"| {scenario} | {' | '.join(cells)} |")
    return lines


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.real", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--corpora", nargs="*", default=CORPORA, choices=corpora.listed(), metavar="CORPUS")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("RESULTS-real.md"))
    options = parser.parse_args()
    corpus = corpora.together("real", (corpora.listed()[name] for name in options.corpora))
    tree = corpora.make(corpus)
    subprocess.run(
        ["git", "checkout", "--quiet", "--", "."], cwd=tree, check=True
    )  # an earlier run may have been killed
    with tempfile.TemporaryDirectory(prefix="pyfmt-bench-") as folder:
        bench = Bench(Path(folder), tree, Size(0, 0, 0), os.cpu_count() or 1)
        versions, loads = peers.install(bench, ("prek", *_LIMITS)), []
        _copies(bench)
        everyone = _everyone(bench)
        for number in range(options.rounds):
            print(f"bench-real: round {number + 1} of {options.rounds}", flush=True)
            _round(bench, everyone)
            loads.append(os.getloadavg()[0])
            lines = [
                "# Benchmark on real code",
                "",
                "Written by `make bench-real`; do not edit. How: `benchmarks/real.py`.",
                "",
            ]
            lines += [
                f"- {time.strftime('%Y-%m-%d')}, median of {number + 1} rounds",
                *machine(versions, bench.jobs, loads),
            ]
            lines.append(f"- {', '.join(f'{sdist.name} {sdist.version}' for sdist in corpus.sdists)}")
            for title, unit in (
                ("Seconds of processors", "processor"),
                ("Seconds on the clock", "wall"),
                ("Peak memory, MB", "peak"),
            ):
                lines += _table(everyone, title, unit)
            options.output.write_text("\n".join(lines) + "\n", "utf-8")
    print(f"bench-real: {options.output}")


if __name__ == "__main__":
    main()
