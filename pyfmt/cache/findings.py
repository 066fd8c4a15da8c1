"""Findings as the rows that the cache keeps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple
from typing import Any

from pyfmt.core.cells import CellPlace
from pyfmt.core.model import Finding, Severity

_FIELDS = ("path", "line", "column", "end_line", "end_column", "tool", "rule", "symbol", "message", "project", "syntax")


def row_from_finding(finding: Finding) -> list[Any]:
    """A finding as values that JSON can hold."""
    plain = [getattr(finding, name) for name in _FIELDS]
    lists = [list(finding.environments), list(finding.notes), list(finding.also)]
    return [*plain, finding.severity.value, *lists, astuple(finding.cell) if finding.cell else None]


def finding_from_row(row: Sequence[Any]) -> Finding:
    """The finding; raises ValueError or TypeError where the row is damaged."""
    *plain, severity, environments, notes, also, cell = row
    return Finding(
        **dict(zip(_FIELDS, plain, strict=True)),
        severity=Severity(severity),
        environments=tuple(environments),
        notes=tuple(notes),
        also=tuple(also),
        cell=CellPlace(*cell) if cell is not None else None,
    )


def message_of(row: Sequence[Any]) -> str:
    """The message of a finding's row."""
    return str(row[_FIELDS.index("message")])
