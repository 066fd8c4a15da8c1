"""Which environment each project has: the managers asked in order, broken candidates passed over, libraries helped
out."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt import disk
from pyfmt.core import parsing
from pyfmt.core.errors import ConfigError, PyfmtError, VirtualenvError
from pyfmt.core.memo import TextMemo
from pyfmt.core.model import DEPENDENT, INHERITED, Candidate, Config, Environment, Health, Project, Resolution
from pyfmt.core.similar import nearest
from pyfmt.environments.lacking import lacking
from pyfmt.environments.layout import ALONE
from pyfmt.environments.managers import ORDER, Found, Monorepo, Place
from pyfmt.environments.reading import ReadResult, examine, unreadable
from pyfmt.environments.standalone import RULE, is_loose, standalone

if TYPE_CHECKING:
    from pyfmt.environments.trust import Trust


def resolve(
    projects: Sequence[Project],
    config: Config,
    environ: Mapping[str, str],
    memo: TextMemo | None = None,
    *,
    trusted: bool = False,
) -> tuple[Resolution, ...]:
    """The environment of each of `projects`, in their order; nothing of an untrusted environment is run.

    Scripts of no project have the standard library and the monorepo's own code, see `standalone`.
    An explicit setting that is no usable environment raises VirtualenvError, one for a project that does not exist
    ConfigError. An environment of a folder above serves a project only where that is installed in it, or all that it
    needs. A project without an environment gets those of all projects that have it installed from its folder (PEP 610):
    rule DEPENDENT, the first by path as `environment` and the rest as `others`. `memo` keeps what was read between
    runs, see `reading.read`; `trusted` is --trust.
    """
    root = disk.realpath(config.root)
    _check_settings(projects, config)
    reader = _EnvironmentReader(root, memo, trusted)
    around = Monorepo(root, environ, tuple(projects))
    drafts = []
    for project in projects:
        around.unread = {}
        draft = _own(Place(project, _folder(root, project), around), config, reader)
        # Of a manifest its project says so itself.
        odd = {path: why for path, why in around.unread.items() if os.path.basename(path) != "pyproject.toml"}
        draft.unread = tuple(f"{_shown(path, root)} cannot be read: {why}" for path, why in sorted(odd.items()))
        drafts.append(draft)
    installed = _installations(projects, drafts)
    named = reader.names()
    found = [_finish(project, draft, installed, (root, named)) for project, draft in zip(projects, drafts)]
    for place, (project, draft) in enumerate(zip(projects, drafts)):
        nothing = found[place].environment is None and not (draft.passed_over or draft.missing)
        alone = standalone(root, projects) if nothing and is_loose(project) else None
        if alone is not None:
            found[place] = Resolution(project.path, alone, RULE, passed_over=found[place].passed_over)
    return tuple(replace(resolution, unread=draft.unread) for resolution, draft in zip(found, drafts))


@dataclass(slots=True)
class _Draft:
    """A resolution in the making."""

    result: ReadResult | None = None
    rule: str = ""
    note: str = ""
    passed_over: list[Candidate] = field(default_factory=list)
    unfit: list[Candidate] = field(default_factory=list)  # said only if nothing else is found
    missing: Found | None = None  # where the project's own manager would have it
    unread: tuple[str, ...] = ()
    named: bool = False  # see `Resolution`
    weak: bool = False  # inherited, and without the project itself: one that has it installed is better


class _EnvironmentReader:
    """Reads each environment once, however many projects and links lead to it."""

    def __init__(self, root: str, memo: TextMemo | None, trusted: bool) -> None:
        self.root = root
        self.memo = TextMemo() if memo is None else memo
        self.trusted = trusted
        self.results: dict[str, ReadResult] = {}
        self.spelled: dict[str, str] = {}
        self.named: set[str] = set()  # by the configuration: these may be an interpreter's own prefix

    def read(self, prefix: str) -> ReadResult:
        place = disk.realpath(prefix)
        if place not in self.results:
            result = self._examine(prefix)
            self.results[place] = result
            self.spelled[place] = prefix
        return self.results[place]

    def _examine(self, prefix: str) -> ReadResult:
        try:
            result = examine(Path(prefix), Path(self.root), self.memo, bare=prefix in self.named)
            if result.unsure:
                result = self._ask(prefix, result)
            return self._guard(prefix, result)
        except PyfmtError:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught  # one environment's error is no other's
            return unreadable(Path(prefix), Path(self.root), f"it cannot be read ({parsing.why(error)})")

    def _ask(self, prefix: str, result: ReadResult) -> ReadResult:
        """The last resort, for an environment whose search path cannot be read: ask its interpreter, if it is
        trusted."""
        # Deferred: subprocess and its like cost start-up time, and hardly any run comes here.
        from pyfmt.environments import ask_interpreter  # pylint: disable=import-outside-toplevel

        what, inputs = f"search path of {prefix}", {"what is installed": result.environment.fingerprint}
        known = self.memo.find(what, inputs)
        if known is not None:
            return self._answered(prefix, tuple(known.split("\n")))
        verdict = self._verdict(prefix)
        if not verdict.trusted:
            environment = result.environment
            reason = f"{environment.reason} (not trusted: {verdict.reason})"
            return replace(result, environment=replace(environment, reason=reason, cure=verdict.cure))
        try:
            answer = ask_interpreter.ask_search_path(result.executable)
        except ask_interpreter.StartError as error:
            environment = result.environment
            reason = f"{environment.reason}; its interpreter was asked, and {error}"
            return replace(result, environment=replace(environment, reason=reason))
        self.memo.keep(what, inputs, "\n".join(answer))
        return self._answered(prefix, answer)

    def _answered(self, prefix: str, answer: tuple[str, ...]) -> ReadResult:
        result = examine(Path(prefix), Path(self.root), self.memo, answer, bare=prefix in self.named)
        if result.environment.health is Health.OK:
            reason = "its search path cannot be read from disk: its interpreter was started to ask for it"
            result = replace(result, environment=replace(result.environment, reason=reason))
        return result

    def _verdict(self, prefix: str) -> Trust:
        # Deferred: hardly any run comes here.
        from pyfmt.environments.trust import Trust as Verdict  # pylint: disable=import-outside-toplevel
        from pyfmt.environments.trust import decide  # pylint: disable=import-outside-toplevel

        return Verdict(True, "--trust") if self.trusted else decide(Path(prefix), Path(self.root))

    def _guard(self, prefix: str, result: ReadResult) -> ReadResult:
        """A base interpreter that the checkout may have brought must not be started, not even for pylint's worker."""
        environment = result.environment
        if not environment.base_executable.startswith(os.path.join(self.root, "")):
            return result
        verdict = self._verdict(prefix)
        if verdict.trusted:
            return result
        reason = f"linting would start its interpreter, which is inside the checkout and not trusted: {verdict.reason}"
        return ReadResult(replace(environment, health=Health.BROKEN, reason=reason, cure=verdict.cure))

    def names(self) -> dict[str, Environment]:
        """Every usable environment by its real path, with a name that no other has."""
        taken: dict[str, str] = {}
        named: dict[str, Environment] = {}
        for place, result in self.results.items():
            if result.environment.health is Health.BROKEN:
                continue
            name = result.environment.name
            parts = [part for part in Path(self.spelled[place]).parts[:-1] if part != os.sep]
            while name in taken and parts:
                name = f"{parts.pop()}/{name}"
            number = 2
            while name in taken:  # two folders of one path can only be told apart by number
                name, number = f"{result.environment.name} ({number})", number + 1
            taken[name] = place
            named[place] = replace(result.environment, name=name)
        return named


def _folder(root: str, project: Project) -> str:
    return os.path.normpath(os.path.join(root, project.path))


def _own(place: Place, config: Config, reader: _EnvironmentReader) -> _Draft:
    """What the project's setting, or the first manager with a usable environment, gives."""
    explicit = _setting(place.project, config)
    if explicit is not None:
        return _explicit(place, explicit, config, reader)
    draft = _Draft()
    tried: set[str] = set()
    for manager in ORDER:
        try:
            for found in manager(place):
                if not disk.is_name(found.prefix):
                    shown = found.prefix.encode("unicode_escape").decode()
                    found = replace(found, prefix=shown, refused="no folder can have this name")
                key = disk.realpath(found.prefix)
                if key in tried:
                    continue
                tried.add(key)
                if _consider(place, found, draft, reader):
                    return draft
        except PyfmtError:
            raise
        except Exception as error:  # pylint: disable=broad-exception-caught  # one project's files are no other's
            reason = f"what the project's files declare as its environment cannot be used: {parsing.why(error)}"
            draft.passed_over.append(Candidate(place.folder, getattr(manager, "__name__", ""), reason, ""))
    return draft


def _consider(place: Place, found: Found, draft: _Draft, reader: _EnvironmentReader) -> bool:
    """Whether `found` is the project's environment; else it is noted in `draft` why not."""
    if found.refused:
        draft.passed_over.append(Candidate(found.prefix, found.rule, found.refused, found.cure))
        return False
    if not disk.lexists(found.prefix):
        if found.expected and draft.missing is None:
            draft.missing = found
        return False
    result = reader.read(found.prefix)
    environment = result.environment
    if environment.health is Health.BROKEN:
        cure = _cure(environment.cure, found.cure)
        draft.passed_over.append(Candidate(found.prefix, found.rule, environment.reason, cure))
        return False
    has_it = _has_installed(environment, place.folder)
    if found.must_have and not has_it:
        reason = "the monorepo has several projects, and this environment does not have this one installed"
        draft.unfit.append(Candidate(found.prefix, found.rule, reason, "give the project its own environment"))
        return False
    if found.rule == INHERITED and not has_it:
        reason = _unfit(place, found, environment, reader)
        if reason:
            reason = f"{_shown(found.prefix, reader.root)} {reason}"
            draft.unfit.append(Candidate(found.prefix, found.rule, reason))
            return False
    draft.result, draft.rule, draft.note = result, found.rule, found.note
    outside = not _inside(environment.prefix, reader.root)
    draft.named = outside and (found.named or _inside(found.prefix, reader.root))
    draft.weak = found.rule == INHERITED and not has_it
    return True


def _unfit(place: Place, found: Found, environment: Environment, reader: _EnvironmentReader) -> str:
    """Why an environment of a folder above is not the project's, which is not installed there; "" where it serves
    it."""
    if disk.lexists(os.path.join(found.prefix, ALONE)):
        return "is its own folder's alone: `pyfmt envs create` found nothing to install there"
    return lacking(place.project, environment, reader.memo)


def _cure(general: str, manager: str) -> str:
    """The environment's own cure, with the manager's command where there is one."""
    if not manager or manager in general or "--trust" in general:
        return general
    return f"{general} ({manager})" if general else manager


def _check_settings(projects: Sequence[Project], config: Config) -> None:
    """Raises ConfigError for a key that names no project: its environment would silently be used for nothing."""
    known = list(dict.fromkeys(name for project in projects for name in (project.path, project.name)))
    for key, _ in config.environments:
        if _plain(key) not in known:
            hint = nearest(_plain(key), known)
            hint = hint if "did you mean" in hint else ""  # a monorepo's whole list helps nobody
            raise ConfigError(
                f"environments: {key!r} is neither the path nor the name of a project{hint}",
                str(config.file or ""),
                "`pyfmt envs` lists the projects",
            )


def _plain(key: str) -> str:
    return key.rstrip("/").removeprefix("./") or "."


def _setting(project: Project, config: Config) -> str | None:
    for key, value in config.environments:
        if _plain(key) in (project.path, project.name):
            return value
    return None


def _explicit(place: Place, value: str, config: Config, reader: _EnvironmentReader) -> _Draft:
    """The environment that the configuration names; raises VirtualenvError if it is none."""
    prefix = os.path.normpath(os.path.join(reader.root, place.around.expand(value)))
    if disk.is_file(prefix) and os.path.basename(prefix).startswith(("python", "pypy")):
        prefix = os.path.dirname(os.path.dirname(prefix))  # an interpreter was named instead of its environment
    if prefix not in reader.named:
        reader.named.add(prefix)
        reader.results.pop(disk.realpath(prefix), None)  # another rule may have found it broken
    result = reader.read(prefix)
    if result.environment.health is Health.BROKEN:
        raise VirtualenvError(
            f"the environment {value!r} set for {place.project.name} is not usable: {result.environment.reason}",
            where=f"{config.file or 'configuration'}: tool.pyfmt.environments",
            cure=result.environment.cure,
        )
    return _Draft(result, "setting")


def _has_installed(environment: Environment, folder: str) -> bool:
    real = disk.realpath(folder)
    return any(
        item.source is not None and (item.source == folder or disk.realpath(item.source) == real)
        for item in environment.distributions
    )


_Installations = Mapping[str, Sequence[tuple[str, str]]]  # by folder: paths of projects, and their environments


def _installations(projects: Sequence[Project], drafts: Iterable[_Draft]) -> _Installations:
    """For each folder that some environment has a distribution from: the projects by path, each environment once."""
    found: dict[str, dict[str, str]] = {}
    real: dict[str, str] = {}
    for project, draft in sorted(zip(projects, drafts), key=lambda pair: pair[0].path):
        if draft.result is None or draft.weak:
            continue
        environment = draft.result.environment
        for item in environment.distributions:
            if item.source is not None:
                source = real.get(item.source) or real.setdefault(item.source, disk.realpath(item.source))
                found.setdefault(source, {}).setdefault(environment.prefix, project.path)
    return {source: [(path, prefix) for prefix, path in owners.items()] for source, owners in found.items()}


def _finish(
    project: Project, draft: _Draft, installed: _Installations, given: tuple[str, dict[str, Environment]]
) -> Resolution:
    root, named = given
    result, rule, note = draft.result, draft.rule, draft.note
    if result is None or draft.weak:
        dependents = [each for each in installed.get(disk.realpath(_folder(root, project)), ()) if each[1] in named]
        if dependents:
            environment = named[dependents[0][1]]
            others = tuple(named[prefix].prefix for _, prefix in dependents[1:])
            passed = tuple(draft.passed_over)
            return Resolution(project.path, environment, DEPENDENT, _borrowed(dependents), passed, others=others)
    if result is None:
        passed = (*draft.passed_over, *draft.unfit)
        return Resolution(project.path, None, "", _nothing(draft, root), passed)
    environment = named[result.environment.prefix]
    return Resolution(project.path, environment, rule, note, tuple(draft.passed_over), named=draft.named)


def _borrowed(dependents: Sequence[tuple[str, str]]) -> str:
    paths = [path for path, _ in dependents]
    if len(paths) == 1:
        return f"has no environment: linted in that of {paths[0]}, which has it installed"
    return f"has no environment: linted in those of its dependents {', '.join(paths)}"


def _nothing(draft: _Draft, root: str) -> str:
    """Why there is none, in one line, with the place where the project's manager would have it."""
    if draft.passed_over:
        first = draft.passed_over[0]
        return f"no usable environment: {_shown(first.prefix, root)} ({first.rule}): {first.reason}"
    above = next((f"; {c.reason}" for c in draft.unfit if c.rule == INHERITED), "")
    if draft.missing is not None:
        found = draft.missing
        return f"no environment: {found.rule} would have it at {_shown(found.prefix, root)}{above}"
    return f"no environment found{above}"


def _shown(prefix: str, root: str) -> str:
    return os.path.relpath(prefix, root).replace(os.sep, "/") if _inside(prefix, root) else prefix


def _inside(prefix: str, root: str) -> bool:
    return prefix.startswith(os.path.join(root, ""))
