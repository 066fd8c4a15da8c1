"""How long an editor waits for `pyfmt lsp`, and what the server takes: `python -m benchmarks.lsp`.

Makes a monorepo with 40 services, each with an environment of its own, and libraries that they share. An editor opens a
module that nobody imports, waits until the whole monorepo was looked at, and saves the module again and again, with an
error and without: the time from each save to the diagnostics. Then it does the same with a module of a library. Memory
is that of the server and all of its processes: the proportional share (PSS), at rest with warm workers, and the most
while all was looked at for the first time.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import statistics
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.generate import Size, generate
from benchmarks.measuring import processor, together, watch
from tests.cli.lsp.editor import Editor, editing
from tests.support.monorepo import Monorepo

MEMORY, WAIT = 400, 1.0  # MB at rest and seconds for a leaf: the targets
_PAUSE = 5.0  # seconds between two saves, in which all other projects are looked at
_WRONG = '\nWRONG: int = "one"\n'


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--services", type=int, default=40)
    parser.add_argument("--libraries", type=int, default=10)
    parser.add_argument("--files", type=int, default=10)
    parser.add_argument("--saves", type=int, default=10)
    parser.add_argument("--keep", metavar="DIR", help="make the tree there, or use the one that is there")
    options = parser.parse_args()
    folder = Path(options.keep or tempfile.mkdtemp(prefix="pyfmt-bench-")).resolve()
    try:
        root, home = folder / "monorepo", folder / "home"
        if not root.exists():
            generate(root, Size(options.libraries, options.services, options.files))
            for project in sorted([*root.glob("lib/*"), *root.glob("projects/*")]):  # what tells that it was looked at
                next(project.rglob("__init__.py")).with_name("unfit.py").write_text('"""Unfit."""\n\nimport os\n')
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir()
        asyncio.run(_measure(Monorepo(root, home), options.saves))
    finally:
        if not options.keep:
            shutil.rmtree(folder, ignore_errors=True)


async def _measure(tree: Monorepo, saves: int) -> None:
    leaf = next(tree.root.glob("projects/service000/**/unfit.py")).relative_to(tree.root).as_posix()
    marks = [
        path.relative_to(tree.root).as_posix() for path in tree.root.rglob("unfit.py") if ".venv" not in path.parts
    ]
    began = time.monotonic()
    async with editing(tree) as editor:
        server = _pid(editor)
        ended, peak = threading.Event(), [0]
        watcher = threading.Thread(target=watch, args=(server, ended, peak), daemon=True)
        watcher.start()
        editor.open(leaf)
        await _patiently(editor, leaf, "unused-import")
        print(f"first diagnostics, nothing in the cache    {time.monotonic() - began:8.2f} s")
        for mark in marks:
            await _patiently(editor, mark, "unused-import")
        print(f"all {len(marks)} projects                           {time.monotonic() - began:8.2f} s")
        ended.set()
        watcher.join()
        await _saves(editor, leaf, saves, "a leaf")
        path = sorted(tree.root.glob("lib/*/bench/*/m000.py"))[0].relative_to(tree.root).as_posix()
        editor.open(path)
        await _saves(editor, path, saves, "a library's module, what is shown there")
        await asyncio.sleep(3)
        print(f"memory at rest                             {together(server) >> 20:6} MB (target {MEMORY})")
        print(f"  at most, in the first sweep              {peak[0] >> 20:6} MB")
        print(f"load of the machine: {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")


def _pid(editor: Editor) -> int:
    process = editor.client._server  # pylint: disable=protected-access  # pygls gives it to nobody
    assert process is not None
    return process.pid


async def _patiently(editor: Editor, path: str, code: str, there: bool = True) -> None:
    for _ in range(100):  # a minute each
        try:
            await editor.until(lambda: (code in editor.codes(path)) == there)
            return
        except AssertionError:
            continue
    raise AssertionError(path)


async def _saves(editor: Editor, path: str, saves: int, title: str) -> None:
    text, waited, taken = editor.tree.read(path), [], []
    for number in range(2 * saves):
        wrong = number % 2 == 0
        began, before = time.monotonic(), processor(_pid(editor))
        editor.save(path, text + _WRONG if wrong else text)
        await _patiently(editor, path, "assignment", wrong)
        waited.append(time.monotonic() - began)
        taken.append(processor(_pid(editor)) - before)
        await asyncio.sleep(_PAUSE)
    waited.sort()
    print(
        f"{title:42} {statistics.median(waited):8.2f} s  (median of {len(waited)}: {waited[0]:.2f} to {waited[-1]:.2f};"
        f" target {WAIT:.0f} s for a leaf), {statistics.median(taken):.2f} s of a processor"
    )


if __name__ == "__main__":
    main()
