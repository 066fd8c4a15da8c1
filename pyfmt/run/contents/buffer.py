"""A run over the work tree with other contents of some files, such as an editor's that are not saved yet: another
source of contents, as the index is one."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
import stat
from collections.abc import Container, Iterator
from dataclasses import replace
from pathlib import Path

from pyfmt import config
from pyfmt.cache.folders import repository_folder
from pyfmt.cache.memory import Staged
from pyfmt.core.model import Config, ToolConfig
from pyfmt.core.request import Request
from pyfmt.git.staged import tree
from pyfmt.git.staged.path_mapping import Move
from pyfmt.projects import selection
from pyfmt.projects.walking import IMPORTABLE, git_folder, walk
from pyfmt.run.contents.stage import Stage, Wanted

_SPAN = 1_000_000_000  # seconds, about 31 years


@contextlib.contextmanager
def opened(request: Request, cwd: Path) -> Iterator[Stage]:
    """The stage for `request.texts` as the contents of their files, which may be new ones.

    Raises UsageError for a path outside of the monorepo.
    """
    real = config.load(request, cwd)
    texts = {selection.inside(path, real.root, cwd): text for path, text in (request.texts or {}).items()}
    base = repository_folder(real.root, real.cache_dir)
    with contextlib.ExitStack() as stack:
        holder = stack.enter_context(tree.holder(base if request.use_cache else None, "buffer"))
        place = holder.folder / "tree"
        _mirror(real, place, texts.keys())
        for path, text in texts.items():
            if text is not None:
                _put(place / path, text)
        yield Stage(
            replace(real, root=place, cache_dir=base, tool_configs=_moved(real, place)),
            real,
            # What the tree has not is what no tool looks for in a checkout, or git's own.
            Move(str(real.root), str(place), lambda path: True),
            index=None,
            bringing=None,
            cached=Staged(holder.kept, "buffer"),
            notes=(),
            filtered={},
            wanted=Wanted(frozenset(), tuple(selection.inside(path, real.root, cwd) for path in request.paths)),
        )


def _mirror(real: Config, place: Path, but: Container[str]) -> None:
    """Make `place` hold what the monorepo does, linked where that can be (no second copy, the same time stamps); `but`
    some files, which are never linked, since they are written."""
    wanted = {path for path in _files(real) if path not in but}
    place.mkdir(parents=True, exist_ok=True)
    for folder, _folders, names in os.walk(place):
        for name in names:
            path = os.path.join(folder, name)
            if os.path.relpath(path, place) not in wanted:
                os.unlink(path)
    for path in wanted:
        _link(real.root / path, place / path)
    exclude = git_folder(real.root) / "info/exclude"  # of a linked work tree elsewhere
    (place / ".git/info").mkdir(parents=True, exist_ok=True)  # ends every search upwards
    if exclude.is_file():
        _link(exclude, place / ".git/info/exclude")


def _files(real: Config) -> Iterator[str]:
    for folder in walk(real.root, real.exclude):
        before = "" if folder.path == "." else f"{folder.path}/"
        yield from (*folder.python_files, *folder.hidden_files)
        yield from (before + n for n in folder.other_files if tree.may_matter(n) or n.endswith(IMPORTABLE))


def _link(source: Path, target: Path) -> None:
    """The same file at both places, or one like it; what is gone or cannot be read is not there for the tools."""
    with contextlib.suppress(OSError):
        found = source.stat()
        with contextlib.suppress(FileNotFoundError):
            there = target.lstat()
            if (there.st_ino, there.st_dev) == (found.st_ino, found.st_dev):
                return
            # A copy on another file system: of a link these would also be those of a file that was put in its place.
            same = (there.st_size, there.st_mtime_ns) == (found.st_size, found.st_mtime_ns)
            if same and there.st_dev != found.st_dev:
                return
            if stat.S_ISDIR(there.st_mode):
                target.rmdir()  # empty, or what is below it is not there any more
            else:
                target.unlink()
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(source.resolve(), target)
        except OSError:  # another file system, or one without links
            shutil.copy2(source, target)


def _put(place: Path, content: bytes) -> None:
    """Write a content; its time is made of its content, so that tools that look at seconds see every change."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.unlink(missing_ok=True)  # it may be a link to the user's file
    place.write_bytes(content)
    seconds = int.from_bytes(hashlib.sha256(content).digest()[:8]) % _SPAN
    os.utime(place, (seconds, seconds))


def _moved(real: Config, place: Path) -> tuple[ToolConfig, ...]:
    """The tools' configurations where they stand in the tree, so that what they name is found there."""
    found = []
    for each in real.tool_configs:
        inside = place / os.path.relpath(each.path, real.root)
        within = Path(each.path).is_relative_to(real.root) and inside.is_file()
        found.append(replace(each, path=str(inside)) if within else each)
    return tuple(found)
