"""Whose environments are to be made, with all that goes into each: for `envs create`, and for composed ones."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from pathlib import Path

from pyfmt import disk
from pyfmt.core.errors import UsageError
from pyfmt.core.graphs import closure
from pyfmt.core.model import Project
from pyfmt.core.similar import nearest
from pyfmt.environments import creating
from pyfmt.environments.add_drift import is_own
from pyfmt.environments.creating import CreateRequest
from pyfmt.imports.parse import read_module
from pyfmt.run.workspace import Workspace


def named_projects(words: Sequence[str], space: Workspace, cwd: Path) -> list[Project]:
    """The projects that were named by name, by path below the root, or by path below the working folder; raises
    UsageError."""
    found = []
    for word in words:
        place = disk.resolved(cwd / word)
        for project in space.projects:
            if word in (project.name, project.path) or place == disk.resolved(space.config.root / project.path):
                found.append(project)
                break
        else:
            known = [project.name for project in space.projects]
            raise UsageError(f"there is no such project{nearest(word, known)}", word)
    return found


def unserved(lacking: Sequence[Project], space: Workspace, others: Sequence[Project] = ()) -> list[Project]:
    """Of projects without an environment those that need one: no library that a project before it, or one of the
    others, will have installed. In a cycle each is served by the other: the first one keeps its environment."""
    depends_on = space.depends_on
    served = set(closure([project.path for project in others], depends_on))
    for project in lacking:
        if project.path not in served:
            served |= set(closure([project.path], depends_on)) - {project.path}
    return [project for project in lacking if project.path not in served]


def create_requests(chosen: Sequence[Project], space: Workspace, environ: Mapping[str, str]) -> list[CreateRequest]:
    """One request for each project, with the others that share its environment (a workspace's members)."""
    root, base = space.config.root, disk.realpath(space.config.root)
    by_path = {project.path: project for project in space.projects}
    depends_on = space.depends_on
    prefixes = {p.path: creating.new_prefix(p, space.projects, root, environ) for p in space.projects}
    foreign = set()
    for found in space.resolutions:
        if found.environment is not None and is_own(found, base):
            prefixes[found.project] = Path(found.environment.prefix)
            if found.named:
                foreign.add(prefixes[found.project])
    wanted = {prefixes[project.path] for project in chosen}
    requests = []
    for project in space.projects:
        if prefixes[project.path] in wanted and (project.checked or project.distribution or project in chosen):
            needs = tuple(by_path[path] for path in closure([project.path], depends_on) if path != project.path)
            requests.append(
                CreateRequest(
                    project,
                    needs,
                    root,
                    prefixes[project.path],
                    space.projects,
                    _imported(root, project),
                    space.config.groups,
                    space.config.extras,
                    prefixes[project.path] in foreign,
                )
            )
    return requests


def _imported(root: Path, project: Project) -> frozenset[str]:
    """The top-level modules that a project's files import; one that cannot be read is told when it is linted."""
    found = set()
    for file in project.checked:
        with contextlib.suppress(OSError):
            imports = read_module(disk.read_python(root / file)).statements.imports
            found |= {item.module.partition(".")[0] for item in imports if item.module and not item.level}
    return frozenset(found)
