"""Notes what a run asks of the disk while it runs.

A run is a function of its command, its variables and these answers. So a run that changed nothing would end the same as
long as all answers are the same; what its tools asked is in the cache's keys. What is opened or listed, by whomever, is
told by Python's audit events; what else pyfmt asks, by `pyfmt.disk`, through which all of it goes (tests/house).
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import time
from collections.abc import Iterator
from typing import Any

from pyfmt import disk
from pyfmt.cache.repeating.answering import RecordedRun, command_key, file_for, mark, pack

# A file changed so shortly before could change again within the same time stamp: see cache/digests.py.
_RACY_NS = 2_000_000_000
_KEPT = 16  # answers of the most recent commands
_LINKS = 256  # followed on the way to one path
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT

_active: list[Witness] = []


def give_up() -> None:
    """This run changes what it has read: it cannot be repeated by comparing that."""
    for witness in list(_active):
        witness.stop()


@contextlib.contextmanager
def suspended() -> Iterator[None]:
    """Tools run in this block. What they ask is no question of the next run, which has their outcomes from the
    cache."""
    for witness in _active:
        witness.suspend()
    try:
        yield
    finally:
        for witness in _active:
            witness.resume()


def leave_out(folder: str, file: str) -> None:
    """What lies below `folder` is pyfmt's own cache, which changes from run to run; only `file` must stay the same
    one."""
    for witness in _active:
        witness.leave_out(folder, file)


def recalled(record: RecordedRun) -> None:
    """A step was answered by what it had asked in an earlier run: all that holds, and is asked in this run, too."""
    for witness in _active:
        witness.take(record)


@contextlib.contextmanager
def watching() -> Iterator[Witness]:
    """Notes what is asked until the end of the block, or until `give_up`; so may others around it."""
    witness = Witness()
    try:
        yield witness
    finally:
        witness.end()


class Witness:
    """The questions of one run, or of a step of it, each with the answer that it got first."""

    def __init__(self) -> None:
        self.usable = True  # nothing has happened yet that the next run could not know of
        self._record = RecordedRun(b"", 0)
        self._absent: dict[str, None] = {}
        self._absent_here: dict[str, None] = {}
        self._written: list[str] = []
        self._own: list[str] = []
        self._racy = time.time_ns() - _RACY_NS
        _active.append(self)
        self.resume()

    def leave_out(self, folder: str, file: str) -> None:
        """See the function of this name."""
        self._own.append(os.path.join(folder, ""))
        self._own.append(folder)
        with contextlib.suppress(OSError):
            self._record.same[file] = os.stat(file).st_ino

    def stop(self) -> None:
        """Watch no longer, and keep nothing."""
        self.usable = False
        if self in _active:
            _active.remove(self)
        disk.ignore(self)

    def end(self) -> None:
        """Watch no longer; what was noted stays."""
        usable = self.usable and not self._disturbed()
        self.stop()
        self.usable = usable

    def asked(self) -> RecordedRun:
        """All questions so far, with their answers."""
        record = self._record
        record.absent, record.absent_here = list(self._absent), list(self._absent_here)
        return record

    def take(self, record: RecordedRun) -> None:
        """The questions of a step, with their answers, are among those of the run."""
        if not self._is_watching:
            return
        mine = self._record
        mine.files = {**record.files, **mine.files}
        mine.links = {**record.links, **mine.links}
        mine.kinds = {**record.kinds, **mine.kinds}
        mine.kinds_here = {**record.kinds_here, **mine.kinds_here}
        self._absent = {**dict.fromkeys(record.absent), **self._absent}
        self._absent_here = {**dict.fromkeys(record.absent_here), **self._absent_here}

    def is_steady(self) -> bool:
        """Whether nothing that was asked for had changed so shortly before that it could change again within the same
        time stamp."""
        record = self._record
        return all(max(found[:2]) <= self._racy for found in (*record.files.values(), *record.links.values()))

    def suspend(self) -> None:
        """Watch no longer until `resume`."""
        self.usable = self.usable and not self._disturbed()
        self._is_watching = False
        disk.ignore(self)

    def resume(self) -> None:
        """Watch, from now on."""
        self._children = _children()
        self._is_watching = True
        disk.observe(self)

    def keep(self, arguments: list[str], text: bytes, exit_code: int) -> bool:
        """Keep the run's answer for the next one, where that can be right; whether it was kept."""
        usable = self.usable and os.name == "posix" and not self._disturbed()
        self.stop()
        if not usable:
            return False
        record = self._record
        record.text, record.exit_code = text, exit_code
        questions: tuple[dict[str, Any], ...]
        questions = (record.files, record.links, record.kinds, record.kinds_here, self._absent, self._absent_here)
        for asked in questions:
            for path in [path for path in asked if self._is_own(path)]:
                del asked[path]
        self.asked()
        for module in list(sys.modules.values()):  # the code that answered
            code = getattr(module, "__file__", None)
            with contextlib.suppress(OSError):  # "<stdin>"
                if code:
                    record.files[code] = mark(os.stat(code))
        if not self.is_steady():
            return False
        _save(command_key(arguments), record)
        return True

    def _disturbed(self) -> bool:
        """Whether something was written, or a process was started: it may have asked the disk, too."""
        return any(not self._is_own(path) for path in self._written) or _children() != self._children

    def _is_own(self, path: str) -> bool:
        return path.startswith(tuple(self._own[::2])) or path in self._own

    # -- what is asked

    def answered(self, path: disk.AnyPath, found: os.stat_result | None, *, followed: bool, kind_only: bool) -> None:
        """See `pyfmt.disk.DiskObserver`."""
        name = os.fsdecode(path)
        record = self._record
        if found is None:
            (self._absent if followed else self._absent_here)[name] = None
        elif followed and not kind_only:
            record.files.setdefault(name, mark(found))
        elif followed:
            record.kinds.setdefault(name, stat.S_IFMT(found.st_mode))
        # Of what is no link nobody takes the times this way: every path's parents are looked at when links are
        # resolved, and something is always going on in folders like /tmp.
        elif stat.S_ISLNK(found.st_mode):
            record.links.setdefault(name, mark(found))
        else:
            record.kinds_here.setdefault(name, stat.S_IFMT(found.st_mode))

    def entries(self, found: Any) -> _Listing:
        """See `pyfmt.disk.DiskObserver`."""
        return _Listing(found)

    def links_on(self, path: disk.AnyPath) -> None:
        """Note of each part of the way to a path whether it is a link; a link's target is such a way in turn."""
        followed = 0
        ahead = os.path.join(os.getcwd(), os.fsdecode(path)).split("/")[::-1]
        here = "/"
        while ahead:
            part = ahead.pop()
            if part in ("", "."):
                continue
            place = os.path.dirname(here) if part == ".." else os.path.join(here, part)
            if part == ".." or place in self._record.kinds_here:
                here = place
                continue
            try:
                target = os.readlink(place) if stat.S_ISLNK(disk.lstat(place).st_mode) else None
            except OSError:
                target = None  # nothing is below, but ".." may lead out of it again
            except ValueError:
                return  # no file can have this name
            if target is None:
                here = place
                continue
            followed += 1
            if followed > _LINKS:
                return  # one leads to itself; that one is met twice does not say so
            ahead += target.split("/")[::-1]
            here = "/" if target.startswith("/") else here

    def lost(self) -> None:
        """See `pyfmt.disk.DiskObserver`."""
        self.usable = False

    def listed(self, path: Any) -> None:
        """Note a file or a folder as it is before it is opened or listed: if it changes meanwhile, the answer is
        void."""
        if isinstance(path, int):
            self.usable = False  # a folder by its number: nobody does that here
        else:
            with contextlib.suppress(OSError, ValueError):
                disk.stat("." if path is None else path)

    def opened(self, path: Any, flags: int) -> None:
        """See `pyfmt.disk.DiskObserver`."""
        if flags & _WRITING:
            self._written.append(os.fsdecode(path))
        else:
            self.listed(path)


class _Listing:
    """What os.scandir gives: its entries ask the disk as well."""

    def __init__(self, found: Any) -> None:
        self._found = found

    def __iter__(self) -> Iterator[_DirEntry]:
        return self

    def __next__(self) -> _DirEntry:
        return _DirEntry(next(self._found))

    def __enter__(self) -> _Listing:
        return self

    def __exit__(self, *_: object) -> None:
        self._found.close()

    def close(self) -> None:
        self._found.close()


class _DirEntry:
    """An os.DirEntry. What it is itself belongs to the listing; where it is a link, what it leads to does not."""

    __slots__ = ("_entry", "name")

    def __init__(self, entry: os.DirEntry[str]) -> None:
        self._entry = entry
        self.name = entry.name

    @property
    def path(self) -> str:
        return self._entry.path

    def __fspath__(self) -> str:
        return self._entry.path

    def __repr__(self) -> str:
        return repr(self._entry)

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        if follow_symlinks and self._entry.is_symlink():
            disk.exists(self._entry.path)  # its type is noted
        return self._entry.is_dir(follow_symlinks=follow_symlinks)

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        if follow_symlinks and self._entry.is_symlink():
            disk.exists(self._entry.path)  # its type is noted
        return self._entry.is_file(follow_symlinks=follow_symlinks)

    def is_symlink(self) -> bool:
        return self._entry.is_symlink()

    def is_junction(self) -> bool:
        return False

    def inode(self) -> int:
        return self._entry.inode()

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return (disk.stat if follow_symlinks else disk.lstat)(self._entry.path)


def _children() -> tuple[float, ...]:
    """Changes when a process that was started has ended."""
    try:
        import resource  # deferred: not on every system
    except ImportError:
        return ()
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime, used.ru_stime, used.ru_minflt, used.ru_maxrss


def _save(key: bytes, record: RecordedRun) -> None:
    """Put the record in its place at once, and drop the oldest ones; what cannot be written is just not there."""
    import tempfile  # deferred for start-up time

    place = file_for(key)
    with contextlib.suppress(OSError):
        where = os.path.dirname(place)
        os.makedirs(where, mode=0o700, exist_ok=True)
        number, name = tempfile.mkstemp(dir=where)
        try:
            with open(number, "wb") as file:
                file.write(pack(key, record))
            os.replace(name, place)
        except OSError:
            os.unlink(name)
            raise
        with os.scandir(where) as found:
            kept = sorted(found, key=lambda entry: entry.stat().st_mtime_ns, reverse=True)
        for entry in kept[_KEPT:]:
            os.unlink(entry.path)
