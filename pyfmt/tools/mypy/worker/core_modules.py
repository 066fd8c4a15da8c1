"""Modules named like those that mypy is built upon (`types.py` at an import root), which end mypy for everything.

Python itself has these loaded before it looks at any import root, so that nobody can import such a file. mypy is not
let see it: all others are checked as Python runs them. Standard library only.
"""

from __future__ import annotations

import errno
import importlib
import os
from collections.abc import Collection, Iterable
from typing import Any

_SUFFIXES = (".py", ".pyi", os.path.join(os.sep, "__init__.py"), os.path.join(os.sep, "__init__.pyi"))


def shadowing(roots: Iterable[str]) -> dict[str, str]:
    """The files at import roots that are named like a core module of mypy, with the module's name."""
    core: Iterable[str] = importlib.import_module("mypy.build").CORE_BUILTIN_MODULES
    bases = [(os.path.join(root, *module.split(".")), module) for root in roots for module in sorted(core)]
    found = ((base + suffix, module) for base, module in bases for suffix in _SUFFIXES)
    return {path: module for path, module in found if os.path.isfile(path)}


def message(file: str, module: str) -> dict[str, Any]:
    """What mypy says of such a file, as its JSON would hold it."""
    place = {"file": file, "line": 1, "column": -1, "end_line": -1, "end_column": -1}
    text = f'This file shadows library module "{module}"'
    hint = f'A user-defined top-level module with name "{module}" is not supported: the file is not checked'
    return {**place, "message": text, "hint": hint, "code": None, "severity": "error"}


def hide(files: Collection[str]) -> None:
    """From now on os.stat of this process finds none of the files."""
    if not files:
        return
    plain = os.stat

    def find(path: Any, *args: Any, **options: Any) -> os.stat_result:
        if path in files:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return plain(path, *args, **options)

    os.stat = find
