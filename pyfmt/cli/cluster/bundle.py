"""The sources of a run as one package: what git tracks and what is new, as they are in the work tree."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import stat
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyfmt import disk
from pyfmt.core.errors import UsageError
from pyfmt.git.index import SUBMODULE
from pyfmt.git.renames import EMPTY_BLOB, git

_CURE = "the sources that travel are what git tracks; use --same-filesystem where the machines see this folder"
INDEX = ".git/pyfmt-tracked"  # of a bundle: rows for `git update-index --index-info`
Entry = tuple[str, int, bytes]  # path, mode, and the content, or the target of a link


@dataclass(frozen=True, slots=True)
class Bundle:
    """`digest` names what is in `data`: paths, modes and contents."""

    digest: str
    data: bytes


def pack(root: Path) -> Bundle:
    """The sources below `root`; raises UsageError where git cannot name them, or one cannot be read."""
    rows = [row.partition(b"\t") for row in _listed(root, "-s")]
    tracked = {name: facts.split(b" ", 1)[0] for facts, _, name in rows}
    new = _listed(root, "--others", "--exclude-standard")
    # A submodule is another repository, which this run does not enter.
    names = {name for name in {*tracked, *new} if tracked.get(name) != SUBMODULE.encode() and not name.endswith(b"/")}
    paths = [os.fsdecode(name) for name in sorted(names)]
    # Behind a link is no file of the tree, whatever the index still says.
    links = {folder for folder in {os.path.dirname(path) for path in paths} if _leads_away(root, folder)}
    held = [entry for path in paths if os.path.dirname(path) not in links for entry in _read(root, path)]
    # The blob without content: a worker asks only which files are tracked.
    listed = (mode + b" " + EMPTY_BLOB + b" 0\t" + name + b"\0" for name, mode in sorted(tracked.items()))
    held.append((INDEX, stat.S_IFREG | 0o644, b"".join(listed)))
    header = json.dumps([(path, mode, len(content)) for path, mode, content in held]).encode()
    whole = b"".join([b"%d\n" % len(header), header, *(content for _, _, content in held)])
    return Bundle(hashlib.sha256(whole).hexdigest(), zlib.compress(whole, 1))


def entries(data: bytes) -> list[Entry]:
    """What a bundle holds."""
    whole = zlib.decompress(data)
    length, _, rest = whole.partition(b"\n")
    place, found = int(length), []
    for path, mode, size in json.loads(rest[:place]):
        found.append((path, mode, rest[place : place + size]))
        place += size
    return found


def unpack(held: Sequence[Entry], folder: Path, before: Iterable[str]) -> None:
    """Make `folder` hold what a bundle does, and of the files `before` no others.

    A file that is there with the same bytes is left alone: tools' own caches go by its times.
    """
    for gone in sorted({*before} - {path for path, _, _ in held}):
        _remove(folder, Path(gone))
    for path, mode, content in held:
        _write(folder, Path(path), mode, content)


def _listed(root: Path, *options: str) -> list[bytes]:
    found = git(root, "ls-files", "-z", *options)
    if found is None:
        raise UsageError(f"git does not list the files of {root}", "--executor", _CURE)
    return [row for row in found.split(b"\0") if row]


def _leads_away(root: Path, folder: str) -> bool:
    return bool(folder) and os.path.realpath(root / folder) != os.path.join(os.path.realpath(root), folder)


def _read(root: Path, path: str) -> Iterator[Entry]:
    """A file or link as it is now; nothing where it is gone, or is neither."""
    try:
        mode = os.lstat(root / path).st_mode
        if stat.S_ISLNK(mode):
            yield path, stat.S_IFLNK | 0o777, os.fsencode(os.readlink(root / path))
        elif stat.S_ISREG(mode):
            kept = stat.S_IFREG | (0o755 if mode & stat.S_IXUSR else 0o644)
            yield path, kept, disk.read_bytes(root / path, disk.ANY_SIZE)
    except (FileNotFoundError, NotADirectoryError):
        return
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", path, "the machines of a cluster need it") from error


def _remove(folder: Path, relative: Path) -> None:
    """Remove a file, and the folders that are empty then; nothing behind a link, which leads elsewhere."""
    above = [folder / parent for parent in relative.parents if parent.parts]  # the nearest first
    if any(parent.is_symlink() for parent in above):
        return
    path = folder / relative
    with contextlib.suppress(OSError):
        if not path.is_dir() or path.is_symlink():
            path.unlink(missing_ok=True)
        for parent in above:
            parent.rmdir()  # only where nothing is left in it


def _write(folder: Path, relative: Path, mode: int, content: bytes) -> None:
    if relative.is_absolute() or ".." in relative.parts:
        raise ValueError(f"a bundle names {str(relative)!r}")
    path = folder
    for part in relative.parts[:-1]:
        path /= part
        if path.is_symlink() or path.is_file():  # once a link or a file, a folder now: nothing is written through it
            path.unlink()
        path.mkdir(exist_ok=True)
    path /= relative.name
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)  # once a folder, with what was made in it
    if stat.S_ISLNK(mode):
        target = os.fsdecode(content)
        if not path.is_symlink() or os.readlink(path) != target:
            path.unlink(missing_ok=True)
            path.symlink_to(target)
        return
    if path.is_symlink() or not path.is_file() or disk.read_bytes(path, disk.ANY_SIZE) != content:
        path.unlink(missing_ok=True)
        path.write_bytes(content)
    path.chmod(stat.S_IMODE(mode))
