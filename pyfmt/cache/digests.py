"""Content digests of files, by a stat cache as git's index has one: an unchanged file is not opened again."""

from __future__ import annotations

import hashlib
import os
import stat
import struct
import time
from pathlib import Path

from pyfmt import disk
from pyfmt.cache.store import Store

MISSING = b""  # the digest of a file that cannot be read: never equal to one that can
_MARK = struct.Struct("<qqqQ")
# A file changed so shortly before it was read could change again within the same time stamp ("racily clean" in git's
# documentation): it is read again the next time. Two seconds is FAT's resolution, the coarsest in use.
_RACY_NS = 2_000_000_000


class Digests:
    """Digests of files of one tree; `save` remembers them for the next run."""

    def __init__(self, root: Path, store: Store | None, tree: str = "") -> None:
        """`tree` ("//NAME/") keeps what is known of another tree of the same repository apart."""
        self._prefix = os.path.join(root, "")
        self._store = store
        self._tree = tree
        known = store.stats() if store else {}
        self._known = {path[len(tree) :]: found for path, found in known.items() if _tree_of(path) == tree}
        self._now = time.time_ns()
        self._digests: dict[str, bytes] = {}
        self._marks: dict[str, bytes] = {}  # of this look
        self._before: dict[str, bytes] = {}  # the last one of each file, of the looks that `confirm` ended
        self._changed: dict[str, tuple[bytes, bytes]] = {}

    def of(self, path: str) -> bytes:
        """SHA-256 of a file's bytes (path relative to the root, or absolute); MISSING where it cannot be read."""
        found = self._digests.get(path)
        if found is None:
            found = self._digests[path] = self._look(path)
        return found

    def again(self, path: str) -> bytes:
        """As `of` if nobody has written the file since that was asked, were it with the same content; else another."""
        digest, found = self.of(path), self._stat(path)
        mark = _mark(found) if found is not None else None
        return digest if mark == self._marks.get(path) else hashlib.sha256(digest + (mark or b"")).digest()

    def look_again(self) -> None:
        """Ask the disk again from now on: files may have been written."""
        self._known.update(self._changed)
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

    def _look(self, path: str) -> bytes:
        found = self._stat(path)
        if found is None:
            return MISSING
        mark = self._marks[path] = _mark(found)
        known = self._known.get(path)
        if known is not None and known[0] == mark:
            digest = known[1]
        else:
            digest = self._read(path, mark, max(found.st_mtime_ns, found.st_ctime_ns))
        if self._before and self._before.get(path, mark) != mark:
            return hashlib.sha256(digest + mark).digest()
        return digest

    def _read(self, path: str, mark: bytes, written_ns: int) -> bytes:
        try:
            digest = hashlib.sha256(disk.read_bytes(os.path.join(self._prefix, path), disk.ANY_SIZE)).digest()
        except (OSError, ValueError):
            return MISSING
        if self._now - written_ns > _RACY_NS:
            self._changed[path] = (mark, digest)
        else:
            self._known.pop(path, None)
        return digest

    def save(self) -> None:
        """Remember what was read, and forget what is no longer asked for."""
        if self._store is not None:
            gone = [path for path in self._known if path not in self._digests]
            kept = {path: found for path, found in self._changed.items() if path.isprintable()}
            gone = gone if len(gone) > len(self._known) // 4 else []
            tree = self._tree
            self._store.put_stats({tree + path: mark for path, mark in kept.items()}, [tree + path for path in gone])
            self._changed = {}


def _mark(found: os.stat_result) -> bytes:
    return _MARK.pack(found.st_size, found.st_mtime_ns, found.st_ctime_ns, found.st_ino)


def _tree_of(path: str) -> str:
    """What stands before the paths of another tree; no path of the work tree begins with two slashes."""
    return path[: path.index("/", 2) + 1] if path.startswith("//") else ""
