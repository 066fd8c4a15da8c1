"""Which projects of the monorepo are libraries, which are projects to be deployed, and what is allowed between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from pyfmt.core.errors import ConfigError
from pyfmt.core.model import Config, Project
from pyfmt.core.policies import Allowance, Boundaries
from pyfmt.core.similar import nearest
from pyfmt.projects import is_below, is_meant

DEFAULT_LIBRARIES = ("lib/*", "libs/*", "packages/*")
DEFAULT_PROJECTS = ("projects/*", "apps/*", "services/*")
_CURE = "see docs/boundaries.md"


class ProjectKind(str, Enum):
    """What a project is to the others."""

    LIBRARY = "library"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Kinds:
    """The kind of each project, by path; `without` are those that are neither."""

    of: Mapping[str, ProjectKind]
    without: tuple[Project, ...]


def kinds(settings: Config, projects: Sequence[Project]) -> Kinds:
    """The kinds by the configured globs: the one that reaches deepest decides.

    Raises ConfigError where a configured glob matches no project, where two of different kinds match equally well, and
    where no project has a kind: then nothing would be checked.
    """
    wanted = settings.boundaries or Boundaries()
    where = str(settings.file or settings.root)
    for key, globs in (("libraries", wanted.libraries), ("projects", wanted.projects)):
        for pattern in globs or ():
            if not any(is_below(project.path, pattern) for project in projects):
                raise ConfigError(f"boundaries: {key}: {pattern!r} matches no project", where, _CURE)
    found: dict[str, ProjectKind] = {}
    for project in projects:
        kind = _kind(project, wanted, where)
        if kind is not None:
            found[project.path] = kind
    if not found:
        raise ConfigError(
            "boundaries: no project is where libraries or projects are looked for", where, f"set them: {_CURE}"
        )
    return Kinds(found, tuple(project for project in projects if project.path not in found and project.files))


def _kind(project: Project, wanted: Boundaries, where: str) -> ProjectKind | None:
    libraries = DEFAULT_LIBRARIES if wanted.libraries is None else wanted.libraries
    deployed = DEFAULT_PROJECTS if wanted.projects is None else wanted.projects
    library = max((is_below(project.path, pattern) for pattern in libraries), default=0)
    deploy = max((is_below(project.path, pattern) for pattern in deployed), default=0)
    if library == deploy:
        if library:
            raise ConfigError(f"boundaries: {project.path} is among the libraries and among the projects", where, _CURE)
        return None
    return ProjectKind.LIBRARY if library > deploy else ProjectKind.PROJECT


def kind_of(settings: Config, projects: Sequence[Project]) -> dict[str, ProjectKind]:
    """The kind of each project by its path: where the globs say nothing, what others depend on is a library.

    Raises ConfigError where two globs match one equally well.
    """
    wanted, where = settings.boundaries or Boundaries(), str(settings.file or settings.root)
    used = {target for project in projects for target in project.depends_on}
    return {
        project.path: _kind(project, wanted, where)
        or (ProjectKind.LIBRARY if project.path in used else ProjectKind.PROJECT)
        for project in projects
    }


class Allowed:
    """What `allow` permits, and which of its entries were needed."""

    def __init__(self, settings: Config, projects: Sequence[Project]) -> None:
        """Raises ConfigError for an entry that names no project."""
        entries = settings.boundaries.allow if settings.boundaries else ()
        where = str(settings.file or settings.root)
        self._entries = [
            (entry, _matching(entry.importers, projects, where), _matching(entry.imported, projects, where))
            for entry in entries
        ]
        self._used: set[int] = set()

    def permits(self, importer: str, imported: str, rule: str) -> bool:
        """Whether a finding of `rule` between two projects (by path) is not to be made."""
        allowed = False
        for number, (entry, importers, targets) in enumerate(self._entries):
            if importer in importers and imported in targets and (not entry.rules or rule in entry.rules):
                self._used.add(number)
                allowed = True
        return allowed

    def unused(self) -> list[Allowance]:
        """The entries that nothing needed."""
        return [entry for number, (entry, _, _) in enumerate(self._entries) if number not in self._used]


def _matching(patterns: Sequence[str], projects: Sequence[Project], where: str) -> frozenset[str]:
    found: set[str] = set()
    for pattern in patterns:
        chosen = {p.path for p in projects if is_meant(p, pattern)}
        if not chosen:
            known = sorted({name for project in projects for name in (project.name, project.path)})
            raise ConfigError(f"boundaries: allow: {pattern!r} matches no project{nearest(pattern, known)}", where)
        found |= chosen
    return frozenset(found)
