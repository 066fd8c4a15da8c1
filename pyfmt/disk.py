"""What a run asks of the disk: what is there, and what it holds.

Every question of pyfmt itself about a checkout or an environment comes through here, so that a DiskObserver can note
what a run depended on (`pyfmt.cache.repeating`). What others wrote is read from regular files alone, bounded in size,
parsed with a bound on their depth: a pipe never holds a run up, and whatever is wrong with a file is an OSError (it
cannot be read) or a ValueError (it makes no sense), which every reader handles as that file's own failure.
"""

from __future__ import annotations

import contextlib
import errno
import fnmatch
import os
import stat as modes
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

from pyfmt.core import parsing
from pyfmt.core.cells import NOTEBOOK_SUFFIX

LARGEST = 64 * 1024 * 1024  # bytes; the longest real lock file that was seen has 5 MB
ANY_SIZE = 1 << 62  # where leaving out what is larger would be wrong: a digest
_FLAGS = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
_KINDS = {
    modes.S_IFIFO: "a named pipe",
    modes.S_IFSOCK: "a socket",
    modes.S_IFCHR: "a device",
    modes.S_IFBLK: "a device",
}


AnyPath = str | os.PathLike[str]


class DiskObserver(Protocol):
    """Somebody who notes what is asked, with the answer; what is opened or listed, whoever of the process does it."""

    def answered(self, path: AnyPath, found: os.stat_result | None, *, followed: bool, kind_only: bool) -> None:
        """What is at a path (None for nothing), where links are followed or not; whether only its type was asked
        for."""

    def entries(self, found: Any) -> Any:
        """What os.scandir gave, whose entries ask through this module."""

    def opened(self, path: Any, flags: int) -> None:
        """A file is about to be opened, with the flags of os.open. TypeError, ValueError for what names none."""

    def listed(self, path: Any) -> None:
        """A folder is about to be listed; None for the current one."""

    def lost(self) -> None:
        """Something was asked that cannot be told."""

    def links_on(self, path: AnyPath) -> None:
        """The links on the way to a path are about to be resolved."""


_observers: list[DiskObserver] = []
_hooked: list[bool] = []  # an audit hook stays until the process ends


def observe(observer: DiskObserver) -> None:
    """Tell an observer what is asked from now on, until `ignore`."""
    if not _hooked:
        _hooked.append(True)
        sys.addaudithook(_audited)
    if observer not in _observers:
        _observers.append(observer)


def ignore(observer: DiskObserver) -> None:
    """Tell it no longer."""
    if observer in _observers:
        _observers.remove(observer)


def _audited(event: str, arguments: tuple[Any, ...]) -> None:
    """Python's audit hook: https://docs.python.org/3/library/audit_events.html."""
    if not _observers or event not in ("open", "os.listdir", "os.scandir"):
        return
    for observer in list(_observers):
        try:
            if event != "open":
                if not _is_import():
                    observer.listed(arguments[0])
            elif not isinstance(arguments[0], int) and not _is_code(*arguments):  # a number was opened before
                observer.opened(arguments[0], arguments[2])
        except (TypeError, ValueError, IndexError):  # it would come out of whoever asked
            observer.lost()


def _is_import() -> bool:
    """Whether it is Python that looks for a module: who observes asks for the modules that there are."""
    frame = sys._getframe(2)  # pylint: disable=protected-access  # inspect takes long to import
    return frame.f_code.co_filename.startswith("<frozen importlib")


def _is_code(path: Any, mode: str | None, flags: int) -> bool:
    """Whether a module is imported (io.open_code alone has no flags), or what was compiled of it is written."""
    return (mode == "rb" and flags == 0) or os.path.basename(os.path.dirname(os.fsdecode(path))) == "__pycache__"


def _look(path: AnyPath, followed: bool, kind_only: bool) -> os.stat_result:
    try:
        found = os.stat(path) if followed else os.lstat(path)
    except (OSError, ValueError):
        for observer in _observers:
            observer.answered(path, None, followed=followed, kind_only=kind_only)
        raise
    for observer in _observers:
        observer.answered(path, found, followed=followed, kind_only=kind_only)
    return found


def kind(path: AnyPath, *, followed: bool = True) -> int:
    """What is at a path, or what a link there leads to, by the type in its mode (stat.S_IFMT); 0 for nothing."""
    try:
        return modes.S_IFMT(_look(path, followed, kind_only=True).st_mode)
    except (OSError, ValueError):
        return 0


def stat(path: AnyPath) -> os.stat_result:
    """As os.stat: OSError, ValueError for a name that no file can have."""
    return _look(path, followed=True, kind_only=False) if _observers else os.stat(path)


def lstat(path: AnyPath) -> os.stat_result:
    """As os.lstat."""
    return _look(path, followed=False, kind_only=False) if _observers else os.lstat(path)


def exists(path: AnyPath) -> bool:
    """As os.path.exists."""
    return kind(path) != 0 if _observers else os.path.exists(path)


def lexists(path: AnyPath) -> bool:
    """As os.path.lexists: whether there is anything, be it a link to nothing."""
    return kind(path, followed=False) != 0 if _observers else os.path.lexists(path)


def is_file(path: AnyPath) -> bool:
    """Whether it is, or leads to, a regular file."""
    return modes.S_ISREG(kind(path)) if _observers else os.path.isfile(path)


def is_dir(path: AnyPath) -> bool:
    """Whether it is, or leads to, a folder."""
    return modes.S_ISDIR(kind(path)) if _observers else os.path.isdir(path)


def is_link(path: AnyPath) -> bool:
    """Whether it is a symbolic link itself."""
    return modes.S_ISLNK(kind(path, followed=False)) if _observers else os.path.islink(path)


def is_executable(path: AnyPath) -> bool:
    """Whether this user may execute it."""
    if _observers:
        with contextlib.suppress(OSError, ValueError):
            stat(path)
    return os.access(path, os.X_OK)


def same_file(one: AnyPath, other: AnyPath) -> bool:
    """As os.path.samefile."""
    return os.path.samestat(stat(one), stat(other))


def readlink(path: AnyPath) -> str:
    """As os.readlink."""
    if _observers:
        with contextlib.suppress(OSError, ValueError):
            lstat(path)
    return os.fspath(os.readlink(path))


def realpath(path: AnyPath) -> str:
    """As os.path.realpath."""
    for observer in _observers:
        observer.links_on(path)
    return os.fspath(os.path.realpath(path))


def resolved(path: AnyPath) -> Path:
    """As Path.resolve."""
    return Path(realpath(path))


def scandir(folder: AnyPath) -> contextlib.AbstractContextManager[Iterator[os.DirEntry[str]]]:
    """As os.scandir, for a `with` statement."""
    found: Any = os.scandir(folder)
    if _observers:  # they ask through this module, which tells everybody
        found = _observers[0].entries(found)
    return found  # type: ignore[no-any-return]  # a DiskObserver's entries behave as os.DirEntry does


def listdir(folder: AnyPath) -> list[str]:
    """As os.listdir."""
    return os.listdir(folder)


def walk(folder: AnyPath) -> Iterator[tuple[str, list[str], list[str]]]:
    """As os.walk from the top: a folder that cannot be listed gives nothing, and links are not followed."""
    folders: list[str] = []
    files: list[str] = []
    links: set[str] = set()
    try:
        with scandir(folder) as found:
            for entry in found:
                (folders if is_folder(entry) else files).append(entry.name)
                if entry.is_symlink():
                    links.add(entry.name)
    except OSError:
        return
    here = os.fspath(folder)
    yield here, folders, files
    for name in folders:  # what is left of them
        if name not in links:
            yield from walk(os.path.join(here, name))


def glob(folder: Path, pattern: str) -> Iterator[Path]:
    """The paths below a folder that a pattern names, sorted; each part of it is a name, or what `fnmatch` takes for
    one."""
    part, _, rest = pattern.partition("/")
    if any(sign in part for sign in "*?["):
        names = [name for name in names_in(folder) if fnmatch.fnmatchcase(name, part)]
    else:
        names = [part] if lexists(folder / part) else []
    for name in names:
        if not rest:
            yield folder / name
        elif is_dir(folder / name):
            yield from glob(folder / name, rest)


def _refusal(path: str | os.PathLike[str], found: os.stat_result, largest: int) -> OSError | None:
    """Why a file is not read, by what it is."""
    name = os.fspath(path)
    if modes.S_ISDIR(found.st_mode):
        return IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), name)
    if not modes.S_ISREG(found.st_mode):
        kind = _KINDS.get(modes.S_IFMT(found.st_mode), "something else")
        return OSError(errno.EINVAL, f"it is {kind}, no regular file", name)
    if found.st_size > largest:
        return OSError(errno.EFBIG, f"it has more than {largest >> 20} MiB", name)
    return None


def unreadable(path: str | os.PathLike[str]) -> str:
    """Why a file could not be read, without opening it: a pipe, a link to nothing; "" where all is well."""
    try:
        refusal = _refusal(path, stat(path), LARGEST)
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
