"""Reads findings in notebooks out of a format that is made for people, where no other tells their cells."""

from __future__ import annotations

import re
from collections.abc import Iterator

from pyfmt.core.model import Severity
from pyfmt.tools.program.adapter import ProgramFinding

_LINE = re.compile(
    r"(?P<file>.+):cell (?P<cell>\d+):(?P<line>\d+):(?P<column>\d+): "
    r"(?P<severity>\w+)\[(?P<rule>[\w-]+)\] (?P<message>.*)"
)
_END = re.compile(r"Found \d+ diagnostics?|All checks passed!")
_SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING}


def rows(text: str) -> Iterator[ProgramFinding]:
    """The findings of lines like `FILE:cell 3:2:5: error[rule] message`; ValueError for any other line but the last."""
    for line in filter(str.strip, text.splitlines()):
        found = _LINE.fullmatch(line)
        if found is not None:
            yield ProgramFinding(
                found["file"],
                found["rule"],
                found["message"],
                int(found["line"]),
                int(found["column"]),
                severity=_SEVERITIES.get(found["severity"], Severity.INFO),
                syntax=found["rule"] == "invalid-syntax",
                cell=int(found["cell"]),
            )
        elif not _END.fullmatch(line):
            raise ValueError(f"its output cannot be read: {line}")
