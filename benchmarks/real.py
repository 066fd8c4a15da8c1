"""pyfmt beside the loop on real code: `python -m benchmarks.real [--corpus NAME]`; writes benchmarks/RESULTS-real.md.

A monorepo of sdists (corpora.py), each package in an environment of its own, with pyfmt's built-in configuration for
all. The loop is what a careful person writes today: `mypy -n auto` and `pylint -j` in each package. prek runs the same
calls as hooks side by side, each by one process, which takes less of the processors; ruff, ty and pyrefly are limits:
they have no plugins, and judge no file in two environments. What was measured is written after each round.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from pathlib import Path

from benchmarks import corpora, edits, peers, rounds
from benchmarks.generate import Size
from benchmarks.measuring import Contestant, Cost
from benchmarks.peers import CONFIGS, Bench, Call
from benchmarks.results import machine, row
from pyfmt.runner import warm
from tests.support import virtualenvs
from tests.support.virtualenvs import BuiltEnvironment

PEERS = ("loop", "prek", "ruff", "ty", "pyrefly")
PREK = "prek, a hook for each tool and package"
COLD, SETTLED, ELSEWHERE, LEAF = "cold", "nothing changed", "another checkout path", "a line of a leaf"
HOOK, WARM_HOOK = "a line of a leaf, `pyfmt run FILE`", "the same, workers that stay"
_PROCESSOR = "Seconds of processors"
_PEERS_TAKE_PART = (
    "- the peers took part in the first round, cold and where nothing had changed: pylint keeps nothing, so that an "
    "edit changes little for the loop; prek also after a line of a leaf: `prek run --all-files`, and, beside "
    "`pyfmt run FILE`, `prek run --files FILE`, which runs the hooks of that file's package alone"
)
# What the project wants of pyfmt, in seconds of a processor (HOOK and WARM_HOOK: on the clock); the first in the
# loop's, since what is cold depends on the corpus.
_SETTLED = ("", ", JSON", ", --since", ", --staged")
WANTED = {
    COLD: "a third of the loop's",
    **{SETTLED + how: "0.3" for how in _SETTLED},
    "a comment of a leaf": "1.0",
    LEAF: "1.5",
    "a comment of a library": "1.5",
    "layout of a library": "1.5",
    "a line of a library": "a twentieth of the loop's",
    "a version": "0.5",
    HOOK: "2.5 on the clock",
    WARM_HOOK: "1.0 on the clock",
    ELSEWHERE: "hits",
}


@dataclass
class Measured:
    """What was measured so far, and of what."""

    corpus: corpora.Corpus
    bench: Bench
    pyfmt: Contestant
    peers: list[Contestant]
    versions: str = ""
    rounds: int = 0
    loads: list[float] = field(default_factory=list)
    files: dict[str, str] = field(default_factory=dict)  # what each edit was made in

    def run(self, scenario: str, *arguments: str, **environ: str) -> Cost:
        """Measure pyfmt alone."""
        command = [corpora.PYFMT, *(arguments or ("check",))]
        contestant = replace(self.pyfmt, command=command, environ={**self.pyfmt.environ, **environ})
        contestant.run(scenario)
        self.loads.append(os.getloadavg()[0])
        cost = self.pyfmt.costs[scenario][-1]
        print(f"bench-real: {scenario}: {cost.processor:.2f} s of processors, {cost.wall:.2f} on the clock", flush=True)
        return cost

    def run_all(self, scenario: str) -> None:
        """Measure everybody."""
        self.run(scenario)
        for contestant in self.peers:
            contestant.run(scenario)


def _packages(tree: Path) -> list[Path]:
    return sorted(place.parent for place in tree.glob("packages/*/.venv"))


def _calls(bench: Bench, name: str) -> Iterator[Call]:
    """Each tool in each package; pylint in a copy of the package's environment, outside of the tree.

    The loop's take all processors, one after the other; prek itself runs its own side by side.
    """
    python = shlex.quote(sys.executable)
    for package in _packages(bench.tree):
        roots = "src,." if (package / "src").is_dir() else "."
        files = "$(git ls-files '*.py')"
        lint = bench.work / "lint" / package.name / "bin/python"
        cache = bench.cache(name) / "mypy" / package.name
        jobs, workers = (f"--jobs {bench.jobs}", "-n auto") if name == "loop" else ("--jobs 1", "")
        calls = {
            "pylint": f"{lint} -m pylint --rcfile {CONFIGS}/pylintrc {jobs} --source-roots {roots} {files}",
            "mypy": f"MYPYPATH={roots.replace(',', ':')} {python} -m mypy --config-file {CONFIGS}/mypy.ini {workers}"
            f" --cache-dir {cache} --explicit-package-bases --python-executable {package}/.venv/bin/python {files}",
            "black": f"{python} -m black --check --quiet --config {CONFIGS}/black.toml {files}",
            "isort": f"{python} -m isort --check --quiet --settings-file {CONFIGS}/isort.cfg {files}",
        }
        for tool, call in calls.items():
            yield tool, f"packages/{package.name}", f"cd {package} && {call}"


def _loop(bench: Bench) -> Contestant:
    script = bench.work / "loop.sh"  # one shell: xargs would hide which of the exit codes is an answer
    script.write_text("".join(f"({call})\n" for *_, call in _calls(bench, "loop")) + ":\n", "utf-8")
    environ = {"XDG_CACHE_HOME": str(bench.cache("loop"))}
    name = f"loop: mypy -n auto, pylint -j{bench.jobs}"
    return Contestant(name, ["sh", str(script)], [bench.cache("loop")], bench.tree, environ)


def _limits(bench: Bench) -> Iterator[Contestant]:
    def each(call: str) -> str:
        return " ; ".join(f"(cd {folder} && {bench.peers}/{call})" for folder in _packages(bench.tree))

    cache = bench.cache("ruff")
    calls = {
        "ruff": f"{bench.peers}/ruff check -q --cache-dir {cache} . ; {bench.peers}/ruff format -q --check .",
        "ty": each("ty check -q --python .venv ."),
        "pyrefly": each("pyrefly check --python-interpreter-path .venv/bin/python ."),
    }
    for name, call in calls.items():
        yield Contestant(name, ["sh", "-c", f"({call}) > /dev/null 2>&1 ; :"], [cache], bench.tree)


def _everyone(bench: Bench, without: set[str]) -> Iterator[Contestant]:
    if "loop" not in without:
        yield _loop(bench)
    if "prek" not in without:
        yield replace(peers.hooks(bench, "prek", _calls(bench, "prek")), name=PREK, last_code=1)
    yield from (contestant for contestant in _limits(bench) if contestant.name not in without)


def _set_up(corpus: corpora.Corpus, work: Path, without: set[str]) -> Measured:
    """The tree, the contestants' programs, and for each package a copy of its environment with pylint in it."""
    bench = Bench(work, corpora.make(corpus), Size(0, 0, 0), os.cpu_count() or 1)
    # An earlier run may have been killed in an edit.
    subprocess.run(["git", "checkout", "--quiet", "--", "."], cwd=bench.tree, check=True)
    programs = tuple(name for name in PEERS if name not in without | {"loop"})
    versions = peers.install(bench, programs) if programs else ""
    pins = [f"{name}=={version(name)}" for name in ("pylint", "astroid", "isort")]
    if not {"loop", "prek"} <= without:
        for package in _packages(bench.tree):
            virtualenvs.clone(BuiltEnvironment(package / ".venv"), work / "lint" / package.name, *pins)
    environ = {"XDG_CACHE_HOME": str(bench.cache("pyfmt")), "XDG_RUNTIME_DIR": str(work), "CI": ""}
    environ["PYTHONDONTWRITEBYTECODE"] = ""  # set where it is, each start would compile pyfmt anew
    # 2: a script or a package of real code may have no environment.
    pyfmt = Contestant("pyfmt", [], [bench.cache("pyfmt")], bench.tree, environ, last_code=2)
    return Measured(corpus, bench, pyfmt, list(_everyone(bench, without)), versions)


def _round(found: Measured, elsewhere: Path) -> None:
    """Every scenario, each edit on top of those before; at the end the tree is as it was."""
    for contestant in (found.pyfmt, *found.peers):
        contestant.forget()
    found.run_all(COLD)
    rounds.settle()
    found.run("nothing changed, second run")  # it has to be a real one: the first wrote files
    found.run_all(SETTLED)
    for how, arguments in zip(_SETTLED[1:], (["--output", "json"], ["--since", "HEAD"], ["--staged"]), strict=True):
        found.run(SETTLED + how, "check", *arguments)
    with ExitStack() as stack:
        for edit in edits.of(found.bench.tree):
            stack.enter_context(edit)
            found.files[edit.name] = str(edit.file.relative_to(found.bench.tree))
            found.run(edit.name)
            rounds.settle()
            if edit.name == LEAF:
                _prek(found, LEAF)
                _hook(found, edit)
    rounds.settle()
    there = replace(found, pyfmt=replace(found.pyfmt, cwd=elsewhere))
    there.run(ELSEWHERE)


def _prek(found: Measured, scenario: str, *what: str) -> None:
    """Measure prek, where it takes part; `what` its hooks are to run for, if not all files."""
    for prek in found.peers:
        if prek.name == PREK:
            *command, every = prek.command
            replace(prek, command=[*command, *(what or (every,))]).run(scenario)


def _hook(found: Measured, edit: edits.Edit) -> None:
    """One file as a hook has it, after a change of it; with workers that stay from the second run on.

    What these use of a processor is not the command's: it is added from the command's own trace.
    """

    def changed(name: str) -> None:
        edit.file.write_text(edit.file.read_text("utf-8") + f"\n\n{name} = another_undefined_name\n", "utf-8")

    changed("IN_A_HOOK")
    found.run(HOOK, "run", str(edit.file))
    _prek(found, HOOK, "--files", str(edit.file.relative_to(found.bench.tree)))
    trace = found.bench.work / "trace.json"
    try:
        for name in ("WITH_COLD_WORKERS", "WITH_WARM_WORKERS"):
            rounds.settle()
            changed(name)
            command = ("run", f"--timings={trace}", str(edit.file))
            cost = found.run(WARM_HOOK, *command, PYFMT_SERVER="auto")
            found.pyfmt.costs[WARM_HOOK].pop()
        used = sum(event.get("args", {}).get("cpu", 0.0) for event in json.loads(trace.read_bytes())["traceEvents"])
        found.pyfmt.costs[WARM_HOOK].append(replace(cost, processor=cost.processor + used))
    finally:
        for server in warm.running(found.bench.work / "pyfmt" / "servers"):
            warm.stop(server)
    rounds.settle()


def text(found: Measured) -> str:
    """RESULTS-real.md: medians, a table for each measure, a line for each scenario."""
    sdists = ", ".join(f"{sdist.name} {sdist.version}" for sdist in found.corpus.sdists)
    lines = [
        "# Benchmark on real code",
        "",
        "Written by `make bench-real`; do not edit. How: `benchmarks/real.py`.",
        "",
        f"- {time.strftime('%Y-%m-%d')}, rounds, of which the median is told: {found.rounds}",
        *([_PEERS_TAKE_PART] if found.peers else ["- pyfmt alone"]),
        *machine(found.versions, found.bench.jobs, found.loads),
        f"- the corpus `{found.corpus.name}`, each package with its own environment: {sdists}",
        *(f"- {edit}: {file}" for edit, file in found.files.items()),
    ]
    everyone = [found.pyfmt, *found.peers]
    figures: tuple[tuple[str, Callable[[Cost], float], str], ...] = (
        (_PROCESSOR, lambda cost: cost.processor, "{:.2f}"),
        ("Seconds on the clock", lambda cost: cost.wall, "{:.2f}"),
        ("Peak memory of all processes together, MB", lambda cost: cost.peak / 1e6, "{:.0f}"),
    )
    for title, what, form in figures:
        names = [*(["wanted"] if title == _PROCESSOR else []), *(each.name for each in everyone)]
        lines += ["", f"## {title}", "", f"| | {' | '.join(names)} |", "|---" + "|---:" * len(names) + "|"]
        for scenario in found.pyfmt.costs:
            head = f"{scenario} | {WANTED.get(scenario, '')}" if title == _PROCESSOR else scenario
            lines.append(row(head, [each.median(scenario, what) for each in everyone], form))
    return "\n".join(lines) + "\n"


def measure(corpus: corpora.Corpus, number: int, without: set[str], written: Callable[[str], object]) -> Measured:
    """All rounds; `written` is told of all results so far after each."""
    with tempfile.TemporaryDirectory(prefix="pyfmt-bench-") as folder:
        found = _set_up(corpus, Path(folder).resolve(), without)
        elsewhere = corpora.make(corpus, "-elsewhere")
        everyone = found.peers
        for done in range(number):
            print(f"bench-real: round {done + 1} of {number}", flush=True)
            found.peers = [] if done else everyone
            _round(found, elsewhere)
            found.rounds, found.peers = done + 1, everyone
            written(text(found))
        return found


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benchmarks.real", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--corpus", default="contrib", choices=corpora.listed(), metavar="CORPUS")
    parser.add_argument("--without", default="", help=f"peers to leave out: {','.join(PEERS)}")
    parser.add_argument("--output", type=Path, default=Path(__file__).with_name("RESULTS-real.md"))
    options = parser.parse_args()
    without = set(filter(None, options.without.split(",")))
    if unknown := without.difference(PEERS):
        parser.error(f"no such peers: {', '.join(sorted(unknown))}")
    corpus = corpora.listed()[options.corpus]
    measure(corpus, options.rounds, without, lambda said: options.output.write_text(said, "utf-8"))
    print(f"bench-real: {options.output}")


if __name__ == "__main__":
    main()
