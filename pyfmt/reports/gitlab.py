"""GitLab Code Quality (https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format).

GitLab drops every entry after an invalid one, and of two with one fingerprint it shows only the first. So fingerprints
are made unique, and do not hold the line, since they are what tells new findings from known ones.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from typing import Any

from pyfmt.core.model import Severity
from pyfmt.core.report import Report
from pyfmt.reports.escaping import printable
from pyfmt.reports.options import RenderOptions, Sources, remembered
from pyfmt.reports.problems import FAILED, SKIPPED, Problem, problems

_SEVERITIES = {Severity.ERROR: "major", Severity.WARNING: "minor", Severity.INFO: "info"}


def render(report: Report, options: RenderOptions) -> str:
    """A JSON array with one entry for each finding, file to reformat, failure and skip."""
    sources = remembered(options.sources)
    seen: Counter[str] = Counter()
    entries = [json.dumps(_entry(problem, sources, seen)) for problem in problems(report, sources)]
    return "[\n" + ",\n".join(entries) + "\n]\n" if entries else "[]\n"


def _entry(problem: Problem, sources: Sources, seen: Counter[str]) -> dict[str, Any]:
    severity = "critical" if problem.kind in (FAILED, SKIPPED) else _SEVERITIES[problem.level]
    return {
        "description": f"{printable(problem.rule)}: {problem.text}",
        "check_name": printable(f"{problem.tool}/{problem.symbol or problem.rule}"),
        "fingerprint": _fingerprint(problem, sources, seen),
        "severity": severity,
        "location": {"path": printable(problem.path), "lines": {"begin": problem.line}},
    }


def _fingerprint(problem: Problem, sources: Sources, seen: Counter[str]) -> str:
    """Rule and message without digits, or the fault where several tools know it, and source line without white space;
    equal ones of a file are numbered."""
    lines = sources(problem.path) if problem.kind == "finding" else None
    line = "".join(lines[problem.line - 1].split()) if lines and problem.line <= len(lines) else ""
    message = re.sub(r"\d+", "", problem.message)
    said = (problem.identity,) if problem.identity else (problem.tool, problem.rule, message)
    identity = "\0".join((problem.path, *said, problem.kind, problem.project, line))
    seen[identity] += 1
    numbered = f"{identity}\0{seen[identity]}"
    return hashlib.sha256(numbered.encode("utf-8", "surrogatepass")).hexdigest()
