"""Applies the baselines to a run's report: what the run has really checked, what is known already, what is gone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt.core.model import Failure, Outcome, Project, Skip
from pyfmt.core.planning import Work
from pyfmt.core.report import Report

if TYPE_CHECKING:
    from pyfmt.core.fingerprints import Coverage
    from pyfmt.run.shard import Share

# pyfmt.core.fingerprints and what reads it are imported where a baseline is asked for: start-up.


@dataclass(frozen=True, slots=True)
class Checked:
    """What a run was to do and what came of it."""

    work: Work
    tools: tuple[str, ...]  # those that have findings
    outcomes: Sequence[Outcome]
    skips: Sequence[Skip]
    failures: Sequence[Failure]  # those that belong to no unit
    share: Share | None = None


def checked(run: Checked) -> Coverage:
    """What of the projects and files the linters have really looked at: nothing where one failed or did not run."""
    from pyfmt.core.fingerprints import Coverage, owner_in

    unchecked = {(skip.tool, skip.project) for skip in run.skips}
    for failure in (*run.failures, *(failure for outcome in run.outcomes for failure in outcome.failures)):
        unchecked |= {(failure.tool, name) for name in failure.projects or [p.name for p in run.work.projects]}
    # Another machine has the environment that sees what this one cannot.
    blind = {project.name for project in run.work.projects if project.path in run.work.libraries.blind}
    unchecked |= {(tool, name) for tool in run.work.linters for name in blind}
    unread = {name for failure in run.failures for name in failure.projects}

    def sound(tool: str, project: Project) -> bool:
        return project.name not in unread and (tool, project.name) not in unchecked

    linted = [outcome for outcome in run.outcomes if outcome.unit.tool in run.tools]
    parts = [(outcome.unit.tool, part) for outcome in linted for part in outcome.unit.parts]
    return Coverage(
        projects={
            (tool, project.path)
            for tool in run.tools
            for project in run.work.projects
            if sound(tool, project)
            and set(project.files).issubset(run.work.selected.get(project.path, ()))
            and (run.share is None or run.share.answers_for(tool, project.path))
        },
        files={(tool, file) for tool, part in parts if sound(tool, part.project) for file in part.files},
        blind={(each.tool, each.path) for outcome in linted for each in outcome.findings if each.syntax},
        owner=owner_in(project.path for project in run.work.projects),
    )


def with_baseline(
    report: Report, run: Checked, tree: Path, *, asked_locked: bool | None, environ: Mapping[str, str]
) -> Report:
    """The report with the findings marked that a baseline accepts.

    `tree` is where the checked files and the baselines are: the root, or the tree of git's index. `asked_locked` is
    what `--baseline-locked` says.

    Raises ConfigError for a damaged baseline.
    """
    from pyfmt.cache.keys import fold
    from pyfmt.core.fingerprints import gone, mark
    from pyfmt.run import baseline_files

    root, projects = Path(report.root), run.work.projects
    found = baseline_files.read(root, projects, tree)
    counted, notes = found.accepted, found.notes
    if baseline_files.is_locked(asked_locked, environ):
        counted, more = baseline_files.locked(root, projects, found, environ)
        notes += more
    findings, left = mark(report.findings, counted, baseline_files.Identities(tree))
    shard = report.shard
    if shard is not None:
        shard = replace(shard, baseline=fold([repr(entry) for entry in sorted(counted.elements())]).hex())
    return replace(
        report,
        findings=findings,
        gone=gone(left, checked(run)),
        notes=tuple(sorted({*report.notes, *notes})),
        shard=shard,
    )
