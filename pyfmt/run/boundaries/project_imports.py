"""The imports that leave their project, remembered for whole projects: one changed file costs one project."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyfmt.cache.keys import fold
from pyfmt.cache.memory import Memory
from pyfmt.core.model import Project
from pyfmt.imports.index import ImportTarget, Modules
from pyfmt.imports.parse import Span
from pyfmt.run.boundaries.reading import Reader, code_digest
from pyfmt.run.boundaries.violations import ProjectImports, Site, sites


@dataclass(frozen=True, slots=True)
class Lookup:
    """Where names lead: `layout` is the digest of everything that `modules` was made from."""

    modules: Modules
    layout: bytes


def find_project_imports(
    wanted: Sequence[tuple[Project, Sequence[str]]], lookup: Lookup, reader: Reader, memory: Memory
) -> dict[str, ProjectImports]:
    """What leaves the project in each of its wanted files."""
    shared = lookup.modules.contested()
    reader.fetch(shared)
    flags = [(file, reader.of(file).extends_path) for file in shared]
    keys = [
        fold("crossings", code_digest(), lookup.layout, flags, project.path, _digests(files, memory))
        for project, files in wanted
    ]
    values = memory.store.get(keys) if memory.store else {}
    found: dict[str, ProjectImports] = {}
    new: dict[bytes, bytes] = {}
    for (project, files), key in zip(wanted, keys, strict=True):
        known = _read(values.get(key), project)
        if known is None:
            reader.fetch(files)
            known = {file: sites(project, file, reader.of(file), lookup.modules) for file in files}
            if reader.steady and not reader.errors:
                new[key] = _dump(known)
        found |= known
    if memory.store and new:
        memory.store.put(new)
    return found


def _digests(files: Iterable[str], memory: Memory) -> list[tuple[str, bytes]]:
    return [(file, memory.digests.of(file)) for file in files]


def _dump(found: Mapping[str, ProjectImports]) -> bytes:
    rows = {
        file: [
            [
                [site.span.line, site.span.column, site.span.end_line, site.span.end_column]
                + [site.target.project, site.target.module]
                for site in file_imports.sites
            ],
            file_imports.problem,
            file_imports.line,
        ]
        for file, file_imports in found.items()
    }
    return json.dumps(rows, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _read(value: bytes | None, project: Project) -> dict[str, ProjectImports] | None:
    try:
        if value is None:
            return None
        return {file: _from_rows(file, project, *row) for file, row in json.loads(value).items()}
    except (ValueError, TypeError, AttributeError):
        return None  # a damaged value is a miss


def _from_rows(file: str, project: Project, rows: list[list[Any]], problem: str, line: int) -> ProjectImports:
    made = tuple(
        Site(file, Span(*row[:4]), project.path, ImportTarget(*row[4:]))
        for row in rows  # pylint: disable=no-value-for-parameter
    )
    return ProjectImports(made, problem, line)
