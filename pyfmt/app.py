"""The only composition root: the steps of a run in order, from Request to Report."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pyfmt import config, merging, planning, projects, selection
from pyfmt.accepting import Checked, with_baseline
from pyfmt.cache.folders import tool_environments_folder
from pyfmt.cache.keys import KeyFacts
from pyfmt.environment_drift import with_drift
from pyfmt.environments import reading as environment_reading
from pyfmt.environments.finding import resolve
from pyfmt.environments.tooling import ToolEnvironments
from pyfmt.errors import UsageError
from pyfmt.format_memory import FormatMemory
from pyfmt.format_memory import joined as formatting_joined
from pyfmt.memory import Memory, Staged, first_party_roots
from pyfmt.model import (
    Command,
    Config,
    Environment,
    Failure,
    Outcome,
    Project,
    Report,
    Request,
    Resolution,
    Skip,
    Unit,
)
from pyfmt.progress import Progress
from pyfmt.projects import Survey
from pyfmt.projects.layout import imported_names, script_folders
from pyfmt.rules import TOOL as OWN_RULES
from pyfmt.runner.caching import UnitCache, lint
from pyfmt.runner.linting import LintOptions, LintResult, Listener, call
from pyfmt.tools.executing import executions
from pyfmt.tools.registry import LINTERS

if TYPE_CHECKING:
    from pyfmt.boundaries.checking import Checked as BoundariesChecked
    from pyfmt.environments.trust import Trust
    from pyfmt.runner.formatting import FormatOptions
    from pyfmt.shard_facts import Share
    from pyfmt.staging.session import Stage

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Workspace:
    """Everything that is known of the monorepo before any tool runs."""

    config: Config
    projects: tuple[Project, ...]
    resolutions: tuple[Resolution, ...]
    survey: Survey
    stage: Stage | None = None  # where contents come from git's index: then `config` has a tree of its own as its root

    @property
    def real(self) -> Config:
        """The configuration with the work tree as its root."""
        return self.stage.real if self.stage else self.config


@dataclass(frozen=True, slots=True)
class RunResult:
    """A report, the exit code that goes with it, and the texts of files that were not checked as the disk has them."""

    report: Report
    exit_code: int
    sources: Mapping[str, str] = field(default_factory=dict)
    checked: Checked | None = (
        None  # what was really looked at, and the projects that there are; None for a merged report
    )


@dataclass(frozen=True, slots=True)
class _Done:
    """What the tools of a run have to say, and what of the plan was this machine's."""

    outcomes: Sequence[Outcome]
    notes: Sequence[str]
    skips: tuple[Skip, ...]
    shard: Share | None = None

    def rest(self, told: tuple[_T, ...]) -> tuple[_T, ...]:
        """What belongs to no unit, where it is for this machine to tell."""
        return told if self.shard is None or self.shard.tells_rest else ()


@dataclass(frozen=True, slots=True)
class Hands:
    """What the steps of a run work with: the cache, the facts that its keys are made of, and who watches."""

    memory: Memory
    facts: KeyFacts
    progress: Progress


def open_workspace(request: Request, cwd: Path, environ: Mapping[str, str]) -> Workspace:
    """Configuration, projects and environments; raises PyfmtError."""
    return survey_workspace(config.load(request, cwd), request, environ, None)


def survey_workspace(
    settings: Config, request: Request, environ: Mapping[str, str], memory: Memory | None
) -> Workspace:
    """Projects and environments under a configuration; raises PyfmtError."""
    survey = projects.find_projects(settings)
    memo = memory.memo if memory else None
    found = resolve(survey.projects, settings, environ, memo, trusted=request.trust)
    return Workspace(settings, survey.projects, with_drift(found, survey.projects, settings.root, memo), survey)


def run(request: Request, cwd: Path, environ: Mapping[str, str], progress: Progress) -> RunResult:
    """Format and lint as the request says; raises PyfmtError and KeyboardInterrupt."""
    if request.staged and request.since is not None:
        raise UsageError("cannot be mixed with --since: the one means the index, the other the work tree", "--staged")
    if request.staged and request.shard is not None:
        raise UsageError("cannot be mixed with --shard: the index is no commit that all machines have", "--staged")
    if request.staged:
        return _run_staged(request, cwd, environ, progress)
    settings = config.load(request, cwd)
    memory = Memory(settings, request.use_cache)
    try:
        return _run(request, cwd, survey_workspace(settings, request, environ, memory), (memory, progress, environ))
    finally:
        memory.close()


def _run_staged(request: Request, cwd: Path, environ: Mapping[str, str], progress: Progress) -> RunResult:
    """The same over the index's contents, with the work tree's environments."""
    from pyfmt.staging.session import opened  # deferred for start-up time

    with opened(request, cwd, environ) as stage:
        memory = Memory(stage.config, request.use_cache, Staged(stage.cached))
        try:
            survey = projects.find_projects(stage.config)
            found = resolve(survey.projects, stage.real, environ, memory.memo, trusted=request.trust)
            found = stage.environments(with_drift(found, survey.projects, stage.real.root, memory.memo))
            space = Workspace(stage.config, survey.projects, found, survey, stage)
            result = _run(request, cwd, space, (memory, progress, environ))
            return replace(result, report=stage.report(result.report), sources=stage.sources(result.report))
        finally:
            memory.close()


def _select(request: Request, cwd: Path, space: Workspace) -> selection.Selection:
    if space.stage is not None:
        return space.stage.select(space.projects)
    settings = space.config
    return selection.select(space.projects, request.paths, settings.root, cwd.resolve(), settings.exclude)


def _run(
    request: Request, cwd: Path, space: Workspace, helpers: tuple[Memory, Progress, Mapping[str, str]]
) -> RunResult:
    began = time.monotonic()
    memory, progress, environ = helpers
    formatting, linting = request.command is not Command.LINT, request.command is not Command.FORMAT
    settings = space.config
    chosen = _select(request, cwd, space)
    share = _since(request, space, chosen.files, (environ, memory))
    trusting = _Trusting(space.real, request)
    hands = Hands(memory, _key_facts(request, space, memory, trusting), progress)
    work = planning.Work(
        projects=chosen.projects,
        selected=share.lint,
        resolutions={resolution.project: resolution for resolution in space.resolutions},
        formatters=_wanted(settings, planning.FORMATTERS) if formatting else (),
        linters=_wanted(settings, ("pylint", "mypy")) if linting else (),
        formatted=share.format,
    )
    done = _run_tools(work, request, (space, cwd), hands)
    report = merging.merge(
        merging.Material(
            config=space.real,
            request=request,
            projects=chosen.projects,
            resolutions=space.resolutions,
            outcomes=done.outcomes,
            skips=done.rest(done.skips),
            failures=done.rest(_survey_failures(space, request, {path for path, any_ in chosen.files.items() if any_})),
            notes=[
                *done.notes,
                *chosen.notes,
                *share.notes,
                *(_notes(space, share.lint, trusting) if work.linters else ()),
                *filter(None, [memory.note()]),
            ],
            tools=(*work.formatters, *work.linters, *_own_rules(settings, request)),
            files=done.shard.files if done.shard else share.count(formatting, linting),
            seconds=time.monotonic() - began,
            began=began,
        )
    )
    checked = Checked(
        work,
        (*work.linters, *_own_rules(settings, request)),
        done.outcomes,
        done.skips,
        space.survey.failures,
        done.shard,
    )
    if done.shard:
        report = replace(report, shard=replace(done.shard.record, files=share.count(formatting, linting)))
    if settings.baseline and linting:
        report = with_baseline(report, checked, settings.root, (request.baseline_locked, environ))
    return RunResult(report, merging.exit_code(report, settings.fail_on), checked=checked)


def _key_facts(request: Request, space: Workspace, memory: Memory, trusting: _Trusting) -> KeyFacts:
    """What the run's cache keys are made of."""
    roots = first_party_roots(space.projects, space.resolutions, space.config.root)
    facts = memory.facts(space.survey.everything, roots, trusting)
    return replace(facts, options=("unused ignores",)) if request.unused_ignores else facts


_Files = Mapping[str, tuple[str, ...]]  # by project path


@dataclass(frozen=True, slots=True)
class _Share:
    """The chosen files that are to be formatted, those to be linted, and what to say of that."""

    format: _Files
    lint: _Files
    notes: tuple[str, ...] = ()

    def count(self, formatting: bool, linting: bool) -> int:
        """How many files a run looks at."""
        groups = (self.format if formatting else {}, self.lint if linting else {})
        return len({file for group in groups for files in group.values() for file in files})


def _since(request: Request, space: Workspace, chosen: _Files, helpers: tuple[Mapping[str, str], Memory]) -> _Share:
    """What `--since` leaves of the chosen files; without it, all."""
    if request.since is None:
        return _Share(chosen, chosen)
    from pyfmt import import_memory, scope  # deferred for start-up time

    environ, memory = helpers
    read = import_memory.reader(memory, space.config.root)
    found = scope.find_scope(space.config, space.survey, request.since, environ, read)
    return _Share(found.formatted(chosen), found.linted(chosen, space.resolutions), found.notes)


def _shard(request: Request, work: planning.Work, place: tuple[Workspace, Path], hands: Hands) -> Share | None:
    """This machine's part of the run. Nothing is written in one, so that the linters' units are known beforehand."""
    if request.shard is None:
        return None
    from pyfmt import shard_facts  # deferred: asks git

    space, cwd = place
    reader = _ImportReader(space.config.root)
    formats = planning.plan(replace(work, linters=()), _facts(reader)).format_units if work.formatters else ()
    units = (*formats, *_lint_plan(work, reader).lint_units)
    groups = [group for group, used in ((work.formatted, work.formatters), (work.selected, work.linters)) if used]
    files = sorted({file for group in groups for found in (group or {}).values() for file in found})
    return shard_facts.share(request, shard_facts.Whole(space.config, units, files, hands.memory.digests.of), cwd)


def _run_tools(work: planning.Work, request: Request, place: tuple[Workspace, Path], hands: Hands) -> _Done:
    """Format, then lint what is there afterwards: outcomes, what the tools had to say besides, and what is skipped."""
    space, shard = place[0], _shard(request, work, place, hands)
    reader = _ImportReader(space.config.root)
    outcomes: list[Outcome] = []
    notes: list[str] = []
    if work.formatters:
        formats = planning.plan(replace(work, linters=()), _facts(reader)).format_units
        outcomes += _format(shard.of(formats) if shard else formats, request, space.config, hands)
        if space.stage is not None and request.write:
            outcomes = space.stage.bringing.plan(outcomes)
            hands.memory.digests.look_again()
    if _own_rules(space.config, request) and (shard is None or shard.tells_rest):  # one unit for all: no share of it
        checked = _boundaries(work, space.config, hands)
        outcomes.append(checked.outcome)
        notes += checked.notes
    plan = _lint_plan(work, reader)
    units = shard.of(plan.lint_units) if shard else plan.lint_units
    if units:
        linted = _lint(units, space, hands)
        outcomes += linted.outcomes
        notes += [note for said in linted.notes for note in said]
    if space.stage is not None:
        outcomes = space.stage.bringing.bring(outcomes)
    return _Done(outcomes, notes, plan.skips, shard)


def _own_rules(settings: Config, request: Request) -> tuple[str, ...]:
    """The name of pyfmt's own rules, where they are to be checked."""
    return _wanted(settings, (OWN_RULES,)) if request.command is not Command.FORMAT else ()


def _boundaries(work: planning.Work, settings: Config, hands: Hands) -> BoundariesChecked:
    """Check the rules of the monorepo, on the files as they are after formatting."""
    from pyfmt.boundaries.checking import Question, check  # deferred for start-up time: only where configured

    hands.progress.begin(1)
    checked = check(Question(settings, work.projects, work.selected), hands.memory)
    hands.progress.done(checked.outcome)
    return checked


def _lint_plan(work: planning.Work, reader: _ImportReader) -> planning.Plan:
    """The lint units, with the folders of scripts on the projects' import roots."""
    if not work.linters:
        return planning.Plan()
    installed = _InstalledNames()
    members = tuple(
        _with_script_folders(project, reader, installed.of(work.resolutions.get(project.path)))
        for project in work.projects
    )
    return planning.plan(replace(work, projects=members, formatters=()), _facts(reader))


def _survey_failures(space: Workspace, request: Request, touched: set[str]) -> tuple[Failure, ...]:
    """What could not be read of the monorepo; of a run over some paths only what concerns their projects."""
    if not request.paths:
        return space.survey.failures
    names = {project.name for project in space.projects if project.path in touched}
    return tuple(failure for failure in space.survey.failures if names & set(failure.projects))


def _wanted(settings: Config, names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if name in settings.tools)


def _notes(space: Workspace, linted: _Files, trusting: _Trusting) -> list[str]:
    """What to say of the environments in use: borrowed or inherited ones, and those whose code may not run."""
    names = {project.path: project.name for project in space.projects}
    notes = []
    for found in space.resolutions:
        environment = found.environment
        if not linted.get(found.project) or environment is None:
            continue
        if found.note and "workspace" not in found.rule:  # a workspace's environment is plainly its members' own
            notes.append(f"{names[found.project]}: {found.note}")
        if said := trusting.note(environment):
            notes.append(said)
    return notes


class _ImportReader:
    """The names that files import, each file read at most once."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, frozenset[str]] = {}

    def __call__(self, file: str) -> frozenset[str]:
        if file not in self._known:
            try:
                self._known[file] = imported_names((self._root / file).read_bytes())
            except OSError:
                self._known[file] = frozenset()  # vanished or unreadable: the tools themselves say so
        return self._known[file]


class _InstalledNames:
    """The top-level names in the site folders of environments, each listed at most once, and only if asked for."""

    def __init__(self) -> None:
        self._known: dict[str, frozenset[str]] = {}

    def of(self, resolution: Resolution | None) -> Callable[[str], bool]:
        """Whether a name is installed in a project's environment."""
        environment = resolution.environment if resolution else None
        if environment is None:
            return lambda name: False
        return lambda name: name in self._names(environment)

    def _names(self, environment: Environment) -> frozenset[str]:
        if environment.prefix not in self._known:
            found: set[str] = set()
            for site in environment.site_packages:
                try:
                    found.update(entry.partition(".")[0] for entry in os.listdir(site))
                except OSError:
                    continue  # one that is not there installs nothing
            self._known[environment.prefix] = frozenset(found)
        return self._known[environment.prefix]


def _with_script_folders(project: Project, reader: _ImportReader, installed: Callable[[str], bool]) -> Project:
    extra = script_folders(project.files, project.import_roots, reader, installed)
    return replace(project, import_roots=(*project.import_roots, *extra)) if extra else project


def _facts(reader: Callable[[str], frozenset[str]]) -> planning.Facts:
    def module_name(tool: str, file: str, project: Project) -> str:
        return LINTERS[tool].module_name(file, project)

    return planning.Facts(module_name, reader, lambda tool: LINTERS[tool].alone)


def _format(units: tuple[Unit, ...], request: Request, settings: Config, hands: Hands) -> list[Outcome]:
    """Format what is not known already; the outcomes of whole units."""
    hands.progress.begin(len(units))
    tools = _wanted(settings, planning.FORMATTERS)
    known = FormatMemory(hands.memory, hands.facts, tools, not request.write and not request.diff)
    outcomes = {unit: known.recall(unit) for unit in units}
    todo = {unit: known.unknown(unit) for unit in units}
    for unit, files in todo.items():
        if not files:
            hands.progress.done(outcomes[unit])
    subsets = [replace(unit, parts=(replace(unit.parts[0], files=files),)) for unit, files in todo.items() if files]
    if subsets:
        from pyfmt.runner.formatting import format_units  # deferred: not where nothing is to format

        settled: dict[str, str] = {}
        options = replace(_format_options(request, settings), on_settled=settled.__setitem__)
        done = format_units(subsets, options, hands.progress.done)
        hands.memory.digests.look_again()  # they may have been written
        hands.facts.sources.forget()
        for unit, outcome in zip((unit for unit, files in todo.items() if files), done, strict=True):
            known.remember(unit, outcome, settled)
            outcomes[unit] = formatting_joined(outcomes[unit], outcome)
    return list(outcomes.values())


def _format_options(request: Request, settings: Config) -> FormatOptions:
    from pyfmt.runner.formatting import FormatOptions  # deferred: not where nothing is to format

    wanted = _wanted(settings, planning.FORMATTERS)
    return FormatOptions(
        root=settings.root,
        configs=tuple(tool_config for tool_config in settings.tool_configs if tool_config.tool in wanted),
        write=request.write,
        diff=request.diff,
        jobs=settings.jobs,
        timeout=settings.timeout,
    )


@dataclass(frozen=True, slots=True)
class StdinResult:
    """What `pyfmt format -` gives back: the text, and why it is not formatted where it is not."""

    output: bytes
    exit_code: int
    message: str = ""


def format_stdin(request: Request, data: bytes, filename: str | None, cwd: Path) -> StdinResult:
    """Format a text that stands for `filename` (relative to `cwd`), by the rules of the project that the file is in.

    With `--check` or `--diff` the output is empty or the difference. Raises PyfmtError.
    """
    from pyfmt import edits  # deferred: not where nothing is to format
    from pyfmt.runner import formatting

    located = replace(request, paths=(filename,) if filename else ())
    settings = config.load(located, cwd)
    relative, project = None, None
    if filename is not None:
        relative = os.path.relpath(os.path.realpath(cwd / filename), settings.root).replace(os.sep, "/")
        project = selection.owner(relative, projects.find_projects(settings).projects)
    result = formatting.format_stdin(data, relative, _format_options(request, settings), project)
    if not result.settled:
        reasons = [f"{fault.tool}: {fault.reason}" for fault in result.faults]
        if result.syntax is not None:
            place = f"{filename or '-'}:{result.syntax.line}:{result.syntax.column or 1}"
            reasons.append(f"{place}: {result.syntax.message}")
        output = b"" if request.diff or not request.write else data
        return StdinResult(output, 2 if result.faults else 1, "; ".join(reasons))
    formatted = data if result.data is None else result.data
    if request.diff:
        return StdinResult(edits.unified_diff(data, formatted, filename or "-").encode(), int(formatted != data))
    return StdinResult(formatted, 0) if request.write else StdinResult(b"", int(formatted != data))


class _FactsNow:
    """What keys are made of after the tools have run: what was changed meanwhile must not be remembered."""

    def __init__(self, space: Workspace, hands: Hands) -> None:
        self._space = space
        self._hands = hands

    def __call__(self, environments: Sequence[Environment]) -> KeyFacts | None:
        """The facts as the disk has them now; None where one of the environments is another one by now."""
        settings, memory = self._space.config, self._hands.memory
        for environment in environments:
            now = environment_reading.read(Path(environment.prefix), settings.root, memory.memo)
            if (now.fingerprint, now.search_path) != (environment.fingerprint, environment.search_path):
                return None
        memory.digests.confirm()
        members = projects.recount(settings, self._space.survey.everything)
        return replace(self._hands.facts, sources=memory.sources(members))


def _lint(units: tuple[Unit, ...], space: Workspace, hands: Hands) -> LintResult:
    with tempfile.TemporaryDirectory(prefix="pyfmt-", ignore_cleanup_errors=True) as scratch:
        hands.progress.begin(len(units), threaded=True)
        options = _lint_options(space, Path(scratch), hands)
        memory = hands.memory
        cache = UnitCache(memory.store, hands.facts, _FactsNow(space, hands)) if memory.store else None
        return lint(units, options, Listener(hands.progress.started, hands.progress.done), cache)


def _lint_options(space: Workspace, scratch: Path, hands: Hands) -> LintOptions:
    settings = space.config
    return LintOptions(
        root=settings.root,
        configs={tool_config.tool: tool_config for tool_config in settings.tool_configs},
        scratch=scratch,
        jobs=settings.jobs,
        timeout=settings.timeout,
        cache_folder=hands.memory.tool_folders(),
        import_roots=hands.facts.roots,
        trusted=hands.facts.trusted,
        unused_ignores=bool(hands.facts.options),
        moved=(space.stage.move.top, space.stage.move.tree) if space.stage else None,
        tooling=ToolEnvironments(tool_environments_folder(), hands.progress.say),
    )


@dataclass(frozen=True, slots=True)
class LinterCall:
    """How a linter would be run: the worker's command, and what it is given."""

    tool: str
    command: tuple[str, ...]
    payload: dict[str, Any]
    cached: str  # "hit", "miss: why", or "off"


def linter_calls(request: Request, space: Workspace, chosen: selection.Selection) -> list[LinterCall]:
    """The exact calls that would lint the chosen files; nothing is run."""
    reader = _ImportReader(space.config.root)
    linters = _wanted(space.config, ("pylint", "mypy"))
    work = planning.Work(chosen.projects, chosen.files, {r.project: r for r in space.resolutions}, (), linters)
    memory = Memory(space.config, request.use_cache)
    roots = first_party_roots(space.projects, space.resolutions, space.config.root)
    hands = Hands(memory, memory.facts(space.survey.everything, roots, _Trusting(space.config, request)), Progress(-1))
    options = _lint_options(space, Path(os.devnull), hands)
    known = UnitCache(memory.store, hands.facts, lambda _: None) if memory.store else None
    calls = []
    for unit in _lint_plan(work, reader).lint_units:
        spec, payload = call(unit, options)
        cached = known.told(unit) if known else "off"
        calls.append(LinterCall(unit.tool, tuple(spec.command()), payload, cached))
    memory.close()
    return calls


class _Trusting:
    """Whether code of an environment may run; asked only where the shared configuration would run any."""

    def __init__(self, settings: Config, request: Request) -> None:
        self._root = settings.root
        self._given = request.trust
        linters = _wanted(settings, ("pylint", "mypy"))
        found = (executions(config) for config in settings.tool_configs if config.tool in linters)
        self._executed = [text for texts in found for text in texts]
        self._verdicts: dict[str, Trust] = {}

    def __call__(self, environment: Environment) -> bool:
        if self._given or not self._executed:
            return self._given
        if environment.prefix not in self._verdicts:
            from pyfmt.environments.trust import decide  # deferred: asks git

            self._verdicts[environment.prefix] = decide(Path(environment.prefix), self._root)
        return self._verdicts[environment.prefix].trusted

    def note(self, environment: Environment) -> str:
        """Why code of an environment was not run, which code, and the cure; "" where nothing is to be said."""
        verdict = self._verdicts.get(environment.prefix)
        if verdict is None or verdict.trusted:
            return ""
        would = ", ".join(self._executed)
        return (
            f"{environment.name} is not trusted to run code, since {verdict.reason}; would run: {would}; {verdict.cure}"
        )
