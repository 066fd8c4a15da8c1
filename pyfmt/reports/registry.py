"""The formats of `--output` by name; a format's module is imported when it is first asked for."""

from __future__ import annotations

import importlib
from collections.abc import Collection
from typing import cast

from pyfmt.core.errors import UsageError
from pyfmt.reports.options import Renderer, RenderOptions

__all__ = ["FORMATS", "RenderOptions", "Renderer", "renderer"]

FORMATS: dict[str, str] = {
    "text": "pyfmt.reports.text",
    "json": "pyfmt.reports.json",
    "sarif": "pyfmt.reports.sarif",
    "github": "pyfmt.reports.github",
    "github-summary": "pyfmt.reports.github_summary",
    "gitlab": "pyfmt.reports.gitlab",
    "junit": "pyfmt.reports.junit",
    "checkstyle": "pyfmt.reports.checkstyle",
    "rdjson": "pyfmt.reports.rdjson",
    "jsonl": "pyfmt.reports.jsonl",
    "rdjsonl": "pyfmt.reports.rdjsonl",
    "azure": "pyfmt.reports.azure",
    "azure-text": "pyfmt.reports.azure_text",
    "html": "pyfmt.reports.html",
}


def check_format(name: str, known: Collection[str] = tuple(FORMATS)) -> None:
    """Raise UsageError, naming the nearest valid format, if there is no format `name`; imports no renderer."""
    if name in known:
        return
    import difflib  # deferred: only an error needs it

    near = difflib.get_close_matches(name.lower(), known, n=1, cutoff=0.4)
    guess = f'did you mean "{near[0]}"? ' if near else ""
    raise UsageError(
        f'there is no report format "{name}"', where="--output", cure=f"{guess}valid formats: {', '.join(known)}"
    )


def renderer(name: str) -> Renderer:
    """The renderer of the format `name`; raises UsageError for a name that is no format."""
    check_format(name)
    return cast(Renderer, importlib.import_module(FORMATS[name]))
