"""Which of mypy's cached modules are in doubt since other modules can be imported now (standard library only).

mypy 2.4 notices that a module is gone, or that one is there now whose import had failed. It does not notice that a
name of a package has become a module (`from package import name` was an error, or an attribute, and `package` has not
changed), nor that a stub has become a module of the same content. So the names that can be imported are
recorded with the cache, and what depends on one that is another now is forgotten.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import importlib
import os
import sqlite3
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

_MARKS = ("__init__.py", "__init__.pyi", "py.typed")
_STUBS = "-stubs"
_META = ".meta.ff"
_RECENT = 2 * 10**9  # nanoseconds; file systems round times

# Package ("" for the top level) -> name in it -> a digest of where mypy would find it; None where that is not known.
Names = dict[str, "dict[str, str] | None"]


class Meta(NamedTuple):
    """What mypy's cache has about a module."""

    store: str  # the database
    row: str
    module: str
    path: str
    imports: Sequence[str]  # modules, also those that it has not found
    missing: Sequence[str]  # those
    source: str  # mypy's digest of the file that it has read
    interface: str  # mypy's digest of what others see of it
    options: str  # what it was checked with


def parents(modules: Iterable[str]) -> set[str]:
    """All packages that hold one of `modules`, and the top level."""
    found = {""}
    for module in modules:
        while module := module.rpartition(".")[0]:
            found.add(module)
    return found


def names(packages: Iterable[str], roots: Sequence[str]) -> Names:
    """What can be imported from each package now; `roots` are mypy's search path in its order."""
    return {package: places(package, roots) for package in sorted(packages)}


def complete(before: Names, cached: Iterable[Meta], roots: Sequence[str], started: int) -> Names:
    """`before`, from before mypy ran, for all packages in its cache.

    `started` (nanoseconds since the epoch): a package that was unknown then is known only if its folders are older.
    """
    standard = typeshed()
    metas = [meta for meta in cached if not meta.path.startswith(standard)]
    packages = parents(meta.module for meta in metas)
    packages.update(meta.module for meta in metas if not meta.path.endswith((".py", ".pyi")) or _is_init(meta.path))
    added = names(packages - before.keys(), roots)
    for package in added:
        if any(_changed_since(place, started - _RECENT) for place in _folders(package, roots)):
            added[package] = None
    return {package: held for package, held in (before | added).items() if package in packages}


def typeshed() -> str:
    """The folder of mypy's own stubs, with a separator at its end."""
    return os.path.join(os.path.dirname(importlib.import_module("mypy").__file__ or ""), "typeshed", "")


def doubtful(before: Names, now: Names, folder: str) -> list[Meta]:
    """The modules in mypy's cache that depend on a name that was another one; raises sqlite3.Error where it is
    damaged."""
    changed: set[str] = set()
    for package, known in before.items():
        present = now[package]
        if known is None or present is None:
            changed.add(package)
        elif known != present:
            prefix = package + "." if package else ""
            changed.update(prefix + name for name in known.keys() | present if known.get(name) != present.get(name))
    return _depending(changed, folder) if changed else []


def missing(modules: Iterable[str], cached: Iterable[Meta]) -> set[str]:
    """What the run of mypy that was given `modules` could not import."""
    return {name for meta in reached(modules, cached).values() for name in meta.missing}


def reached(modules: Iterable[str], cached: Iterable[Meta]) -> dict[str, Meta]:
    """What mypy reads if it is given `modules`, by name; its cache may hold more."""
    metas = {meta.module: meta for meta in cached}
    found: dict[str, Meta] = {}
    waiting = list(modules)
    while waiting:
        for name in with_parents(waiting.pop()):
            if name in metas and name not in found:
                found[name] = metas[name]
                waiting += metas[name].imports
    return found


def swayed(before: Collection[str], now: Collection[str], cached: Iterable[Meta]) -> list[Meta]:
    """The modules in mypy's cache whose errors depend on what others could not import.

    An unknown name of a package is no error where any other module imports it as a module, which mypy does not track.
    """
    packages = {name.rpartition(".")[0] for name in set(before) ^ set(now)} - {""}
    if not packages:
        return []
    return [meta for meta in cached if not packages.isdisjoint(set(meta.imports) - set(meta.missing))]


def _depending(changed: Collection[str], folder: str) -> list[Meta]:
    holders = {name.rpartition(".")[0] for name in changed} - {""}
    return [meta for meta in metas_in(folder) if _depends(meta, changed, holders)]


def forget(metas: Iterable[Meta]) -> None:
    """Remove these from mypy's cache; raises sqlite3.Error where it is damaged."""
    rows: dict[str, list[tuple[str]]] = {}
    for meta in metas:
        rows.setdefault(meta.store, []).append((meta.row,))
    for store, doomed in rows.items():
        with contextlib.closing(sqlite3.connect(store)) as database:
            database.executemany("DELETE FROM files2 WHERE path = ?", doomed)
            database.commit()


def metas_in(folder: str) -> Iterator[Meta]:
    """All that mypy's cache folder holds, also of modules that are gone; raises sqlite3.Error where it is damaged."""
    cache: Any = importlib.import_module("mypy.cache")
    build: Any = importlib.import_module("mypy.build")
    version = bytes([build.cache_version(), cache.CACHE_VERSION])
    for store in sorted(glob.glob(os.path.join(glob.escape(folder), "*", "cache*.db"))):
        with contextlib.closing(sqlite3.connect(store)) as database:
            rows = database.execute("SELECT path, data FROM files2 WHERE path LIKE ?", ("%" + _META,)).fetchall()
        for row, data in rows:
            meta = cache.CacheMeta.read(cache.ReadBuffer(data[2:]), "") if data[:2] == version else None
            if meta is not None:  # else mypy does not believe it either
                imports = *meta.dependencies, *meta.suppressed
                options = repr((meta.options, getattr(meta, "suppressed_deps_opts", b"")))
                told = meta.hash, repr(meta.interface_hash), options
                yield Meta(store, row, meta.id, meta.path, imports, meta.suppressed, *told)


def _depends(meta: Meta, changed: Collection[str], holders: Collection[str]) -> bool:
    """Whether a module is, imports, or may import from its package, one of the names that changed."""
    return any(name in holders for name in meta.imports) or any(
        part in changed for name in (meta.module, *meta.imports) for part in with_parents(name)
    )


def with_parents(module: str) -> Iterator[str]:
    """A module and the packages that hold it."""
    while module:
        yield module
        module = module.rpartition(".")[0]


def places(package: str, roots: Sequence[str], shown: Callable[[str], str] = str) -> dict[str, str]:
    """What can be imported from a package now: a digest of where each name lies, as `shown`."""
    found: dict[str, list[str]] = {}
    for folder in _folders(package, roots):
        with contextlib.suppress(OSError), os.scandir(folder) as entries:
            for entry in sorted(entries, key=lambda entry: entry.name):
                stem, _, suffix = entry.name.partition(".")
                stem = stem if package else stem.removesuffix(_STUBS)
                if not stem.isidentifier() or suffix not in ("", "py", "pyi"):
                    continue
                if suffix:
                    if _holds(entry.is_file):  # a link to nothing is none: mypy passes it over
                        found.setdefault(stem, []).append(shown(entry.path))
                elif _holds(entry.is_dir):
                    found.setdefault(stem, []).append(f"{shown(entry.path)} {_marks(entry.path)}")
    return {name: _digest(each) for name, each in found.items()}


def _holds(question: Callable[[], bool]) -> bool:
    try:
        return question()
    except OSError:
        return False  # a link to itself


def _folders(package: str, roots: Sequence[str]) -> Iterator[str]:
    """The folders that a package may lie in, those of separate stubs too."""
    top, *rest = package.split(".")
    for root in roots:
        yield os.path.join(root, top, *rest)
        if top:
            yield os.path.join(root, top + _STUBS, *rest)


def _marks(folder: str) -> str:
    """What decides on how a folder is imported; py.typed with its size, since it may say "partial"."""
    sizes = []
    for name in _MARKS:
        try:
            found = os.stat(os.path.join(folder, name))
            sizes.append(str(found.st_size) if name == "py.typed" else name)
        except OSError:
            sizes.append("-")
    return " ".join(sizes)


def _digest(places: Iterable[str]) -> str:
    return hashlib.sha1("\0".join(places).encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()[:16]


def _is_init(path: str) -> bool:
    return os.path.basename(path).startswith("__init__.")


def _changed_since(folder: str, moment: int) -> bool:
    try:
        found = os.stat(folder)
    except OSError:
        return False
    return max(found.st_mtime_ns, found.st_ctime_ns) >= moment


def as_known(value: object) -> Names | None:
    """Names as they were recorded; None where these are none."""
    if not isinstance(value, Mapping) or "" not in value:
        return None
    return {str(package): dict(held) if isinstance(held, Mapping) else None for package, held in value.items()}
