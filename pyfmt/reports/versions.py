"""The version matrix as text, Markdown, HTML or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from pyfmt.core.versions import InternalLibrary, LibraryUse, SharedDistribution, VersionMatrix, by_version
from pyfmt.reports.escaping import cells, markdown, pad, printable, safe, xml

_WIDEST = 60  # cells of a column that are filled up: a long list of projects would make every other line as long
_STYLE = (
    "body{font:1rem system-ui}table{border-collapse:collapse}td,th{border:1px solid;padding:.2em .6em;text-align:left}"
)


@dataclass(frozen=True, slots=True)
class MatrixTable:
    """One table of the matrix, for people."""

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def _tables(matrix: VersionMatrix) -> list[MatrixTable]:
    """The compatibility matrix, what has one version and what has several, and what keeps these apart."""
    shown, found = matrix.names.__getitem__, []
    libraries = [each for each in matrix.libraries if each.uses]
    users = sorted({use.project for each in libraries for use in each.uses})
    used = {(use.project, each.path): _cell(each, use) for each in libraries for use in each.uses}
    head = ("project", *(f"{each.name} {each.version}".rstrip() for each in libraries))
    rows = [(shown(user), *(used.get((user, each.path), "-") for each in libraries)) for user in users]
    found.append(MatrixTable("internal libraries", head, tuple(rows)))
    for title, differs in (("several versions", True), ("one version", False)):
        chosen = [each for each in matrix.distributions if each.differs is differs]
        rows = [row for each in chosen for row in _rows(each, matrix)]
        found.append(MatrixTable(title, ("distribution", "version", "locked", "installed"), tuple(rows)))
    apart: dict[tuple[str, str, str], list[str]] = {}  # who is kept by the same
    for each in matrix.distributions:
        for bound in each.bounds:
            apart.setdefault((each.name, bound.requirement or "-", bound.by), []).append(shown(bound.project))
    rows = [(name, ", ".join(who), requirement, by) for (name, requirement, by), who in apart.items()]
    found.append(MatrixTable("what keeps them apart", ("distribution", "project", "constraint", "by"), tuple(rows)))
    return [each for each in found if each.rows]


def _cell(library: InternalLibrary, use: LibraryUse) -> str:
    if use.origin == "folder":
        return "its folder" if not library.version else library.version
    return f"{use.version or '?'} ({use.origin})"


def _rows(each: SharedDistribution, matrix: VersionMatrix) -> list[tuple[str, ...]]:
    versions = {version for held in each.held for version in (*held.locked, held.installed) if version}
    rows: list[tuple[str, ...]] = []
    for version in sorted(versions, key=by_version, reverse=True):
        locked = [matrix.names[held.project] for held in each.held if version in held.locked]
        installed = [matrix.names[held.project] for held in each.held if version == held.installed]
        rows.append((each.name, version, ", ".join(locked) or "-", ", ".join(installed) or "-"))
    return rows


def _text(matrix: VersionMatrix) -> str:
    parts = []
    for table in _tables(matrix):
        rows = [table.head, *(tuple(map(printable, row)) for row in table.rows)]
        columns = range(len(table.head))
        widths = [min(_WIDEST, max(cells(row[column]) for row in rows)) for column in columns]
        lines = ["  ".join(map(pad, row, widths)).rstrip() for row in rows]
        parts.append("\n".join([f"{table.title}:", *(f"  {line}" for line in lines)]))
    return "\n\n".join([*parts, *map(printable, _rest(matrix))]) + "\n" if parts or _rest(matrix) else _NOTHING


_NOTHING = "no two projects have a distribution in common\n"


def _rest(matrix: VersionMatrix) -> list[str]:
    """What is not known."""
    said = [f"{matrix.names[path]}: {why}" for path, why in matrix.unread]
    return said + [
        f"{matrix.names[path]}: not known, it has neither a lock file nor an environment" for path in matrix.unknown
    ]


def _markdown(matrix: VersionMatrix) -> str:
    parts = []
    for table in _tables(matrix):
        lines = ["| " + " | ".join(markdown(cell) for cell in row) + " |" for row in _all(table)]
        parts.append(
            "\n".join([f"## {table.title.capitalize()}", "", lines[0], "|---" * len(table.head) + "|", *lines[1:]])
        )
    parts += [markdown(line) for line in _rest(matrix)]
    return "\n\n".join(parts) + "\n" if parts else _NOTHING


def _html(matrix: VersionMatrix) -> str:
    parts = ['<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>pyfmt: versions</title>']
    parts.append(f"<style>{_STYLE}</style>\n<h1>Versions</h1>")
    for table in _tables(matrix):
        parts.append(f"<h2>{xml(table.title.capitalize())}</h2>\n<table>")
        for tag, row in zip(("th", *("td" for _ in table.rows)), _all(table)):
            parts.append(f"<tr>{''.join(f'<{tag}>{safe(cell)}</{tag}>' for cell in row)}</tr>")
        parts.append("</table>")
    return "\n".join([*parts, *(f"<p>{safe(line)}</p>" for line in _rest(matrix))]) + "\n"


def _json(matrix: VersionMatrix) -> str:
    found = {
        "version": 1,
        "projects": [{"project": name, "path": path} for path, name in sorted(matrix.names.items())],
        "libraries": [
            {
                "project": each.name,
                "path": each.path,
                "version": each.version or None,
                "uses": [
                    {"path": use.project, "version": use.version or None, "from": use.origin} for use in each.uses
                ],
            }
            for each in matrix.libraries
        ],
        "distributions": [
            {
                "name": each.name,
                "differs": each.differs,
                "newest": each.newest,
                "projects": [
                    {"path": held.project, "locked": list(held.locked), "installed": held.installed or None}
                    for held in each.held
                ],
                "apart": [
                    {"path": bound.project, "constraint": bound.requirement or None, "by": bound.by}
                    for bound in each.bounds
                ],
            }
            for each in matrix.distributions
        ],
        "unread": [{"path": path, "reason": why} for path, why in matrix.unread],
        "unknown": list(matrix.unknown),
    }
    return json.dumps(found, indent=2) + "\n"


def _all(table: MatrixTable) -> list[tuple[str, ...]]:
    return [table.head, *table.rows]


FORMATS: dict[str, Callable[[VersionMatrix], str]] = {
    "text": _text,
    "markdown": _markdown,
    "json": _json,
    "html": _html,
}
