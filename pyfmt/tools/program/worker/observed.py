"""Runs a module as a program and leaves what it asked of the disk (`tools/worker/observing.py`), for the cache.

Started as `python -I observed.py SCRATCH FOLDERS MODULE ARGUMENT...`: FOLDERS is a JSON list of folders that come last
on the search path; what was asked goes to `asked.json` in SCRATCH, but for what the tool's own environment holds.
"""

from __future__ import annotations

import importlib.util
import json
import os
import runpy
import sys
import tempfile


def main(scratch: str, folders: str, module: str) -> None:
    """Run it to its end; its exit code is this program's."""
    here = os.path.dirname(os.path.abspath(__file__))
    path = os.path.join(here, "..", "..", "worker", "observing.py")
    spec = importlib.util.spec_from_file_location("_pyfmt_observing", path)
    assert spec is not None and spec.loader is not None
    observing = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(observing)
    own = [sys.prefix, scratch, tempfile.gettempdir(), os.path.join(here, "..", "..", "..")]
    sys.path += json.loads(folders)
    observer = observing.Observer()
    observer.allow(scratch)
    observer.start()
    leave = os._exit  # pylint: disable=protected-access  # by which mypy ends, so that nothing is cleaned up

    def tell() -> None:
        with observer.paused():
            sys.stdout.flush()
            with open(os.path.join(scratch, "asked.json"), "w", encoding="utf-8", errors="surrogateescape") as file:
                json.dump(observer.asked(own), file)

    def tell_and_leave(status: int) -> None:
        tell()
        leave(status)

    setattr(os, "_exit", tell_and_leave)
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
    finally:
        tell()


if __name__ == "__main__":
    given = sys.argv[1:4]
    sys.argv[1:] = sys.argv[4:]
    main(*given)
