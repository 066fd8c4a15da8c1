"""From what a worker noted to questions that can be kept: portable, and none that other inputs answer."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pyfmt import disk
from pyfmt.cache.observed import ALL, Observed, PortablePaths, stem_of


class Changed(Exception):
    """What a tool was told is not what the disk says now: nothing can be said of its answer."""


def observed_of(asked: Mapping[str, Any], places: PortablePaths, known: WalkedPaths, began_ns: int) -> Observed:
    """The questions that a worker noted (`tools/worker/observing.py`), less those that other inputs answer.

    Raises Changed where the answers are others by now, something was written since `began_ns`, or not all questions are
    known.
    """
    if asked["unseen"]:
        raise Changed(", ".join(asked["unseen"]))
    taking = _Taking(places, known, began_ns)
    for path in asked["files"]:
        taking.file(path)
    for path in asked["folders"]:
        taking.name(os.path.dirname(path), os.path.basename(path), True)
    for path in asked["absent"]:
        taking.absent(path)
    for folder in asked["listed"]:
        taking.listed(folder, ALL)
    for folder, name in asked["names"]:
        taking.listed(folder, name)
    links = {places.portable(path) for path in asked["links"] if not places.is_above(path)}
    return Observed(
        {folder: sorted(names) for folder, names in sorted(taking.read.items())},
        {folder: sorted(names) for folder, names in sorted(taking.names.items())},
        sorted(taking.exist),
        sorted(links),
        sorted(asked["variables"]),
    )


@dataclass(frozen=True, slots=True)
class WalkedPaths:
    """What of the checkout other inputs hold: paths relative to its root."""

    files: frozenset[str]
    folders: frozenset[str]  # every name in them that can be imported


class _Taking:
    """Collects questions in portable form."""

    def __init__(self, places: PortablePaths, known: WalkedPaths, began_ns: int) -> None:
        self.read: dict[str, set[str]] = {}
        self.names: dict[str, set[str]] = {}
        self.exist: set[str] = set()
        self._places, self._known = places, known
        self._written_ns = began_ns - 20_000_000  # the kernel's clock for files may be late by a tick
        self._there: dict[str, bool] = {}

    def file(self, path: str) -> None:
        """A file that was read."""
        try:
            found = disk.stat(path)
        except (OSError, ValueError) as error:
            raise Changed(f"{path} is gone") from error
        if self._is_known(path, self._known.files):
            return
        if not stat.S_ISREG(found.st_mode):
            self.name(os.path.dirname(path), os.path.basename(path), True)  # a folder that was opened as a file
            return
        if self._is_written(path, found):
            raise Changed(f"{path} was written meanwhile")
        folder, name = os.path.split(path)
        self.read.setdefault(self._places.portable(folder), set()).add(name)

    def _is_written(self, path: str, found: os.stat_result) -> bool:
        """Whether a file may hold something else than when the tools began.

        uv links what it installs to its own cache: every further environment with the same package changes the file's
        status, not its content. Another file in its place would have changed the folder.
        """
        if found.st_mtime_ns >= self._written_ns:
            return True
        if found.st_ctime_ns < self._written_ns:
            return False
        return found.st_nlink < 2 or disk.stat(os.path.dirname(disk.realpath(path))).st_mtime_ns >= self._written_ns

    def absent(self, path: str) -> None:
        """A path where nothing was: told by the first name on its way that is not there."""
        folder, name = os.path.split(path)
        there = False
        while not self._is_there(folder) and folder != os.path.dirname(folder):
            there = disk.exists(folder)  # as a file: nothing can be below it
            folder, name = os.path.split(folder)
        self.name(folder, name, there)

    def name(self, folder: str, name: str, there: bool) -> None:
        """A name of which only the existence counts."""
        if disk.exists(os.path.join(folder, name)) is not there:
            raise Changed(f"{folder}/{name} was made or removed meanwhile")
        if self._is_known(folder, self._known.folders) and stem_of(name).isidentifier():
            # An environment (`env`) is passed over by the walk, and yet a namespace package to a tool.
            if there or folder not in self._places.entries:
                return
        if self._places.is_above(folder):
            if not there:
                self.exist.add(self._places.portable(os.path.join(folder, name)))
            return
        self.names.setdefault(self._places.portable(folder), set()).add(stem_of(name))

    def listed(self, folder: str, stem: str) -> None:
        """A folder in which a name was looked for, or all of them."""
        try:
            found = disk.stat(folder)
        except (OSError, ValueError):
            self.absent(folder)
            return
        if self._is_known(folder, self._known.folders) or not stat.S_ISDIR(found.st_mode):
            return
        if found.st_mtime_ns >= self._written_ns:
            raise Changed(f"{folder} was written to meanwhile")
        self.names.setdefault(self._places.portable(folder), set()).add(stem)

    def _is_known(self, path: str, known: frozenset[str]) -> bool:
        root = self._places.root
        if path == root:
            return "." in known
        return path.startswith(root + "/") and path[len(root) + 1 :] in known

    def _is_there(self, folder: str) -> bool:
        if folder not in self._there:
            self._there[folder] = disk.is_dir(folder)
        return self._there[folder]
