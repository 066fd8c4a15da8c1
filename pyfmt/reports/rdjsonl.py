"""Reviewdog's diagnostic format, one Diagnostic a line."""

from __future__ import annotations

import json

from pyfmt.core.report import Report
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.rdjson import diagnostics


def render(report: Report, options: RenderOptions) -> str:
    """A JSON object a line; empty where there is nothing to say."""
    return "".join(json.dumps(item) + "\n" for item in diagnostics(report, options))
