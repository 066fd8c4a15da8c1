"""What values of any key are made of, and the words for what is wrong with them."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from pyfmt.core.similar import nearest


def strings(value: Any) -> tuple[str, ...]:
    """A list of strings; TypeError says what was to be there."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise TypeError("a list of strings")
    return tuple(value)


def globs(value: Any) -> tuple[str, ...]:
    """A list of globs of folders below the root; TypeError and ValueError say what is wrong."""
    patterns = strings(value)
    for pattern in patterns:
        if pattern.startswith("/") or not pattern.strip("/") or ".." in pattern.split("/"):
            raise ValueError(f"{pattern!r} is no glob of folders below the root")
    return patterns


def globs_or_one(value: Any) -> tuple[str, ...]:
    """The same, or one glob alone."""
    return globs([value] if isinstance(value, str) else value)


def check_keys(table: dict[str, Any], known: tuple[str, ...]) -> None:
    """Raises ValueError for a key that is not known."""
    for key in table:
        if key not in known:
            raise ValueError(f"unknown key {key!r}{nearest(key, known)}")


def arrows(value: Any, known: tuple[str, ...] = ("from", "to")) -> list[dict[str, Any]]:
    """An array of tables that each have `from` and `to`; TypeError and ValueError say what is wrong."""
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise TypeError("an array of tables with from and to")
    for table in value:
        check_keys(table, known)
        for key in ("from", "to"):
            if not table.get(key):
                raise ValueError(f"an entry has no {key!r}")
    return value


def patterns(value: Any) -> tuple[str, ...]:
    """Patterns in gitignore's syntax; TypeError, and ValueError for one that could never match."""
    from pathspec import GitIgnoreSpec  # deferred for start-up time: only where there are any

    found = strings(value)
    try:
        GitIgnoreSpec.from_lines(found)
    except re.error as error:
        raise ValueError(f"is no pattern as in a .gitignore: {error}") from error
    return found


def inside(key: str, parser: Callable[[Any], Any], value: Any) -> Any:
    """What `parser` makes of the value of a nested key, which its errors name."""
    try:
        return parser(value)
    except TypeError as error:
        raise ValueError(f"{key}: must be {error}, not {kind(value)}") from error
    except ValueError as error:
        raise ValueError(f"{key}: {error}") from error


def kind(value: Any) -> str:
    """A value's type in TOML's words."""
    names = {str: "a string", bool: "a boolean", int: "an integer", float: "a float", dict: "a table"}
    if isinstance(value, list):
        inner = sorted({kind(item).split(" ", 1)[1] for item in value})
        return f"an array of {' and '.join(inner)}" if inner else "an empty array"
    return names.get(type(value), f"a {type(value).__name__}")
