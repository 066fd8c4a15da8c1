"""The values of [tool.pyfmt.versions-policy] and [tool.pyfmt.affected]."""

from __future__ import annotations

from typing import Any

from pyfmt.config.plain import arrows, check_keys, globs_or_one, inside, patterns, strings
from pyfmt.core.policies import AffectedRules, FurtherEdge, VersionsPolicy
from pyfmt.core.similar import nearest

INTERNAL = ("one", "each")


def versions_policy(value: Any) -> VersionsPolicy:
    """What the table says; TypeError and ValueError say what is wrong with it."""
    if not isinstance(value, dict):
        raise TypeError("a table with one-version, internal")
    check_keys(value, ("one-version", "internal"))
    if not value:
        raise ValueError("says nothing: one-version, internal")
    internal = value.get("internal", "")
    if "internal" in value and internal not in INTERNAL:
        raise ValueError(f"internal: must be one of {', '.join(INTERNAL)}{nearest(str(internal), INTERNAL)}")
    return VersionsPolicy(inside("one-version", _distributions, value.get("one-version", [])), internal)


def _distributions(value: Any) -> tuple[str, ...]:
    if value != "*" and isinstance(value, str):
        raise ValueError(f'must be a list of distributions, or "*": ["{value}"]')
    return ("*",) if value == "*" else strings(value)


def affected(value: Any) -> AffectedRules:
    """What the table says; TypeError and ValueError say what is wrong with it."""
    if not isinstance(value, dict):
        raise TypeError("a table with global, edges")
    check_keys(value, ("global", "edges"))
    return AffectedRules(
        inside("global", patterns, value.get("global", [])), inside("edges", _edges, value.get("edges", []))
    )


def _edges(value: Any) -> tuple[FurtherEdge, ...]:
    return tuple(map(_edge, arrows(value)))


def _edge(table: dict[str, Any]) -> FurtherEdge:
    targets = [table["to"]] if isinstance(table["to"], str) else table["to"]
    return FurtherEdge(inside("from", globs_or_one, table["from"]), inside("to", patterns, targets))
