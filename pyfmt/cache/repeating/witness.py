"""Notes what a run asks of the disk while it runs, whoever asks: pyfmt's own modules and what they import.

A run is a function of its command, its variables and these answers. So a run that changed nothing would end the same as
long as all answers are the same; what its tools asked is in the cache's keys. Instead of each reader, the few functions
of Python through which everybody asks are watched: a reader that is added later cannot be forgotten.
"""

from __future__ import annotations

import builtins
import contextlib
import io
import os
import stat
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

from pyfmt.cache.repeating.answering import RecordedRun, command_key, file_for, mark, pack

# A file changed so shortly before could change again within the same time stamp: see cache/digests.py.
_RACY_NS = 2_000_000_000
_KEPT = 16  # answers of the most recent commands
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


@contextlib.contextmanager
def watching() -> Iterator[Witness]:
    """Notes what is asked until the end of the block, or until `give_up`."""
    witness = Witness()
    try:
        yield witness
    finally:
        witness.stop()


class Witness:
    """The questions of one run, each with the answer that it got first."""

    def __init__(self) -> None:
        self.usable = True  # nothing has happened yet that the next run could not know of
        self._record = RecordedRun(b"", 0)
        self._absent: dict[str, None] = {}
        self._absent_here: dict[str, None] = {}
        self._written: list[str] = []
        self._own: list[str] = []
        self._racy = time.time_ns() - _RACY_NS
        self._real: list[tuple[Any, str, Any]] = []
        self._stat, self._lstat, self._scandir = os.stat, os.lstat, os.scandir
        _active.append(self)
        self.resume()

    def leave_out(self, folder: str, file: str) -> None:
        """See the function of this name."""
        self._own.append(os.path.join(folder, ""))
        self._own.append(folder)
        with contextlib.suppress(OSError):
            self._record.same[file] = self._stat(file).st_ino

    def stop(self) -> None:
        """Watch no longer, and keep nothing."""
        self.usable = False
        if self in _active:
            _active.remove(self)
        self._unwatch()

    def suspend(self) -> None:
        """Watch no longer until `resume`."""
        self.usable = self.usable and not self._disturbed()
        self._unwatch()

    def resume(self) -> None:
        """Watch, from now on."""
        self._children = _children()
        self._watch()

    def _unwatch(self) -> None:
        for module, name, function in self._real:
            setattr(module, name, function)
        self._real.clear()

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
        record.absent, record.absent_here = list(self._absent), list(self._absent_here)
        for module in list(sys.modules.values()):  # the code that answered
            code = getattr(module, "__file__", None)
            with contextlib.suppress(OSError):  # "<stdin>"
                if code:
                    record.files[code] = mark(os.stat(code))
        if any(max(found[:2]) > self._racy for found in (*record.files.values(), *record.links.values())):
            return False
        _save(command_key(arguments), record)
        return True

    def _disturbed(self) -> bool:
        """Whether something was written, or a process was started: it may have asked the disk, too."""
        return any(not self._is_own(path) for path in self._written) or _children() != self._children

    def _is_own(self, path: str) -> bool:
        return path.startswith(tuple(self._own[::2])) or path in self._own

    # -- what is watched

    def _watch(self) -> None:
        watched: list[tuple[Any, str, Callable[..., Any]]] = [
            (os, "stat", self._see_stat),
            (os, "lstat", self._see_lstat),
            (os, "scandir", self._see_scandir),
            (os, "listdir", self._before(os.listdir)),
            (os, "access", self._before(os.access)),
            (os, "readlink", self._see_readlink(os.readlink)),
            (os, "open", self._see_os_open(os.open)),
            (os.path, "exists", self._see_kind(lambda mode: True)),
            (os.path, "isfile", self._see_kind(stat.S_ISREG)),
            (os.path, "isdir", self._see_kind(stat.S_ISDIR)),
            (builtins, "open", self._see_open(builtins.open)),
            (io, "open", self._see_open(io.open)),
        ]
        for module, name, function in watched:
            real = getattr(module, name)
            self._real.append((module, name, real))
            setattr(module, name, function)
            for able in (os.supports_dir_fd, os.supports_fd, os.supports_follow_symlinks):
                if real in able:  # shutil asks when it is imported
                    able.add(function)

    def _see_stat(self, path: Any, *, dir_fd: int | None = None, follow_symlinks: bool = True) -> os.stat_result:
        if not follow_symlinks:
            return self._see_lstat(path, dir_fd=dir_fd)
        if isinstance(path, int):
            return self._stat(path)  # it was opened before
        name = self._name(path, dir_fd)
        try:
            found = self._stat(path, dir_fd=dir_fd)
        except OSError:
            self._absent[name] = None
            raise
        self._record.files.setdefault(name, mark(found))
        return found

    def _see_lstat(self, path: Any, *, dir_fd: int | None = None) -> os.stat_result:
        name = self._name(path, dir_fd)
        try:
            found = self._lstat(path, dir_fd=dir_fd)
        except OSError:
            self._absent_here[name] = None
            raise
        # Of what is no link nobody takes the times this way: every path's parents are looked at when links are
        # resolved, and something is always going on in folders like /tmp.
        if stat.S_ISLNK(found.st_mode):
            self._record.links.setdefault(name, mark(found))
        else:
            self._record.kinds_here.setdefault(name, stat.S_IFMT(found.st_mode))
        return found

    def _see_kind(self, is_it: Callable[[int], bool]) -> Callable[[Any], bool]:
        def see(path: Any) -> bool:
            try:
                found = self._stat(path)
            except (OSError, ValueError):
                if not isinstance(path, int):
                    self._absent[self._name(path)] = None
                return False
            if not isinstance(path, int):
                self._record.kinds.setdefault(self._name(path), stat.S_IFMT(found.st_mode))
            return is_it(found.st_mode)

        return see

    def _see_scandir(self, path: Any = ".") -> _Listing:
        self.look(path)
        return _Listing(self._scandir(path), self)

    def _before(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def see(*arguments: Any, **options: Any) -> Any:
            self.look(arguments[0] if arguments else options.get("path", "."))
            return function(*arguments, **options)

        return see

    def _see_readlink(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def see(path: Any, *, dir_fd: int | None = None) -> Any:
            with contextlib.suppress(OSError):
                self._see_lstat(path, dir_fd=dir_fd)
            return function(path, dir_fd=dir_fd)

        return see

    def _see_open(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def see(*arguments: Any, **options: Any) -> Any:
            file = arguments[0] if arguments else options["file"]
            mode = arguments[1] if len(arguments) > 1 else options.get("mode", "r")
            if isinstance(file, int):
                pass  # it was opened before
            elif set(mode) & set("wax+"):
                self._written.append(self._name(file))
            else:
                self.look(file)
            return function(*arguments, **options)

        return see

    def _see_os_open(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def see(path: Any, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> Any:
            if flags & _WRITING:
                self._written.append(self._name(path, dir_fd))
            else:
                self.look(path, dir_fd)
            return function(path, flags, mode, dir_fd=dir_fd)

        return see

    def look(self, path: Any, dir_fd: int | None = None) -> None:
        """Note a file or a folder as it is before it is opened or listed: if it changes meanwhile, the answer is
        void."""
        if not isinstance(path, int):
            with contextlib.suppress(OSError, ValueError):
                self._see_stat("." if path is None else path, dir_fd=dir_fd)
        else:
            self.usable = False  # a folder by its number: nobody does that here

    def see_kind(self, path: str) -> None:
        """Note the type of what a link leads to."""
        self._see_kind(bool)(path)

    def _name(self, path: Any, dir_fd: int | None = None) -> str:
        if dir_fd is not None:
            self.usable = False  # relative to a folder that we do not know; nobody does that here
        return os.fsdecode(path)


class _Listing:
    """What os.scandir gives: its entries ask the disk as well."""

    def __init__(self, found: Any, witness: Witness) -> None:
        self._found = found
        self._witness = witness

    def __iter__(self) -> Iterator[_DirEntry]:
        return self

    def __next__(self) -> _DirEntry:
        return _DirEntry(next(self._found), self._witness)

    def __enter__(self) -> _Listing:
        return self

    def __exit__(self, *_: object) -> None:
        self._found.close()

    def close(self) -> None:
        self._found.close()


class _DirEntry:
    """An os.DirEntry. What it is itself belongs to the listing; where it is a link, what it leads to does not."""

    __slots__ = ("_entry", "_witness", "name")

    def __init__(self, entry: os.DirEntry[str], witness: Witness) -> None:
        self._entry = entry
        self._witness = witness
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
            self._witness.see_kind(self._entry.path)
        return self._entry.is_dir(follow_symlinks=follow_symlinks)

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        if follow_symlinks and self._entry.is_symlink():
            self._witness.see_kind(self._entry.path)
        return self._entry.is_file(follow_symlinks=follow_symlinks)

    def is_symlink(self) -> bool:
        return self._entry.is_symlink()

    def is_junction(self) -> bool:
        return False

    def inode(self) -> int:
        return self._entry.inode()

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        return os.stat(self._entry.path, follow_symlinks=follow_symlinks)


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
