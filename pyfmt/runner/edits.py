"""The only writer of users' files: bytes in, bytes out, atomically, after checking what the file holds."""

from __future__ import annotations

import contextlib
import os
import re
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path

from pyfmt.core.errors import EditError

# Of a file that is not yet complete. It has no ending that tools or watchers look for; the number is the process that
# writes it.
LEFTOVER = re.compile(r"\.pyfmt-(\d+)-[0-9a-f]{12}\.tmp")


def write(path: Path, before: bytes, after: bytes, inside: Path | None = None) -> None:
    """Replace a file's content in one step, if it still holds `before`; raises EditError, and the file is as it was.

    The bytes go to a temporary file in the same folder, which then takes the file's place: a reader sees the old
    content or the new one, never a part. Mode, owner and extended attributes are kept where the system lets us. A
    symbolic link stays one: its target is replaced. A hard link is broken: the other names keep the old content, as in
    a snapshot made with `cp -al` they should, and writing in place could not be atomic. A file that is write-protected
    is left alone, though its folder would allow the replacement. Nothing happens where the file holds `after` already
    (two names of one file). An interrupt (KeyboardInterrupt) removes the temporary file too; only a process that is
    killed outright between two system calls can leave one (`.pyfmt-*.tmp`), which the next run removes, and the file
    itself is whole even then. `inside`: the file must be in this folder, when all links are followed.
    """
    place = str(path)
    try:
        real = os.path.realpath(path, strict=True)
        if inside is not None and not Path(real).is_relative_to(os.path.realpath(inside)):
            raise EditError(
                "a link leads to it, out of the checkout; it is left as it is", place, f"name {real} itself"
            )
        status = os.stat(real)
        if not stat.S_ISREG(status.st_mode):
            raise EditError("not a regular file", place)
        if not os.access(real, os.W_OK, effective_ids=os.access in os.supports_effective_ids):
            raise EditError("the file is write-protected; it is left as it is", place, f"chmod u+w {place}")
        _replace(real, status, before, after)
    except EditError as error:
        raise EditError(error.what, place, error.cure) from error
    except FileNotFoundError as error:
        raise EditError("the file vanished before it could be written", place) from error
    except OSError as error:
        cure = "check the permissions of its folder and the free space"
        raise EditError(f"cannot be written: {error.strerror or error}; it is left as it is", place, cure) from error


def _replace(real: str, status: os.stat_result, before: bytes, after: bytes) -> None:
    """Write the temporary file, look at the file once more, and swap them; no temporary file stays behind."""
    with _temporary(os.path.dirname(real)) as temporary:
        _fill(temporary, after, 0o600)
        _copy_metadata(real, temporary, status)
        now = _read(real)
        if now == after:
            return
        if now != before:
            raise EditError("the file changed while it was formatted; it is left as it is", real, "run pyfmt again")
        os.replace(temporary, real)


def put(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Make a file of pyfmt's own hold `content`, in one step, whatever was there before; raises OSError.

    A link in its place is replaced, not followed. The user's umask is taken off `mode`.
    """
    with _temporary(os.path.dirname(path)) as temporary:
        _fill(temporary, content, mode)
        os.replace(temporary, path)


def remove_leftovers(root: Path, paths: Iterable[str]) -> None:
    """Remove temporary files (relative to `root`) of processes that were killed; those of living ones stay."""
    for path in paths:
        found = LEFTOVER.fullmatch(os.path.basename(path))
        if found and not _is_alive(int(found[1])):
            with contextlib.suppress(OSError):  # somebody else's, or gone already
                os.unlink(root / path)


def _is_alive(process: int) -> bool:
    if os.name != "posix":
        return True  # there, to ask would be to end it
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


@contextlib.contextmanager
def _temporary(folder: str) -> Iterator[str]:
    """The name of a file that is not there at the end: it has become another, or is removed.

    The name is chosen before the file exists, so that an interrupt at any point finds it.
    """
    name = os.path.join(folder, f".pyfmt-{os.getpid()}-{os.urandom(6).hex()}.tmp")
    try:
        yield name
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name)


def _fill(path: str, content: bytes, mode: int) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0), mode)
    with open(descriptor, "wb") as file:
        file.write(content)


def _read(real: str) -> bytes:
    with open(real, "rb") as file:
        return file.read()


def _copy_metadata(source: str, target: str, status: os.stat_result) -> None:
    """Owner first, since a change of owner clears bits of the mode; what the system refuses stays ours."""
    if hasattr(os, "chown"):
        own = os.stat(target)
        if (own.st_uid, own.st_gid) != (status.st_uid, status.st_gid):
            for owner, group in ((status.st_uid, status.st_gid), (-1, status.st_gid)):
                try:
                    os.chown(target, owner, group)
                    break
                except PermissionError:
                    continue  # only root gives files away; a group that one belongs to may still be kept
    os.chmod(target, stat.S_IMODE(status.st_mode))
    if hasattr(os, "listxattr"):
        _copy_attributes(source, target)


def _copy_attributes(source: str, target: str) -> None:
    try:
        names = os.listxattr(source)
    except OSError:
        return  # the file system has none
    for name in names:
        try:
            os.setxattr(target, name, os.getxattr(source, name))
        except OSError:
            continue  # security.* needs privileges, and the system gives new files the right ones


def unified_diff(before: bytes, after: bytes, path: str) -> str:
    """The change as `git apply` and `patch -p1` take it; "" where there is none. Undecodable bytes are shown
    escaped."""
    if before == after:
        return ""
    import difflib  # lazy: only with --diff

    old, new = _lines(before), _lines(after)
    tail = "\t" if " " in path else ""  # as git ends names with blanks
    names = (_quoted(f"a/{path}") + tail, _quoted(f"b/{path}") + tail)
    body = difflib.unified_diff(old, new, *names, lineterm="\n")
    return "".join(_closed(body))


def _closed(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"


def _lines(data: bytes) -> list[str]:
    """Lines by "\\n" alone, as diff and patch count them: a form feed or a lone "\\r" ends none."""
    import io  # lazy: only with --diff
    import tokenize

    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        text = data.decode("utf-8" if encoding == "utf-8-sig" else encoding)
    except (SyntaxError, UnicodeDecodeError, LookupError):
        text = data.decode("utf-8", "backslashreplace")
    lines = text.split("\n")
    return [f"{line}\n" for line in lines[:-1]] + ([lines[-1]] if lines[-1] else [])


def _quoted(name: str) -> str:
    """A name with control characters, quotes or backslashes as git quotes it."""
    if not any(ord(char) < 32 or char in '"\\\x7f' for char in name):
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(f"\\{ord(char):03o}" if ord(char) < 32 or char == "\x7f" else char for char in escaped) + '"'
