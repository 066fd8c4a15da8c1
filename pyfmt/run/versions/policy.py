"""Checks what `[tool.pyfmt.versions-policy]` asks: PYF020, PYF021 and PYF022."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from pyfmt import disk
from pyfmt.core.files import LOCK_FILES
from pyfmt.core.listing import some
from pyfmt.core.model import Failure, Finding, Outcome, Part, Project, Unit
from pyfmt.core.policies import VersionsPolicy
from pyfmt.core.rules import INTERNAL_VERSION_BEHIND, SEVERAL_INTERNAL_VERSIONS, SEVERAL_VERSIONS, TOOL, OwnCheck, Rule
from pyfmt.core.versions import Bound, SharedDistribution, VersionMatrix, same_version, usual
from pyfmt.projects.names import normalise

_SHOWN = 5  # constraints of other projects that a finding lists


def check(
    policy: VersionsPolicy,
    matrix: VersionMatrix,
    root: Path,
    projects: Sequence[Project],
    selected: Mapping[str, tuple[str, ...]],
) -> OwnCheck:
    """Findings of the projects that are looked at whole; a partial run reports the share of a whole one."""
    began = time.monotonic()
    whole = [project for project in projects if set(project.files).issubset(selected.get(project.path, ()))]
    names = tuple(normalise(name) for name in policy.one_version)  # `normalise` leaves a glob's marks alone
    work = _PolicyCheck(matrix, root, {project.path: project for project in projects})
    paths = {project.path: project.name for project in whole}
    unit = Unit(TOOL, None, tuple(Part(project, selected.get(project.path, ())) for project in whole), number=1)
    failures = [Failure(TOOL, (paths[path],), "", f"{path}: {why}") for path, why in matrix.unread if path in paths]
    ours = {project.distribution for project in projects}
    asked = [project for project in whole if project.path in matrix.unknown]
    for project in asked if names else ():
        if concerned := [name for name in project.requires if name not in ours and _matches(name, names)]:
            why = (
                f"which version it has of {some(concerned)} is not known: it has neither a lock file nor an environment"
            )
            failures.append(Failure(TOOL, (project.name,), "", why, "lock it, or `pyfmt envs create` makes one"))
    notes = _notes(matrix, names) if len(whole) == len(projects) else ()
    chosen = tuple(
        finding
        for finding in (*work.one_version(names), *work.internal(policy.internal))
        if finding.project in paths.values()
    )
    outcome = Outcome(unit, chosen, failures=tuple(failures), seconds=time.monotonic() - began)
    return OwnCheck(outcome, notes)


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _notes(matrix: VersionMatrix, patterns: Sequence[str]) -> tuple[str, ...]:
    """Entries of `one-version` that nothing needs: a mistyped name would check nothing."""
    known = [each.name for each in matrix.distributions]
    idle = [pattern for pattern in patterns if not any(fnmatchcase(name, pattern) for name in known)]
    return tuple(f"versions-policy: no two projects have {pattern}" for pattern in idle)


class _PolicyCheck:
    """One check."""

    def __init__(self, matrix: VersionMatrix, root: Path, projects: Mapping[str, Project]) -> None:
        self._matrix, self._root, self._projects = matrix, root, projects

    def one_version(self, patterns: Sequence[str]) -> Iterator[Finding]:
        """A finding for each project that has another version of a distribution than most."""
        for each in self._matrix.distributions:
            if each.differs and _matches(each.name, patterns):
                wanted = usual(held.versions for held in each.held)
                having = sum(wanted in held.versions for held in each.held)
                for held in each.held:
                    if held.versions and wanted not in held.versions and held.project in self._projects:
                        others = "other project has" if having == 1 else "other projects have"
                        message = f"{each.name} is {' and '.join(held.versions)} here; {having} {others} {wanted}"
                        notes = _notes_of(each, held.project, wanted, self._matrix.names)
                        yield self._finding(held.project, each.name, SEVERAL_VERSIONS, message, notes)

    def internal(self, wanted: str) -> Iterator[Finding]:
        """Libraries whose version is not that of the others, and projects that use another than there is."""
        if not wanted:
            return
        versions = [(each.version,) for each in self._matrix.libraries if each.version]
        common = usual(versions) if wanted == "one" else ""
        for library in self._matrix.libraries:
            if common and library.version and not same_version(library.version, common):
                message = f"{library.name} is {library.version}; the others of the monorepo's libraries are {common}"
                yield self._finding(library.path, "version", SEVERAL_INTERNAL_VERSIONS, message, ())
            for use in library.uses:
                stale = use.version and library.version and not same_version(use.version, library.version)
                if use.origin != "folder" and stale:
                    message = (
                        f"{library.name} is {use.version} here ({use.origin}), and {library.version} in {library.path}"
                    )
                    name = self._projects[library.path].distribution or library.name
                    yield self._finding(use.project, name, INTERNAL_VERSION_BEHIND, message, ())

    def _finding(self, path: str, name: str, rule: Rule, message: str, notes: tuple[str, ...]) -> Finding:
        project = self._projects[path]
        file, line, column, end = self._place(project, name)
        place = {"column": column, "end_line": line if column else None, "end_column": end}
        return rule.finding(file, line, message, project.name, **place, notes=notes)

    def _place(self, project: Project, name: str) -> tuple[str, int, int | None, int | None]:
        """Where a project's files name a distribution first: manifests, then what pins, then locks."""
        spelled = "[-_.]+".join(map(re.escape, name.split("-")))
        word = re.compile(rf"(?<![\w.-]){spelled}(?![\w-])", re.IGNORECASE)
        locked = [file for file in project.manifests if file in LOCK_FILES]
        first = [file for file in project.manifests if file not in LOCK_FILES]
        folder = "" if project.path == "." else f"{project.path}/"
        for file in (*first, "Pipfile", "requirements.txt", *locked):
            text = disk.text_or_none(self._root / folder / file) or ""
            for number, line in enumerate(text.splitlines(), 1):
                match = word.search(line.partition("#")[0])
                if match:
                    return f"{folder}{file}", number, match.start() + 1, match.end() + 1
        return f"{folder}{next(iter((*project.manifests, *project.files)), 'pyproject.toml')}", 1, None, None


def _notes_of(each: SharedDistribution, project: str, wanted: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """What keeps a project from the version of the others; of one that is ahead, what keeps the others."""
    own = [bound for bound in each.bounds if bound.project == project]
    if own:
        return tuple(f"kept by {_said(bound)}" if bound.requirement else bound.by for bound in own)
    others = [f"{names[bound.project]}: {_said(bound)}" for bound in each.bounds if bound.requirement]
    return (f"the others stay at {wanted}: {some(others, _SHOWN)}",) if others else ()


def _said(bound: Bound) -> str:
    return f"{bound.requirement} by {bound.by}"
