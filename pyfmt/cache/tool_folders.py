"""Keeps the tools' own cache folders within bounds: the least recently used go, once a day, never one in use."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from pyfmt.tools.registry import TOOLS

LIMIT = 2 * 1024**3  # bytes of all folders together
# How long the folders of another configuration or tool version are kept: for another branch
STALE_SECONDS = 14 * 86_400
STAMP = "pruned"
_DAY = 86_400


@dataclass(frozen=True, slots=True)
class _UnitFolder:
    """A unit's folder: when it was used last, and its bytes."""

    used: float
    path: str
    size: int


def with_folders() -> tuple[str, ...]:
    """The tools that have folders as `folders.tool_folder` names them."""
    return tuple(name for name, tool in TOOLS.items() if tool.own_cache)


def prune(base: Path, current: Collection[str], limit: int = LIMIT) -> None:
    """Drop unit folders below `base` that are stale or too much, unless that was done within a day.

    `current` are the names of the folders of the tools' present versions and configurations. What cannot be removed
    stays, and is tried again another day.
    """
    stamp, now = base / STAMP, time.time()
    with contextlib.suppress(OSError):
        if abs(now - stamp.stat().st_mtime) < _DAY:
            return
    try:
        stamp.write_bytes(b"")
    except OSError:
        return  # nothing was put there either
    folders = sorted(_folders(base), key=lambda folder: (folder.used, folder.path))
    excess = sum(folder.size for folder in folders) - limit
    for folder in folders:
        is_stale = os.path.basename(os.path.dirname(folder.path)) not in current and now - folder.used > STALE_SECONDS
        if (is_stale or excess > 0) and _remove(folder.path):
            excess -= folder.size


def _folders(base: Path) -> Iterator[_UnitFolder]:
    for tool in with_folders():
        for version in _below(base / tool):
            for path in _below(version):
                used, size = os.stat(path).st_mtime, 0
                for where, _, names in os.walk(path):
                    for name in names:
                        with contextlib.suppress(OSError):  # somebody works there
                            found = os.stat(os.path.join(where, name))
                            used, size = max(used, found.st_mtime), size + found.st_size
                yield _UnitFolder(used, path, size)


def _below(folder: str | Path) -> list[str]:
    try:
        with os.scandir(folder) as found:
            return [entry.path for entry in found if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def _remove(folder: str) -> bool:
    """Remove a folder that nobody has locked; its locks (`*.lock`) are held until it is out of the way."""
    with contextlib.ExitStack() as held:
        try:
            import fcntl  # deferred: only once a day

            for name in os.listdir(folder):
                if name.endswith(".lock"):
                    file = held.enter_context(open(os.path.join(folder, name), "ab"))
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            doomed = f"{folder}.{os.getpid()}"
            os.rename(folder, doomed)
        except (ImportError, OSError):
            return False
    shutil.rmtree(doomed, ignore_errors=True)
    with contextlib.suppress(OSError):
        os.rmdir(os.path.dirname(folder))  # the last one of its version
    return True
