"""The contents of git's index, for `--staged`: the tree that holds them, and which of them are meant."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pyfmt import config, disk
from pyfmt.cache.folders import repository_folder
from pyfmt.cache.memory import Staged
from pyfmt.core.errors import PyfmtError, StagedError, UsageError
from pyfmt.core.hook import in_framework
from pyfmt.core.model import Config
from pyfmt.core.request import Location, Request
from pyfmt.environments import trust
from pyfmt.git.index import GitIndex, IndexEntry, open_index
from pyfmt.git.staged import tree
from pyfmt.git.staged.path_mapping import Move
from pyfmt.git.staged.write_back import Bringing
from pyfmt.projects import selection
from pyfmt.projects.walking import CHECKED_SUFFIXES
from pyfmt.run.contents.stage import Stage, Wanted


@contextlib.contextmanager
def opened(request: Request, cwd: Path, environ: Mapping[str, str]) -> Iterator[Stage]:
    """The stage for a run over the index; raises PyfmtError, which speaks of the work tree."""
    real = config.load(request, cwd)
    index = open_index(real.root, environ, trusted=request.trust or trust.is_stored(real.root))
    if not real.root.is_relative_to(index.top):
        raise StagedError(f"--staged: the root {real.root} is not inside the git work tree {index.top}")
    base = repository_folder(real.root, real.cache_dir)
    with contextlib.ExitStack() as stack:
        entries = index.entries()
        extras = tree.generated(index, entries, real.root, real.exclude)
        holder, place = stack.enter_context(_filled(base if request.use_cache else None, index, entries, extras))
        move = Move(index.top, str(place), lambda path: bool(index.ignored([path])))
        try:
            yield _stage(_IndexTree(real, base, holder.kept, index, entries, move), request, cwd, environ)
        except PyfmtError as error:
            raise move.error(error) from error


@contextlib.contextmanager
def _filled(
    base: Path | None, index: GitIndex, entries: Mapping[str, IndexEntry], extras: Sequence[str]
) -> Iterator[tuple[tree.Holder, Path]]:
    """The tree of the index: in a folder of its own, where the cache's cannot be written; raises StagedError."""
    with contextlib.ExitStack() as stack:
        holder = stack.enter_context(tree.holder(base))
        try:
            place = tree.fill(index, entries, extras, holder.folder)
        except (OSError, StagedError) as error:
            if holder.kept:
                holder, place = stack.enter_context(_filled(None, index, entries, extras))
            elif isinstance(error, StagedError):
                raise
            else:
                where = error.filename or str(holder.folder)
                raise StagedError(f"the index cannot be written out for the run: {error.strerror}", where) from error
        yield holder, place


@dataclass(frozen=True, slots=True)
class _IndexTree:
    """What the index holds, and the tree that stands for it."""

    real: Config  # of the work tree
    cache: Path
    kept: bool  # the tree is there in the next run, too
    index: GitIndex
    entries: dict[str, IndexEntry]
    move: Move

    @property
    def inside(self) -> str:
        """The monorepo's folder in the repository."""
        return os.path.relpath(self.real.root, self.index.top)

    @property
    def before(self) -> str:
        """What the paths of the monorepo's files begin with in the index."""
        return "" if self.inside == "." else self.inside + "/"


def _stage(tree_of: _IndexTree, request: Request, cwd: Path, environ: Mapping[str, str]) -> Stage:
    real, index, entries, move = tree_of.real, tree_of.index, tree_of.entries, tree_of.move
    root = Path(os.path.normpath(os.path.join(move.tree, tree_of.inside)))
    root.mkdir(parents=True, exist_ok=True)  # nothing staged below it yet
    notes: list[str] = []
    if not tree_of.kept and request.use_cache:
        notes.append("another run has the tree of the index: this one made its own, and used no cache of mypy")
    file = _config_file(tree_of, notes)
    located = replace(request, location=Location(str(root), file), paths=())
    settings = replace(config.load(located, root), cache_dir=tree_of.cache)
    wanted = _wanted(tree_of, request, cwd)
    # A hook of a framework that changed the index would break its stash.
    bringing = Bringing(index, (move.tree, tree_of.before), entries, with_index=not in_framework(environ))
    return Stage(
        settings,
        replace(settings, root=real.root),
        move,
        index,
        bringing,
        Staged(tree_of.kept),
        tuple(notes),
        _filtered(index, entries, tree_of.before),
        wanted,
    )


def _filtered(index: GitIndex, entries: dict[str, IndexEntry], before: str) -> dict[str, str]:
    found = index.untrusted_filters(path for path in entries if path.startswith(before))
    return {path[len(before) :]: driver for path, driver in found.items()}


def _config_file(tree_of: _IndexTree, notes: list[str]) -> str | None:
    """What to read the configuration from: None for the index's own; the work tree's where the index has no such
    file."""
    real, index, entries, move = tree_of.real, tree_of.index, tree_of.entries, tree_of.move
    if real.file is None:
        return None
    relative = os.path.relpath(real.file, index.top)
    if relative in entries:
        # Named, since it may be any file with --config; without [tool.pyfmt] in the index, the defaults hold.
        return None if real.file.parent == real.root and real.file.name in _OWN_FILES else f"{move.tree}/{relative}"
    notes.append(f"{real.file.name} is not in the git index: the work tree's is used")
    return str(real.file)


_OWN_FILES = ("pyfmt.toml", "pyproject.toml")


def _wanted(tree_of: _IndexTree, request: Request, cwd: Path) -> Wanted:
    root, index, entries, before = tree_of.real.root, tree_of.index, tree_of.entries, tree_of.before
    found = index.changed() & entries.keys() if request.since is None else entries.keys()
    below = [path[len(before) :] for path in found if path.startswith(before)]
    staged = frozenset(path for path in below if path.endswith(CHECKED_SUFFIXES))
    if not request.paths:
        return Wanted(staged)
    chosen: set[str] = set()
    named, notes = [], []
    for path in request.paths:
        relative = selection.inside(path, root, cwd)
        if before + relative in entries:
            named.append(relative)
        elif relative == "." or any(entry.startswith(f"{before}{relative}/") for entry in entries):
            chosen |= {file for file in staged if disk.is_within(file, relative)}
        elif os.path.lexists(cwd / path):
            notes.append(f"{relative}: not checked, since it is not in the git index")
        else:
            raise UsageError("no such file or folder, neither in the index", path)
    return Wanted(frozenset(chosen), tuple(named), tuple(notes))
