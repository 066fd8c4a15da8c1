"""The standard library's share of mypy's cache, made once and given to every new cache folder (standard library only).

mypy reads about a hundred stubs of its typeshed for whatever it checks, the same ones with the same outcome in every
environment. A run that began with an empty cache leaves its share of them in a seed; the next new cache folder begins
as a copy of that. Nothing of an environment or of the checkout gets in: a module is taken only where its file is in
typeshed and all that it depends on is taken, too. mypy checks what it is given as it checks any cache.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

_MANIFEST = "seed.json"
_LOCK = "seed.lock"
_WORTH_IT = 8  # modules more than a seed has, for which it is made anew
_PARTS = (".meta.ff", ".data.ff", ".meta_ex.ff")


class _SeedManifest(NamedTuple):
    """What a manifest says: the folder of the data, its files' sizes and CRCs, and which modules are in it."""

    data: str
    checks: Mapping[str, list[int]]
    stems: frozenset[str]  # "importlib/metadata/__init__": how the names of a module's rows begin


class Seed:
    """One seed: for one `identity` (all that the standard library's share depends on), beside the units' folders.

    `files` is mypy_cache, which knows how to lock and to check files. What goes wrong costs the seed, never the run.
    """

    def __init__(self, parent: str, identity: Mapping[str, Any], files: Any) -> None:
        name = hashlib.sha256(json.dumps(identity, sort_keys=True).encode("utf-8", "surrogatepass")).hexdigest()
        self._home = os.path.join(parent, f"seed-{name[:12]}")
        self._manifest = os.path.join(self._home, _MANIFEST)
        self._files = files

    def give(self, folder: str) -> bool:
        """Make `folder`, which is missing or empty, a copy of the seed; False where there is none."""
        known = self._known()
        if known is None:
            return False
        copy = f"{folder}.{os.getpid()}"
        try:
            for name, expected in known.checks.items():
                os.makedirs(os.path.dirname(os.path.join(copy, name)), exist_ok=True)
                with open(os.path.join(copy, name), "wb") as target:
                    seen = self._files.read(os.path.join(known.data, name), target)
                if seen != expected:
                    self.discard()
                    return False
            with contextlib.suppress(FileNotFoundError):
                os.rmdir(folder)
            os.rename(copy, folder)
        except OSError:
            return False  # another process makes it anew, or prunes it
        finally:
            shutil.rmtree(copy, ignore_errors=True)
        with contextlib.suppress(OSError):
            os.utime(self._manifest)  # used now: the least recently used go first
        return True

    def take(self, folder: str) -> None:
        """Add what the cache in `folder`, of a run that began with none or with this seed, has and the seed lacks."""
        try:
            with contextlib.closing(_open_store(folder)) as store:
                known = self._known()
                had = known.stems if known else frozenset()
                if len(_candidates(store) - had) >= _WORTH_IT:  # to read them takes longer than to count them
                    found = _standard_modules(store)
                    if len(found - had) >= _WORTH_IT:
                        self._make(store, found, os.path.basename(_only_folder(folder)))
        except Exception:  # pylint: disable=broad-exception-caught  # mypy's inner parts: whatever they raise, no seed
            pass

    def discard(self) -> None:
        """Remove it: it is damaged, or mypy stumbled over it."""
        with contextlib.suppress(OSError), self._alone() as alone:
            if alone:
                os.unlink(self._manifest)
                for entry in list(os.scandir(self._home)):
                    if entry.is_dir(follow_symlinks=False):
                        shutil.rmtree(entry.path, ignore_errors=True)

    def _known(self) -> _SeedManifest | None:
        try:
            with open(self._manifest, encoding="utf-8") as file:
                read = json.load(file)
            known = _SeedManifest(os.path.join(self._home, read["data"]), read["checks"], frozenset(read["stems"]))
            sizes = [os.path.getsize(os.path.join(known.data, name)) for name in known.checks]
        except (OSError, ValueError, KeyError, TypeError):
            return None
        return known if sizes == [size for size, _ in known.checks.values()] else None

    def _make(self, store: Any, found: frozenset[str], version: str) -> None:
        """Write a new seed of what `store` has, with what the old one has besides; who copies that now notices."""
        with self._alone() as alone:
            if not alone:
                return  # another run is at it, and has about the same
            known = self._known()
            if known is not None and self._files.checks(known.data) != known.checks:
                known = None  # damage is not handed down
            data = tempfile.mkdtemp(prefix="data-", dir=self._home)
            os.mkdir(os.path.join(data, version))
            with contextlib.closing(_new_store(os.path.join(data, version))) as target:
                _copy_rows(store, target, found)
                stems = found
                if known is not None:
                    with contextlib.closing(_open_store(known.data)) as before:
                        _copy_rows(before, target, known.stems - found)
                    stems |= known.stems
                target.commit()
            manifest = {"data": os.path.basename(data), "checks": self._files.checks(data), "stems": sorted(stems)}
            with open(f"{self._manifest}.{os.getpid()}", "w", encoding="utf-8") as file:
                json.dump(manifest, file)
            os.replace(file.name, self._manifest)
            for entry in list(os.scandir(self._home)):
                if entry.is_dir(follow_symlinks=False) and entry.name != os.path.basename(data):
                    shutil.rmtree(entry.path, ignore_errors=True)

    @contextlib.contextmanager
    def _alone(self) -> Iterator[bool]:
        os.makedirs(self._home, exist_ok=True)
        lock = self._files.locked(os.path.join(self._home, _LOCK))
        try:
            yield lock is not None
        finally:
            if lock is not None:
                lock.close()


# -- mypy's own store


def _only_folder(folder: str) -> str:
    """The folder of the Python version in a cache folder; ValueError where there are several."""
    (only,) = (entry.path for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False))
    return only


def _open_store(folder: str) -> Any:
    return _new_store(_only_folder(folder))


def _new_store(place: str) -> Any:
    shards = importlib.import_module("mypy.defaults").SQLITE_NUM_SHARDS
    return importlib.import_module("mypy.metastore").SqliteMetadataStore(place, num_shards=shards)


def _library() -> str:
    return os.path.join(os.path.dirname(importlib.import_module("mypy").__file__ or ""), "typeshed", "stdlib")


def _candidates(store: Any) -> frozenset[str]:
    """The stems of all modules whose names and rows are those of a module of the standard library."""
    names = {entry.removesuffix(".pyi") for entry in os.listdir(_library())}
    rows = set(store.list_all())
    stems = {row.removesuffix(_PARTS[0]) for row in rows if row.endswith(_PARTS[0])}
    tops = {stem: stem.replace(os.sep, "/").partition("/")[0].partition(".")[0] for stem in stems}
    return frozenset(stem for stem in stems if tops[stem] in names and all(stem + part in rows for part in _PARTS))


def _standard_modules(store: Any) -> frozenset[str]:
    """The stems of the modules of typeshed's standard library that depend on such modules only."""
    cache = importlib.import_module("mypy.cache")
    stems: dict[str, str] = {}
    needs: dict[str, set[str]] = {}
    for stem in _candidates(store):
        meta = cache.CacheMeta.read(cache.ReadBuffer(store.read(stem + _PARTS[0])[2:]), "")
        further = cache.CacheMetaEx.read(cache.ReadBuffer(store.read(stem + _PARTS[2])))
        if meta is None or further is None or not meta.path.startswith(_library() + os.sep):
            continue
        if not meta.suppressed and not further.suppressed:  # else it tells what this environment lacks
            stems[meta.id] = stem
            needs[meta.id] = {*meta.dependencies, *further.dependencies}
    while loose := [name for name in stems if not needs[name] <= stems.keys()]:
        for name in loose:
            del stems[name]
    return frozenset(stems.values())


def _copy_rows(source: Any, target: Any, stems: Iterable[str]) -> None:
    for stem in sorted(stems):
        for part in _PARTS:
            target.write(stem + part, source.read(stem + part), source.getmtime(stem + part))
