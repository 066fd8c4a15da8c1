"""Whether a framework for git hooks has started this run."""

from __future__ import annotations

from collections.abc import Mapping


def in_framework(environ: Mapping[str, str]) -> bool:
    """Whether this is a hook of pre-commit or prek, which set PRE_COMMIT, may pass any name of the checkout, stash what
    is not staged, and take it as a failure when files differ from the index afterwards."""
    return bool(environ.get("PRE_COMMIT"))


def base_of(environ: Mapping[str, str]) -> str:
    """The commit that pre-commit or prek compares with (`--from-ref`, a push); "" where it is about what is staged."""
    return environ.get("PRE_COMMIT_FROM_REF", "") if in_framework(environ) else ""
