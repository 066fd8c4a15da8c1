"""PURE: documents and code that others wrote, parsed with a bound on their depth: what is wrong is a ValueError."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import ast

Table = Mapping[str, Any]
# tomllib takes quadratic time for a dotted key: 100,000 parts would take minutes.
_LONG_LINE = re.compile(r"^[^\n]{2000}", re.MULTILINE)
_LONG_KEY = re.compile(r"""(?<![\w"'-])(?:["']?[\w-]++["']?[ \t]*+\.[ \t]*+){1000}""")


def why(error: Exception) -> str:
    """In one line why a file could not be read or understood."""
    if isinstance(error, OSError):
        return error.strerror or str(error)
    words = " ".join(str(error).split())
    return words if isinstance(error, ValueError) and words else f"{type(error).__name__}: {words}"


def parse_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML document; ValueError where it is none, or nested too deeply."""
    import tomllib  # deferred for start-up time

    if _LONG_LINE.search(text) and _LONG_KEY.search(text):
        raise ValueError("a dotted key has too many parts")
    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("its values are nested too deeply") from None


def parse_json(text: str | bytes) -> Any:
    """The value of a JSON document; ValueError where it is none, or nested too deeply."""
    import json  # deferred for start-up time

    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("its values are nested too deeply") from None


def parse_python(source: str | bytes, with_type_comments: bool = False) -> ast.Module:
    """The tree of a Python file; SyntaxError or ValueError where it is none that this Python can hold.

    Type comments are in it only where all of them stand in their places, as astroid takes them.
    """
    import ast  # deferred for start-up time
    import contextlib
    import warnings

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the file's author gets them from the linters
            if with_type_comments:
                with contextlib.suppress(SyntaxError):
                    return ast.parse(source, type_comments=True)
            return ast.parse(source)
    except (RecursionError, MemoryError):
        raise ValueError("its code is nested too deeply") from None


def table(value: object, *keys: str) -> Table:
    """The table below some keys; empty where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def strings(value: object) -> tuple[str, ...]:
    """The strings of a list."""
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


_NO_NODES = frozenset(("id", "attr", "ctx", "op", "ops", "kind", "type_comment", "level", "asname"))
_FIELDS: dict[type, tuple[str, ...]] = {}  # of a kind of node: what may hold others


def nodes(tree: ast.AST) -> list[ast.AST]:
    """What `ast.walk` gives, in its order, but for operators and the contexts of names: in a quarter of its time."""
    import ast  # deferred for start-up time, as above

    found = [tree]
    for node in found:  # which grows: breadth first
        kind = type(node)
        if (fields := _FIELDS.get(kind)) is None:
            known = () if kind is ast.Constant else kind._fields
            fields = _FIELDS[kind] = tuple(name for name in known if name not in _NO_NODES)
        for name in fields:
            value = getattr(node, name, None)
            if type(value) is list:  # pylint: disable=unidiomatic-typecheck  # the parser makes no others
                found += [item for item in value if isinstance(item, ast.AST)]
            elif isinstance(value, ast.AST):
                found.append(value)  # pylint: disable=modified-iterating-list
    return found
