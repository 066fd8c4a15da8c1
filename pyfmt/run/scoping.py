"""What of the chosen files a run looks at: all of them, what `--since` leaves, or this machine's shard."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyfmt import disk
from pyfmt.core import planning
from pyfmt.core.listing import some
from pyfmt.core.model import Failure
from pyfmt.core.request import Command, Request
from pyfmt.projects import selection
from pyfmt.run.lint_plan import lint_plan, plan_facts
from pyfmt.run.session import Session
from pyfmt.run.workspace import RunContext, Workspace

if TYPE_CHECKING:
    from pyfmt.run.shard import Share

Files = Mapping[str, tuple[str, ...]]  # by project path


def select(request: Request, session: Session, space: Workspace) -> selection.Selection:
    """The projects and files that the request names, or that are staged."""
    if space.stage is not None:
        return space.stage.select(space.projects)
    settings = space.config
    chosen = selection.select(
        space.projects, request.paths, settings.root, disk.resolved(session.cwd), settings.exclude
    )
    whole = not request.paths and request.since is None
    return replace(chosen, notes=(*chosen.notes, *space.survey.notes)) if whole else chosen


@dataclass(frozen=True, slots=True)
class Chosen:
    """The chosen files that are to be formatted, those to be linted, and what to say of that."""

    format: Files
    lint: Files
    notes: tuple[str, ...] = ()
    # Of what --since found, what changes which libraries are judged where: `Scope.relocked` and `Scope.gained`.
    relocked: frozenset[str] = frozenset()
    gained: frozenset[str] = frozenset()
    failures: tuple[Failure, ...] = ()  # of chosen files that no tool can be given

    def count(self, formatting: bool, linting: bool) -> int:
        """How many files a run looks at."""
        groups = (self.format if formatting else {}, self.lint if linting else {})
        return len({file for group in groups for files in group.values() for file in files})


def since(run: RunContext, chosen: Files) -> Chosen:
    """What `--since` leaves of the chosen files; without it, all."""
    request, space = run.request, run.space
    format_only, told = _without_checkouts(run, chosen)
    if request.since is None:
        return Chosen(format_only, chosen, told)
    from pyfmt.cache.import_lists import ImportLists
    from pyfmt.git import changes  # deferred for start-up time

    read = ImportLists(run.memory.imports, run.memory.table, space.survey.everything)
    staged = (space.real.root, space.stage.index) if space.stage and space.stage.index else None
    compared = changes.Comparison(request.since, run.session.environ, staged)
    found = changes.find_scope(space.config, space.survey, compared, read)
    lint = found.linted(chosen, space.resolutions)
    return Chosen(found.formatted(format_only), lint, (*found.notes, *told), found.relocked, found.gained)


def _without_checkouts(run: RunContext, chosen: Files) -> tuple[Files, tuple[str, ...]]:
    """The files but for those of submodules and other checkouts below the root that no path names, and a note on these:
    what formats them is their own business."""
    if not run.space.survey.checkouts or run.request.command is Command.LINT:
        return chosen, ()
    root = run.space.config.root
    named = [os.path.relpath(disk.realpath(run.session.cwd / path), root) for path in run.request.paths]
    others = [
        f"{path}/" for path in run.space.survey.checkouts if not any(f"{n}/".startswith(f"{path}/") for n in named)
    ]
    if not others:
        return chosen, ()
    kept = {
        project: tuple(file for file in files if not file.startswith(tuple(others)))
        for project, files in chosen.items()
    }
    left = {other for other in others for files in chosen.values() for file in files if file.startswith(other)}
    names = some([other.rstrip("/") for other in sorted(left)])
    note = f"not formatted, since they are separate checkouts that nobody named: {names}"
    return kept, (note,) if left else ()


def concerned(request: Request, chosen: Chosen) -> frozenset[str] | None:
    """The paths of the projects that a run over some files is about; None for a run over the whole monorepo."""
    if not request.paths and request.since is None and not request.staged:
        return None
    return frozenset(path for files in (chosen.format, chosen.lint) for path, found in files.items() if found)


def shard(work: planning.Work, run: RunContext) -> Share | None:
    """This machine's part of the run. Nothing is written in one, so that the linters' units are known beforehand."""
    if run.request.shard is None:
        return None
    from pyfmt.run import shard  # deferred: asks git

    space = run.space
    formats = planning.plan(replace(work, linters=()), plan_facts(run.imports)).format_units if work.formatters else ()
    units = (*formats, *lint_plan(work, run.imports).lint_units)
    groups = [group for group, used in ((work.formatted, work.formatters), (work.selected, work.linters)) if used]
    files = sorted({file for group in groups for found in (group or {}).values() for file in found})
    remote = run.memory.store.remote if run.memory.store else None
    whole = shard.Whole(space.config, units, files, run.memory.digests.of, remote)
    return shard.share(run.request, whole, run.session.cwd)
