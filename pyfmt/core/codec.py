"""Values of annotated types as what JSON can hold, and back: a dataclass is the list of its fields, or an object."""

from __future__ import annotations

import types
from collections.abc import Callable
from dataclasses import MISSING, dataclass, fields, is_dataclass
from enum import Enum
from functools import cache, partial
from typing import Any, Union, get_args, get_origin, get_type_hints


@dataclass(frozen=True, slots=True)
class Codec:
    """Both ways; `load` raises ValueError, TypeError, KeyError or AttributeError for what is damaged."""

    dump: Callable[[Any], Any]
    load: Callable[[Any], Any]


@cache
def codec(kind: Any, named: bool = False) -> Codec:
    """The codec of a type: of scalars, Enums and dataclasses, and of tuples, lists, sets, dicts and `| None` of these.

    What is annotated with Any stays as it is. With `named` dataclasses are objects: a field that has a default may be
    missing there, and what is no field is passed over.
    """
    inside = partial(codec, named=named)
    origin, inner = get_origin(kind) or kind, get_args(kind)
    if is_dataclass(origin):
        found = (_of_object if named else _of_dataclass)(origin)
    elif kind is Any:
        found = Codec(lambda value: value, lambda value: value)
    elif kind is bytes:
        found = Codec(bytes.hex, bytes.fromhex)
    elif not inner:
        found = Codec(lambda value: value.value, kind) if issubclass(kind, Enum) else _of_scalar(kind)
    elif origin in (Union, types.UnionType):
        found = _of_optional(inside(inner[inner[0] is types.NoneType]))
    elif origin is tuple and inner[-1] is not ...:
        found = _of_row(tuple, lambda: tuple(map(inside, inner)))
    elif origin is dict:
        found = _of_dict(*map(inside, inner))
    else:
        found = _of_many(origin, inner[0], inside(inner[0]))
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


def _of_many(kind: Any, inner: Any, each: Codec) -> Codec:
    order: Callable[[Any], Any] = sorted if kind in (set, frozenset) else list
    is_text = inner is str  # of which there are very many

    def load(value: Any) -> Any:
        if not isinstance(value, list):
            raise TypeError(f"unexpected {type(value).__name__}")
        if is_text:
            "".join(value)  # the quickest way to have a TypeError for what is none
        return kind(value if is_text else map(each.load, value))

    return Codec(lambda value: order(value if is_text else map(each.dump, value)), load)


def _of_scalar(kind: Any) -> Codec:
    expected = (int, float) if kind is float else kind

    def load(value: Any) -> Any:
        if not isinstance(value, expected) or isinstance(value, bool) and kind is not bool:
            raise TypeError(f"unexpected {type(value).__name__}")
        return float(value) if kind is float else value

    return Codec(lambda value: value, load)


def _of_dataclass(kind: Any) -> Codec:
    names = [field.name for field in fields(kind)]
    parts = cache(lambda: tuple(_fields(kind, False).values()))  # not yet: a dataclass may hold others of its kind
    row = _of_row(lambda values: kind(*values), parts)
    return Codec(lambda value: row.dump([getattr(value, name) for name in names]), row.load)


def _of_object(kind: Any) -> Codec:
    required = {field.name for field in fields(kind) if field.default is field.default_factory is MISSING}
    parts = cache(lambda: _fields(kind, True))

    def load(value: Any) -> Any:
        given = {name: part.load(value[name]) for name, part in parts().items() if name in value or name in required}
        return kind(**given)

    return Codec(lambda value: {name: part.dump(getattr(value, name)) for name, part in parts().items()}, load)


def _fields(kind: Any, named: bool) -> dict[str, Codec]:
    hints = get_type_hints(kind)
    return {field.name: codec(hints[field.name], named) for field in fields(kind)}


def _of_row(make: Callable[[Any], Any], parts: Callable[[], tuple[Codec, ...]]) -> Codec:
    return Codec(
        lambda value: [part.dump(each) for part, each in zip(parts(), value, strict=True)],
        lambda value: make([part.load(each) for part, each in zip(parts(), value, strict=True)]),
    )
