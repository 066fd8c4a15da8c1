"""Results in SQLite: safe with several pyfmt at once, bounded in size, and thrown away when damaged.

A cache never fails a run: where it cannot be opened, read or written, the run goes on without it and says so once.
"""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from pyfmt.cache.repeating.witness import suspended

if TYPE_CHECKING:
    from pyfmt.cache.remote.remote import Remote

STEM = "results-1"  # begins the names of all stores
FILE_NAME = f"{STEM}.sqlite"
DEFAULT_LIMIT = 512 * 1024 * 1024  # bytes of results, the least recently used go first
_BUSY_SECONDS = 10.0
_BATCH = 500  # SQLite's default limit of variables in a statement is larger on every platform
_DAY = 86_400
_MOST_OTHERS = 4  # stores of other checkouts that are asked, the last used first

_SCHEMA = """
CREATE TABLE IF NOT EXISTS result (key BLOB PRIMARY KEY, value BLOB NOT NULL, used INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stat (path TEXT PRIMARY KEY, mark BLOB NOT NULL, digest BLOB NOT NULL) WITHOUT ROWID;
"""


def store_name(group: str) -> str:
    """The file for runs that believe the same machines: "" for what was computed here, or proved to be of "main"."""
    return f"{STEM}-{group}.sqlite" if group else FILE_NAME


@contextlib.contextmanager
def locked(path: Path, shared: bool = False) -> Iterator[None]:
    """Holds a file as a lock between processes, where there are such locks (POSIX); those that share it exclude only
    those that do not."""
    with open(path, "ab") as file:
        try:
            import fcntl  # deferred: POSIX only, and seldom needed
        except ImportError:
            pass
        else:
            fcntl.flock(file, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield


# What is wrong outside of the file: somebody has it locked, no space, no permission, a failing disk.
_OUTSIDE = frozenset(
    (
        sqlite3.SQLITE_AUTH,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_READONLY,
    )
)


def _is_damage(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken: also where a damaged schema lacks a column, which is a mistake of ours to
    SQLite."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT) & 0xFF not in _OUTSIDE


def _sound(path: object, mark: object, digest: object) -> bool:
    """Whether a row is as it was written: damage can leave values of any type."""
    return isinstance(path, str) and isinstance(mark, bytes) and isinstance(digest, bytes)


def _inode(path: Path) -> int | None:
    try:
        return os.stat(path).st_ino
    except OSError:
        return None


def _rows(connection: sqlite3.Connection, wanted: Sequence[bytes]) -> Iterator[tuple[bytes, bytes, object]]:
    """Key, packed value and time of use of what is there."""
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        marks = ",".join("?" * len(batch))
        yield from connection.execute(f"SELECT key, value, used FROM result WHERE key IN ({marks})", batch)


def _use_wal(connection: sqlite3.Connection) -> None:
    """Where several make the same database, SQLite says at once that it is busy: it waits for no change of the mode."""
    end = time.monotonic() + _BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)


def _stat_rows(connection: sqlite3.Connection, paths: Sequence[str] | None) -> Iterator[tuple[Any, ...]]:
    """Path, mark and digest of all files, or of some."""
    if paths is None:
        yield from connection.execute("SELECT path, mark, digest FROM stat")
    wanted = [path for path in paths or () if path.isprintable()]
    for start in range(0, len(wanted), _BATCH):
        batch = wanted[start : start + _BATCH]
        marks = ",".join("?" * len(batch))
        yield from connection.execute(f"SELECT path, mark, digest FROM stat WHERE path IN ({marks})", batch)


def _unpacked(values: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    found = {}
    for key, value in values:
        with contextlib.suppress(zlib.error, TypeError):  # a damaged value is a miss
            found[key] = zlib.decompress(value)
    return found


def _used(path: Path) -> float:
    """When a store was written last; 0.0 where that cannot be told."""
    try:
        return max(os.stat(each).st_mtime for each in (path, f"{path}-wal") if os.path.exists(each))
    except (OSError, ValueError):
        return 0.0


class Store:
    """The results of one repository; every method is harmless where the database is not usable."""

    def __init__(
        self,
        folder: Path,
        limit: int = DEFAULT_LIMIT,
        remote: Remote | None = None,
        group: str = "",
        others: Path | None = None,
    ) -> None:
        """`others` is a folder of further stores, which are only read: what is not known here may be known there, such
        as in that of another checkout."""
        self.path = folder / store_name(group)
        self._others = others
        self.trouble = ""  # why the cache is not used, one line
        self.remote = remote  # where other machines' results are
        self._limit = limit
        self._now = int(time.time())
        self._inode: int | None = None
        self._connection = self._open()

    def _open(self) -> sqlite3.Connection | None:
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._inode = _inode(self.path)
            try:
                return self._connect()
            except sqlite3.DatabaseError as error:
                if not _is_damage(error):
                    raise
                self._discard()  # a cache can always be made anew
                return self._connect()
        except (OSError, sqlite3.Error) as error:
            self.trouble = f"the cache {self.path} cannot be used: {error}"
            return None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)
        try:
            # WAL lets others read while one writes; without fsync at each commit a power cut loses the newest results,
            # never the consistency.
            _use_wal(connection)
            connection.execute("PRAGMA synchronous=NORMAL")
            connection.executescript(_SCHEMA)
            self._inode = _inode(self.path)
            return connection
        except BaseException:
            connection.close()
            raise

    def _discard(self) -> None:
        """Remove the damaged database, unless another pyfmt has made it anew in the meantime."""
        with locked(Path(f"{self.path}.lock")):
            if _inode(self.path) == self._inode:
                for suffix in ("", "-wal", "-shm"):
                    Path(f"{self.path}{suffix}").unlink(missing_ok=True)

    @contextlib.contextmanager
    def _guard(self) -> Iterator[sqlite3.Connection | None]:
        """Turns a failure of the database into a cache that is not used any more; damage is thrown away."""
        try:
            yield self._connection
        except sqlite3.Error as error:
            self.trouble = self.trouble or f"the cache {self.path} cannot be used: {error}"
            self.close()
            if _is_damage(error):
                with contextlib.suppress(OSError):
                    self._discard()
                self.trouble += "; it is removed, and the next run makes it again"

    def get(self, keys: Iterable[bytes], *, shared: bool = True) -> dict[bytes, bytes]:
        """The known values of some keys; of those that are `shared` also what a remote cache has, if there is one."""
        wanted = list(dict.fromkeys(keys))
        values = self._get(wanted)
        if shared and self._others is not None:
            values |= self._take_over([key for key in wanted if key not in values])
        if self.remote is not None and shared:
            found = self.remote.fetch(key for key in wanted if key not in values)
            self.put(found, shared=False)
            values |= found
        return values

    def _take_over(self, wanted: list[bytes]) -> dict[bytes, bytes]:
        """What stores of other checkouts know."""
        found: dict[bytes, bytes] = {}
        for connection in self._connected_others if wanted else ():
            with contextlib.suppress(sqlite3.Error):  # damaged or locked: its own runs will see to it
                rows = _rows(connection, [key for key in wanted if key not in found])
                found |= _unpacked((key, value) for key, value, _ in rows)
        self.put(found, shared=False)
        return found

    @cached_property
    def _connected_others(self) -> list[sqlite3.Connection]:
        """The stores of other checkouts that believe the same machines, open for reading."""
        assert self._others is not None
        with suspended():  # the answer is the same, whoever knows it
            places = [place for place in self._others.glob(f"*/{self.path.name}") if place != self.path]
            places = sorted(places, key=lambda each: -_used(each))[:_MOST_OTHERS]
        opened = []
        for place in places:
            with contextlib.suppress(sqlite3.Error):
                uri = f"{place.absolute().as_uri()}?mode=ro"
                opened.append(sqlite3.connect(uri, uri=True, timeout=0, check_same_thread=False))
        return opened

    def _get(self, wanted: list[bytes]) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        old: list[bytes] = []
        with self._guard() as connection:
            if connection is None:
                return {}
            for key, value, used in _rows(connection, wanted):
                found[key] = value
                # Once a day is exact enough for "least recently used".
                if not isinstance(used, int) or self._now - used > _DAY:
                    old.append(key)
            if old:
                connection.executemany("UPDATE result SET used = ? WHERE key = ?", [(self._now, key) for key in old])
        return _unpacked(found.items())

    def put(self, values: Mapping[bytes, bytes], *, shared: bool = True) -> None:
        """Remember values, all or none of them; `shared`: they mean the same on every machine."""
        if self.remote is not None and shared:
            self.remote.send_later(values)
        rows = [(key, zlib.compress(value, 1), self._now) for key, value in values.items()]
        if not rows:
            return
        with self._guard() as connection:
            if connection is not None:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany("INSERT OR REPLACE INTO result VALUES (?, ?, ?)", rows)
                connection.execute("COMMIT")

    def stats(self, paths: Sequence[str] | None = None) -> dict[str, tuple[bytes, bytes]]:
        """Path to (mark, digest): what files were when they were read last; of all, or some."""
        found: dict[str, tuple[bytes, bytes]] = {}
        with self._guard() as connection:
            if connection is not None:
                rows = _stat_rows(connection, paths)
                found.update({path: (mark, digest) for path, mark, digest in rows if _sound(path, mark, digest)})
        return found

    def stats_below(self, begins: str) -> dict[str, tuple[bytes, bytes]]:
        """As `stats`, of the paths that begin with a text that ends in "/"."""
        with self._guard() as connection:
            if connection is not None:
                select = "SELECT path, mark, digest FROM stat WHERE path >= ? AND path < ?"
                rows = connection.execute(select, (begins, f"{begins[:-1]}0"))  # "0" is what comes after "/"
                return {path: (mark, digest) for path, mark, digest in rows if _sound(path, mark, digest)}
        return {}

    def put_stats(self, changed: Mapping[str, tuple[bytes, bytes]], gone: Iterable[str]) -> None:
        """Remember what files are now, and forget those that are gone."""
        lost = [(path,) for path in gone]
        if not changed and not lost:
            return
        with self._guard() as connection:
            if connection is not None:
                connection.execute("BEGIN IMMEDIATE")
                connection.executemany("DELETE FROM stat WHERE path = ?", lost)
                rows = [(path, mark, digest) for path, (mark, digest) in changed.items()]
                connection.executemany("INSERT OR REPLACE INTO stat VALUES (?, ?, ?)", rows)
                connection.execute("COMMIT")

    def size(self) -> tuple[int, int]:
        """Number of results, and bytes on disk of the database."""
        count = 0
        with self._guard() as connection:
            if connection is not None:
                (count,) = connection.execute("SELECT count(*) FROM result").fetchone()
        files = [Path(f"{self.path}{suffix}") for suffix in ("", "-wal", "-shm")]
        return count, sum(file.stat().st_size for file in files if file.exists())

    def shrink(self) -> None:
        """Drop the least recently used results where the database is over its limit."""
        if self._connection is None:
            return
        try:
            if os.path.getsize(self.path) <= self._limit:
                return
        except OSError:
            return
        with self._guard() as connection:
            assert connection is not None
            (total,) = connection.execute("SELECT coalesce(sum(length(value)), 0) FROM result").fetchone()
            excess = total - self._limit // 2  # down to half, so that not every run has to shrink
            doomed = []
            for key, length in connection.execute("SELECT key, length(value) FROM result ORDER BY used, key"):
                if excess <= 0:
                    break
                excess -= length
                doomed.append((key,))
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany("DELETE FROM result WHERE key = ?", doomed)
            connection.execute("COMMIT")
            connection.execute("VACUUM")

    def close(self) -> None:
        """Close the database; nothing is read or written afterwards."""
        for connection in (self._connection, *self.__dict__.pop("_connected_others", ())):
            if connection is not None:
                with contextlib.suppress(sqlite3.Error):
                    connection.close()
        self._connection = None

    def __enter__(self) -> Store:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
