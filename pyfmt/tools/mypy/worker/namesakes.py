"""Which of mypy's cached modules must be read anew each time: they hold what is named like a module (standard library
only).

Where a package defines `retry` itself and has a module `retry.py`, too (tenacity), mypy 2.4 keeps what others import
from it as the name `package.retry`, and takes that from its cache for the module: "Module not callable", in whatever is
checked later. What is read from its source is right.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import os
import re
import sqlite3
from collections.abc import Iterable, Iterator
from typing import Any

_META, _DATA = ".meta.ff", ".data.ff"


def holders(metas: Iterable[Any], standard: str) -> list[Any]:
    """The modules (names.Meta) whose cached names mypy would take for modules; raises sqlite3.Error where its cache is
    damaged.

    `standard`: where mypy's own stubs lie, of which only os.path is such a name, and a module.
    """
    metas = [meta for meta in metas if not meta.path.startswith(standard)]
    doubled = _doubled(metas)
    if not doubled:
        return []
    rows = _rows_with(doubled, {meta.store for meta in metas})
    return [meta for meta in metas if rows.get((meta.store, meta.row), set()) - {*_own(meta.module, doubled)}]


def _doubled(metas: Iterable[Any]) -> list[str]:
    """Full names that mean both a module and what its package defines."""
    paths = {meta.module: meta.path for meta in metas}
    inside: dict[str, set[str]] = {}
    for module in paths:
        package, _, name = module.rpartition(".")
        if os.path.basename(paths.get(package, "")).startswith("__init__."):
            inside.setdefault(package, set()).add(name)
    return [
        f"{package}.{name}" for package, names in sorted(inside.items()) for name in _defined(paths[package], names)
    ]


def _defined(path: str, names: Iterable[str]) -> list[str]:
    """Which of `names` a file defines itself; those that it imports are kept by the name of where they come from."""
    try:
        with open(path, "rb") as file:
            text = file.read()
        some = "|".join(map(re.escape, sorted(names))).encode()
        if not re.search(rb"\b(?:%s)\b(?:\[.*\])?\s*[(:=,\[]" % some, text):  # most packages are not parsed
            return []
        return sorted({*_bound(ast.parse(text))} & {*names})
    except (OSError, SyntaxError, ValueError, RecursionError):
        return []


def _bound(node: ast.AST) -> Iterator[str]:
    """The names that statements of a module bind, but for imports."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield child.name
            continue
        if isinstance(child, ast.Name) and isinstance(child.ctx, ast.Store):
            yield child.id
        yield from _bound(child)


def _own(module: str, names: Iterable[str]) -> Iterator[str]:
    """The names that stand in what is kept of a module since they are its own, or of its own package's making."""
    return (name for name in names if module in (name, name.rpartition(".")[0]))


def _rows_with(names: Iterable[str], stores: Iterable[str]) -> dict[tuple[str, str], set[str]]:
    """Which of these full names stand in what is kept of each module, by its store and row."""
    cache: Any = importlib.import_module("mypy.cache")
    found: dict[tuple[str, str], set[str]] = {}
    for store in sorted(stores):
        with contextlib.closing(sqlite3.connect(store)) as database:
            for name in names:
                buffer = cache.WriteBuffer()
                cache.write_str(buffer, name)
                query = "SELECT path FROM files2 WHERE path LIKE ? AND instr(data, ?)"
                for (row,) in database.execute(query, ("%" + _DATA, buffer.getvalue())):
                    found.setdefault((store, row.removesuffix(_DATA) + _META), set()).add(name)
    return found
