"""The mark of an unfinished environment, so that an interrupted creation is never taken for a whole one.

A virtual environment cannot be built elsewhere and renamed: its scripts and editable installs hold its path. Nor can
its pyvenv.cfg come last: until it is there, the new environment's python runs as its base, and pip would install into
that one. So a file named `.pyfmt-creating` stands in the folder from before the first file until after the last
installation; whoever reads environments takes one that holds it for broken. It is locked while its creator lives: an
unlocked one is the leftover of a creation that was killed.
"""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import TracebackType

try:
    import fcntl
except ImportError:  # Windows: without locks, a leftover is not told from a creation that runs
    fcntl = None  # type: ignore[assignment]

from pyfmt.environments.creating.values import CreationError
from pyfmt.environments.layout import UNFINISHED

MARKER = UNFINISHED
OLD_SUFFIX = ".pyfmt-old"  # the environment that `recreate` replaces, until the new one is whole


def is_unfinished(prefix: Path) -> bool:
    """Whether a creation of this environment was not finished, or still runs."""
    return (prefix / MARKER).exists()


def is_environment(prefix: Path) -> bool:
    """Whether there is an environment at `prefix`, whole or not: only such a folder is ever deleted."""
    return (prefix / "pyvenv.cfg").is_file() or is_unfinished(prefix)


class UnderConstruction:
    """An environment's folder while it is made: marked on entry, and empty of any leftover.

    On a clean exit the mark goes. On an error or an interrupt everything that was made goes, and the environment that
    was to be replaced comes back.
    """

    def __init__(self, prefix: Path) -> None:
        self.prefix = prefix
        self._old = prefix.with_name(prefix.name + OLD_SUFFIX)
        self._stream: int | None = None

    def __enter__(self) -> UnderConstruction:
        prefix = self.prefix
        if prefix.is_symlink() or (prefix.exists() and not prefix.is_dir()):
            raise CreationError(f"{prefix} is no separate folder", "remove it, or name the environment in [tool.pyfmt]")
        if prefix.is_dir() and any(prefix.iterdir()) and not is_environment(prefix):
            raise CreationError(f"{prefix} is there and is no environment", "move it away; pyfmt does not delete it")
        if is_unfinished(prefix):
            self._lock()
            self.empty()
        else:
            if prefix.is_dir() and any(prefix.iterdir()):
                _remove(self._old)
                prefix.rename(self._old)
            prefix.mkdir(parents=True, exist_ok=True)
            self._lock()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if kind is None:
            (self.prefix / MARKER).unlink()
            self._unlock()
            _remove(self._old)
            return
        try:
            self.empty()
            (self.prefix / MARKER).unlink()
            self.prefix.rmdir()
            if is_environment(self._old):
                self._old.rename(self.prefix)
        except OSError:
            # The mark still tells that it is unfinished, and the error on its way says why.
            return
        finally:
            self._unlock()

    def empty(self) -> None:
        """Delete what is in the unfinished environment, all but its mark."""
        for entry in self.prefix.iterdir():
            if entry.name != MARKER:
                _remove(entry)

    @property
    def locks(self) -> tuple[int, ...]:
        """File descriptors for a child to inherit: an installer that outlives a killed pyfmt keeps the lock."""
        return () if self._stream is None or os.name == "nt" else (self._stream,)

    def _lock(self) -> None:
        stream = os.open(self.prefix / MARKER, os.O_RDWR | os.O_CREAT, 0o644)
        if fcntl is not None:
            try:
                fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                os.close(stream)
                raise CreationError(
                    f"another pyfmt is making {self.prefix}", "wait for it, or end it, and try again"
                ) from error
        self._stream = stream

    def _unlock(self) -> None:
        if self._stream is not None:
            os.close(self._stream)
            self._stream = None


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
