"""Names of distributions, as the packaging standards compare them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_SEPARATORS = re.compile(r"[-_.]+")
_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)")
# Jinja's and Mako's marks, `<REPLACE ME>`, and what string.Template puts a value for.
_PLACEHOLDER = re.compile(r"\{\{.*\}\}|\{%.*%\}|<[^<>]+>|\$(?:\{[^{}]+\}|[A-Za-z_])")


def normalise(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return _SEPARATORS.sub("-", name).lower()


def requirement_name(line: str) -> str:
    """The normalised name at the beginning of a PEP 508 line; "" where there is none."""
    match = _NAME.match(line)
    return normalise(match.group(1)) if match else ""


def requirement(line: str) -> Requirement | None:
    """What a PEP 508 line says; None for what is none: its installer refuses it."""
    from packaging.requirements import InvalidRequirement, Requirement  # deferred: it costs 35 ms

    try:
        return Requirement(line)
    except InvalidRequirement:
        return None


def is_placeholder(name: str) -> bool:
    """Whether a name of a folder or a distribution is one that a template's user has still to fill in."""
    return _PLACEHOLDER.search(name) is not None
