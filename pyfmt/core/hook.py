"""Whether a framework for git hooks has started this run."""

from __future__ import annotations

from collections.abc import Mapping


def in_framework(environ: Mapping[str, str]) -> bool:
    """Whether this is a hook of pre-commit or prek, which set PRE_COMMIT, may pass any name of the checkout, stash what
    is not staged, and take it as a failure when files differ from the index afterwards."""
    return bool(environ.get("PRE_COMMIT"))
