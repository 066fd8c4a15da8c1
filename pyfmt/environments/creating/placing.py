"""Where a project's new environment goes."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from pyfmt.core.model import Project
from pyfmt.environments.managers.place import Monorepo, Place
from pyfmt.environments.managers.uv import uv


def new_prefix(project: Project, projects: Sequence[Project], root: Path, environ: Mapping[str, str]) -> Path:
    """`<project>/.venv`, which every manager finds; for uv the workspace owner's, or where $UV_PROJECT_ENVIRONMENT
    says."""
    base = os.path.realpath(root)
    folder = os.path.normpath(os.path.join(base, project.path))
    for found in uv(Place(project, folder, Monorepo(base, environ, tuple(projects)))):
        if found.prefix and not found.refused:
            return Path(found.prefix)
    return Path(folder, ".venv")
