"""What an upgrade would bring: environments composed as they are and as they would be, both linted, and compared."""

from __future__ import annotations

import concurrent.futures
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement

from pyfmt import config, disk
from pyfmt.cache.folders import composed_environments_folder
from pyfmt.cache.memory import Memory
from pyfmt.core.errors import UsageError
from pyfmt.core.graphs import closure
from pyfmt.core.model import DEPENDENT, Environment, Project
from pyfmt.core.report import Report
from pyfmt.core.request import Command, Location, Request
from pyfmt.core.similar import nearest
from pyfmt.core.what_if import Outlook, UpgradeQuestion, VersionChange, WhatIf
from pyfmt.environments.creating import CreateRequest
from pyfmt.environments.creating.composing import (
    Composer,
    OwnFolder,
    Resolved,
    Resolving,
    fit_for_folders,
    from_index,
    is_name,
    left_out,
    with_changes,
)
from pyfmt.environments.creating.declared import declared_lines
from pyfmt.environments.creating.installers import Calls, find_uv
from pyfmt.environments.creating.interpreters import choose_interpreter, describe, find_version
from pyfmt.environments.creating.recipes import is_installable
from pyfmt.environments.creating.values import CreateOptions, CreationError, projects_of
from pyfmt.environments.standalone import RULE as STANDALONE
from pyfmt.environments.trust import is_stored
from pyfmt.projects import locks
from pyfmt.projects.locks.values import PYPI, LockError, Source
from pyfmt.projects.names import normalise, requirement_name
from pyfmt.run import pipeline
from pyfmt.run.create_requests import create_requests, named_projects, unserved
from pyfmt.run.session import Session
from pyfmt.run.what_if_findings import name_in, said_in, without
from pyfmt.run.workspace import Workspace, survey_workspace, with_chosen_releases

_BORROWED = (DEPENDENT, STANDALONE)  # rules by which a project has an environment that is not made for it


@dataclass(frozen=True, slots=True)
class _Pair:
    """One environment, as it is and as it would be; `prefixes` are "" where nothing is to be compared."""

    paths: tuple[str, ...]  # of its projects
    outlook: Outlook
    prefixes: tuple[str, str] = ("", "")
    seen: frozenset[str] = frozenset()  # the distributions that its projects ask for or have


@dataclass(frozen=True, slots=True)
class _Python:
    """An interpreter that an environment is based on."""

    executable: str
    version: str


def look(question: UpgradeQuestion, request: Request, session: Session) -> WhatIf:
    """Compose, lint and compare; raises PyfmtError. What cannot be composed is the failure of its own projects."""
    changed = _changes(question)
    settings = with_chosen_releases(config.load(request, session.cwd))
    with closing(Memory(settings, request.use_cache)) as memory:
        space = survey_workspace(settings, request, session.environ, memory)
    options = CreateOptions(cache_dir=memory.folder, environ=dict(session.environ))
    calls = Calls(options.timeout, options.environ)
    uv = find_uv(options.environ)
    if uv is None:
        raise UsageError("uv is not installed, and it resolves the requirements", "what-if", "install pyfmt again")
    composer = Composer(_outside(settings.root), calls, uv)
    composer.prune()
    foresight = _Foresight(question, changed, space, request, options, composer)
    chosen = named_projects(question.projects, space, session.cwd) if question.projects else _with_environments(space)
    groups: dict[Path, list[CreateRequest]] = {}
    for each in create_requests(chosen, space, session.environ):
        groups.setdefault(each.prefix, []).append(each)
    with concurrent.futures.ThreadPoolExecutor(max(1, settings.jobs), "pyfmt-what-if") as pool:
        futures = [pool.submit(foresight.pair, group) for group in groups.values()]
        try:
            pairs = [future.result() for future in futures]
        except BaseException:
            calls.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    _check_names(changed, pairs)
    return _compared(question, pairs, space, session, request)


def _outside(root: Path) -> Path:
    """The folder of composed environments, where uv works; raises UsageError where files of the checkout count
    there."""
    folder = composed_environments_folder()
    if disk.resolved(folder).is_relative_to(disk.realpath(root)):
        cure = "set XDG_CACHE_HOME to a folder outside of it"
        raise UsageError("the cache folder is in the checkout, whose files would name uv's indexes", str(folder), cure)
    return folder


def _changes(question: UpgradeQuestion) -> tuple[Requirement, ...]:
    found = []
    for line in question.requirements:
        try:
            asked = Requirement(line)
        except InvalidRequirement as error:
            raise UsageError(
                f"no requirement: {error}".replace("\n", " "), line, 'write it like "pydantic>=2"'
            ) from error
        if asked.url or asked.marker:
            raise UsageError("only a name and versions can be asked for", line, 'write it like "pydantic>=2"')
        found.append(asked)
    return tuple(found)


def _with_environments(space: Workspace) -> list[Project]:
    """The projects that have an environment, or are to have one: no library that another one's environment serves."""
    pairs = list(zip(space.projects, space.resolutions, strict=True))
    own = [p for p, found in pairs if p.checked and found.environment is not None and found.rule not in _BORROWED]
    lacking = [project for project, found in pairs if project.checked and found.environment is None]
    return [*own, *unserved(lacking, space, own)]


@dataclass(frozen=True, slots=True)
class _Foresight:
    """Composes the two environments of a group of projects; used from several threads at once."""

    question: UpgradeQuestion
    changed: tuple[Requirement, ...]
    space: Workspace
    request: Request
    options: CreateOptions
    composer: Composer

    def pair(self, requests: Sequence[CreateRequest]) -> _Pair:
        """Both environments, where they differ."""
        names = tuple(request.project.name for request in requests if request.project.checked)
        paths = tuple(request.project.path for request in requests)
        try:
            return self._pair(requests, names, paths)
        except (CreationError, OSError, LockError) as error:
            return _Pair(paths, Outlook(names, failures=(str(error),)))

    def _pair(self, requests: Sequence[CreateRequest], names: tuple[str, ...], paths: tuple[str, ...]) -> _Pair:
        lines, elsewhere = from_index(declared_lines(requests))
        ours = frozenset(p.distribution for p in self.space.projects if p.distribution and is_name(p.distribution))
        environment = self._environment(requests)
        known, indexes, apart = self._known(requests, environment)
        # Whoever takes such a name on PyPI would be asked for it.
        elsewhere = {**dict.fromkeys(apart - ours, "it comes from no index that is trusted"), **elsewhere}
        excluded = ours.union(filter(is_name, elsewhere))
        seen = frozenset({*known, *map(requirement_name, lines), *excluded})
        stuck = self._stuck(requests, elsewhere)
        blind = (*stuck, *self._blind(requests))
        if stuck or known and self._is_indifferent(known, lines):
            return _Pair(paths, Outlook(names, failures=blind), seen=seen)
        pythons = self._pythons(requests, environment)
        asked = Resolving(tuple(lines), pythons[0].executable, known, excluded, indexes=indexes, strict=True)
        states = self._states(asked, pythons[1].executable)
        elsewhere = {name: elsewhere[name] for name in elsewhere.keys() - ours}
        outlook = Outlook(
            names,
            (pythons[0].version, pythons[1].version),
            _differences(*states),
            left_out=left_out(elsewhere, known, states),
            failures=blind,
        )
        seen = seen.union(*(each.versions for each in states))
        if not outlook.changes and pythons[0] == pythons[1]:
            return _Pair(paths, outlook, seen=seen)
        return _Pair(paths, outlook, self._composed(requests, pythons, states, indexes), seen)

    def _composed(
        self,
        requests: Sequence[CreateRequest],
        pythons: tuple[_Python, _Python],
        states: tuple[Resolved, Resolved],
        indexes: Sequence[str],
    ) -> tuple[str, str]:
        """The real paths of both environments; raises CreationError."""
        own = self._own(requests)
        name = next((r for r in requests if r.root / r.project.path == r.prefix.parent), requests[0]).project.name
        before, after = (
            disk.realpath(self.composer.compose(name, python.executable, found, own, indexes))
            for python, found in zip(pythons, states, strict=True)
        )
        return before, after

    def _is_indifferent(self, known: Iterable[str], lines: Iterable[str]) -> bool:
        """Whether nothing that is asked about is there."""
        anew = self.question.resolution is not None or self.question.python is not None
        return not anew and not self._wanted & {*known, *map(requirement_name, lines)}

    @property
    def _wanted(self) -> set[str]:
        return {normalise(each.name) for each in self.changed}

    def _stuck(self, requests: Sequence[CreateRequest], elsewhere: Mapping[str, str]) -> list[str]:
        """What is asked about and comes from no index, so that no other version of it can be tried."""
        needed = [project.distribution for project in projects_of(requests) if project.distribution]
        fixed = {**dict.fromkeys(needed, "it is a project of the monorepo"), **elsewhere}
        return [f"{name}: {fixed[name]}: another version cannot be tried" for name in sorted(self._wanted & {*fixed})]

    def _blind(self, requests: Sequence[CreateRequest]) -> tuple[str, ...]:
        """What is not known of what these projects and their libraries ask for."""
        near = projects_of(requests)
        names, paths = {project.name for project in near}, {project.path for project in near}
        found = [f"{each.tool}: {each.reason}" for each in self.space.survey.failures if names & {*each.projects}]
        found += [line for each in self.space.resolutions if each.project in paths for line in each.unread]
        found += [f"{p.path} computes its requirements: not all of them are known" for p in near if p.computed]
        return tuple(dict.fromkeys(found))

    def _states(self, asked: Resolving, interpreter: str) -> tuple[Resolved, Resolved]:
        """The versions before and after, these for another interpreter; raises CreationError."""
        try:
            before = self.composer.resolve(asked)
        except CreationError as error:
            raise CreationError(f"as it is: {error.reason}", error.cure, error.detail) from error
        for name in sorted(self._wanted & asked.versions.keys()):
            if name in before.without_wheel or before.versions.get(name, asked.versions[name]) != asked.versions[name]:
                what = f"{name} {asked.versions[name]} could not be had as a wheel, so there is nothing to compare with"
                raise CreationError(f"as it is: {what}")
        changes = replace(
            asked,
            without=asked.without | {*before.without_wheel} - self._wanted,
            lines=with_changes(asked.lines, self.changed),
            interpreter=interpreter,
            versions=before.versions,
            changed=tuple(f"{each.name}{each.specifier}" for each in self.changed),
            resolution=self.question.resolution,
            strict=False,
        )
        return before, self.composer.resolve(changes)

    def _environment(self, requests: Sequence[CreateRequest]) -> Environment | None:
        paths = {request.project.path for request in requests}
        own = [r for r in self.space.resolutions if r.project in paths and r.rule not in _BORROWED]
        return next((found.environment for found in own if found.environment is not None), None)

    def _known(
        self, requests: Sequence[CreateRequest], environment: Environment | None
    ) -> tuple[dict[str, str], tuple[str, ...], set[str]]:
        """The versions that are installed, else locked; the indexes of the locks, where they are trusted; and what
        comes from no index, or from one that is not."""
        apart: set[str] = set()
        versions: dict[str, str] = {}
        indexes: dict[str, None] = {}
        root = self.space.config.root
        trusted = self.request.trust or is_stored(root)
        folders = dict.fromkeys([requests[0].prefix.parent, *(root / request.project.path for request in requests)])
        for path in filter(None, (locks.find(folder, "requirements.txt") for folder in folders)):
            lock = locks.read(path)
            packages = [each for each in lock.packages if each.version and not each.source.direct]
            several = Counter(each.name for each in packages)
            versions |= {each.name: each.version for each in packages if several[each.name] == 1}
            places = [*lock.indexes, *(each.source.place for each in packages)]
            apart |= {each.name for each in lock.packages if _is_apart(each.source, trusted)}
            indexes |= dict.fromkeys(each for each in places if trusted and "://" in each and each != PYPI)
        if environment is not None:
            versions = {each.name: each.version for each in environment.distributions if each.source is None}
            apart |= {each.name for each in environment.distributions if each.source is not None}
        versions = {name: version for name, version in versions.items() if name not in apart}
        return versions, tuple(indexes), apart

    def _pythons(self, requests: Sequence[CreateRequest], environment: Environment | None) -> tuple[_Python, _Python]:
        """The interpreters before and after; raises CreationError."""
        if environment is not None:
            here = _Python(environment.base_executable, str(environment.python))
        else:
            found = choose_interpreter([r.project for r in requests], requests[0].prefix.parent, self.options)
            here = _Python(str(found.system_executable or found.executable), describe(found))
        asked = self.question.python
        if asked is None:
            return here, here
        other = find_version(f"=={asked}.*" if asked.count(".") == 1 else f"=={asked}", self.options)
        if other is None:
            cure = f"install it, for example `uv python install {asked}`"
            raise CreationError(f"no Python {asked} was found (on PATH, under pyenv, of uv): {cure}", cure)
        return here, _Python(str(other.system_executable or other.executable), describe(other))

    def _own(self, requests: Sequence[CreateRequest]) -> list[OwnFolder]:
        """The projects and their libraries that can be installed from their folders."""
        root = self.space.config.root
        found = []
        for project in projects_of(requests):
            folder = disk.resolved(root / project.path)
            if project.distribution and is_installable(folder):
                roots = project.import_roots[1:] or project.import_roots  # of a `src` layout only that
                places = tuple(disk.realpath(root / place) for place in roots)
                found.append(OwnFolder(project.distribution, project.version or "", folder, places))
        return fit_for_folders(found)


def _is_apart(source: Source, trusted: bool) -> bool:
    foreign = "://" in source.place and source.place.rstrip("/") != PYPI.rstrip("/")
    return source.direct or foreign and not trusted


def _check_names(changed: Iterable[Requirement], pairs: Sequence[_Pair]) -> None:
    """Raises UsageError for a name that none of the projects has, where all of them could be looked at."""
    known = sorted({name for pair in pairs for name in pair.seen})
    for each in changed:
        if pairs and normalise(each.name) not in known and not any(pair.outlook.failures for pair in pairs):
            raise UsageError(f"none of the projects has it{nearest(normalise(each.name), known)}", each.name)


def _differences(before: Resolved, after: Resolved) -> tuple[VersionChange, ...]:
    names = sorted({*before.versions, *after.versions})
    changes = (VersionChange(name, before.versions.get(name, ""), after.versions.get(name, "")) for name in names)
    return tuple(change for change in changes if change.before != change.after)


def _compared(
    question: UpgradeQuestion, pairs: Sequence[_Pair], space: Workspace, session: Session, request: Request
) -> WhatIf:
    """Lint both states of what differs, and take the one report from the other."""
    differing = [pair for pair in pairs if pair.prefixes[0]]
    outlooks = [pair.outlook for pair in pairs if pair.outlook.failures and not pair.prefixes[0]]
    notes: set[str] = set()
    if differing:
        reports = [_linted(differing, state, space, request, session) for state in (0, 1)]
        for pair in differing:
            outlooks.append(_outlook(pair, reports[0], reports[1]))
        names = {name_in(report, prefix) for pair in differing for report, prefix in zip(reports, pair.prefixes)}
        notes = {note for report in reports for note in report.notes if note.partition(" is not trusted")[0] in names}
    same = [pair.outlook for pair in pairs if not pair.prefixes[0] and not pair.outlook.failures]
    unchanged = tuple(sorted(name for outlook in same for name in outlook.projects))
    return WhatIf(question, tuple(sorted(outlooks, key=lambda each: each.projects)), unchanged, tuple(sorted(notes)))


def _linted(pairs: Sequence[_Pair], state: int, space: Workspace, request: Request, session: Session) -> Report:
    environments = {path: pair.prefixes[state] for pair in pairs for path in pair.paths}
    root = space.config.root
    asked = replace(
        request,
        command=Command.LINT,
        location=Location(str(root), request.location.config_file),
        paths=tuple(str(root / path) for path in sorted({*environments, *closure(environments, space.depends_on)})),
        environments=environments,
        write=False,
        baseline=False,
    )
    return pipeline.run(asked, session).report


def _outlook(pair: _Pair, before: Report, after: Report) -> Outlook:
    said = [said_in(report, name_in(report, prefix)) for report, prefix in zip((before, after), pair.prefixes)]
    unseen = [_unseen(report, name_in(report, prefix), pair) for report, prefix in zip((before, after), pair.prefixes)]
    failures = [
        *pair.outlook.failures,
        *unseen[1],
        *(f"as it is: {text}" for text in unseen[0] if text not in unseen[1]),
    ]
    return replace(
        pair.outlook,
        new=tuple(without(said[1], said[0])),
        vanished=tuple(without(said[0], said[1])),
        failures=tuple(dict.fromkeys(failures)),
    )


def _unseen(report: Report, environment: str, pair: _Pair) -> list[str]:
    """What was not looked at in an environment."""
    names: Mapping[str, None] = dict.fromkeys(pair.outlook.projects)
    found = [
        f"{failure.tool}: {failure.reason}"
        for failure in report.failures
        if failure.environment == environment
        or not failure.environment
        and not names.keys().isdisjoint(failure.projects)
    ]
    found += [f"{skip.tool}: {skip.reason}" for skip in report.skipped if skip.project in names]
    return list(dict.fromkeys(found))
