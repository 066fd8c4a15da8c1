"""What judges scripts of no project: the standard library and the monorepo's own code, nothing that is installed."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from pyfmt import disk
from pyfmt.core.model import Environment, Project, PythonVersion
from pyfmt.environments.layout import Broken, locate

RULE = "standard library"
_SAY_NOTHING = {"pyproject.toml", "setup.cfg"}  # may hold settings of tools alone


def is_loose(project: Project) -> bool:
    """Whether it is only the files of the root: no distribution, nothing that is to be installed."""
    declares = project.distribution or project.requires or project.needs or project.computed or project.depends_on
    return project.path == "." and not declares and _SAY_NOTHING.issuperset(project.manifests)


def standalone(root: str, projects: Iterable[Project]) -> Environment | None:
    """It, with the base of pyfmt's own Python, the only one that is surely there; None where that cannot be read."""
    try:
        layout = locate(disk.realpath(sys.base_prefix), bare=True)
    except (Broken, OSError):
        return None
    roots = (os.path.normpath(os.path.join(root, folder)) for project in projects for folder in project.import_roots)
    version = PythonVersion(*sys.version_info[:3], implementation=layout.python.implementation)
    return Environment(
        name=RULE,
        prefix=layout.stdlib,
        python=version,
        base_executable=layout.base_executable,
        search_path=layout.standard_path,
        site_packages=(),
        finder_roots=tuple(dict.fromkeys(roots)),
        fingerprint=f"{RULE} {version}",
        standalone=True,
    )
