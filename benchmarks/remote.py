"""What a remote cache brings to a fresh machine: `python -m benchmarks.remote [--services 30]`.

Makes a generated monorepo with real environments, checks it cold with an empty server on the loopback interface, and
sends all of it (`pyfmt cache push`). Then, each time on a machine on which pyfmt never ran (an empty home): the whole
run again, which must be the same report without any tool started, and the run after an edit of a library, with what
mypy has kept on the first machine and without. Seconds on the clock and of processors.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import tempfile
from pathlib import Path

from benchmarks.generate import Size, generate
from benchmarks.measuring import measured, wall
from tests.cache.comparing import timeless
from tests.cache.remote.test_entries import PUBLIC, SIGNING
from tests.support.http_cache import http_cache
from tests.support.monorepo import Monorepo, command


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--libraries", type=int, default=10)
    parser.add_argument("--services", type=int, default=30)
    parser.add_argument("--files", type=int, default=12)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pyfmt-bench-") as scratch:
        folder = Path(scratch).resolve()
        (folder / "home").mkdir()
        tree = Monorepo(folder / "monorepo", folder / "home")
        generate(tree.root, Size(options.libraries, options.services, options.files))
        with http_cache(folder / "server") as server:
            main_branch = {"PYFMT_CACHE_REMOTE": server.url, "PYFMT_CACHE_KEY": SIGNING}
            reader = {"PYFMT_CACHE_REMOTE": server.url, "PYFMT_CACHE_PUBLIC_KEY": PUBLIC, "PYFMT_CACHE_NAMESPACE": "pr"}
            tree.environ = {"PYFMT_SERVER": "off"}
            cold = _run(tree, "cold, and sent at the end", main_branch)
            print(tree.run("cache", "push", environ=main_branch, timeout=600).expect(0).stdout.strip())
            sizes = [path.stat().st_size for path in server.entries()]
            print(f"on the server: {len(sizes)} entries, {sum(sizes) / 1e6:.1f} MB")
            warm = _run(tree, "fresh machine", reader)
            cached = {unit["cached"] for unit in json.loads(warm)["units"]}
            same = timeless(json.loads(warm)) == timeless(json.loads(cold))
            print(f"  no tool started: {cached == {True}}; the same report: {same}")
            edited = next(path for path in sorted(tree.root.glob("lib*/**/*.py")) if path.name != "__init__.py")
            edited.write_text(edited.read_text("utf-8") + "\n\nADDED = 1\n", encoding="utf-8")
            _run(tree, "fresh machine, a library edited", reader)
            for blob in (server.folder / "open/cas").iterdir():
                blob.unlink()
            _run(tree, "the same without what mypy has kept", {**reader, "PYFMT_CACHE_NAMESPACE": "another"})


def _run(tree: Monorepo, name: str, environ: dict[str, str]) -> str:
    """The JSON report of a run with an empty home, after its cost is printed."""
    shutil.rmtree(tree.home)
    tree.home.mkdir()
    report = tree.home / "report.json"
    variables = tree.environment_variables() | environ
    cost = measured([*command(), "check", f"--output=json={report}"], tree.root, variables, 1)
    print(f"{name}: {wall(cost):.1f} s, {cost.processor:.1f} of processors; load {os.getloadavg()[0]:.1f}", flush=True)
    return report.read_text("utf-8")


if __name__ == "__main__":
    main()
