"""Reads what others wrote: regular files alone, bounded in size, parsed with a bound on their depth.

Every file of a checkout or an environment that pyfmt itself reads comes through here: a pipe never holds a run up, and
whatever is wrong with a file is an OSError (it cannot be read) or a ValueError (it says nothing that makes sense), which
every reader handles as that file's own failure.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ast

LARGEST = 64 * 1024 * 1024  # bytes; the longest real lock file that was seen has 5 MB
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
}
# tomllib takes quadratic time for a dotted key: 100,000 parts would take minutes.
_LONG_LINE = re.compile(r"[^\n]{2000}")
_LONG_KEY = re.compile(r"""(?<![\w"'-])(?:["']?[\w-]++["']?[ \t]*+\.[ \t]*+){1000}""")


def read_bytes(path: str | os.PathLike[str], largest: int = LARGEST) -> bytes:
    """The content of a regular file; OSError for anything else, for more than `largest` bytes, and for an impossible name."""
    try:
        descriptor = os.open(path, _FLAGS)
    except ValueError as error:  # a NUL in the name, or half of a surrogate pair
        raise OSError(errno.EINVAL, f"no file can have this name ({error})") from error
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode):
            if stat.S_ISDIR(found.st_mode):
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), os.fspath(path))
            kind = _KINDS.get(stat.S_IFMT(found.st_mode), "something else")
            raise OSError(errno.EINVAL, f"it is {kind}, no regular file", os.fspath(path))
        parts = []
        left = largest + 1  # it may grow while it is read
        while left > 0 and (part := os.read(descriptor, min(left, max(found.st_size, 1 << 16) + 1))):
            parts.append(part)
            left -= len(part)
        if left <= 0:
            raise OSError(errno.EFBIG, f"it has more than {largest} bytes", os.fspath(path))
        return parts[0] if len(parts) == 1 else b"".join(parts)
    finally:
        os.close(descriptor)


def read_text(path: str | os.PathLike[str], errors: str = "strict", encoding: str = "utf-8") -> str:
    """The text of a regular file, with line ends as `open` gives them; OSError, and UnicodeDecodeError if it is none."""
    text = read_bytes(path).decode(encoding, errors)
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def why(error: Exception) -> str:
    """In one line why a file could not be read or understood."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    words = " ".join(str(error).split())
    return words if isinstance(error, ValueError) and words else f"{type(error).__name__}: {words}"


def parse_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML document; ValueError (tomllib.TOMLDecodeError mostly) where it is none, or nested too deeply."""
    import tomllib  # deferred for start-up time

    if _LONG_LINE.search(text) and _LONG_KEY.search(text):
        raise ValueError("a dotted key has too many parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("its values are nested too deeply") from None


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON document; ValueError where it is none, or nested too deeply."""
    import json  # deferred for start-up time

    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("its values are nested too deeply") from None


def read_toml(path: str | os.PathLike[str]) -> dict[str, Any]:
    """The tables of a TOML file; OSError and ValueError as for its parts."""
    return parse_toml(read_text(path))


def parse_python(source: str | bytes) -> ast.Module:
    """The tree of a Python file; SyntaxError or ValueError where it is none that this Python can hold."""
    import ast  # deferred for start-up time
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the file's author gets them from the linters
            return ast.parse(source)
    except (RecursionError, MemoryError):
        raise ValueError("its code is nested too deeply") from None


def is_name(path: str) -> bool:
    """Whether a file of that name could exist: others write a NUL into a path, or half of a surrogate pair."""
    try:
        return b"\0" not in os.fsencode(path)
    except ValueError:
        return False


def is_regular(path: str | Path) -> bool:
    """Whether there is a regular file, or a link to one; also False for a name that no file can have."""
    try:
        return stat.S_ISREG(os.stat(path).st_mode)
    except (OSError, ValueError):
        return False
