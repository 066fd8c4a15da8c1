"""What a tool asks of the disk and of its variables while it runs in a worker (standard library only).

A tool's answer is a function of what it was given and of what it asked: files that it read, names that it looked for,
folders that it listed, links that it followed, variables. Instead of each place where a tool asks, the few functions of
Python through which everybody asks are watched; opening and listing are told by Python's own audit events (PEP 578).
Only what compiled code asks of the system by itself is not seen: neither tool has such code that reads sources.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import stat
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.machinery import FileFinder
from typing import Any

_importing: Any = importlib.import_module("importlib._bootstrap_external")
_WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT
# What a tool may learn by other ways than those that are watched.
_UNSEEN = frozenset({"subprocess.Popen", "os.system", "os.posix_spawn", "os.exec", "socket.connect"})
# Variables that Python and the tools look at for where they write, or how they show it: they change no finding.
_OF_NO_ACCOUNT = frozenset(
    "HOME PATH PWD TMPDIR TEMP TMP TERM COLUMNS LINES COLORTERM NO_COLOR FORCE_COLOR PY_COLORS LANG LANGUAGE "
    "PYTHONHASHSEED PYTHONDONTWRITEBYTECODE PYLINTHOME XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME".split()
)
_OWN_VARIABLES = ("PYFMT_", "MYPY", "LC_")


class Observer:
    """Notes questions from `start` on, for the life of the process; a forked child has what was noted before."""

    def __init__(self) -> None:
        self.files: set[str] = set()  # read, or found to be files
        self.folders: set[str] = set()  # found to be there, and no files
        self.absent: set[str] = set()
        self.listed: set[str] = set()
        self.names: set[tuple[str, str]] = set()  # looked for by an import: folder, name without suffix
        self.links: set[str] = set()
        self.variables: set[str] = set()
        self.unseen: set[str] = set()  # why not all that was asked is known
        self.reading: Callable[[str], None] = lambda path: None  # told of each file that is opened to be read
        self._allowed = ""
        self._pauses = 1
        self._look: Callable[[Any], Any] = os.stat

    def start(self) -> None:
        """Begin to watch; to be called once in a process."""
        self._pauses = 0
        sys.addaudithook(self._hear)
        self._look = os.stat = _importing._path_stat = self._watched(os.stat)
        os.lstat = self._watched_link(os.lstat)
        os.readlink = self._watched_link(os.readlink)
        self._watch_finder()
        self._watch_variables()

    def allow(self, folder: str) -> None:
        """Programs in this folder may be started: they are pyfmt's own and ask nothing."""
        self._allowed = folder

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """What is asked in this block is pyfmt's own business, or told by other inputs."""
        self._pauses += 1
        try:
            yield
        finally:
            self._pauses -= 1

    def asked(self, without: Iterable[str] = (), real: Callable[[str], str] = str) -> dict[str, Any]:
        """What was noted, but for what lies in the folders `without`, as JSON can hold it; absolute paths.

        `real` gives the place of a file that was asked for at another one.
        """
        own = tuple(os.path.join(os.path.abspath(folder), "") for folder in without if folder)

        def kept(paths: Iterable[str]) -> list[str]:
            places = {real(os.path.normpath(path)) for path in paths}
            return sorted(place for place in places if not _is_own(place, own))

        return {
            "files": kept(self.files),
            "folders": kept(self.folders),
            "absent": kept(self.absent),
            "listed": kept(self.listed),
            "names": sorted([folder, name] for folder, name in self.names if not _is_own(folder, own)),
            "links": kept(self.links),
            "variables": sorted(self.variables),
            "unseen": sorted(self.unseen),
        }

    def made(self, folder: str) -> None:
        """Something was made in a folder of pyfmt's own: that it was absent before says nothing of the disk."""
        own = (os.path.join(folder, ""),)
        # Those that watch hold this set: another one would not hear of what is asked from now on.
        self.absent.difference_update([path for path in self.absent if _is_own(path, own)])

    def look(self, more: Iterable[str], mark: Callable[[str], Any]) -> dict[str, Any]:
        """The `mark` of each path that was asked about until now, and of `more`: whether they are what they were."""
        with self.paused():
            folders = {folder for folder, _ in self.names}
            paths = {*self.files, *self.folders, *self.absent, *self.listed, *folders, *more}
            return {path: mark(path) for path in paths}

    def add(self, asked: Mapping[str, Any]) -> None:
        """Take in what another process noted."""
        for kind in ("files", "folders", "absent", "listed", "links", "variables", "unseen"):
            getattr(self, kind).update(asked[kind])
        self.names.update((folder, name) for folder, name in asked["names"])

    # -- what is watched

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._pauses:
            return
        if event == "open":
            path, mode, flags = arguments
            if isinstance(path, (str, bytes)) and not _writes(mode, flags):
                self.reading(os.fsdecode(path))
                with contextlib.suppress(OSError, ValueError):
                    self._look(path)
        elif event in ("os.listdir", "os.scandir"):
            path = arguments[0]
            if not isinstance(path, int):
                self.listed.add(os.path.abspath(os.fsdecode("." if path is None else path)))
        elif event in _UNSEEN and not (self._allowed and str(arguments[0]).startswith(self._allowed)):
            self.unseen.add(event)

    def _watched(self, plain: Callable[..., os.stat_result]) -> Callable[..., os.stat_result]:
        files, folders, absent = self.files, self.folders, self.absent

        def seen(path: Any, *arguments: Any, **options: Any) -> os.stat_result:
            try:
                found = plain(path, *arguments, **options)
            except (OSError, ValueError):
                if self._counts(path, options):
                    absent.add(_absolute(os.fsdecode(path)))
                raise
            if self._counts(path, options):
                (files if stat.S_ISREG(found.st_mode) else folders).add(_absolute(os.fsdecode(path)))
            return found

        return seen

    def _counts(self, path: Any, options: Mapping[str, Any]) -> bool:
        """Whether it is a question by path; who knows a folder by its number has opened it before.

        An empty path is nowhere, whatever the disk holds; made absolute, it would be the working folder.
        """
        return bool(path) and not self._pauses and not isinstance(path, int) and options.get("dir_fd") is None

    def _watched_link(self, plain: Callable[..., Any]) -> Callable[..., Any]:
        def seen(path: Any, *arguments: Any, **options: Any) -> Any:
            try:
                found = plain(path, *arguments, **options)
            except (OSError, ValueError):
                if self._counts(path, options) and plain.__name__ == "lstat":
                    self.absent.add(_absolute(os.fsdecode(path)))
                raise
            if self._counts(path, options) and (isinstance(found, (str, bytes)) or stat.S_ISLNK(found.st_mode)):
                self.links.add(_absolute(os.fsdecode(path)))
            return found

        return seen

    def _watch_finder(self) -> None:
        """An import's finder lists a whole folder to look for one name in it: only the name is asked."""
        finder: Any = FileFinder
        find, fill = finder.find_spec, getattr(finder, "_fill_cache")

        def find_spec(this: Any, fullname: str, target: Any = None) -> Any:
            if not self._pauses:
                self.names.add((os.path.abspath(this.path or "."), fullname.rpartition(".")[2]))
            return find(this, fullname, target)

        def fill_cache(this: Any) -> None:
            with self.paused():
                fill(this)

        setattr(finder, "find_spec", find_spec)
        setattr(finder, "_fill_cache", fill_cache)

    def _watch_variables(self) -> None:
        kind: Any = type(os.environ)
        plain, plain_iter = kind.__getitem__, kind.__iter__
        copied: list[str] = []

        def getitem(this: Any, key: str) -> Any:
            if copied and copied[-1] == key:
                copied.pop()
            elif not self._pauses:
                copied.clear()
                if key not in _OF_NO_ACCOUNT and not key.startswith(_OWN_VARIABLES):
                    self.variables.add(key)
            return plain(this, key)

        def iterate(this: Any) -> Iterator[str]:
            """Who takes all of them, one after the other, hands them on to another program."""
            names = list(plain_iter(this))
            copied[:] = reversed(names)
            return iter(names)

        kind.__getitem__, kind.__iter__ = getitem, iterate


def _writes(mode: object, flags: object) -> bool:
    if isinstance(mode, str):
        return not set(mode).isdisjoint("wax+")
    return isinstance(flags, int) and bool(flags & _WRITING)


def _absolute(path: str) -> str:
    return path if path[:1] == os.sep else os.path.abspath(path)


def _is_own(path: str, own: tuple[str, ...]) -> bool:
    return path.startswith((*own, "/proc/", "/dev/", "/sys/")) or f"{path}/" in own or "/__pycache__" in path
