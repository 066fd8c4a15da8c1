"""The imports that leave their project, remembered for whole projects: one changed file costs one project."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from pyfmt.cache.memory import Memory
from pyfmt.cache.remembered import MemoKind
from pyfmt.core.model import Project
from pyfmt.imports.owners import Modules
from pyfmt.run.boundaries.reading import code_digest
from pyfmt.run.boundaries.violations import ProjectImports, sites

_Found = dict[str, ProjectImports]  # by file
_KIND: MemoKind[_Found] = MemoKind("imports that leave their project", 1, _Found)


def find_project_imports(
    wanted: Mapping[str, tuple[Project, Sequence[str]]], modules: Modules, layout: bytes, memory: Memory
) -> dict[str, ProjectImports]:
    """What leaves the project in each of its wanted files, by the projects' paths; `layout` is the digest of everything
    that `modules` was made from."""
    read = memory.imports
    shared = modules.contested()
    read.fetch(shared)
    flags = [(file, read.statements(file).extends_path) for file in shared]
    found: _Found = {}

    def inputs(path: str, digest: Callable[[str], bytes]) -> dict[str, object]:
        return {
            "pyfmt's own code": code_digest(),
            "the projects' layout": [layout, flags, path],
            **{file: digest(file) for file in wanted[path][1]},
        }

    def compute(paths: Sequence[str]) -> dict[str, _Found]:
        made = {}
        for path in paths:
            project, files = wanted[path]
            read.fetch(files)
            leaving = {file: sites(project, file, read.statements(file), modules) for file in files}
            found.update(leaving)
            if not read.errors:
                made[path] = leaving
        return made

    for leaving in memory.table.remembered(_KIND, wanted, inputs, compute).values():
        found |= leaving
    return found
