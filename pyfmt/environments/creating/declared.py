"""What the projects of an environment ask for, from their manifests alone: no lock decides, and nothing is built."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pyfmt.core.model import Project
from pyfmt.core.parsing import strings, table
from pyfmt.environments.creating.recipes import group_choice, is_installable, read_manifest, requirements_files
from pyfmt.environments.creating.values import CreateRequest, projects_of
from pyfmt.projects import locks
from pyfmt.projects.dependencies import requirements_lines
from pyfmt.projects.names import normalise, requirement, requirement_name

_PINNED = re.compile(r"\s*(?P<asked>[A-Za-z0-9][\w.-]*\s*(?:\[[^\]]*\])?)\s*===?\s*[\w.!+-]+\s*(?P<marker>;.*)?")


def declared_lines(requests: Sequence[CreateRequest]) -> tuple[str, ...]:
    """PEP 508 lines of the projects, their groups and extras as `envs create` chooses them, and of their libraries.

    Raises CreationError for a manifest that cannot be read.
    """
    own = [(request.root / request.project.path).resolve() for request in requests]
    manifests = {folder: read_manifest(folder) for folder in dict.fromkeys(own)}
    choice, lines = group_choice(requests, manifests)
    found = [*lines]
    for folder, data in manifests.items():
        if is_installable(folder):
            extras = table(data, "project", "optional-dependencies")
            found += [line for extra in sorted(choice.extras) for line in strings(extras.get(extra))]
        if locks.find(folder) is None:
            found += _of_files(requirements_files(folder))
    everyone = projects_of(requests)
    for project in everyone:
        found += _needs(project, requests[0].root)
    ours = {project.distribution: project for project in everyone if project.distribution}
    return tuple(dict.fromkeys([*found, *_extras_of_ours(found, ours, requests[0].root)]))


def _needs(project: Project, root: Path) -> list[str]:
    """What a manifest says; pins of a requirements file that stands in its place are a lock's."""
    file = root / project.path / "requirements.txt"
    if file.is_file() and {*project.needs} <= {*_plain(requirements_lines(file))}:
        return _of_files([file])
    return list(project.needs)


def _of_files(files: Iterable[Path]) -> list[str]:
    """The lines of requirements files; of one that only has pins the names: it is what some lock was written to."""
    found: list[str] = []
    for file in files:
        lines = _plain(requirements_lines(file))
        pinned = [match["asked"] + (match["marker"] or "") for line in lines if (match := _PINNED.fullmatch(line))]
        found += pinned if len(pinned) == len(lines) else lines
    return found


def _plain(lines: Iterable[str]) -> list[str]:
    """Requirements without options (`--hash`), and without what is no requirement by name."""
    return [
        line for text in lines if requirement_name(line := re.sub(r"\s+--?\w.*$", "", text)) and text[0] not in "-./"
    ]


def _extras_of_ours(lines: Iterable[str], ours: dict[str, Project], root: Path) -> Iterator[str]:
    """What extras of the monorepo's own libraries bring."""
    for line in lines:
        project, asked = ours.get(requirement_name(line)), requirement(line)
        if project is None or asked is None:
            continue
        wanted = set(map(normalise, asked.extras))
        for extra, more in table(read_manifest(root / project.path), "project", "optional-dependencies").items():
            yield from strings(more) if normalise(extra) in wanted else ()
