"""Tools' own cache folders on their way between machines: `pyfmt cache push` sends them, a run takes those it lacks.

Only what is signed is taken: such a folder stays, and serves later runs whatever these believe. A tool checks what is
in its folder as it does after any edit; one that belongs to another checkout or place it does not use.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tarfile
import tempfile
from collections.abc import Iterable
from pathlib import Path

from pyfmt.cache.remembered import MemoKind
from pyfmt.cache.remote.entries import LARGEST
from pyfmt.cache.remote.remote import Remote
from pyfmt.cache.store import Store
from pyfmt.tools.registry import TOOLS

_FOLDER = MemoKind("tool's cache folder", 1, bytes)
_USED: MemoKind[dict[str, str]] = MemoKind("tools' cache folders", 1, dict[str, str], shared=False)
_AT_ONCE = 4  # that are in memory together
_TO_SEND = _USED.key("to be sent")
Folders = dict[Path, str]  # of units that run, and their tools


def take(remote: Remote, folders: Folders) -> None:
    """Get the folders that are not there."""
    missing = [folder for folder in folders if not folder.exists()] if hasattr(tarfile, "data_filter") else []
    for start in range(0, len(missing), _AT_ONCE):
        keys = {folder: _key(folder) for folder in missing[start : start + _AT_ONCE]}
        sent = remote.fetch(keys.values(), signed=True)
        for folder, key in keys.items():
            if key in sent:
                with contextlib.suppress(OSError, tarfile.TarError):  # then the tool makes its own
                    _unpack(sent[key], folder)


def used(store: Store, folders: Folders) -> None:
    """Note the folders of units that have run: what they hold is to be sent."""
    names = {str(folder): tool for folder, tool in folders.items()}
    _USED.keep(store, {_TO_SEND: (_USED.one(store, _TO_SEND) or {}) | names})


def push(store: Store, remote: Remote) -> None:
    """Send the folders of units that have run since the last time, one after the other."""
    rest = _USED.one(store, _TO_SEND) or {}
    for name, tool in sorted(rest.items()) if remote.speaks_for_all else ():
        folder = Path(name)
        packed = _packed(folder, tool)
        if packed is not None and len(packed) <= LARGEST:
            remote.send_later({_key(folder): packed})
            if remote.flush(None):
                break
        del rest[name]
    _USED.keep(store, {_TO_SEND: rest})


def _key(folder: Path) -> bytes:
    return _FOLDER.key(str(folder))  # which names the checkout, the environment, the tool and its configuration


def _packed(folder: Path, tool: str) -> bytes | None:
    """What holds elsewhere, as a tar archive; None where there is nothing, or it changes meanwhile."""
    archive = io.BytesIO()
    try:
        with tarfile.TarFile(fileobj=archive, mode="w") as tar:
            for path in _lasting(folder, TOOLS[tool].own_cache):
                tar.add(path, os.path.relpath(path, folder), recursive=False)
            is_empty = not tar.getmembers()
    except OSError:
        return None
    return None if is_empty else archive.getvalue()


def _lasting(folder: Path, patterns: Iterable[str]) -> list[Path]:
    found = {path for pattern in patterns for path in folder.glob(pattern)}
    return sorted(path for path in found if path.is_file() and not path.is_symlink())


def _unpack(packed: bytes, folder: Path) -> None:
    """Make the folder, whole or not at all."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    place = tempfile.mkdtemp(prefix=f"{folder.name}.", dir=folder.parent)
    try:
        with tarfile.TarFile(fileobj=io.BytesIO(packed)) as tar:
            tar.extractall(place, filter="data")
        os.rename(place, folder)
    finally:
        shutil.rmtree(place, ignore_errors=True)
