"""mypy's cache folder for one run, kept trustworthy: locked, bound to its tree, checked for damage (standard library
only).

mypy believes a cached file when (int(mtime), size, path) are equal, so an edit of the same size within the same second
goes unseen; `watch_contents` makes the time that mypy sees a function of what is in the file.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import os
import shutil
import sqlite3
import stat
import time
import zlib
from collections.abc import Callable, Iterable, Sequence
from typing import IO, Any

_MANIFEST = "pyfmt.json"
_LOCK = "lock"


class Cache:
    """A folder for mypy's `--cache-dir`; `folder` is os.devnull where nothing can be kept.

    `helpers` are the modules names and namesakes, and a seed.Seed that a new folder begins with, None: with nothing.
    """

    def __init__(self, folder: str | None, run: str, identity: dict[str, str], helpers: tuple[Any, Any, Any]) -> None:
        self.folder = os.devnull
        self.note = ""
        self._names, self._namesakes, self._seed = helpers
        self._is_new = self._is_seeded = False
        self._home = os.path.join(folder, run) if folder else ""
        self._identity = identity
        self._lock: IO[bytes] | None = None
        self._known: dict[str, Any] = {}
        self._missing: set[str] | None = None  # what mypy could not import; None where its cache is new
        self._metas: list[Any] | None = None  # what mypy's cache holds after its last run, where that was read
        self._roots: Sequence[str] = ()
        self._started = 0
        if folder:
            self._open(folder, run)

    def _open(self, folder: str, run: str) -> None:
        try:
            os.makedirs(os.path.join(folder, run), exist_ok=True)
            self._lock = locked(os.path.join(folder, run + "." + _LOCK))
        except OSError as error:
            self.note = f"mypy's cache cannot be kept in {folder}: {error.strerror or error}"
            return
        if self._lock is None:
            return  # another pyfmt is at it: work without one, two at once would give wrong answers
        self.folder = os.path.join(self._home, "mypy")
        try:
            with open(os.path.join(self._home, _MANIFEST), encoding="utf-8") as file:
                known = json.load(file)
            self._known = self._names.as_known(known.pop("names", None)) or {}
            self._missing = set(known.pop("missing"))
        except (OSError, ValueError, AttributeError, KeyError, TypeError):
            known = None
        if not self._known or known != {"identity": self._identity, "checks": checks(self.folder)}:
            self._known = {}
            self.wipe()
        if self.folder != os.devnull and not (os.path.isdir(self.folder) and os.listdir(self.folder)):
            self._is_new = True
            self._is_seeded = self._seed is not None and self._seed.give(self.folder)

    def pass_on(self) -> None:
        """Let other new folders begin with what this one has found out, where it was new itself."""
        if self._seed is not None and self._is_new:
            self._seed.take(self.folder)

    def doubt(self, modules: Iterable[str], roots: Sequence[str]) -> None:
        """Forget what mypy would believe wrongly, since a module has come, gone or moved; to be called before it runs.

        `modules` are those that it is given, `roots` its search path.
        """
        if self.folder == os.devnull:
            return
        self._roots, self._started = roots, time.time_ns()
        now = self._names.names(self._names.parents(modules) | self._known.keys(), roots)
        try:
            self._names.forget(self._names.doubtful(self._known, now, self.folder))
        except (sqlite3.Error, ValueError):
            self.wipe()
        self._known = now

    def swayed(self, modules: Iterable[str]) -> bool:
        """Whether mypy, which was given `modules`, has believed what does not hold any more: it has to run again.

        That is forgotten then.
        """
        if self.folder == os.devnull:
            return False
        before = self._missing
        try:
            self._metas = list(self._names.metas_in(self.folder))
            self._missing = self._names.missing(modules, self._metas)
            doubtful = [] if before is None else self._names.swayed(before, self._missing, self._metas)
            if doubtful:
                self._metas = None  # mypy runs again
            self._names.forget(doubtful)
        except (sqlite3.Error, ValueError):
            self.wipe()
            return True
        return bool(doubtful)

    def reached(self, modules: Iterable[str]) -> dict[str, Any]:
        """What mypy, which was given `modules`, has read in its last run, by name; nothing where that is not known."""
        return self._names.reached(modules, self._metas) if self._metas is not None else {}

    def wipe(self) -> None:
        """Forget everything, the seed that it began with included."""
        if self._is_seeded:
            self._seed.discard()
        self._is_new = self._is_seeded = False
        self._metas = None
        if self.folder != os.devnull:
            shutil.rmtree(self.folder, ignore_errors=True)
            self._missing = None
            if os.path.isdir(self.folder) and os.listdir(self.folder):
                self.folder = os.devnull  # what cannot be removed is not to be believed either

    def give_up(self, why: str) -> None:
        """Work without a cache from now on."""
        self.wipe()
        self.folder = os.devnull
        self.note = f"mypy's cache cannot be kept in {self._home}: {why}"

    def close(self) -> None:
        """Record what the folder holds now, and let others use it. Without this it is not believed next time."""
        if self.folder != os.devnull and self._started:
            temporary = os.path.join(self._home, f"{_MANIFEST}.{os.getpid()}")
            try:
                metas = [*self._names.metas_in(self.folder)] if self._metas is None else self._metas
                self._names.forget(self._namesakes.holders(metas, self._names.typeshed()))
                names = self._names.complete(self._known, metas, self._roots, self._started)
                manifest = {"identity": self._identity, "checks": checks(self.folder)}
                manifest |= {"names": names, "missing": sorted(self._missing or ())}
                with open(temporary, "w", encoding="utf-8") as file:
                    json.dump(manifest, file)
                os.replace(temporary, os.path.join(self._home, _MANIFEST))
            except (sqlite3.Error, ValueError):
                pass  # damaged: next time it does not fit its manifest
            except OSError as error:
                self.note = f"mypy's cache cannot be kept in {self._home}: {error.strerror or error}"
        if self._lock is not None:
            self._lock.close()


def locked(path: str) -> IO[bytes] | None:
    """An open file that is locked until it is closed; None if another process has it."""
    file = open(path, "ab")  # pylint: disable=consider-using-with  # the lock lives as long as the file is open
    try:
        if os.name == "posix":
            import fcntl  # pylint: disable=import-outside-toplevel  # POSIX only

            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        else:
            msvcrt = importlib.import_module("msvcrt")  # Windows only

            file.seek(0)
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        if not os.path.samestat(os.fstat(file.fileno()), os.stat(path)):
            raise OSError("removed meanwhile, with the folder that it locks")
    except OSError:
        file.close()
        return None
    return file


def checks(folder: str) -> dict[str, list[int]]:
    """Size and CRC of each file below `folder`, by its path there: mypy reads flipped bits without a word."""
    found = {}
    for where, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(where, name)
            found[os.path.relpath(path, folder).replace(os.sep, "/")] = read(path)
    return found


def read(path: str, copy: IO[bytes] | None = None) -> list[int]:
    """Size and CRC of a file, whose content goes to `copy` on the way."""
    crc = size = 0
    with open(path, "rb") as file:
        while chunk := file.read(1 << 20):
            crc, size = zlib.crc32(chunk, crc), size + len(chunk)
            if copy is not None:
                copy.write(chunk)
    return [size, crc]


def watch_contents(first_party: Sequence[str]) -> None:
    """From now on os.stat of this process gives Python sources a modification time that tells contents apart.

    For sources below the folders `first_party` it is a digest of the content; for all others (installed packages,
    typeshed) of device, inode, size and the times in nanoseconds: that of the inode differs on other machines, from
    which the cache may come. mypy only compares it, and where it differs compares the content's hash: it never believes
    less than it should, and never more.
    """
    plain = os.stat
    prefixes = tuple(folder.rstrip(os.sep) + os.sep for folder in first_party)
    os.stat = _telling(plain, prefixes)


def _telling(plain: Callable[..., os.stat_result], prefixes: tuple[str, ...]) -> Callable[..., os.stat_result]:
    installed = (os.sep + "site-packages" + os.sep, os.sep + "dist-packages" + os.sep)

    def tell(path: Any, *args: Any, **options: Any) -> os.stat_result:
        found = plain(path, *args, **options)
        if not isinstance(path, str) or not path.endswith((".py", ".pyi")) or not stat.S_ISREG(found.st_mode):
            return found
        digest = hashlib.sha1(usedforsecurity=False)
        if path.startswith(prefixes) and not any(part in path for part in installed):
            try:
                with open(path, "rb") as file:
                    digest.update(file.read())
            except OSError:
                return found  # mypy will say so when it reads the file
        else:
            told = (found.st_dev, found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size)
            digest.update(repr(told).encode())
        values = list(found[:10])
        values[stat.ST_MTIME] = int.from_bytes(digest.digest()[:6], "big")
        return os.stat_result(values)

    return tell
