"""The imports that leave their project, remembered for whole projects: one changed file costs one project."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pyfmt.cache.memory import Memory
from pyfmt.cache.remembered import MemoKind
from pyfmt.core.model import Project
from pyfmt.imports.owners import Modules
from pyfmt.run.boundaries.reading import code_digest
from pyfmt.run.boundaries.violations import ProjectImports, sites

_Found = dict[str, ProjectImports]  # by file
_KIND: MemoKind[_Found] = MemoKind("imports that leave their project", 1, _Found)


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where names lead: `layout` is the digest of everything that `modules` was made from."""

    modules: Modules
    layout: bytes


def find_project_imports(
    projects: Mapping[str, Project], wanted: Mapping[str, Sequence[str]], lookup: Lookup, memory: Memory
) -> dict[str, ProjectImports]:
    """What leaves the project in each of its wanted files; both by the projects' paths."""
    read = memory.imports
    shared = lookup.modules.contested()
    read.fetch(shared)
    flags = [(file, read.statements(file).extends_path) for file in shared]
    found: _Found = {}

    def inputs(path: str, digest: Callable[[str], bytes]) -> dict[str, object]:
        return {
            "pyfmt's own code": code_digest(),
            "the projects' layout": [lookup.layout, flags, path],
            **{file: digest(file) for file in wanted[path]},
        }

    def compute(paths: Sequence[str]) -> dict[str, _Found]:
        made = {}
        for path in paths:
            files = wanted[path]
            read.fetch(files)
            leaving = {file: sites(projects[path], file, read.statements(file), lookup.modules) for file in files}
            found.update(leaving)
            if not read.errors:
                made[path] = leaving
        return made

    for leaving in memory.table.remembered(_KIND, wanted, inputs, compute).values():
        found |= leaving
    return found
