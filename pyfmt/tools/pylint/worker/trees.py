"""Trees of modules as their texts give them, made once for all that lint in one environment.

What astroid makes of a text (`AstroidBuilder._data_build`) depends on the text, the module's name and its path alone.
So the process that forks those that lint makes it, once it has heard that one of them had to; a fork that wants the
tree compares the text that it has read itself. All that follows (what is imported, inferred and set on other modules)
the fork does in its own order, as if it had made the tree.

Standalone: loaded by file path next to `task.py` once pylint is importable; no import of `pyfmt`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable
from typing import Any

from astroid import MANAGER, builder
from astroid.exceptions import AstroidError

_MOST = 4 << 20  # characters of text; a tree takes about thirty times as many bytes, and is kept until the end
_Key = tuple[str, str]  # a module's name and its path
Row = list[str]  # name, path, and the top-level name of the module that was built first, and wanted this one

_made: dict[_Key, tuple[str, Any, Any]] = {}  # text, tree, and what is still to be done to it
_heard: dict[str, dict[_Key, None]] = {}  # by top-level name: what had to be made for it
_tried: set[_Key] = set()
_rows: dict[_Key, str] = {}  # made by this process
_under_way: list[str] = []  # top-level names of the modules that are being built
_left = [_MOST]


def listen() -> None:
    """Note from now on what is made, and take what has been made before."""
    make, after = builder.AstroidBuilder._data_build, builder.AstroidBuilder._post_build

    def data_build(this: Any, data: str, modname: str, path: str | None) -> Any:
        if path is None or not os.path.isabs(path):
            return make(this, data, modname, path)
        known = _made.pop((modname, path), None)  # what follows changes it
        if known is not None and known[0] == data:
            return known[1:]
        _rows.setdefault((modname, path), _under_way[0] if _under_way else _top(modname))
        return make(this, data, modname, path)

    def post_build(this: Any, module: Any, tree: Any, encoding: str) -> Any:
        _under_way.append(_top(module.name))
        try:
            return after(this, module, tree, encoding)
        finally:
            _under_way.pop()

    setattr(builder.AstroidBuilder, "_data_build", data_build)
    setattr(builder.AstroidBuilder, "_post_build", post_build)


def made(besides: Iterable[str]) -> list[Row]:
    """What this process had to make, but for the files `besides`, which it has linted."""
    own = set(besides)
    return [[name, path, top] for (name, path), top in _rows.items() if path not in own]


def hear(rows: Iterable[Row]) -> None:
    """What a fork had to make."""
    for name, path, top in rows:
        for wanted in (top, _top(name)):
            _heard.setdefault(wanted, {})[name, path] = None


def prepare(names: Iterable[str], folders: Iterable[str], limit: float) -> None:
    """Make what others had to make for modules of the same packages as these names, of files in `folders`.
    After `limit` seconds the rest is left to those who want it."""
    end = time.monotonic() + limit
    inside = tuple(os.path.join(folder, "") for folder in folders)
    for key in [key for top in sorted(set(map(_top, names))) for key in _heard.get(top, ())]:
        if time.monotonic() > end or _left[0] <= 0:
            break
        if key not in _tried and key[1].startswith(inside):
            _tried.add(key)
            _make(*key)
    _rows.clear()


def _make(name: str, path: str) -> None:
    try:
        stream, _, data = builder.open_source_file(path)
        stream.close()
        module, tree = builder.AstroidBuilder(MANAGER)._data_build(data, name, path)
    except (AstroidError, OSError, SyntaxError, LookupError, ValueError, RecursionError):
        return  # whoever wants it says so
    _made[name, path] = data, module, tree
    _left[0] -= len(data)


def _top(name: str) -> str:
    return name.partition(".")[0]
