"""The value of [tool.pyfmt.boundaries]."""

from __future__ import annotations

from typing import Any

from pyfmt.config.plain import arrows, check_keys, globs, globs_or_one, inside, kind, strings
from pyfmt.core.policies import Allowance, Boundaries
from pyfmt.core.rules import BOUNDARY_RULES, own_rule
from pyfmt.core.similar import nearest

_KEYS = ("libraries", "projects", "allow")
_ALLOW_KEYS = ("from", "to", "rules", "reason")


def boundaries(value: Any) -> Boundaries:
    """What the table says; TypeError and ValueError say what is wrong with it."""
    if not isinstance(value, dict):
        raise TypeError(f"a table with {', '.join(_KEYS)}")
    check_keys(value, _KEYS)
    return Boundaries(
        libraries=inside("libraries", globs, value["libraries"]) if "libraries" in value else None,
        projects=inside("projects", globs, value["projects"]) if "projects" in value else None,
        allow=inside("allow", _allow, value.get("allow", [])),
    )


def _allow(value: Any) -> tuple[Allowance, ...]:
    return tuple(map(_allowance, arrows(value, _ALLOW_KEYS)))


def _allowance(table: dict[str, Any]) -> Allowance:
    reason = table.get("reason", "")
    if not isinstance(reason, str):
        raise ValueError(f"reason: must be a string, not {kind(reason)}")
    return Allowance(
        importers=inside("from", globs_or_one, table["from"]),
        imported=inside("to", globs_or_one, table["to"]),
        rules=inside("rules", _rules, table.get("rules", [])),
        reason=reason,
    )


def _rules(value: Any) -> tuple[str, ...]:
    """The ids of rules that are named by id or symbol."""
    known = [name for rule in BOUNDARY_RULES for name in (rule.id, rule.symbol)]
    found = []
    for name in strings(value):
        rule = own_rule(name)
        if rule not in BOUNDARY_RULES:
            raise ValueError(f"unknown rule {name!r}{nearest(name, known)}")
        found.append(rule.id)
    return tuple(found)
