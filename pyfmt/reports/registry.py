"""The formats of `--output` by name; the module of the same name is imported when it is first asked for."""

from __future__ import annotations

import importlib
from collections.abc import Collection
from typing import cast

from pyfmt.core.errors import UsageError
from pyfmt.reports.options import Renderer, RenderOptions

__all__ = ["FORMATS", "RenderOptions", "Renderer", "renderer"]

# Each with what it is, for docs/reference.md.
FORMATS = {
    "text": "for people; see `--format`",
    "json": "everything, versioned; its schema: `pyfmt config schema --report`",
    "sarif": "SARIF 2.1.0, as GitHub code scanning takes it",
    "github": "the text and GitHub's workflow commands (annotations)",
    "github-summary": "Markdown for `$GITHUB_STEP_SUMMARY`",
    "gitlab": "GitLab Code Quality",
    "junit": "JUnit XML, as Jenkins reads it",
    "checkstyle": "Checkstyle XML",
    "rdjson": "reviewdog, one object",
    "jsonl": "one JSON object a line for each finding, file to reformat, failure and skip, for scripts and agents",
    "rdjsonl": "reviewdog, one object a line",
    "azure": "Azure Pipelines' logging commands",
    "azure-text": "the text without what Azure's agent takes for commands",
    "html": "one offline page with filters, charts and excerpts",
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
    return cast(Renderer, importlib.import_module(f"pyfmt.reports.{name.replace('-', '_')}"))
