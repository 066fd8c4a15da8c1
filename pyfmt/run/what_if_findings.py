"""What a report says of one environment, and what of it another one does not say."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from pyfmt.core.model import Finding
from pyfmt.core.report import Report


def name_in(report: Report, prefix: str) -> str:
    """How a report calls an environment."""
    return next((record.name for record in report.environments if record.path == prefix), prefix)


def said_in(report: Report, environment: str) -> list[Finding]:
    """What is found in an environment; each with what other tools say of the same fault there."""
    found = []
    for finding in report.findings:
        parts = [replace(part, environments=()) for part in finding.parts if environment in part.environments]
        if parts:
            found.append(replace(parts[0], equivalents=tuple(parts[1:])))
    return found


def without(findings: Iterable[Finding], others: Iterable[Finding]) -> Iterable[Finding]:
    """The findings, less what the others say."""
    known = Counter(part for finding in others for part in finding.parts)
    for finding in findings:
        left = []
        for part in finding.parts:
            known[part] -= 1
            if known[part] < 0:
                left.append(part)
        if left:
            yield replace(left[0], equivalents=tuple(left[1:]))
