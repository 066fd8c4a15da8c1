"""The only composition root: the steps of a run in order, from Request to Report."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeVar

from pyfmt import config, disk
from pyfmt.cache.memory import Memory, first_party_roots
from pyfmt.config.per_project import left_out
from pyfmt.core import merging, planning
from pyfmt.core.errors import UsageError
from pyfmt.core.model import INHERITED, Config, Failure, Outcome, Project, Severity, Skip
from pyfmt.core.report import Report, StepSpan
from pyfmt.core.request import Command, Request
from pyfmt.core.rules import TOOL as OWN_RULES
from pyfmt.core.rules import OwnCheck
from pyfmt.environments.stale import other_versions
from pyfmt.projects.selection import Selection
from pyfmt.run import scoping
from pyfmt.run.apply_baseline import Checked, with_baseline
from pyfmt.run.files_apart import with_files_apart
from pyfmt.run.formatting import format_files
from pyfmt.run.libraries import also_judged, with_libraries
from pyfmt.run.lint_plan import ImportReader, lint_plan, plan_facts
from pyfmt.run.remote_cache import open_remote
from pyfmt.run.session import Session
from pyfmt.run.spans import StepSpans
from pyfmt.run.trusting import Trusting
from pyfmt.run.unjudged import is_hook, notes_on
from pyfmt.run.workspace import RunContext, Workspace, survey_workspace, wanted, with_chosen_releases
from pyfmt.tools.registry import equivalence, formatters, linters, rule_kinds, syntax_ranks

if TYPE_CHECKING:
    from pyfmt.run.shard import Share
    from pyfmt.runner.pool import WorkerPool

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class RunResult:
    """A report, the exit code that goes with it, and the texts of files that were not checked as the disk has them."""

    report: Report
    exit_code: int
    sources: Mapping[str, str] = field(default_factory=dict)
    # What was really looked at, and the projects that there are; None for a merged report
    checked: Checked | None = None
    jobs: int = 1  # processes at once, at most
    fail_on: Severity = Severity.INFO
    steps: tuple[StepSpan, ...] = ()  # its steps, one after the other
    quoted: str = ""  # the root of the files that a report may quote, where that is not its own


@dataclass(frozen=True, slots=True)
class _Done:
    """What the tools of a run have to say, and what of the plan was this machine's."""

    outcomes: Sequence[Outcome]
    notes: Sequence[str]
    skips: tuple[Skip, ...]
    failures: tuple[Failure, ...] = ()
    shard: Share | None = None

    def rest(self, told: tuple[_T, ...]) -> tuple[_T, ...]:
        """What belongs to no unit, where it is for this machine to tell."""
        return told if self.shard is None or self.shard.tells_rest else ()


def run(request: Request, session: Session, loaded: Config | None = None) -> RunResult:
    """Format and lint as the request says; `loaded` is the configuration of the work tree, where it is known already.

    Raises PyfmtError and KeyboardInterrupt.
    """
    if request.staged and request.shard is not None:
        raise UsageError("cannot be mixed with --shard: the index is no commit that all machines have", "--staged")
    if request.staged or request.texts is not None:
        return _run_elsewhere(request, session)
    steps = StepSpans()
    settings = with_chosen_releases(loaded or config.load(request, session.cwd))
    steps.done("config")
    with closing(Memory(settings, request.use_cache, remote=open_remote(settings, request, session.environ))) as memory:
        steps.done("cache opened")
        space = survey_workspace(settings, request, session.environ, memory)
        if space.survey.leftovers:
            from pyfmt.runner.edits import remove_leftovers  # deferred: hardly ever

            remove_leftovers(settings.root, space.survey.leftovers)
        result = _run(request, session, space, memory)
        return replace(result, steps=(*steps.found, *space.steps, *result.steps))


def _run_elsewhere(request: Request, session: Session) -> RunResult:
    """The same over the index's contents, or those that are handed over, with the work tree's environments."""
    from pyfmt.run.contents import buffer, index  # deferred for start-up time

    steps = StepSpans()
    with (
        index.opened(request, session.cwd, session.environ)
        if request.texts is None
        else buffer.opened(request, session.cwd)
    ) as stage:
        steps.done("index")
        remote = open_remote(stage.real, request, session.environ)
        settings = with_chosen_releases(stage.config)
        with closing(Memory(settings, request.use_cache, stage.cached, remote)) as memory:
            space = survey_workspace(settings, request, session.environ, memory, stage)
            result = _run(request, session, space, memory)
            report, all_steps = stage.report(result.report), (*steps.found, *space.steps, *result.steps)
            return replace(result, report=report, sources=stage.sources(result.report), steps=all_steps)


def _run(request: Request, session: Session, space: Workspace, memory: Memory) -> RunResult:
    steps = StepSpans()
    formatting, linting = request.command is not Command.LINT, request.command is not Command.FORMAT
    settings, trusting = space.config, Trusting(space.real, request, space.resolutions)
    chosen = scoping.select(request, session, space)
    context = _context(request, session, space, memory, trusting)
    share = _share(context, chosen)
    work = _work(chosen.projects, share, context)
    linted = work.linters and (any(share.lint.values()) or share.relocked or share.gained)
    work = with_files_apart(work, context) if linted else work
    steps.done("scope")
    if linted:
        work = with_libraries(work, context)
        if share.relocked or share.gained:
            share, work = also_judged(work, context, chosen.files, share)
        steps.done("libraries")
    done = _run_tools(work, context, steps)
    tools = (*work.linters, *_own_rules(settings, request))
    report = merging.merge(
        merging.Material(
            config=space.real,
            request=request,
            projects=chosen.projects,
            resolutions=(*work.apart.values(), *space.resolutions),
            outcomes=done.outcomes,
            skips=done.rest(done.skips),
            failures=done.failures + done.rest(share.failures + _unread(space, request, chosen.files, linting)),
            notes=[
                *done.notes,
                *chosen.notes,
                *share.notes,
                *_notes(space, work, trusting, request.verbose),
                *notes_on(work, share.lint),
                *memory.notes(),
            ],
            tools=(*work.formatters, *tools),
            ranks=syntax_ranks(),
            kinds=rule_kinds(),
            concerned=scoping.concerned(request, share),
            files=done.shard.files if done.shard else share.count(formatting, linting),
            seconds=steps.seconds,
            began=steps.began,
            libraries=work.libraries,
            whole=done.shard is None,
            same=equivalence(settings.merge_equivalent),
            source=lambda path: disk.bytes_or_none(settings.root / path),
        )
    )
    checked = Checked(work, tools, done.outcomes, done.skips, space.survey.failures + share.failures, done.shard)
    if done.shard:
        report = replace(report, shard=replace(done.shard.record, files=share.count(formatting, linting)))
    if settings.baseline and linting:
        report = with_baseline(
            report, checked, settings.root, asked_locked=request.baseline_locked, environ=session.environ
        )
    steps.done("merge")
    code = merging.exit_code(report, settings.fail_on)
    return RunResult(
        report, code, checked=checked, jobs=settings.jobs, fail_on=settings.fail_on, steps=tuple(steps.found)
    )


def _share(context: RunContext, chosen: Selection) -> scoping.Chosen:
    """What `--since` leaves of the chosen files, and of the notebooks among them what tools can be given."""
    share = scoping.since(context, chosen.files)
    if not any(project.notebooks for project in chosen.projects):
        return share
    from pyfmt.run import notebooks  # deferred for start-up time: only where there are any

    return notebooks.usable(share, context)


def _work(members: tuple[Project, ...], share: scoping.Chosen, context: RunContext) -> planning.Work:
    """What there is to plan of the chosen files."""
    request, settings = context.request, context.space.config
    return planning.Work(
        projects=members,
        selected=share.lint,
        resolutions={resolution.project: resolution for resolution in context.space.resolutions},
        formatters=wanted(settings, formatters()) if request.command is not Command.LINT else (),
        linters=wanted(settings, linters()) if request.command is not Command.FORMAT else (),
        formatted=share.format,
        chosen=settings.choices(members),
        strict=not is_hook(request, context.session.environ),
    )


def _context(request: Request, session: Session, space: Workspace, memory: Memory, trusting: Trusting) -> RunContext:
    roots = first_party_roots(space.projects, space.resolutions, space.config.root)
    facts = memory.facts(space.survey.everything, roots, trusting)
    facts = replace(facts, options=("unused ignores",)) if request.unused_ignores else facts
    return RunContext(request, session, space, memory, facts, ImportReader(space.config.root, memory.table))


def _run_tools(work: planning.Work, context: RunContext, steps: StepSpans) -> _Done:
    """Format, then lint what is there afterwards: outcomes, what the tools had to say besides, and what is skipped."""
    request, space, shard = context.request, context.space, scoping.shard(work, context)
    reader = context.imports
    outcomes: list[Outcome] = []
    notes: list[str] = []
    if work.formatters:
        formats = planning.plan(replace(work, linters=()), plan_facts(reader)).format_units
        steps.done("format: plan")
        outcomes += format_files(shard.of(formats) if shard else formats, context)
        if space.stage is not None and space.stage.bringing is not None and request.write:
            outcomes = space.stage.bringing.plan(outcomes)
            context.memory.digests.look_again()
        if any(edit.written for outcome in outcomes for edit in outcome.edits):
            reader = ImportReader(space.config.root, context.memory.table)  # isort may have added imports
        steps.done("format")
    if _own_rules(space.config, request) and (shard is None or shard.tells_rest):  # one unit for all: no share of it
        for name, checked in _own_checks(work, context):
            outcomes.append(checked.outcome)
            notes += checked.notes
            steps.done(name)
    if request.unused_ignores and (shard is None or shard.tells_rest):
        outcomes += _directives(work, context)
        steps.done("unused comments")
    plan = lint_plan(work, reader)
    units = shard.of(plan.lint_units) if shard else plan.lint_units
    steps.done("lint: plan")
    if units:
        from pyfmt.run.linting import lint_files  # deferred for start-up time: not where files are only formatted

        linted = lint_files(units, context)
        outcomes += linted.outcomes
        notes += [note for said in linted.notes for note in said]
        steps.done("lint")
    if space.stage is not None and space.stage.bringing is not None:
        outcomes = space.stage.bringing.bring(outcomes)
    if context.memory.send():  # here, so that the report says where that failed
        steps.done("remote cache")
    return _Done(outcomes, notes, plan.skips, _not_run(work, request, plan), shard)


def _not_run(work: planning.Work, request: Request, plan: planning.Plan) -> tuple[Failure, ...]:
    """A failure for each tool that was asked for by name and got none of the files: what nobody saw is not clean."""
    if not any(work.selected.values()):
        return ()
    used = {unit.tool for unit in plan.lint_units} | {skip.tool for skip in plan.skips} | {*work.formatters, OWN_RULES}
    members = [project for project in work.projects if work.selected.get(project.path)]
    names = tuple(project.name for project in members)
    # What projects leave out is told as such.
    used |= {tool for tool in request.tools if not any(work.reported(tool, project.path) for project in members)}
    reason = f"no file was given to it: `pyfmt {request.command.value}` does not run it on these files"
    return tuple(Failure(tool, names, "", reason) for tool in request.tools if tool not in used)


def _own_rules(settings: Config, request: Request) -> tuple[str, ...]:
    """The name of pyfmt's own rules, where they are to be checked."""
    return wanted(settings, (OWN_RULES,)) if request.command is not Command.FORMAT else ()


def _own_checks(work: planning.Work, context: RunContext) -> Iterator[tuple[str, OwnCheck]]:
    """Check the rules of the monorepo that are configured, on the files as they are after formatting."""
    space, memory, progress = context.space, context.memory, context.session.progress
    if space.config.boundaries is not None:
        from pyfmt.run.boundaries.check import BoundaryQuestion, check  # deferred for start-up time: where configured

        progress.begin(1)
        checked = check(BoundaryQuestion(space.config, work.projects, work.selected), memory)
        progress.done(checked.outcome)
        yield "boundaries", checked
    if space.config.versions_policy is not None:
        from pyfmt.run.versions import matrix, policy  # deferred for start-up time: only where configured

        progress.begin(1)
        root = space.config.root
        found = matrix.read_matrix(root, space.survey, space.resolutions, memory.memo)
        said = policy.check(space.config.versions_policy, found, root, work.projects, work.selected)
        progress.done(said.outcome)
        yield "versions", said


def _directives(work: planning.Work, context: RunContext) -> list[Outcome]:
    """Look for comments that hold back the formatters from nothing, in the files as they are after formatting."""
    request, settings = context.request, context.space.config
    # Who asks for pyfmt's own rules alone does not leave the formatters out of this one.
    tools = formatters() if OWN_RULES in request.tools else wanted(settings, formatters())
    if request.command is Command.FORMAT or not tools:
        return []
    from pyfmt.run.unused_directives import check_directives  # deferred for start-up time: only where asked for

    context.session.progress.begin(1)
    outcome = check_directives(work, context, tools)
    context.session.progress.done(outcome)
    return [outcome]


def _unread(space: Workspace, request: Request, chosen: scoping.Files, linting: bool) -> tuple[Failure, ...]:
    """What could not be read of the monorepo; of a run over some paths only what concerns their projects."""
    found = (*space.survey.failures, *(_of_environments(space) if linting else ()))
    unread = space.stage.failures() if space.stage is not None else ()
    if not request.paths:
        return (*found, *unread)
    names = {project.name for project in space.projects if chosen.get(project.path)}
    return (*(failure for failure in found if names & set(failure.projects)), *unread)


def _of_environments(space: Workspace) -> Iterator[Failure]:
    """A failure for each file that might have named the environment of some projects."""
    names = {project.path: project.name for project in space.projects}
    users: dict[str, list[str]] = {}
    for resolution in space.resolutions:
        for text in resolution.unread:
            users.setdefault(text, []).append(names[resolution.project])
    for text, projects in users.items():
        yield Failure("projects", tuple(projects), "", text, "it may name another environment than the one in use")


def _other_versions(space: Workspace, paths: set[str], tools: tuple[str, ...]) -> list[str]:
    """A line on tools of the run of which the root's or a project's lock has another version than the one that runs."""
    locked = [each for each in space.locked if each.project in paths]
    if not locked:
        return []
    from pyfmt.tools.versions import tool_versions  # deferred for start-up time: reads the metadata of the tools

    ours = tool_versions()
    return [*filter(None, [other_versions(locked, {tool: ours[tool] for tool in tools if tool in ours})])]


def _notes(space: Workspace, work: planning.Work, trusting: Trusting, everything: bool) -> list[str]:
    """What to say of the configuration, and of the environments in use: borrowed ones, and those whose code may not
    run; with `everything` also those of folders above, which are the ordinary case where one environment serves all."""
    names = {project.path: project.name for project in space.projects}
    seen = [project for project in work.projects if work.selected.get(project.path)]
    notes = [*space.config.notes, *left_out(space.config, seen, (*work.formatters, *work.linters))]
    if space.main is not None and work.linters:
        notes.append(
            f"this linked work tree has the environments of {space.main.root}; `pyfmt envs create` makes its own"
        )
    notes += [line for project in seen if work.linters for line in space.stale.get(project.path, ())]
    notes += _other_versions(space, {".", *(project.path for project in seen)}, (*work.formatters, *work.linters))
    for found in space.resolutions if work.linters else ():
        environment = found.environment
        if not work.selected.get(found.project) or environment is None:
            continue
        plain = "workspace" in found.rule or found.rule == INHERITED and not everything
        if found.note and not plain:  # a workspace's environment is plainly its members' own
            notes.append(f"{names[found.project]}: {found.note}")
        if said := trusting.note(environment):
            notes.append(said)
    return notes
