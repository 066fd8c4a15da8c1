"""The one way to remember: what was made of some inputs is found again for as long as these are the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pyfmt import __version__
from pyfmt.cache.digests import Digests
from pyfmt.cache.keys import fold, plain
from pyfmt.cache.store import Store
from pyfmt.core.codec import Codec, codec
from pyfmt.core.listing import some

_SHOWN = 8  # changed inputs that are named
Item = TypeVar("Item")
Value = TypeVar("Value")
Inputs = Callable[[Item, Callable[[str], bytes]], object]  # of an item; the digest of a file is asked of the second


@dataclass(frozen=True, slots=True)
class MemoKind(Generic[Value]):
    """Values that are remembered under one name.

    `version` is raised when such values come to mean something else; `type` says how they are written (`codec`);
    `shared` are those that are true on every machine; one that is not `lasting` is not kept.
    """

    name: str
    version: int
    type: type[Value]
    shared: bool = True
    lasting: Callable[[Value], bool] = lambda _: True

    @property
    def codec(self) -> Codec:
        """How values are written."""
        kind: Any = self.type
        return codec(kind)

    def key(self, inputs: object) -> bytes:
        """Where the value of some inputs lies; these are what JSON can hold, best by their names, or bytes."""
        return fold(self.name, self.version, __version__, inputs)

    def pack(self, value: Value) -> bytes:
        """A value as the store has it."""
        text = json.dumps(self.codec.dump(value), separators=(",", ":"), default=plain)
        return text.encode("utf-8", "surrogatepass")

    def unpack(self, data: bytes | None) -> Value | None:
        """The value again; None where there is none, or a damaged one."""
        try:
            return self.codec.load(json.loads(data.decode("utf-8", "surrogatepass"))) if data else None
        except (ValueError, TypeError, AttributeError):
            return None

    def find(self, store: Store | None, keys: Mapping[Item, bytes]) -> dict[Item, Value]:
        """What is known of items."""
        stored = store.get(keys.values(), shared=self.shared) if store and keys else {}
        found = {item: self.unpack(stored.get(key)) for item, key in keys.items()}
        return {item: value for item, value in found.items() if value is not None}

    def one(self, store: Store | None, key: bytes) -> Value | None:
        """What lies under one key."""
        return self.find(store, {"": key}).get("")

    def keep(self, store: Store | None, values: Mapping[bytes, Value]) -> None:
        """Keep values under their keys, all at once."""
        if store and values:
            store.put({key: self.pack(value) for key, value in values.items()}, shared=self.shared)


@dataclass(frozen=True, slots=True)
class MemoTable:
    """What is remembered in a store (None: nothing is), by the contents of files among other things."""

    store: Store | None
    digests: Digests

    def remembered(
        self,
        kind: MemoKind[Value],
        items: Iterable[Item],
        inputs: Inputs[Item],
        compute: Callable[[Sequence[Item]], Mapping[Item, Value]],
        holds: Callable[[Item, Value], bool] = lambda *_: True,
    ) -> dict[Item, Value]:
        """The value of each item: what is known and still `holds`, and what `compute` makes of the others.

        Kept is what has the same inputs before it was computed and afterwards, files looked at anew.
        """
        keys = {item: kind.key(inputs(item, self.digests.of)) for item in items}
        found = {item: value for item, value in kind.find(self.store, keys).items() if holds(item, value)}
        missing = [item for item in keys if item not in found]
        if missing:
            made = compute(missing)
            found.update(made)
            lasting = {item: value for item, value in made.items() if kind.lasting(value)} if self.store else {}
            again = self.digests.again
            steady = {item: value for item, value in lasting.items() if kind.key(inputs(item, again)) == keys[item]}
            kind.keep(self.store, {keys[item]: value for item, value in steady.items()})
        return found


# What the last value of something was made of, by the names of its inputs; its key says what it is, whatever they were.
LAST_INPUTS: MemoKind[dict[str, Any]] = MemoKind("inputs", 1, dict[str, Any], shared=False)


def changed_inputs(before: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """The names of the inputs that differ, "(new)" and "(gone)" where there is only one."""
    now = json.loads(json.dumps(now, default=plain))
    names = []
    for name in sorted({*before, *now}):
        if name not in before:
            names.append(f"{name} (new)")
        elif name not in now:
            names.append(f"{name} (gone)")
        elif before[name] != now[name]:
            names.append(name)
    return names


def miss(changed: Sequence[str]) -> str:
    """Why an answer is not known, by the names of the inputs that have changed since there was one."""
    if not changed:
        return "miss: never run, or dropped from the cache"
    return f"miss: changed since then: {some(changed, _SHOWN)}"
