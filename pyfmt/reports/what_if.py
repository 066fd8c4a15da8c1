"""What an upgrade would bring, as text, Markdown or JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence

from pyfmt.core.listing import count
from pyfmt.core.model import Finding
from pyfmt.core.report import Report
from pyfmt.core.request import Command
from pyfmt.core.what_if import Outlook, VersionChange, WhatIf
from pyfmt.reports.escaping import markdown, printable
from pyfmt.reports.json import to_json
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.paint import Paint
from pyfmt.reports.text_findings import concise


def _report(findings: Sequence[Finding]) -> Report:
    return Report("", Command.LINT, findings=tuple(findings))


def _change(change: VersionChange) -> str:
    if not change.before:
        return f"{change.name} {change.after} added"
    return f"{change.name} {change.before} -> {change.after}" if change.after else f"{change.name} removed"


def _changes(outlook: Outlook) -> list[str]:
    before, after = outlook.pythons
    python = [f"Python {before} -> {after}"] if before != after else []
    return python + [_change(change) for change in outlook.changes]


def _text(found: WhatIf) -> str:
    lines: list[str] = []
    for outlook in found.outlooks:
        name = ", ".join(outlook.projects)
        lines.append(printable(f"{name}: {', '.join(_changes(outlook)) or 'nothing is known'}"))
        lines += [f"  {printable(line)}" for line in _rest(outlook)]
        for title, findings in (("would be new", outlook.new), ("would be gone", outlook.vanished)):
            if findings:
                lines.append(f"  {title}: {len(findings)}")
                lines += [f"    {line}" for line in concise(_report(findings), RenderOptions(), Paint(False))]
    lines += [f"note: {printable(note)}" for note in found.notes]
    return "\n".join([*lines, _summary(found)]) + "\n"


def _summary(found: WhatIf) -> str:
    new = sum(len(outlook.new) for outlook in found.outlooks)
    gone = sum(len(outlook.vanished) for outlook in found.outlooks)
    failed = sum(bool(outlook.failures) for outlook in found.outlooks)
    parts = [f"{new} would be new", f"{gone} would be gone"]
    parts += [f"{count(failed, 'environment')} not looked at"] if failed else []
    parts += [f"nothing to change in {count(len(found.unchanged), 'project')}"] if found.unchanged else []
    return ", ".join(parts)


def _markdown(found: WhatIf) -> str:
    parts = ["# What if " + ", ".join(_asked(found)), _summary(found)]
    for outlook in found.outlooks:
        parts.append(f"## {markdown(', '.join(outlook.projects))}")
        parts.append("\n".join(f"- {markdown(line)}" for line in (*_changes(outlook), *_rest(outlook))))
        for title, findings in (("Would be new", outlook.new), ("Would be gone", outlook.vanished)):
            if findings:
                parts += [f"{title}:", "\n".join(f"- {_finding(finding)}" for finding in findings)]
    parts += [markdown(note) for note in found.notes]
    return "\n\n".join(filter(None, parts)) + "\n"


def _asked(found: WhatIf) -> Iterator[str]:
    question = found.question
    yield from (f"`{printable(line)}`" for line in question.requirements)
    if question.resolution:
        yield f"resolution {question.resolution}"
    if question.python:
        yield f"Python {question.python}"


def _rest(outlook: Outlook) -> Iterator[str]:
    yield from (f"not looked at: {text}" for text in outlook.failures)
    yield from (f"not composed: {text}" for text in outlook.left_out)


def _finding(finding: Finding) -> str:
    rules = ", ".join(f"{part.tool}:{part.rule}" for part in finding.parts)
    return markdown(f"{finding.path}:{finding.line}: {finding.severity.value}: {finding.message} [{rules}]")


def _json(found: WhatIf) -> str:
    value = {
        "version": 1,
        "asked": {
            "requirements": list(found.question.requirements),
            "resolution": found.question.resolution,
            "python": found.question.python,
        },
        "environments": [_outlook(outlook) for outlook in found.outlooks],
        "unchanged": list(found.unchanged),
        "notes": list(found.notes),
        "exit_code": found.exit_code,
    }
    return json.dumps(value, indent=2) + "\n"


def _outlook(outlook: Outlook) -> dict[str, object]:
    return {
        "projects": list(outlook.projects),
        "python": {"before": outlook.pythons[0], "after": outlook.pythons[1]},
        "changes": [{"name": c.name, "before": c.before or None, "after": c.after or None} for c in outlook.changes],
        "new": to_json(_report(outlook.new))["findings"],
        "gone": to_json(_report(outlook.vanished))["findings"],
        "not_composed": list(outlook.left_out),
        "not_looked_at": list(outlook.failures),
    }


FORMATS: dict[str, Callable[[WhatIf], str]] = {"text": _text, "markdown": _markdown, "json": _json}
