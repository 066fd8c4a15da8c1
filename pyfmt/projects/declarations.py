"""What a project declares itself: the dependencies that its manifests name, without what lock files add to them."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyfmt import disk
from pyfmt.projects.dependencies import Member, relative, requirements_folders, requirements_lines
from pyfmt.projects.names import normalise, requirement_name

_NO_PACKAGES = ("source", "requires", "scripts", "pipenv")  # tables of a Pipfile that name no dependency


@dataclass(frozen=True, slots=True)
class Declared:
    """`projects` are paths, `names` normalised distributions; with `computed` there may be more of both."""

    projects: tuple[str, ...]
    names: tuple[str, ...]
    computed: bool


def declarations(root: Path, members: Sequence[Member]) -> dict[str, Declared]:
    """For each project's path what its manifests, Pipfile and requirements files name, of every group.

    A name that is another project's distribution counts as that project, wherever an installer would take it from.
    """
    known = {member.path for member in members}
    by_name = {normalise(m.manifest.distribution): m.path for m in members if m.manifest.distribution}
    base = disk.realpath(root)
    found = {}
    for member in members:
        folder = os.path.join(base, member.path)
        names = {requirement_name(line) for line in member.manifest.requirements}
        names.update(member.manifest.workspace_dependencies)
        targets = {relative(base, folder, path) for path in member.manifest.path_dependencies}
        if "Pipfile" in member.files:
            for name, path in _pipfile(Path(folder, "Pipfile")):
                names.add(normalise(name))
                targets.add(relative(base, folder, path) if path else None)
        for file in _requirements(member):
            names.update(requirement_name(line) for line in requirements_lines(Path(folder, file)))
            for path in requirements_folders(Path(folder, file)):
                # pip takes it from where it is started: in the project's folder, or in the root.
                targets |= {relative(base, folder, path), relative(base, base, path)}
        targets.update(by_name.get(name) for name in names)
        paths = sorted(path for path in targets if path is not None and path in known and path != member.path)
        found[member.path] = Declared(tuple(paths), tuple(sorted(names - {""})), member.manifest.computed)
    return found


def _requirements(member: Member) -> list[str]:
    own = [name for name in member.files if re.fullmatch(r"requirements.*\.(txt|in)", name)]
    return sorted({*own, *member.manifest.requirements_files})


def _pipfile(path: Path) -> Iterator[tuple[str, str]]:
    """Names and local folders ("" where there is none) of a Pipfile; a damaged one gives none: Pipenv refuses it."""
    for category, table in disk.toml_or_empty(path).items():
        if category not in _NO_PACKAGES and isinstance(table, dict):
            for name, entry in table.items():
                local = entry.get("path") if isinstance(entry, dict) else None
                yield name, local if isinstance(local, str) else ""
