"""The text report for the log of Azure Pipelines, whose agent takes commands from anywhere in a line."""

from __future__ import annotations

import re
from dataclasses import replace

from pyfmt.core.report import Report
from pyfmt.reports import text
from pyfmt.reports.options import RenderOptions

_COMMAND = re.compile(r"##(?=vso\[|\[)", re.IGNORECASE)


def render(report: Report, options: RenderOptions) -> str:
    """The text without colour; what would be a command or a mark of the log (`##vso[`, `##[`) has a blank in it."""
    plain = replace(options, is_terminal=False, color=False, hyperlinks=False)
    return _COMMAND.sub("# #", text.render(report, plain))
