"""One run with `--staged`: where the index's contents are, which of them are meant, and how a run gets to see them."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pyfmt import config
from pyfmt.cache.folders import repository_folder
from pyfmt.core.errors import PyfmtError, StagedError, UsageError
from pyfmt.core.hook import in_framework
from pyfmt.core.model import Config, Failure, Project, Resolution
from pyfmt.core.report import Report
from pyfmt.core.request import Location, Request
from pyfmt.environments import trust
from pyfmt.git.index import GitIndex, IndexEntry, open_index
from pyfmt.git.staged import path_mapping, tree
from pyfmt.git.staged.path_mapping import Move
from pyfmt.git.staged.write_back import Bringing
from pyfmt.projects import selection
from pyfmt.projects.selection import Selection
from pyfmt.projects.walking import PYTHON_SUFFIXES


@dataclass(frozen=True, slots=True)
class Stage:
    """What a run over the index works with; `config` has the tree of the index as its root, `real` the work tree."""

    config: Config
    real: Config
    move: Move
    bringing: Bringing
    cached: bool  # the tree is kept, so that tools may keep caches of it
    notes: tuple[str, ...]
    filtered: Mapping[str, str]  # files that cannot be read without a filter driver that may not run, and its name
    _wanted: _Wanted

    def select(self, projects: Sequence[Project]) -> Selection:
        """The staged files, or those that the request names: named files as they are, of named folders what is
        staged."""
        wanted = self._wanted
        files: dict[str, set[str]] = {}
        named = Selection(tuple(projects), {})
        if wanted.named:
            named = selection.select(projects, wanted.named, self.config.root, self.config.root, self.config.exclude)
            files = {path: set(found) for path, found in named.files.items()}
        for project in projects:
            staged = wanted.staged.intersection(project.files)
            if staged:
                files.setdefault(project.path, set()).update(staged)
        chosen = {path: tuple(sorted(found - self.filtered.keys())) for path, found in files.items()}
        return Selection(named.projects, chosen, (*named.notes, *wanted.notes, *self.notes))

    def failures(self) -> tuple[Failure, ...]:
        """Files that are asked for and cannot be checked."""
        wanted = self._wanted.staged.union(self._wanted.named).intersection(self.filtered)
        return tuple(
            Failure(
                "git",
                (),
                "",
                f"{path}: not checked, since its contents go through the filter driver `{self.filtered[path]}` of this "
                "checkout's git configuration, a program that needs trust",
                "look at it, then allow it with `pyfmt trust`, or for one run with --trust",
            )
            for path in sorted(wanted)
        )

    def environments(self, resolutions: Sequence[Resolution]) -> tuple[Resolution, ...]:
        """The work tree's environments, seeing the index's contents."""
        return path_mapping.environments(resolutions, self.move)

    def report(self, report: Report) -> Report:
        """The report about the work tree's paths."""
        return path_mapping.report(report, self.move)

    def sources(self, report: Report) -> dict[str, str]:
        """The texts of the files with findings, as they were checked."""
        texts = {}
        for path in {finding.path for finding in report.findings}:
            with contextlib.suppress(OSError):
                texts[path] = (self.config.root / path).read_text("utf-8", "replace")
        return texts


@dataclass(frozen=True, slots=True)
class _Wanted:
    """What is to be checked, relative to the monorepo's root."""

    staged: frozenset[str]
    named: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@contextlib.contextmanager
def opened(request: Request, cwd: Path, environ: Mapping[str, str]) -> Iterator[Stage]:
    """The stage for a run over the index; raises PyfmtError, which speaks of the work tree."""
    real = config.load(request, cwd)
    index = open_index(real.root, environ, trusted=request.trust or trust.is_stored(real.root))
    if not real.root.is_relative_to(index.top):
        raise StagedError(f"--staged: the root {real.root} is not inside the git work tree {index.top}")
    base = repository_folder(real.root, real.cache_dir)
    with contextlib.ExitStack() as stack:
        holder = stack.enter_context(tree.holder(base if request.use_cache else None))
        entries = index.entries()
        place = tree.fill(index, entries, tree.generated(index, entries, real.root, real.exclude), holder.folder)
        move = Move(index.top, str(place), lambda path: bool(index.ignored([path])))
        try:
            yield _stage(request, (cwd, environ), (real, base, holder.kept), (index, entries, move))
        except PyfmtError as error:
            raise move.error(error) from error


def _stage(
    request: Request,
    around: tuple[Path, Mapping[str, str]],
    settled: tuple[Config, Path, bool],
    given: tuple[GitIndex, dict[str, IndexEntry], Move],
) -> Stage:
    real, base, cached = settled
    index, entries, move = given
    inside = os.path.relpath(real.root, index.top)
    before = "" if inside == "." else inside + "/"
    root = Path(os.path.normpath(os.path.join(move.tree, inside)))
    root.mkdir(parents=True, exist_ok=True)  # nothing staged below it yet
    notes: list[str] = []
    if not cached and request.use_cache:
        notes.append("another run has the tree of the index: this one made its own, and used no cache of mypy")
    file = _config_file(real, (index, entries, move), notes)
    located = replace(request, location=Location(str(root), file), paths=())
    settings = replace(config.load(located, root), cache_dir=base)
    wanted = _wanted(request, around[0], real.root, (index, entries, before))
    # A hook of a framework that changed the index would break its stash.
    bringing = Bringing(index, (move.tree, before), entries, with_index=not in_framework(around[1]))
    return Stage(
        settings,
        replace(settings, root=real.root),
        move,
        bringing,
        cached,
        tuple(notes),
        _filtered(index, entries, before),
        wanted,
    )


def _filtered(index: GitIndex, entries: dict[str, IndexEntry], before: str) -> dict[str, str]:
    found = index.untrusted_filters(path for path in entries if path.startswith(before))
    return {path[len(before) :]: driver for path, driver in found.items()}


def _config_file(real: Config, given: tuple[GitIndex, dict[str, IndexEntry], Move], notes: list[str]) -> str | None:
    """What to read the configuration from: None for the index's own; the work tree's where the index has no such
    file."""
    index, entries, move = given
    if real.file is None:
        return None
    relative = os.path.relpath(real.file, index.top)
    if relative in entries:
        # Named, since it may be any file with --config; without [tool.pyfmt] in the index, the defaults hold.
        return None if real.file.parent == real.root and real.file.name in _OWN_FILES else f"{move.tree}/{relative}"
    notes.append(f"{real.file.name} is not in the git index: the work tree's is used")
    return str(real.file)


_OWN_FILES = ("pyfmt.toml", "pyproject.toml")


def _wanted(request: Request, cwd: Path, root: Path, given: tuple[GitIndex, dict[str, IndexEntry], str]) -> _Wanted:
    index, entries, before = given
    below = [path[len(before) :] for path in index.changed() & entries.keys() if path.startswith(before)]
    staged = frozenset(path for path in below if path.endswith(PYTHON_SUFFIXES))
    if not request.paths:
        return _Wanted(staged)
    chosen: set[str] = set()
    named, notes = [], []
    for path in request.paths:
        absolute = cwd / path
        real = absolute.resolve() if absolute.is_dir() else absolute.parent.resolve() / absolute.name
        relative = os.path.relpath(real, root)
        if relative == ".." or relative.startswith("../"):
            raise UsageError(f"lies outside the monorepo {root}", path, "name its root with --root")
        if before + relative in entries:
            named.append(relative)
        elif relative == "." or any(entry.startswith(f"{before}{relative}/") for entry in entries):
            chosen |= {file for file in staged if relative == "." or file.startswith(f"{relative}/")}
        elif os.path.lexists(absolute):
            notes.append(f"{relative}: not checked, since it is not in the git index")
        else:
            raise UsageError("no such file or folder, neither in the index", path)
    return _Wanted(frozenset(chosen), tuple(named), tuple(notes))
