"""Where an environment's packages are, as mypy is told it: nothing of the environment runs (standard library only)."""

from __future__ import annotations

import importlib
import os
import re
import sys
from collections.abc import Collection, Mapping
from typing import Any

_STANDARD = re.compile(r"(python|pypy)\d+(\.\d+)?t?\.zip$|lib-dynload$")


def directories(payload: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """What mypy's pyinfo.py would say in the environment: sys.path without the standard library, and site-packages."""
    sites = [os.path.abspath(path) for path in payload["site_packages"]]
    paths = [os.path.abspath(path) for path in payload["search_path"]]
    kept = [
        path
        for path in paths
        if path in sites or not (_STANDARD.search(path) or os.path.isfile(os.path.join(path, "os.py")))
    ]
    return kept, sites


def executable(payload: Mapping[str, Any], scratch: str, apart: Collection[str] = ()) -> str:
    """A `--python-executable` that answers with the environment's folders and runs nothing of it.

    `apart`: folders that it does not tell, since mypy has them from MYPYPATH.
    """
    shim = os.path.join(scratch, f"python-{len(apart)}")
    paths, sites = directories(payload)
    told = [path for path in paths if path not in apart], sites
    if os.name == "posix":
        if not os.path.exists(shim):
            with open(shim, "w", encoding="utf-8", errors="surrogateescape", newline="\n") as file:
                file.write(f"#!/bin/sh\ncat <<'END_OF_PATHS'\n{told!r}\nEND_OF_PATHS\n")
            os.chmod(shim, 0o700)
        if os.access(shim, os.X_OK):  # not on a file system mounted noexec
            return shim
    return tell_in_process(told)


def tell_in_process(told: tuple[list[str], list[str]]) -> str:
    """The same without a script: mypy asks its own pyinfo for the interpreter that it runs in."""
    pyinfo = importlib.import_module("mypy.pyinfo")
    pyinfo.getsearchdirs = lambda: told  # type: ignore[attr-defined]
    search_dirs = importlib.import_module("mypy.modulefinder").get_search_dirs
    search_dirs.cache_clear()  # it keeps what was told before
    if search_dirs(sys.executable) != told:
        raise RuntimeError("this mypy cannot be told where an environment's packages are without running a script")
    return sys.executable
