"""Reads what others wrote: regular files alone, bounded in size, parsed with a bound on their depth.

Every file of a checkout or an environment that pyfmt itself reads comes through here: a pipe never holds a run up, and
whatever is wrong with a file is an OSError (it cannot be read) or a ValueError (it makes no sense), which every reader
handles as that file's own failure.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from typing import Any

from pyfmt.core import parsing
from pyfmt.core.cells import NOTEBOOK_SUFFIX

LARGEST = 64 * 1024 * 1024  # bytes; the longest real lock file that was seen has 5 MB
ANY_SIZE = 1 << 62  # where leaving out what is larger would be wrong: a digest
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}


def _refusal(path: str | os.PathLike[str], found: os.stat_result, largest: int) -> OSError | None:
    """Why a file is not read, by what it is."""
    name = os.fspath(path)
    if stat.S_ISDIR(found.st_mode):
        return IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
    if not stat.S_ISREG(found.st_mode):
        kind = _KINDS.get(stat.S_IFMT(found.st_mode), "something else")
        return OSError(errno.EINVAL, f"it is {kind}, no regular file", name)
    if found.st_size > largest:
        return OSError(errno.EFBIG, f"it has more than {largest >> 20} MiB", name)
    return None


def unreadable(path: str | os.PathLike[str]) -> str:
    """Why a file could not be read, without opening it: a pipe, a link to nothing; "" where all is well."""
    try:
        refusal = _refusal(path, os.stat(path), LARGEST)
        if refusal is None and not os.access(path, os.R_OK):
            refusal = PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except (OSError, ValueError) as error:
        return parsing.why(error)
    return parsing.why(refusal) if refusal else ""


@contextlib.contextmanager
def _opened(path: str | os.PathLike[str], largest: int) -> Iterator[tuple[int, os.stat_result]]:
    try:
        descriptor = os.open(path, _FLAGS)
    except ValueError as error:  # a NUL in the name, or half of a surrogate pair
        raise OSError(errno.EINVAL, f"no file can have this name ({error})") from error
    try:
        found = os.fstat(descriptor)
        if refusal := _refusal(path, found, largest):
            raise refusal
        yield descriptor, found
    finally:
        os.close(descriptor)


def read_start(path: str | os.PathLike[str], size: int) -> bytes:
    """The first bytes of a regular file, however large; OSError for anything else."""
    with _opened(path, ANY_SIZE) as (descriptor, _):
        return os.read(descriptor, size)


def read_bytes(path: str | os.PathLike[str], largest: int = LARGEST) -> bytes:
    """The content of a regular file.

    OSError for anything else, for more than `largest` bytes, and for a name that no file can have.
    """
    with _opened(path, largest) as (descriptor, found):
        parts = []
        left = largest + 1  # it may grow while it is read
        while left > 0 and (part := os.read(descriptor, min(left, max(found.st_size, 1 << 16) + 1))):
            parts.append(part)
            left -= len(part)
        if left <= 0:
            raise OSError(errno.EFBIG, f"it has more than {largest >> 20} MiB", os.fspath(path))
        return parts[0] if len(parts) == 1 else b"".join(parts)


def read_text(path: str | os.PathLike[str], errors: str = "strict", encoding: str = "utf-8") -> str:
    """The text of a regular file, with line ends as `open` gives them; OSError, UnicodeDecodeError."""
    text = read_bytes(path).decode(encoding, errors)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def read_python(path: str | os.PathLike[str]) -> bytes:
    """The Python text of a regular file: of a notebook that of its cells; OSError as for its bytes."""
    data = read_bytes(path)
    if not os.fspath(path).endswith(NOTEBOOK_SUFFIX):
        return data
    from pyfmt.core.notebooks import source_of  # deferred: only where there are any

    return source_of(data)


def read_toml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The tables of a TOML file; OSError and ValueError as for its parts."""
    return parsing.parse_toml(read_text(path))


def bytes_or_none(path: str | os.PathLike[str]) -> bytes | None:
    """The content of a regular file; None where it cannot be read, which somebody else tells."""
    try:
        return read_bytes(path)
    except OSError:
        return None


def text_or_none(path: str | os.PathLike[str]) -> str | None:
    """The text of a regular file, what is no UTF-8 in it replaced; None where it cannot be read."""
    try:
        return read_text(path, "replace")
    except OSError:
        return None


def toml_or_empty(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The tables of a TOML file; none where it is damaged or cannot be read, which somebody else tells."""
    try:
        return read_toml(path)
    except (OSError, ValueError):
        return {}


def names_in(folder: str | os.PathLike[str]) -> list[str]:
    """The sorted names of what a folder holds; none where it cannot be listed."""
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder, or leads to one; a link to itself, for which `is_dir` raises OSError, does not."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def is_name(path: str) -> bool:
    """Whether a file of that name could exist: others write a NUL into a path, or half of a surrogate pair."""
    try:
        return b"\0" not in os.fsencode(path)
    except ValueError:
        return False


def is_within(path: str, folder: str) -> bool:
    """Whether a path is a folder or lies in it: both absolute, or both relative to the root ("." for that)."""
    return folder == "." or path == folder or path.startswith((folder.rstrip(os.sep) + os.sep, f"{folder}/"))
