"""Which findings the text report lists, in which order, and what it says of those that it only counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from pyfmt.core.model import Finding
from pyfmt.reports.escaping import printable, printable_lines
from pyfmt.reports.options import RenderOptions


def listed(findings: Sequence[Finding], options: RenderOptions) -> tuple[tuple[Finding, ...], list[str]]:
    """The findings that are listed, and a line for each kind of those that are not."""
    severe = [finding for finding in findings if finding.severity.rank <= options.severity.rank]
    milder = len(findings) - len(severe)
    remarks = [f"{milder:,} milder than {options.severity.value} (`--severity info`)"] if milder else []
    kept, more = _without_same(severe, options.max_same)
    return tuple(_by_severity(kept) if options.sort == "severity" else kept), [*remarks, *more]


def _without_same(findings: Sequence[Finding], most: int) -> tuple[list[Finding], Iterator[str]]:
    """At most `most` findings of one rule with one message (0: all); the first of a project is always among them."""
    numbers: Counter[tuple[str, str, str]] = Counter()
    seen: set[tuple[str, str, str, str]] = set()
    kept = []
    left: Counter[tuple[str, str, str]] = Counter()
    for finding in findings:
        key = (finding.tool, finding.rule, finding.message)
        numbers[key] += 1
        if not most or numbers[key] <= most or (finding.project, *key) not in seen:
            kept.append(finding)
        else:
            left[key] += 1
        seen.add((finding.project, *key))
    said = (
        f"{number:,} more: {printable_lines(message)[0]} [{printable(tool)}:{printable(rule)}] (`--max-same 0`)"
        for (tool, rule, message), number in left.most_common()
    )
    return kept, said


def _by_severity(findings: Sequence[Finding]) -> list[Finding]:
    """The worst first within each file; the files stay in their order."""
    places = {path: place for place, path in enumerate(dict.fromkeys(finding.path for finding in findings))}
    return sorted(findings, key=lambda finding: (places[finding.path], finding.severity.rank))
