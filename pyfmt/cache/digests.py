"""Content digests of files, by a stat cache as git's index has one: an unchanged file is not opened again."""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from pyfmt import disk
from pyfmt.cache.store import Store

MISSING = b""  # the digest of a file that cannot be read: never equal to one that can
_MARK = struct.Struct("<qqqQ")
# A file changed so shortly before it was read could change again within the same time stamp ("racily clean" in git's
# documentation): it is read again the next time. Two seconds is FAT's resolution, the coarsest in use.
_RACY_NS = 2_000_000_000
_FEW = 64  # see `Digests`
_NO_MARK = b"\xff" * _MARK.size
_ALL = "//all/"  # begins the names under which many files are remembered together


class ContentDigests(Protocol):
    """What tells the contents of files apart."""

    def __call__(self, path: str, /) -> bytes:
        """The digest of a file."""

    def together(self, name: str, files: Sequence[str]) -> bytes:
        """That of many files, under a name that stands for no others."""

    def fetch(self, paths: Iterable[str], /) -> None:
        """The files will be asked for one by one."""


class Digests:
    """Digests of files of one tree; `save` remembers them for the next run.

    What is remembered is read for the files that are asked for: those of projects that are as they were all together.
    """

    def __init__(self, root: Path, store: Store | None, tree: str = "") -> None:
        """`tree` ("//NAME/") keeps what is known of another tree of the same repository apart."""
        self._prefix = os.path.join(root, "")
        self._store = store
        self._tree = tree
        self._known: dict[str, tuple[bytes, bytes]] = {}
        self._fetched: set[str] = set()
        self._left = _FEW  # files that may be asked for one by one, before all rows are read at once
        self._complete = False
        self._now = time.time_ns()
        self._digests: dict[str, bytes] = {}
        self._marks: dict[str, bytes] = {}  # of this look
        self._before: dict[str, bytes] = {}  # the last one of each file, of the looks that `confirm` ended
        self._looked: set[str] = set()  # in the looks before
        self._totals: dict[str, tuple[bytes, bytes]] | None = None  # by name, as `together` has them
        self._changed: dict[str, tuple[bytes, bytes]] = {}

    def of(self, path: str) -> bytes:
        """SHA-256 of a file's bytes (path relative to the root, or absolute); MISSING where it cannot be read."""
        found = self._digests.get(path)
        if found is None:
            found = self._digests[path] = self._look(path)
        return found

    __call__ = of

    def together(self, name: str, files: Sequence[str]) -> bytes:
        """A digest over the paths and contents of many files, the same wherever they lie; folders end in "/".

        Under `name` is remembered for which files and marks it was made: where these are the same, none is asked for by
        itself.
        """
        marks = [_NO_MARK if file[-1:] == "/" else self._mark(file) or _NO_MARK for file in files]
        names = "\0".join(files).encode("utf-8", "surrogateescape")
        seen = hashlib.sha256(b"%b\0%b" % (names, b"".join(marks))).digest()
        if self._totals is None and not self._before:
            self._totals = self._stored_totals()
        totals = {} if self._totals is None else self._totals
        found = totals.get(name)
        if found is not None and found[0] == seen:
            return found[1]
        self.fetch(files)
        digest = total_of((file, b"" if file[-1:] == "/" else self.of(file)) for file in files)
        if not self._before:  # else what was written since has a digest of its own
            totals[name] = (seen, digest)
            if all(self._is_steady(file, mark) for file, mark in zip(files, marks, strict=True)):
                self._changed[_ALL + name] = (seen, digest)
        return digest

    def _is_steady(self, file: str, mark: bytes) -> bool:
        """Whether a file's digest holds for as long as its mark is the same."""
        found = self._changed.get(file) or self._known.get(file)
        return file[-1:] == "/" or found is not None and found[0] == mark == self._marks.get(file)

    def again(self, path: str) -> bytes:
        """As `of` if nobody has written the file since that was asked, were it with the same content; else another."""
        digest, found = self.of(path), self._stat(path)
        mark = _mark(found) if found is not None else None
        return digest if mark == self._marks.get(path) else hashlib.sha256(digest + (mark or b"")).digest()

    def together_again(self, name: str, files: Sequence[str]) -> bytes:
        """`again` for `together`."""
        total = self.together(name, files)
        for file in files:
            found = None if file[-1:] == "/" else self._stat(file)
            if (_mark(found) if found is not None else None) != self._marks.get(file):
                total = hashlib.sha256(total + self.again(file)).digest()
        return total

    def look_again(self) -> None:
        """Ask the disk again from now on: files may have been written."""
        self._known.update(self._changed)
        self._looked.update(self._marks)
        self._digests.clear()
        self._marks = {}
        self._before = {}
        self._now = time.time_ns()

    def confirm(self) -> None:
        """Ask the disk again: from now on a file that was written since, were it with the same content, has another
        digest.

        Who changes a file and changes it back while a tool runs cannot be told by content alone.
        """
        before = self._before | self._marks  # not each look asks for each file
        self.look_again()
        self._before = before

    def _stat(self, path: str) -> os.stat_result | None:
        try:
            found = disk.stat(path if path[:1] == os.sep else self._prefix + path)
        except (OSError, ValueError):
            return None
        return found if stat.S_ISREG(found.st_mode) else None  # opening a named pipe would wait for ever

    def _mark(self, path: str) -> bytes:
        """What tells that a file is another, once for each look; MISSING where it cannot be read."""
        mark = self._marks.get(path)
        if mark is None:
            found = self._stat(path)
            if found is None:
                return MISSING
            mark = self._marks[path] = _mark(found)
        return mark

    def _look(self, path: str) -> bytes:
        mark = self._mark(path)
        if mark == MISSING:
            return MISSING
        known = self._row(path)
        if known is not None and known[0] == mark:
            digest = known[1]
        else:
            digest = self._read(path, mark)
        if self._before and self._before.get(path, mark) != mark:
            return hashlib.sha256(digest + mark).digest()
        return digest

    def _read(self, path: str, mark: bytes) -> bytes:
        try:
            digest = hashlib.sha256(disk.read_bytes(os.path.join(self._prefix, path), disk.ANY_SIZE)).digest()
        except (OSError, ValueError):
            return MISSING
        _, modified_ns, changed_ns, _ = _MARK.unpack(mark)
        if self._now - max(modified_ns, changed_ns) > _RACY_NS:
            self._changed[path] = (mark, digest)
        else:
            self._known.pop(path, None)
        return digest

    # -- what is remembered

    def _row(self, path: str) -> tuple[bytes, bytes] | None:
        """What is remembered of a file, or under the name of several."""
        if path not in self._known and path not in self._fetched:
            self._left -= 1
            if self._left < 0:
                self._fetch_all()
            self.fetch([path])
        return self._known.get(path)

    def fetch(self, paths: Iterable[str]) -> None:
        """Have what is remembered of many files at once, which will be asked for one by one."""
        wanted = [path for path in paths if path not in self._fetched]
        if self._store is not None and wanted and not self._complete:
            self._fetched.update(wanted)
            stored = self._store.stats([self._tree + path for path in wanted])
            self._take(stored)

    def _fetch_all(self) -> None:
        """Have what is remembered of all files."""
        if self._store is not None and not self._complete:
            self._complete = True
            stored = self._store.stats()
            self._take({path: found for path, found in stored.items() if _tree_of(path) == self._tree})

    def _stored_totals(self) -> dict[str, tuple[bytes, bytes]]:
        """What is remembered of many files together."""
        begins = self._tree + _ALL
        stored = self._store.stats_below(begins) if self._store is not None else {}
        return {name[len(begins) :]: found for name, found in stored.items()}

    def _take(self, stored: Mapping[str, tuple[bytes, bytes]]) -> None:
        for path, found in stored.items():
            self._known.setdefault(path[len(self._tree) :], found)

    def save(self) -> None:
        """Remember what was read, and where that is much, forget what is no longer asked for."""
        if self._store is not None:
            kept = {path: found for path, found in self._changed.items() if path.isprintable()}
            gone: list[str] = []
            if len(kept) > _FEW:
                self._fetch_all()
                looked = self._looked.union(self._marks)
                gone = [path for path in self._known if path not in looked and not path.startswith(_ALL)]
                gone = gone if len(gone) > len(self._known) // 4 else []
            tree = self._tree
            self._store.put_stats({tree + path: mark for path, mark in kept.items()}, [tree + path for path in gone])
            self._changed = {}


def total_of(contents: Iterable[tuple[str, bytes]]) -> bytes:
    """A digest over paths with their contents."""
    total = hashlib.sha256()
    for path, content in contents:
        total.update(b"%b\0%b\n" % (path.encode("utf-8", "surrogateescape"), content))
    return total.digest()


class Afresh:
    """Digests as they are where nobody has written the files since they were asked for."""

    def __init__(self, digests: Digests) -> None:
        self._digests = digests

    def __call__(self, path: str) -> bytes:
        """See `Digests.again`."""
        return self._digests.again(path)

    def together(self, name: str, files: Sequence[str]) -> bytes:
        """See `Digests.together_again`."""
        return self._digests.together_again(name, files)

    def fetch(self, paths: Iterable[str]) -> None:
        """They have been asked for."""


def _mark(found: os.stat_result) -> bytes:
    return _MARK.pack(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _tree_of(path: str) -> str:
    """What stands before the paths of another tree; no path of the work tree begins with two slashes."""
    return path[: path.index("/", 2) + 1] if path.startswith("//") else ""
