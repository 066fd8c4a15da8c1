"""Trees of modules as their texts give them, made once for all that lint with one base interpreter.

What astroid makes of a text (`AstroidBuilder._data_build`) depends on the text, the module's name and whether its file
is an `__init__`; where that lies it only notes with the module. So the process that forks those that lint makes the
tree, once it has heard that one of them had to; a fork that wants it compares the text that it has read itself, which
may lie in another environment. All that follows (what is imported, inferred and set on other modules) the fork does in
its own order, as if it had made the tree.

Standalone: loaded by file path next to `task.py` once pylint is importable; no import of `pyfmt`.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Any

from astroid import MANAGER, builder
from astroid.exceptions import AstroidError

_MOST = 4 << 20  # characters of text; a tree takes about thirty times as many bytes, and is kept until the end
_Key = tuple[str, bool, str]  # a module's name, whether its file is an `__init__`, and its text
_Heard = tuple[str, str, str]  # a module's name, its path, and that below the folder it is imported from ("": none)
# The same, but with the top-level name of the module that was built first, and wanted this one.
Row = list[str]

_made: dict[_Key, tuple[Any, Any]] = {}  # tree, and what is still to be done to it
_sizes: set[tuple[str, int]] = set()  # of the files that were tried, by module's name
_heard: dict[str, dict[_Heard, None]] = {}  # by top-level name: what had to be made for it
_rows: dict[tuple[str, str], str] = {}  # made by this process: name and path, top-level name
_under_way: list[str] = []  # top-level names of the modules that are being built
_left = [_MOST]


def listen() -> None:
    """Note from now on what is made, and take what has been made before."""
    make, after = builder.AstroidBuilder._data_build, builder.AstroidBuilder._post_build

    def data_build(this: Any, data: str, modname: str, path: str | None) -> Any:
        if path is None or not os.path.isabs(path):
            return make(this, data, modname, path)
        known = _made.pop((modname, _is_init(path), data), None)  # what follows changes it
        if known is not None:
            known[0].file = os.path.abspath(path)
            known[0].path = [known[0].file]
            return known
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
    folders = sorted((os.path.join(folder, "") for folder in sys.path), key=len, reverse=True)
    rows = [(name, path, top) for (name, path), top in _rows.items() if path not in own]
    return [[*row, next((row[1][len(each) :] for each in folders if row[1].startswith(each)), "")] for row in rows]


def hear(rows: Iterable[Row]) -> None:
    """What a fork had to make."""
    for name, path, top, below in rows:
        for wanted in (top, _top(name)):
            _heard.setdefault(wanted, {})[name, path, below] = None


def prepare(names: Iterable[str], folders: Iterable[str], limit: float) -> None:
    """Make what others had to make for modules of the same packages as these names, of files in `folders`.
    After `limit` seconds the rest is left to those who want it."""
    end = time.monotonic() + limit
    places = tuple(os.path.join(folder, "") for folder in folders)
    for heard in [heard for top in sorted(set(map(_top, names))) for heard in _heard.get(top, ())]:
        if time.monotonic() > end or _left[0] <= 0:
            break
        known = MANAGER.astroid_cache.get(heard[0])
        if known is None or known.file != heard[1]:  # else all of it is built
            _make_if_wanted(heard, places)
    _rows.clear()


def _make_if_wanted(heard: _Heard, places: tuple[str, ...]) -> None:
    """Make a tree, of the same file or of one of the same size that these folders have instead."""
    name, path, _ = heard
    size = _size(path)
    if size < 0 or (name, size) in _sizes:
        return
    found = next((place for place in _at(heard, places) if _size(place) == size), None)
    if found is not None:
        _sizes.add((name, size))
        _make(name, found)


def _at(heard: _Heard, places: tuple[str, ...]) -> Iterator[str]:
    """Where the file may lie, or another environment's own."""
    _, path, below = heard
    if path.startswith(places):
        yield path
    elif below:
        yield from (place + below for place in places)


def _size(path: str) -> int:
    try:
        return os.stat(path).st_size
    except OSError:
        return -1


def _make(name: str, path: str) -> None:
    try:
        stream, _, data = builder.open_source_file(path)
        stream.close()
        tree = builder.AstroidBuilder(MANAGER)._data_build(data, name, path)
    except (AstroidError, OSError, SyntaxError, LookupError, ValueError, RecursionError):
        return  # whoever wants it says so
    _made[name, _is_init(path), data] = tree
    _left[0] -= len(data)


def _is_init(path: str) -> bool:
    return os.path.splitext(os.path.basename(path))[0] == "__init__"


def _top(name: str) -> str:
    return name.partition(".")[0]
