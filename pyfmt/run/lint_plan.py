"""The plan of the linters' units, with what planning must be told of the files and environments."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from pyfmt import disk
from pyfmt.cache.remembered import FilesTogether, MemoKind, MemoTable
from pyfmt.core import planning
from pyfmt.core.model import Environment, Project, Resolution
from pyfmt.projects.layout import imported_names, script_names, visible_roots
from pyfmt.tools.registry import TOOLS, linter

_SCRIPTS: MemoKind[dict[str, list[str]]] = MemoKind("folders of scripts", 1, dict[str, list[str]])


def lint_plan(work: planning.Work, reader: ImportReader) -> planning.Plan:
    """The lint units, with what environments import from and the folders of scripts on the projects' import roots."""
    if not work.linters or not any(work.selected.values()):
        return planning.Plan()
    members = reader.rooted(work.projects, work.resolutions)
    return planning.plan(replace(work, projects=members, formatters=()), plan_facts(reader))


class ImportReader:
    """The names that files import, each file read at most once, and what follows for the projects' import roots."""

    def __init__(self, root: Path, table: MemoTable) -> None:
        """`table` remembers what follows for the folders of scripts."""
        self._root = root
        self._table = table
        self._known: dict[str, frozenset[str]] = {}
        self._installed = InstalledNames()
        self._rooted: dict[tuple[str, str, tuple[str, ...]], tuple[str, ...]] = {}

    def rooted(self, projects: Iterable[Project], resolutions: Mapping[str, Resolution]) -> tuple[Project, ...]:
        """Projects with what their environments import from and the folders of scripts among their import roots."""
        each = [(project, resolutions.get(project.path)) for project in projects]
        keys = [
            (project.path, found.environment.prefix if found and found.environment else "", project.checked)
            for project, found in each
        ]
        missing = [pair for pair, key in zip(each, keys) if key not in self._rooted]
        roots = {project.path: self._visible_roots(project, found) for project, found in missing}
        scripts = self._script_names([project for project, _ in missing], roots)
        for (project, found), key in zip(each, keys):
            if key not in self._rooted:
                installed, names = self._installed.of(found), scripts[project.path]
                further = (folder for folder, said in names.items() if not all(map(installed, said)))
                self._rooted[key] = tuple(dict.fromkeys((*roots[project.path], *further)))
        return tuple(_with_roots(project, self._rooted[key]) for (project, _), key in zip(each, keys))

    def _visible_roots(self, project: Project, found: Resolution | None) -> tuple[str, ...]:
        environment, given = found.environment if found else None, project.import_roots
        places = (*environment.search_path, *environment.finder_roots) if environment else ()
        return (*given, *visible_roots(project.files, given, self.inside(places)))

    def _script_names(
        self, projects: Iterable[Project], roots: Mapping[str, tuple[str, ...]]
    ) -> dict[str, dict[str, list[str]]]:
        """See `script_names`, by project path; nothing is read where all is as it was."""
        files = {project.path: project.checked for project in projects}
        # Which modules are the standard library's, and what can be parsed, differs between versions.
        python = {"Python": sys.version_info[:3]}

        inputs = FilesTogether(
            lambda path: f"{path} with scripts", files.__getitem__, lambda path: {**python, "roots": roots[path]}
        )

        def compute(paths: Iterable[str]) -> dict[str, dict[str, list[str]]]:
            return {path: script_names(files[path], roots[path], self) for path in paths}

        return self._table.remembered(_SCRIPTS, files, inputs, compute)

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


def _with_roots(project: Project, roots: tuple[str, ...]) -> Project:
    return replace(project, import_roots=roots) if roots != project.import_roots else project


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
