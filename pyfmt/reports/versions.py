"""The version matrix as text, Markdown, HTML or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable

from pyfmt.core.versions import MatrixTable, VersionMatrix, as_object, tables
from pyfmt.reports.escaping import cells, pad, printable, xml

_WIDEST = 60  # cells of a column that are filled up: a long list of projects would make every other line as long
_MARKDOWN = str.maketrans({char: f"\\{char}" for char in "\\`*_[]<>|#&"})
_STYLE = (
    "body{font:1rem system-ui}table{border-collapse:collapse}td,th{border:1px solid;padding:.2em .6em;text-align:left}"
)


def _text(matrix: VersionMatrix) -> str:
    parts = []
    for table in tables(matrix):
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
    for table in tables(matrix):
        lines = ["| " + " | ".join(printable(cell).translate(_MARKDOWN) for cell in row) + " |" for row in _all(table)]
        parts.append(
            "\n".join([f"## {table.title.capitalize()}", "", lines[0], "|---" * len(table.head) + "|", *lines[1:]])
        )
    parts += [printable(line).translate(_MARKDOWN) for line in _rest(matrix)]
    return "\n\n".join(parts) + "\n" if parts else _NOTHING


def _html(matrix: VersionMatrix) -> str:
    parts = ['<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n<title>pyfmt: versions</title>']
    parts.append(f"<style>{_STYLE}</style>\n<h1>Versions</h1>")
    for table in tables(matrix):
        parts.append(f"<h2>{xml(table.title.capitalize())}</h2>\n<table>")
        for tag, row in zip(("th", *("td" for _ in table.rows)), _all(table)):
            parts.append(f"<tr>{''.join(f'<{tag}>{xml(printable(cell))}</{tag}>' for cell in row)}</tr>")
        parts.append("</table>")
    return "\n".join([*parts, *(f"<p>{xml(printable(line))}</p>" for line in _rest(matrix))]) + "\n"


def _json(matrix: VersionMatrix) -> str:
    return json.dumps(as_object(matrix), indent=2) + "\n"


def _all(table: MatrixTable) -> list[tuple[str, ...]]:
    return [table.head, *table.rows]


FORMATS: dict[str, Callable[[VersionMatrix], str]] = {
    "text": _text,
    "markdown": _markdown,
    "json": _json,
    "html": _html,
}
