"""Where a project's new environment goes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pyfmt.core.model import Project
from pyfmt.environments.managers.place import Monorepo, Place
from pyfmt.environments.managers.uv import owners_of, uv


def new_prefix(project: Project, projects: Sequence[Project], root: Path, environ: Mapping[str, str]) -> Path:
    """`<project>/.venv`, which every manager finds; for uv the workspace owner's, or where $UV_PROJECT_ENVIRONMENT
    says."""
    base = os.path.realpath(root)
    folder = os.path.normpath(os.path.join(base, project.path))
    place = Place(project, folder, Monorepo(base, environ, tuple(projects)))
    for found in uv(place):
        if found.prefix and not found.refused:
            if found.named and not os.path.realpath(found.prefix).startswith(os.path.join(base, "")):
                return Path(next(owners_of(place, project.path), folder), ".venv")  # a file, which nothing replaces
            return Path(found.prefix)
    return Path(folder, ".venv")
