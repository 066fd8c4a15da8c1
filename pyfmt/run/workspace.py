"""What is known of the monorepo before any tool runs: configuration, projects and environments."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt import config, projects
from pyfmt.cache.keys import KeyFacts, fold
from pyfmt.cache.memory import Memory
from pyfmt.cache.remembered import MemoKind
from pyfmt.cache.repeating.answering import PASSING
from pyfmt.cache.repeating.witness import give_up, suspended
from pyfmt.config.per_project import with_project_settings
from pyfmt.core.graphs import closure
from pyfmt.core.memo import TextMemo
from pyfmt.core.model import Config, Override, Project, Resolution
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
    steps = StepSpans()
    memo = memory.memo if memory else TextMemo()
    tracked = IgnoredButTracked(stage.real.root if stage else settings.root, memo, suspended, give_up)
    settings, survey = _known_survey(settings, tracked, memory)
    if settings.overrides:
        from pyfmt.config.override_check import check_overrides  # deferred for start-up time: only where there are any

        settings, failures = check_overrides(settings, survey.projects, memo)
        survey = replace(survey, failures=(*survey.failures, *failures))
    stage = stage.configured(settings) if stage else None
    real = stage.real if stage else settings
    steps.done("walk")
    if request.environments is None:
        found, main = _known_environments(survey.projects, real, (request, environ), memory)
        found = stage.environments(found) if stage else found
    else:
        found, main = _given(survey.projects, real, request, environ, memo), None
    steps.done("environments")
    facts = lock_facts(settings.root, survey.projects, TOOLS, memo)
    steps.done("locks")
    return Workspace(settings, survey.projects, found, survey, *facts, tuple(steps.found), main, stage)


@dataclass(frozen=True, slots=True)
class Surveyed:
    """The projects, and what they themselves add to the configuration."""

    survey: Survey
    overrides: tuple[Override, ...]
    project_tools: tuple[tuple[str, tuple[str, ...]], ...]
    notes: tuple[str, ...]


SURVEY = MemoKind("survey", 1, Surveyed, shared=False)
_RESOLVED: MemoKind[list[Resolution]] = MemoKind("environments", 1, list[Resolution], shared=False)


def _known_survey(settings: Config, tracked: Tracked, memory: Memory | None) -> tuple[Config, Survey]:
    """As `surveyed`; nothing is read where all that was read is as it was."""
    if memory is None or memory.steps is None:
        return surveyed(settings, tracked)

    def make() -> Surveyed:
        found, survey = surveyed(settings, tracked)
        return Surveyed(survey, found.overrides, found.project_tools, found.notes)

    known, is_known = memory.steps.recall(SURVEY, {"configuration": repr(settings)}, make)
    if is_known:
        memory.memo.keep_all()
    found = replace(settings, overrides=known.overrides, project_tools=known.project_tools, notes=known.notes)
    return found, known.survey


def _known_environments(
    members: Sequence[Project], settings: Config, about: tuple[Request, Mapping[str, str]], memory: Memory | None
) -> tuple[tuple[Resolution, ...], MainTree | None]:
    """The environments of all projects, and the main work tree that some are of; nothing is read where all is as it
    was."""
    request, environ = about
    memo = memory.memo if memory else TextMemo()
    trees: list[MainTree | None] = []

    def make() -> list[Resolution]:
        found, main = resolve_here(members, settings, environ, memo, trusted=request.trust)
        trees.append(main)
        return list(with_drift(found, members, settings.root, memo))

    if memory is None or memory.steps is None:
        return tuple(make()), trees[0]
    inputs = {
        "configuration": repr(settings),
        "projects": fold(repr(members)),
        "variables": fold(sorted((name, value) for name, value in environ.items() if name not in PASSING)),
        "trusted": request.trust,
    }
    found, known = memory.steps.recall(_RESOLVED, inputs, make, lambda _: trees[0] is None)
    if known:
        memo.keep_all()
    return tuple(found), trees[0] if trees else None


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
