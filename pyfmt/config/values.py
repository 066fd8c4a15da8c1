"""The values of [tool.pyfmt]: for each key what it takes, and what is wrong with what it got."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from pyfmt.model import Override, Severity

TOOLS = ("isort", "black", "pylint", "mypy")
LONGEST = 1_000_000  # seconds: what every system's calls for waiting take


def nearest(name: str, known: Sequence[str]) -> str:
    """The hint "; did you mean 'x'?" for the most similar known name, or the list of them."""
    import difflib  # deferred for start-up time: only errors need it

    close = difflib.get_close_matches(name, known, 1, 0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; known: {', '.join(known)}"


def _strings(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError("a list of strings")
    return tuple(value)


def _globs(value: Any) -> tuple[str, ...]:
    patterns = _strings(value)
    for pattern in patterns:
        if pattern.startswith("/") or not pattern.strip("/") or ".." in pattern.split("/"):
            raise ValueError(f"{pattern!r} is no glob of folders below the root")
    return patterns


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError("a string")
    return value


def tools(value: Any) -> tuple[str, ...]:
    names = _strings(value)
    for name in names:
        if name not in TOOLS:
            raise ValueError(f"unknown tool {name!r}{nearest(name, TOOLS)}")
    if not names:
        raise ValueError(f"names no tool; known: {', '.join(TOOLS)}")
    return tuple(tool for tool in TOOLS if tool in names)


def _environments(value: Any) -> tuple[tuple[str, str], ...]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise TypeError("a table of project = path")
    return tuple(sorted(value.items()))


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
        _inside("paths", _patterns, value["paths"]),
        _inside("disable", _strings, value.get("disable", [])),
        _inside("severity", _severities, value.get("severity", {})),
    )


def _patterns(value: Any) -> tuple[str, ...]:
    """Patterns in gitignore's syntax; ValueError for one that could never match."""
    from pathspec import GitIgnoreSpec  # deferred for start-up time: only where there are overrides

    patterns = _strings(value)
    GitIgnoreSpec.from_lines(patterns)
    return patterns


def _severities(value: Any) -> tuple[tuple[str, Severity], ...]:
    if isinstance(value, str):
        value = {"*": value}
    if not isinstance(value, dict):
        raise TypeError("a string or a table of rule = severity")
    return tuple(sorted((rule, _inside(rule, _severity, level)) for rule, level in value.items()))


def _inside(key: str, parser: Callable[[Any], Any], value: Any) -> Any:
    """What `parser` makes of the value of a nested key, which its errors name."""
    try:
        return parser(value)
    except TypeError as error:
        raise ValueError(f"{key}: must be {error}, not {kind(value)}") from error
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error


def _overrides(value: Any) -> tuple[Override, ...]:
    if not isinstance(value, list):
        raise TypeError("an array of tables")
    return tuple(_override(item) for item in value)


def kind(value: Any) -> str:
    """A value's type in TOML's words."""
    names = {str: "a string", bool: "a boolean", int: "an integer", float: "a float", dict: "a table"}
    if isinstance(value, list):
        inner = sorted({kind(item).split(" ", 1)[1] for item in value})
        return f"an array of {' and '.join(inner)}" if inner else "an empty array"
    return names.get(type(value), f"a {type(value).__name__}")


def _switch(value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError("a boolean")
    return value


KEYS: dict[str, Callable[[Any], Any]] = {
    "projects": _globs,
    "exclude": _strings,
    "configs": _string,
    "tools": tools,
    "environments": _environments,
    "jobs": count,
    "timeout": seconds,
    "fail-on": _severity,
    "overrides": _overrides,
    "cache-dir": _string,
    "baseline": _switch,
}
