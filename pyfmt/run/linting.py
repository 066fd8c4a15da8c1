"""The step that lints: units that are not answered from the cache, and how they would be called."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pyfmt import config, projects
from pyfmt.cache.folders import tool_environments_folder
from pyfmt.cache.keys import KeyFacts
from pyfmt.cache.linting import lint
from pyfmt.cache.memory import Memory, first_party_roots
from pyfmt.cache.times import RecordedTimes
from pyfmt.cache.units import UnitCache
from pyfmt.core import planning
from pyfmt.core.model import Environment, Part, Unit
from pyfmt.core.request import Request
from pyfmt.environments import reading as environment_reading
from pyfmt.projects import selection
from pyfmt.run.files_apart import with_files_apart
from pyfmt.run.libraries import with_libraries
from pyfmt.run.lint_plan import ImportReader, InstalledNames, lint_plan
from pyfmt.run.progress import Progress
from pyfmt.run.session import Session
from pyfmt.run.trusting import Trusting
from pyfmt.run.workspace import SURVEY, RunContext, Workspace, survey_workspace, wanted, with_chosen_releases
from pyfmt.runner.options import LintOptions, LintResult, Listener, server_folder
from pyfmt.runner.tool_environments import ToolEnvironments
from pyfmt.tools.registry import linters

if TYPE_CHECKING:
    from pyfmt.cache.file_records import ReachOf
    from pyfmt.imports.closure import Reach
    from pyfmt.run.closures import Reaching


def lint_files(units: tuple[Unit, ...], run: RunContext) -> LintResult:
    """The outcomes of units, from the cache or from their tools."""
    progress, memory = run.session.progress, run.memory
    progress.begin(len(units), threaded=True)
    facts_now = _FactsNow(run)
    cache = UnitCache(memory.store, run.facts, facts_now, _reaching(run)) if memory.store else None
    listener = Listener(progress.started, progress.done, progress.expected, progress.begin)
    return lint(units, _lint_options(run, Path(os.devnull)), listener, cache)


def _reaching(run: RunContext) -> ReachOf:
    """What the files of a part reach; made when it is first asked for, since most runs never ask."""

    @lru_cache(maxsize=None)
    def made() -> Reaching:
        from pyfmt.run.closures import Reaching  # deferred for start-up time

        memory = run.memory
        return Reaching(run.facts, memory.imports, InstalledNames().names, run.space.projects, memory.paths)

    def reach_of(unit: Unit, part: Part) -> Reach | None:
        return made()(unit, part)

    return reach_of


class _FactsNow:
    """What keys are made of after the tools have run: what was changed meanwhile must not be remembered."""

    def __init__(self, run: RunContext) -> None:
        self._run = run

    def __call__(self, environments: Sequence[Environment]) -> KeyFacts | None:
        """The facts as the disk has them now; None where one of the environments is another one by now."""
        space, memory = self._run.space, self._run.memory
        settings, stage = space.config, space.stage
        for environment in environments:
            if environment.standalone:
                continue  # nothing is installed there
            prefix, root = Path(environment.prefix), space.real.root
            main = None if prefix.is_relative_to(root) else space.main
            now = environment_reading.read(prefix, main.root if main else root, memory.memo)
            now = main.environment(now) if main else now
            if stage is not None:
                now = stage.environment(now)
            if (now.fingerprint, now.search_path) != (environment.fingerprint, environment.search_path):
                return None
        memory.digests.confirm()
        survey = self._run.space.survey
        same = memory.steps is not None and memory.steps.holds(SURVEY.name)
        members = survey.everything if same else projects.recount(settings, survey)
        return replace(self._run.facts, sources=memory.sources(members))


def _lint_options(run: RunContext, scratch: Path) -> LintOptions:
    space, settings, folders = run.space, run.space.config, run.memory.tool_folders()
    return LintOptions(
        root=settings.root,
        configs={tool_config.tool: tool_config for tool_config in settings.tool_configs},
        scratch=scratch,
        jobs=settings.jobs,
        timeout=settings.timeout,
        cache_folder=folders,
        import_roots=run.facts.roots,
        trusted=run.facts.trusted,
        unused_ignores=bool(run.facts.options),
        moved=_moved(space),
        tooling=ToolEnvironments(tool_environments_folder(), run.session.progress.say),
        times=RecordedTimes(run.memory.store, folders) if run.memory.store else None,
        workers=run.session.workers,
        warm=server_folder(settings.server, run.session.environ),
        audit=run.request.cache_audit,
    )


def _moved(space: Workspace) -> tuple[str, str] | None:
    """Where folders that import hooks name stand in this run: of the main work tree, and of this one for the index."""
    stage, main = space.stage, space.main
    before = main.move.top if main else stage.move.top if stage else None
    after = stage.move.tree if stage else main.move.tree if main else None
    return (before, after) if before is not None and after is not None else None


@dataclass(frozen=True, slots=True)
class LinterCall:
    """How a linter would be run: the worker's command, and what it is given."""

    tool: str
    command: tuple[str, ...]
    payload: dict[str, Any]
    cached: str  # "hit", "miss: why", or "off"


@contextmanager
def quiet_context(
    request: Request, cwd: Path, environ: Mapping[str, str], explain: bool = False
) -> Iterator[RunContext]:
    """What describes a run without one needs; with `explain` its memory is told what is known. Raises PyfmtError."""
    settings = with_chosen_releases(config.load(request, cwd))
    with closing(Memory(settings, request.use_cache, explaining=explain)) as memory:
        space = survey_workspace(settings, request, environ, memory)
        roots = first_party_roots(space.projects, space.resolutions, space.config.root)
        facts = memory.facts(space.survey.everything, roots, Trusting(space.config, request, space.resolutions))
        session = Session(cwd, environ, Progress(-1))
        yield RunContext(request, session, space, memory, facts, ImportReader(space.config.root, memory.table))


def linter_calls(run: RunContext, chosen: selection.Selection) -> list[LinterCall]:
    """The exact calls that would lint the chosen files; nothing is run."""
    from pyfmt.runner.linting import call  # deferred for start-up time: only `explain` asks

    memory, space = run.memory, run.space
    names = wanted(space.config, linters())
    resolutions = {r.project: r for r in space.resolutions}
    choices = space.config.choices(chosen.projects)
    work = planning.Work(chosen.projects, chosen.files, resolutions, (), names, chosen=choices)
    work = with_files_apart(work, run)
    options = _lint_options(run, Path(os.devnull))
    known = UnitCache(memory.store, run.facts, lambda _: None, _reaching(run)) if memory.store else None
    calls = []
    for unit in lint_plan(with_libraries(work, run), run.imports).lint_units:
        spec, payload = call(unit, options)
        cached = known.told(unit) if known else "off"
        calls.append(LinterCall(unit.tool, tuple(spec.command()), payload, cached))
    return calls
