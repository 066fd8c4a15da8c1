"""How long finding and reading the environments of a large monorepo takes: `make bench-environments`.

Makes 360 projects with a real environment each (uv, hardlinked packages), then measures in new processes, as a run of
pyfmt would: projects, environments and their drift, cold (nothing remembered) and warm (the cache of an earlier run).
The target is less than 0.6 s warm on two cores. Beside it stands what one start of each interpreter would cost.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TARGET = 0.6  # seconds, warm, 360 environments, two cores
# What services have: a few common sets, so that the installer's cache serves all but the first of each.
SETS = (
    ("attrs", "packaging", "pluggy", "iniconfig", "pytest", "click"),
    ("httpx", "anyio", "idna", "certifi", "h11", "httpcore", "sniffio", "typing-extensions"),
    ("flask", "jinja2", "werkzeug", "itsdangerous", "blinker", "click", "markupsafe"),
    ("requests", "urllib3", "charset-normalizer", "idna", "certifi", "pyyaml", "python-dateutil", "six"),
)
# One run in a process of its own; the first argument is the root.
PROBE = """
import json, os, sys, time
from pathlib import Path
from pyfmt import config
from pyfmt.cache.memory import Memory
from pyfmt.core.request import Command, Location, Request
from pyfmt.run.workspace import survey_workspace
root = Path(sys.argv[1])
request = Request(Command.CHECK, location=Location(str(root)))
settings = config.load(request, root)
memory = Memory(settings, True)
began = time.perf_counter()
space = survey_workspace(settings, request, os.environ, memory)
whole = time.perf_counter() - began
from pyfmt.environments.add_drift import with_drift
from pyfmt.environments.resolve import resolve
began, cpu = time.perf_counter(), time.process_time()
found = with_drift(resolve(space.projects, space.config, os.environ, memory.memo), space.projects, root, memory.memo)
environments, cpu = time.perf_counter() - began, time.process_time() - cpu
memory.close()
assert all(resolution.environment is not None for resolution in found)
print(json.dumps({"environments": len(found), "with projects": whole, "environments only": environments, "cpu": cpu}))
"""


def main() -> int:
    """Make the tree, measure, and print medians; exit code 1 where the target is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--projects", type=int, default=360)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--keep", metavar="DIR", help="make the tree there, or use the one that is there")
    options = parser.parse_args()
    folder = Path(options.keep) if options.keep else Path(tempfile.mkdtemp(prefix="pyfmt-bench-"))
    try:
        return _measure(folder.resolve(), options)
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


def _measure(folder: Path, options: argparse.Namespace) -> int:
    root = folder / "monorepo"
    if not root.exists():
        began = time.monotonic()
        _make(root, options.projects)
        print(f"{options.projects} environments made in {time.monotonic() - began:.0f} s")
    for old in folder.glob("cache*"):
        shutil.rmtree(old)
    cold = [_probe(root, folder / f"cache-cold{number}") for number in range(max(2, options.runs // 3))]
    _probe(root, folder / "cache")
    warm = [_probe(root, folder / "cache") for _ in range(options.runs)]
    single = _start_cost(root)
    count = int(warm[0]["environments"])
    _row("cold, projects and environments", cold, "with projects")
    _row("warm, projects and environments", warm, "with projects")
    median = _row("warm, environments alone", warm, "environments only")
    _row("  of it processor time", warm, "cpu")
    ratio = single * count / median
    print(f"{'starting each interpreter instead':36} {single * count:8.2f} s  ({ratio:.0f} times as long)")
    reached = median < TARGET * count / 360
    print(
        f"target {TARGET * count / 360:.2f} s: {'reached' if reached else 'MISSED'} ({len(os.sched_getaffinity(0))} "
        "cores)"
    )
    return 0 if reached else 1


def _row(title: str, rows: list[dict[str, float]], key: str) -> float:
    values = sorted(row[key] for row in rows)
    median = statistics.median(values)
    print(f"{title:36} {median:8.2f} s  (median of {len(values)}: {values[0]:.2f} to {values[-1]:.2f})")
    return median


def _probe(root: Path, cache: Path) -> dict[str, float]:
    """One run in a new process whose user cache is `cache`."""
    environ = {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}
    environ |= {"XDG_CACHE_HOME": str(cache)}
    done = subprocess.run(
        [sys.executable, "-c", PROBE, str(root)], check=True, capture_output=True, text=True, env=environ, cwd=root
    )
    answer: dict[str, float] = json.loads(done.stdout)
    return answer


def _start_cost(root: Path) -> float:
    """The median time of one interpreter's start, asked for its search path, in seconds."""
    times = []
    for prefix in sorted(root.glob("service*/.venv"))[:20]:
        began = time.perf_counter()
        subprocess.run([prefix / "bin/python", "-c", "import sys; sys.path"], check=True)
        times.append(time.perf_counter() - began)
    return statistics.median(times)


def _make(root: Path, count: int) -> None:
    (root).mkdir(parents=True)
    (root / "pyproject.toml").write_text('[tool.pyfmt]\nprojects = ["service*"]\n', "utf-8")
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda number: _service(root, number), range(count)))


def _service(root: Path, number: int) -> None:
    name, packages = f"service{number:03}", SETS[number % len(SETS)]
    folder = root / name
    (folder / name).mkdir(parents=True)
    (folder / name / "__init__.py").write_text('"""A service."""\n', "utf-8")
    (folder / "pyproject.toml").write_text(f'[project]\nname = "{name}"\nversion = "1"\n', "utf-8")
    uv = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}")
    if uv is None:
        raise SystemExit("this benchmark needs uv (pip install uv)")
    prefix = folder / ".venv"
    python = str(prefix / "bin/python")
    _call(uv, "venv", "--no-project", "--python", sys.executable, str(prefix))
    _call(uv, "pip", "install", "--link-mode", "hardlink", "--python", python, *packages)
    frozen = _call(uv, "pip", "freeze", "--python", python)
    (folder / "requirements.txt").write_text(frozen, "utf-8")  # a lock to compare with


def _call(*command: str) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


if __name__ == "__main__":
    sys.exit(main())
