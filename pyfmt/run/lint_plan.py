"""The plan of the linters' units, with what planning must be told of the files and environments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from pyfmt import disk
from pyfmt.core import planning
from pyfmt.core.model import Environment, Project, Resolution
from pyfmt.projects.layout import imported_names, script_folders, visible_roots
from pyfmt.tools.registry import TOOLS, linter


def lint_plan(work: planning.Work, reader: ImportReader) -> planning.Plan:
    """The lint units, with what environments import from and the folders of scripts on the projects' import roots."""
    if not work.linters:
        return planning.Plan()
    members = reader.rooted(work.projects, work.resolutions)
    return planning.plan(replace(work, projects=members, formatters=()), plan_facts(reader))


class ImportReader:
    """The names that files import, each file read at most once, and what follows for the projects' import roots."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._known: dict[str, frozenset[str]] = {}
        self._installed = InstalledNames()
        self._rooted: dict[tuple[str, str, tuple[str, ...]], tuple[str, ...]] = {}

    def rooted(self, projects: Iterable[Project], resolutions: Mapping[str, Resolution]) -> tuple[Project, ...]:
        """Projects with what their environments import from and the folders of scripts among their import roots."""
        return tuple(self._with_more_roots(project, resolutions.get(project.path)) for project in projects)

    def _with_more_roots(self, project: Project, resolution: Resolution | None) -> Project:
        environment = resolution.environment if resolution else None
        key = (project.path, environment.prefix if environment else "", project.checked)
        if key not in self._rooted:
            places = (*environment.search_path, *environment.finder_roots) if environment else ()
            given = project.import_roots
            roots = (*given, *visible_roots(project.files, given, self.inside(places)))
            roots += script_folders(project.checked, roots, self, self._installed.of(resolution))
            self._rooted[key] = tuple(dict.fromkeys(roots))
        roots = self._rooted[key]
        return replace(project, import_roots=roots) if roots != project.import_roots else project

    def inside(self, places: Iterable[str]) -> list[str]:
        """Those of absolute `places` that lie below the monorepo's root, relative to it."""
        below = f"{self._root}/"
        return [place[len(below) :] for place in places if place.startswith(below)]

    def __call__(self, file: str) -> frozenset[str]:
        if file not in self._known:
            try:
                self._known[file] = imported_names(disk.read_python(self._root / file))
            except OSError:
                self._known[file] = frozenset()  # vanished or unreadable: the tools themselves say so
        return self._known[file]


_IMPORTABLE = ("py", "pyc", "pyi", "so", "pyd")  # a `service.pth` makes no `service` importable


class InstalledNames:
    """The top-level names in the site folders of environments, each listed at most once, and only if asked for."""

    def __init__(self) -> None:
        self._known: dict[str, frozenset[str]] = {}

    def of(self, resolution: Resolution | None) -> Callable[[str], bool]:
        """Whether a name is installed in a project's environment."""
        environment = resolution.environment if resolution else None
        if environment is None:
            return lambda name: False
        return lambda name: name in self.names(environment)

    def names(self, environment: Environment) -> frozenset[str]:
        """All of an environment."""
        if environment.prefix not in self._known:
            found: set[str] = set()
            for site in environment.site_packages:
                try:
                    entries = (entry.partition(".") for entry in disk.listdir(site))
                    found.update(name for name, _, suffix in entries if not suffix or suffix.endswith(_IMPORTABLE))
                except OSError:
                    continue  # one that is not there installs nothing
            self._known[environment.prefix] = frozenset(found)
        return self._known[environment.prefix]


def plan_facts(reader: Callable[[str], frozenset[str]]) -> planning.Facts:
    def module_name(tool: str, file: str, project: Project) -> str:
        return linter(tool).module_name(file, project)

    return planning.Facts(
        module_name, reader, lambda tool: TOOLS[tool].isolated, lambda tool: TOOLS[tool].reads_environment
    )
