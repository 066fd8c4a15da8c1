"""Asks the operating system for changes, by watchfiles: the only module that knows it."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pyfmt.cli.watch.places import Event
from pyfmt.core.errors import PyfmtError, UsageError

if TYPE_CHECKING:
    from watchfiles._rust_notify import RustNotify

_BATCH_MS = 1_600  # a batch of changes is told after this time at the latest ...
_QUIET_MS = 50  # ... and as soon as nothing has come for this long
_POLL_MS = 300  # where WATCHFILES_FORCE_POLLING is set, for file systems that tell nothing (network, some containers)
_KINDS = {1: "added", 2: "modified", 3: "deleted"}
# Linux watches single folders, each at a cost: only those that matter. Elsewhere a whole tree costs as much as a
# folder.
_RECURSIVE = not sys.platform.startswith("linux")


def check_installed() -> None:
    """Raises UsageError where watchfiles is not installed: it is an extra."""
    try:
        import watchfiles  # noqa: F401  # pylint: disable=import-outside-toplevel,unused-import  # an extra
    except ImportError as error:
        raise UsageError(
            f"needs the package watchfiles, which cannot be imported: {error}",
            "--watch",
            "pip install 'pyfmt-monorepo[watch]'",
        ) from error


class Notifier:
    """Tells what happens in folders; the folders can be changed, and nothing that happens meanwhile is lost."""

    def __init__(self, folders: Iterable[str]) -> None:
        self._source = _open(folders)
        self._waiting: set[tuple[int, str]] = set()

    def change(self, folders: Iterable[str]) -> None:
        """Look at these folders from now on. Raises PyfmtError where the system does not let us."""
        before, self._source = self._source, _open(folders)
        self._waiting |= _take(before, 1)
        before.close()

    def wait(self, seconds: float | None = None) -> list[Event]:
        """What has happened since the last call: waits for it, or for so many seconds; raises KeyboardInterrupt."""
        found, self._waiting = self._waiting, set()
        found |= _take(self._source, 1 if found else 0 if seconds is None else max(1, int(seconds * 1000)))
        return [Event(path, _KINDS.get(kind, "modified"), os.path.isdir(path)) for kind, path in sorted(found)]

    def close(self) -> None:
        """No more."""
        self._source.close()


def _take(source: RustNotify, milliseconds: int) -> set[tuple[int, str]]:
    """A batch of changes, at least what is there already; 0 waits for ever."""
    found = source.watch(_BATCH_MS, _QUIET_MS, milliseconds, None)
    if found == "signal":
        raise KeyboardInterrupt
    return set() if isinstance(found, str) else found


def _open(folders: Iterable[str]) -> RustNotify:
    from watchfiles._rust_notify import RustNotify  # pylint: disable=import-outside-toplevel  # an extra

    wanted = sorted({folder for folder in folders if os.path.isdir(folder)})
    if _RECURSIVE:
        wanted = [folder for folder in wanted if not any(folder.startswith(other + os.sep) for other in wanted)]
    polling = os.environ.get("WATCHFILES_FORCE_POLLING", "false") not in ("", "false", "disable", "disabled")
    for _ in range(3):
        try:
            return RustNotify(wanted, False, polling, _POLL_MS, _RECURSIVE, True)
        except FileNotFoundError:
            wanted = [folder for folder in wanted if os.path.isdir(folder)]  # gone since we looked
        except (OSError, RuntimeError) as error:
            raise PyfmtError(
                f"{len(wanted)} folders cannot be watched: {error}",
                "--watch",
                "raise fs.inotify.max_user_watches (sysctl), or set WATCHFILES_FORCE_POLLING=1",
            ) from error
    raise PyfmtError("folders vanish while they are looked at", "--watch", "start it again")
