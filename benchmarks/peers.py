"""The contestants: pyfmt, and what people use instead, each as they write it, with caches of its own.

The careful parallel loop (`xargs -P`: each tool for each project, pylint in a copy of the project's environment),
`isort . && black .`, pre-commit and prek with a local hook for each project and tool, and ruff, which knows neither
types nor environments, as the limit. Tools that are no dependency of pyfmt are installed into a folder of the
benchmark.
"""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from benchmarks import generate
from benchmarks.measuring import Contestant
from tests.environments.places import uv

CONFIGS = Path(__file__).resolve().parent.parent / "configs"
PEERS = ("pre-commit", "prek", "ruff")  # from PyPI
Call = tuple[str, str, str]  # tool, project, shell command
_TOOLS = ("pylint", "mypy", "black", "isort")  # the longest kind first


@dataclass(frozen=True)
class Bench:
    """A generated tree, and where everything else of the benchmark lies."""

    work: Path
    tree: Path
    size: generate.Size
    jobs: int

    @property
    def peers(self) -> Path:
        """The programs of PEERS."""
        return self.work / "peers" / "bin"

    def cache(self, name: str) -> Path:
        """A contestant's folder for caches."""
        return self.work / "caches" / name


def install(bench: Bench, names: Sequence[str] = PEERS) -> str:
    """Install the peers, unless they are there; gives their versions."""
    if not (bench.work / "peers").exists():
        subprocess.run([uv(), "venv", "--quiet", "--python", sys.executable, str(bench.work / "peers")], check=True)
        python = str(bench.peers / "python")
        subprocess.run([uv(), "pip", "install", "--quiet", "--python", python, *names], check=True)
    said = subprocess.run(
        [uv(), "pip", "freeze", "--python", str(bench.peers / "python")], check=True, capture_output=True, text=True
    ).stdout
    return ", ".join(line.replace("==", " ") for line in said.splitlines() if line.partition("==")[0] in names)


def homes(size: generate.Size) -> dict[str, str]:
    """Each project's folder with the service whose environment it is linted in."""
    found = {f"projects/service{number:03}": f"service{number:03}" for number in range(size.services)}
    owners: dict[str, str] = {}
    for number in range(size.services):
        for used in generate.used_libraries(number, size):
            for below in generate.chain(used):  # the libraries that it depends on come along
                owners.setdefault(f"lib/{generate.library(below)}", f"service{number:03}")
    return found | owners


def make_lint_environments(bench: Bench) -> None:
    """For each service a copy of its environment with pylint in it, outside of the tree."""

    def make(number: int) -> None:
        place = bench.work / "lint" / f"service{number:03}"
        subprocess.run([uv(), "venv", "--quiet", "--clear", "--python", sys.executable, str(place)], check=True)
        project = str(bench.tree / "projects" / f"service{number:03}")
        pins = [f"{name}=={version(name)}" for name in ("pylint", "astroid", "isort")]
        python = str(place / "bin" / "python")
        command = [uv(), "pip", "install", "--quiet", "--python", python, "--editable", project, *pins]
        subprocess.run(command, check=True)

    with ThreadPoolExecutor(bench.jobs) as pool:
        list(pool.map(make, range(bench.size.services)))


def _calls(bench: Bench, name: str) -> Iterator[Call]:
    """All that a contestant `name` runs."""
    python = shlex.quote(sys.executable)
    for tool in _TOOLS:
        for folder, service in homes(bench.size).items():
            if tool == "pylint":
                env = bench.work / "lint" / service / "bin" / "python"
                files = "$(find . -name '*.py' -not -path './.venv/*')"
                call = f"{env} -m pylint --rcfile {CONFIGS}/pylintrc --jobs 1 --source-roots . {files}"
            elif tool == "mypy":
                cache = bench.cache(name) / "mypy" / folder.replace("/", "-")
                interpreter = bench.tree / "projects" / service / ".venv/bin/python"
                call = f"MYPYPATH=. {python} -m mypy --config-file {CONFIGS}/mypy.ini --cache-dir {cache}"
                call += f" --python-executable {interpreter} --explicit-package-bases --exclude '\\.venv' ."
            elif tool == "black":
                call = f"{python} -m black --check --quiet --config {CONFIGS}/black.toml ."
            else:
                call = (
                    f"{python} -m isort --check --quiet --settings-file {CONFIGS}/isort.cfg --src "
                    f"{bench.tree / folder} ."
                )
            yield tool, folder, f"cd {bench.tree / folder} && {call}"


def _environ(bench: Bench, name: str) -> dict[str, str]:
    folder = str(bench.cache(name))
    return {"XDG_CACHE_HOME": folder, "PYLINTHOME": f"{folder}/pylint"}


def loop(bench: Bench) -> Contestant:
    """The careful parallel loop, as a list of commands for xargs."""
    script = bench.work / "loop.txt"
    script.write_text("\0".join(call for *_, call in _calls(bench, "loop")), "utf-8")
    command = ["xargs", "-0", "-a", str(script), "-P", str(bench.jobs), "-I{}", "sh", "-c", "{}"]
    return Contestant(
        f"parallel loop (xargs -P{bench.jobs})", command, [bench.cache("loop")], bench.tree, _environ(bench, "loop")
    )


def hooks(bench: Bench, name: str, calls: Iterable[Call]) -> Contestant:
    """pre-commit or prek with a local hook for each project and tool; prek runs them side by side, pre-commit
    cannot."""
    found = []
    for tool, folder, call in calls:
        hook = {
            "id": f"{tool}-{folder.replace('/', '-')}",
            "name": f"{tool} {folder}",
            "language": "system",
            "entry": f"sh -c {shlex.quote(call)}",
            "files": f"^{folder}/",
            "types": ["python"],
            "pass_filenames": False,
        }
        found.append(hook | ({"priority": 1} if name == "prek" else {}))
    config = bench.work / f"{name}.yaml"
    config.write_text(json.dumps({"repos": [{"repo": "local", "hooks": found}]}), "utf-8")
    home = str(bench.work / f"{name}-home")  # holds no results
    environ = {"PRE_COMMIT_HOME": home, "PREK_HOME": home, "PREK_MAX_CONCURRENCY": str(bench.jobs)}
    return Contestant(
        f"{name} run --all-files",
        [str(bench.peers / name), "run", "--config", str(config), "--all-files"],
        [bench.cache(name)],
        bench.tree,
        {**_environ(bench, name), **environ},
    )


def pyfmt(bench: Bench, *arguments: str) -> Contestant:
    """pyfmt, with a cache of its own for these arguments."""
    cache = bench.cache(f"pyfmt-{'-'.join(arguments)}")
    command = [str(Path(sys.executable).parent / "pyfmt"), *arguments, "--jobs", str(bench.jobs)]
    return Contestant(f"pyfmt {' '.join(arguments)}", command, [cache], bench.tree, {"XDG_CACHE_HOME": str(cache)})


def formatters(bench: Bench) -> Contestant:
    """`isort . && black .`, told to use as many cores as the others.

    From the root, isort does not know whose package is whose and finds fault with the order: its exit code says
    nothing.
    """
    python = shlex.quote(sys.executable)
    call = f"{python} -m isort --check -q --jobs {bench.jobs} --settings-file {CONFIGS}/isort.cfg . ; "
    call += f"{python} -m black --check -q --workers {bench.jobs} --config {CONFIGS}/black.toml ."
    cache = bench.cache("black")
    return Contestant("isort . && black .", ["sh", "-c", call], [cache], bench.tree, {"XDG_CACHE_HOME": str(cache)})


def ruff(bench: Bench) -> Contestant:
    """The physical limit; it does not know which packages of a shared namespace are whose, so it sorts no imports."""
    cache = bench.cache("ruff")
    program = bench.peers / "ruff"
    call = f"{program} check -q --select E4,E7,E9,F --cache-dir {cache} . && "
    call += f"{program} format -q --check --cache-dir {cache} ."
    return Contestant("ruff check && ruff format --check", ["sh", "-c", call], [cache], bench.tree)


def interpreter(bench: Bench) -> Contestant:
    """Python's own start."""
    return Contestant("python -c pass", [sys.executable, "-c", "pass"], [], bench.tree)


def everyone(bench: Bench) -> dict[str, Contestant]:
    """All contestants by a short name."""
    return {
        "pyfmt": pyfmt(bench, "check"),
        "loop": loop(bench),
        "pre-commit": hooks(bench, "pre-commit", _calls(bench, "pre-commit")),
        "prek": hooks(bench, "prek", _calls(bench, "prek")),
        "pyfmt-format": pyfmt(bench, "format", "--check"),
        "formatters": formatters(bench),
        "ruff": ruff(bench),
        "python": interpreter(bench),
    }
