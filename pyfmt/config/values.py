"""The values of [tool.pyfmt]: for each key what it takes, and what is wrong with what it got."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pyfmt.config.boundaries import boundaries
from pyfmt.config.plain import globs, inside, patterns, strings
from pyfmt.config.policies import affected, versions_policy
from pyfmt.core.model import Override, Severity
from pyfmt.core.remote_cache import RemoteCache
from pyfmt.core.rules import TOOL
from pyfmt.core.similar import nearest
from pyfmt.tools import registry

SERVER = ("auto", "off")  # the first is the default
LONGEST = 1_000_000  # seconds: what every system's calls for waiting take


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a string")
    return value


def every_tool() -> tuple[str, ...]:
    """All that `tools` may name: pyfmt's own rules are a tool without a configuration file."""
    return (*registry.TOOLS, TOOL)


def tools(value: Any) -> tuple[str, ...]:
    """Names of tools, in the order in which they run."""
    names, known = strings(value), every_tool()
    for name in names:
        if name not in known:
            raise ValueError(f"unknown tool {name!r}{nearest(name, known)}")
    if not names:
        raise ValueError(f"names no tool; known: {', '.join(known)}")
    return tuple(tool for tool in known if tool in names)


@dataclass(frozen=True, slots=True)
class EnvironmentSettings:
    """`[tool.pyfmt.environments]`: paths by project, and what is installed where an environment is made."""

    paths: tuple[tuple[str, str], ...] = ()
    groups: tuple[str, ...] | None = None
    extras: tuple[str, ...] | None = None


def _environments(value: Any) -> EnvironmentSettings:
    if not isinstance(value, dict):
        raise TypeError("a table of project = path")
    # A project may be called "groups": then its value is a path.
    lists = {key: strings(value[key]) for key in ("groups", "extras") if isinstance(value.get(key), list)}
    paths = {key: item for key, item in value.items() if key not in lists}
    if not all(isinstance(item, str) for item in paths.values()):
        raise TypeError("a table of project = path")
    return EnvironmentSettings(tuple(sorted(paths.items())), lists.get("groups"), lists.get("extras"))


def count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError("a whole number")
    if value < 1:
        raise ValueError("must be at least 1")
    return value


def seconds(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError("a number of seconds")
    if not 0 < value <= LONGEST:  # neither does "nan" pass
        raise ValueError(f"must be more than 0 and at most {LONGEST}")
    return float(value)


def _severity(value: Any) -> Severity:
    names = [severity.value for severity in Severity]
    if not isinstance(value, str):
        raise TypeError("a string")
    if value not in names:
        raise ValueError(f"must be one of {', '.join(names)}{nearest(value, names)}")
    return Severity(value)


def _override(value: Any) -> Override:
    if not isinstance(value, dict):
        raise TypeError("a table with paths, disable, severity")
    keys = ("paths", "disable", "severity")
    for key in value:
        if key not in keys:
            raise ValueError(f"unknown key {key!r}{nearest(key, keys)}")
    if not value.get("paths"):
        raise ValueError("has no paths")
    return Override(
        inside("paths", patterns, value["paths"]),
        inside("disable", strings, value.get("disable", [])),
        inside("severity", _severities, value.get("severity", {})),
    )


def _severities(value: Any) -> tuple[tuple[str, Severity], ...]:
    if isinstance(value, str):
        value = {"*": value}
    if not isinstance(value, dict):
        raise TypeError("a string or a table of rule = severity")
    return tuple(sorted((rule, inside(rule, _severity, level)) for rule, level in value.items()))


def _overrides(value: Any) -> tuple[Override, ...]:
    if not isinstance(value, list):
        raise TypeError("an array of tables")
    return tuple(_override(item) for item in value)


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("a boolean")
    return value


def _in_dependents(value: Any) -> bool:
    if not isinstance(value, (bool, str)):
        raise TypeError('true or "home"')
    if value not in (True, "home"):
        raise ValueError('must be true or "home"')
    return value is True


def _server(value: Any) -> str:
    if value not in SERVER:
        raise ValueError(f"must be {' or '.join(map(repr, SERVER))}".replace("'", '"'))
    return str(value)


def _cache(value: Any) -> RemoteCache:
    names = {"remote": "url", "namespace": "namespace", "public-key": "public_key"}
    if not isinstance(value, dict):
        raise TypeError("a table with remote, namespace, public-key")
    for key in value:
        if key not in names:
            raise ValueError(f"unknown key {key!r}{nearest(key, tuple(names))}")
    return RemoteCache(**{names[key]: inside(key, _string, item) for key, item in value.items()})


RELEASE = r"[0-9]+(\.[0-9]+)*((a|b|rc)[0-9]+)?(\.post[0-9]+)?"
FROM_LOCK = "lock"


def versions(value: Any) -> tuple[tuple[str, str], ...]:
    """Tool and version, or FROM_LOCK."""
    if not isinstance(value, dict):
        raise TypeError("a table of tool = version")
    known = [tool.name for tool in registry.TOOLS.values() if tool.oldest]
    for name, version in value.items():
        if name not in known:
            raise ValueError(f"{name!r} is no tool whose version can be chosen{nearest(name, known)}")
        inside(name, _release, version)
    return tuple(sorted(value.items()))


def _release(value: Any) -> None:
    if not isinstance(value, str):
        raise TypeError("a string")
    if value != FROM_LOCK and not re.fullmatch(RELEASE, value):
        raise ValueError(
            f'{value!r} is no version; write it like "25.1.0", or "{FROM_LOCK}" for that of the root\'s lock'
        )


PER_PROJECT = ("tools", "overrides")  # what a project may set in a section of its own


def _project_settings(value: Any) -> tuple[str, ...]:
    names = strings(value)
    for name in names:
        if name not in PER_PROJECT:
            raise ValueError(f"{name!r} is no key that a project may set{nearest(name, PER_PROJECT)}")
    return names


KEYS: dict[str, Callable[[Any], Any]] = {
    "projects": globs,
    "exclude": strings,
    "configs": _string,
    "tools": tools,
    "versions": versions,
    "environments": _environments,
    "jobs": count,
    "timeout": seconds,
    "fail-on": _severity,
    "overrides": _overrides,
    "boundaries": boundaries,
    "versions-policy": versions_policy,
    "affected": affected,
    "cache-dir": _string,
    "cache": _cache,
    "baseline": _switch,
    "notebooks": _switch,
    "check-in-dependents": _in_dependents,
    "merge-equivalent": _switch,
    "server": _server,
    "project-settings": _project_settings,
    "project-schema": _string,
}
