"""Files that the environment of their project does not judge: loose scripts that import what nobody has for them."""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Iterator
from dataclasses import replace

from pyfmt.cache import import_memory
from pyfmt.core.listing import some
from pyfmt.core.model import Project, Resolution
from pyfmt.core.planning import Work
from pyfmt.imports.graph import Read
from pyfmt.projects.layout import top_names
from pyfmt.run.workspace import RunContext

_CURE = "give it a project, or make an environment in the root that has it (`.venv`)"


def with_files_apart(work: Work, run: RunContext) -> Work:
    """What there is to plan, with the files that their project's environment does not judge."""
    return replace(work, apart=dict(_apart(work, run))) if work.linters else work


def _apart(work: Work, run: RunContext) -> Iterator[tuple[str, Resolution]]:
    read = import_memory.reader(run.memory, run.space.config.root)
    for project in work.projects:
        environment = work.resolutions[project.path].environment
        if environment is not None and environment.standalone:
            known = {
                name for each in work.projects for root in each.import_roots for name in top_names(root, each.files)
            }
            for file in project.files:
                lacking = _lacking(file, project, known, read)
                if lacking:
                    note = f"no environment has {some(lacking)}, which it imports; {_CURE}"
                    yield file, Resolution(project.path, None, "", note)


def _lacking(file: str, project: Project, known: set[str], read: Read) -> list[str]:
    """The top-level names that a file imports from neither the standard library nor the monorepo."""
    imports = read(file)
    if ".**" in imports:
        return []  # cannot be parsed: the tools say so
    names = {text.partition(".")[0] for text in imports if text[0] not in ".@"}
    found = names - sys.stdlib_module_names - known
    return sorted(found - top_names(posixpath.dirname(file) or ".", project.files)) if found else []
