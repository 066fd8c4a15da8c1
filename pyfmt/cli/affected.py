"""What `pyfmt affected` and `pyfmt graph` show."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pyfmt import config, projects
from pyfmt.cache import import_memory
from pyfmt.cache.memory import Memory
from pyfmt.core import dependents
from pyfmt.core.model import Project
from pyfmt.core.request import Request
from pyfmt.git.changes import Scope, find_scope


@dataclass(frozen=True, slots=True)
class AffectedProjects:
    """A scope, with the projects that it is about."""

    root: Path
    projects: tuple[Project, ...]
    scope: Scope


def find(request: Request, cwd: Path, environ: Mapping[str, str]) -> AffectedProjects:
    """Find out what `request.since` touches; environments are not looked at. Raises PyfmtError."""
    settings = config.load(request, cwd)
    memory = Memory(settings, request.use_cache)
    try:
        survey = projects.find_projects(settings)
        read = import_memory.reader(memory, settings.root)
        scope = find_scope(settings, survey, request.since or "auto", environ, read)
        return AffectedProjects(settings.root, survey.projects, scope)
    finally:
        memory.close()


def paths(result: AffectedProjects) -> list[str]:
    """The folders of all projects that are changed or affected."""
    return sorted({*result.scope.changed, *result.scope.affected})


def as_text(result: AffectedProjects) -> str:
    """For people: changed projects, then affected ones, each with the reasons."""
    names = {project.path: project.name for project in result.projects}
    lines = list(result.scope.notes)
    for title, found in (("changed", result.scope.changed), ("affected", result.scope.affected)):
        lines += ["", f"{title}: {len(found) or 'none'}"]
        for path, why in found.items():
            lines.append(f"  {names[path]}" + (f" ({path})" if names[path] != path else ""))
            lines += [f"    {reason}" for reason in why]
    return "\n".join(lines)


def as_json(result: AffectedProjects) -> str:
    """For programs; `known` is false where git could not tell, and everything counts as changed."""
    names = {project.path: project.name for project in result.projects}
    scope = result.scope

    def rows(found: Mapping[str, tuple[str, ...]]) -> list[dict[str, object]]:
        return [{"project": names[path], "path": path, "why": list(why)} for path, why in found.items()]

    def flat(found: Mapping[str, tuple[str, ...]]) -> list[str]:
        return sorted(file for files in found.values() for file in files)

    return json.dumps(
        {
            "version": 1,
            "root": str(result.root),
            "since": scope.since,
            "bases": list(scope.bases),
            "known": scope.known,
            "notes": list(scope.notes),
            "changed": rows(scope.changed),
            "affected": rows(scope.affected),
            "files": {"format": flat(scope.format), "lint": flat(scope.lint)},
        },
        indent=2,
    )


def as_matrix(result: AffectedProjects) -> str:
    """One line for `strategy: matrix: ${{ fromJSON(…) }}`: a job for each project that is changed or affected."""
    names = {project.path: project.name for project in result.projects}
    rows = [{"project": names[path], "path": path, "changed": path in result.scope.changed} for path in paths(result)]
    return json.dumps({"include": rows}, separators=(",", ":"))


def find_graph(request: Request, cwd: Path) -> tuple[Project, ...]:
    """All projects with their edges; raises PyfmtError."""
    return projects.find_projects(config.load(request, cwd)).projects


def _graph_text(found: tuple[Project, ...]) -> str:
    names = {project.path: project.name for project in found}
    lines = []
    for project in found:
        lines.append(project.name + (f" ({project.path})" if project.name != project.path else ""))
        for edge in project.edges:
            lines.append(f"  → {names[edge.target]}, through {' and '.join(dependents.shown(edge.through))}")
    lines += [f"in a circle: {', '.join(names[path] for path in group)}" for group in dependents.cycles(found)]
    return "\n".join(lines) or "no projects"


def _graph_json(found: tuple[Project, ...]) -> str:
    return json.dumps(
        {
            "version": 1,
            "projects": [{"project": project.name, "path": project.path} for project in found],
            "edges": [
                {"from": project.path, "to": edge.target, "through": dependents.shown(edge.through)}
                for project in found
                for edge in project.edges
            ],
            "cycles": [list(group) for group in dependents.cycles(found)],
        },
        indent=2,
    )


def _graph_mermaid(found: tuple[Project, ...]) -> str:
    nodes = {project.path: f"p{number}" for number, project in enumerate(found)}
    lines = ["flowchart LR"]
    lines += [f'    {nodes[project.path]}["{_quoted(project.name)}"]' for project in found]
    for project in found:
        for edge in project.edges:
            label = _quoted(", ".join(dependents.shown(edge.through)))
            lines.append(f'    {nodes[project.path]} -->|"{label}"| {nodes[edge.target]}')
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """Mermaid takes a character by its number where it would mean something in a quoted label."""
    return "".join(f"#{ord(character)};" if character in '"#&<>;\\`' else character for character in text)


GRAPHS: dict[str, Callable[[tuple[Project, ...]], str]] = {
    "text": _graph_text,
    "json": _graph_json,
    "mermaid": _graph_mermaid,
}
