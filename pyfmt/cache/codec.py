"""Values of annotated types as what JSON can hold, and back: a dataclass is the list of its fields."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum
from functools import lru_cache
from typing import Any, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class Codec:
    """Both ways; `load` raises ValueError, TypeError or AttributeError for what `dump` cannot have written."""

    dump: Callable[[Any], Any]
    load: Callable[[Any], Any]


@lru_cache(maxsize=None)
def codec(kind: Any) -> Codec:
    """The codec of a type: of scalars, Enums and dataclasses, and of tuples, lists, sets, dicts and `| None` of these.

    What is annotated with Any stays as it is.
    """
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if is_dataclass(origin):
        found = _of_dataclass(origin)
    elif kind is Any:
        found = Codec(lambda value: value, lambda value: value)
    elif kind is bytes:
        found = Codec(bytes.hex, bytes.fromhex)
    elif not inner:
        found = Codec(lambda value: value.value, kind) if issubclass(kind, Enum) else _of_scalar(kind)
    elif origin in (Union, types.UnionType):
        found = _of_optional(codec(inner[inner[0] is types.NoneType]))
    elif origin is tuple and inner[-1] is not ...:
        found = _of_row(tuple, lambda: tuple(map(codec, inner)))
    elif origin is dict:
        found = _of_dict(*map(codec, inner))
    else:
        found = _of_many(origin, codec(inner[0]))
    return found


def _of_optional(some: Codec) -> Codec:
    return Codec(
        lambda value: None if value is None else some.dump(value),
        lambda value: None if value is None else some.load(value),
    )


def _of_dict(keys: Codec, values: Codec) -> Codec:
    return Codec(
        lambda value: {keys.dump(key): values.dump(each) for key, each in value.items()},
        lambda value: {keys.load(key): values.load(each) for key, each in value.items()},
    )


def _of_many(kind: Any, each: Codec) -> Codec:
    order: Callable[[Any], Any] = sorted if kind in (set, frozenset) else list

    def load(value: Any) -> Any:
        if not isinstance(value, list):
            raise TypeError(f"a {type(value).__name__} is no list")
        return kind(map(each.load, value))

    return Codec(lambda value: order(map(each.dump, value)), load)


def _of_scalar(kind: Any) -> Codec:
    expected = (int, float) if kind is float else kind

    def load(value: Any) -> Any:
        if not isinstance(value, expected):
            raise TypeError(f"a {type(value).__name__} is no {kind.__name__}")
        return value

    return Codec(lambda value: value, load)


def _of_dataclass(kind: Any) -> Codec:
    @lru_cache(maxsize=None)  # not before it is used: a dataclass may hold others of its kind
    def parts() -> tuple[Codec, ...]:
        hints = get_type_hints(kind)
        return tuple(codec(hints[field.name]) for field in fields(kind))

    names = [field.name for field in fields(kind)]
    row = _of_row(lambda values: kind(*values), parts)
    return Codec(lambda value: row.dump([getattr(value, name) for name in names]), row.load)


def _of_row(make: Callable[[Any], Any], parts: Callable[[], tuple[Codec, ...]]) -> Codec:
    return Codec(
        lambda value: [part.dump(each) for part, each in zip(parts(), value, strict=True)],
        lambda value: make([part.load(each) for part, each in zip(parts(), value, strict=True)]),
    )
