"""What is known of the monorepo before any tool runs: configuration, projects and environments."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt import config, projects
from pyfmt.cache.keys import KeyFacts
from pyfmt.cache.memory import Memory
from pyfmt.cache.repeating.witness import suspended
from pyfmt.config.per_project import with_project_settings
from pyfmt.core.graphs import closure
from pyfmt.core.memo import TextMemo
from pyfmt.core.model import Config, Project, Resolution
from pyfmt.core.report import StepSpan
from pyfmt.core.request import Request
from pyfmt.environments.add_drift import with_drift
from pyfmt.environments.resolve import resolve
from pyfmt.environments.stale import LockedTool, lock_facts
from pyfmt.git.linked import MainTree, resolve_here
from pyfmt.projects import Survey
from pyfmt.projects.tracked import IgnoredButTracked, Tracked
from pyfmt.run.lint_plan import ImportReader
from pyfmt.run.session import Session
from pyfmt.run.spans import StepSpans
from pyfmt.tools.registry import TOOLS, choose

if TYPE_CHECKING:
    from pyfmt.run.contents.stage import Stage


@dataclass(frozen=True, slots=True)
class Workspace:
    """Everything that is known of the monorepo before any tool runs."""

    config: Config
    projects: tuple[Project, ...]
    resolutions: tuple[Resolution, ...]
    survey: Survey
    stale: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # by project path: see `LockFacts`
    locked: tuple[LockedTool, ...] = ()  # the versions of tools that locks hold
    steps: tuple[StepSpan, ...] = ()  # how long it took to find all this
    main: MainTree | None = None  # whose environments some projects have, in a linked work tree
    stage: Stage | None = None  # where contents come from git's index: then `config` has a tree of its own as its root

    @property
    def depends_on(self) -> dict[str, tuple[str, ...]]:
        """By project path those of the projects that it depends on directly."""
        return {project.path: project.depends_on for project in self.projects}

    @property
    def real(self) -> Config:
        """The configuration with the work tree as its root."""
        return self.stage.real if self.stage else self.config


@dataclass(frozen=True, slots=True)
class RunContext:
    """What each step of a run works with."""

    request: Request
    session: Session
    space: Workspace
    memory: Memory
    facts: KeyFacts  # what the keys of the cache are made of
    imports: ImportReader


def open_workspace(request: Request, cwd: Path, environ: Mapping[str, str]) -> Workspace:
    """Configuration, projects and environments; raises PyfmtError."""
    return survey_workspace(with_chosen_releases(config.load(request, cwd)), request, environ, None)


def survey_workspace(
    settings: Config, request: Request, environ: Mapping[str, str], memory: Memory | None, stage: Stage | None = None
) -> Workspace:
    """Projects and environments under a configuration that has its releases, with `stage` under its; raises
    PyfmtError."""
    steps = StepSpans(time.monotonic)
    memo = memory.memo if memory else TextMemo()
    tracked = IgnoredButTracked(stage.real.root if stage else settings.root, memo, suspended)
    settings, survey = surveyed(settings, tracked)
    if settings.overrides:
        from pyfmt.config.override_check import check_overrides  # deferred for start-up time: only where there are any

        settings, failures = check_overrides(settings, survey.projects, memo)
        survey = replace(survey, failures=(*survey.failures, *failures))
    stage = stage.configured(settings) if stage else None
    real = stage.real if stage else settings
    steps.done("walk")
    if request.environments is None:
        found, main = resolve_here(survey.projects, real, environ, memo, trusted=request.trust)
        found = with_drift(found, survey.projects, real.root, memo)
        found = stage.environments(found) if stage else found
    else:
        found, main = _given(survey.projects, real, request, environ, memo), None
    steps.done("environments")
    facts = lock_facts(settings.root, survey.projects, TOOLS, memo)
    steps.done("locks")
    return Workspace(settings, survey.projects, found, survey, *facts, tuple(steps.found), main, stage)


def _given(
    members: Sequence[Project],
    settings: Config,
    request: Request,
    environ: Mapping[str, str],
    memo: TextMemo,
) -> tuple[Resolution, ...]:
    """The environments that a request names, and those of the libraries of their projects; all others have none."""
    given = request.environments or {}
    depends_on = {project.path: project.depends_on for project in members}
    near = {*given, *closure(given, depends_on)}
    settings = replace(settings, environments=tuple(given.items()))
    close = [project for project in members if project.path in near]
    found = {each.project: each for each in resolve(close, settings, environ, memo, trusted=request.trust)}
    return tuple(found.get(project.path, Resolution(project.path, None, "")) for project in members)


def surveyed(settings: Config, tracked: Tracked | None = None) -> tuple[Config, Survey]:
    """The projects, and the configuration with what they set themselves; raises ConfigError."""
    survey = projects.find_projects(settings, tracked)
    found = with_project_settings(settings, survey.projects)
    return (
        replace(found.config, notes=(*settings.notes, *found.notes)),
        replace(survey, failures=(*survey.failures, *found.failures)),
    )


def with_chosen_releases(settings: Config) -> Config:
    """The configuration with the releases of tools that run; raises ConfigError."""
    if not settings.versions:
        choose({})
        return settings
    from pyfmt.run.releases import with_releases  # deferred for start-up time: only where some are chosen

    return with_releases(settings)


def wanted(settings: Config, names: tuple[str, ...]) -> tuple[str, ...]:
    """Those of some tools that run, for one of the projects at least."""
    chosen = {*settings.tools, *(name for _, found in settings.project_tools for name in found)}
    return tuple(name for name in names if name in chosen)
