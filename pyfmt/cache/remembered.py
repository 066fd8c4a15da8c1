"""The one way to remember: what was made of some inputs is found again for as long as these are the same."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from pyfmt import __version__
from pyfmt.cache.digests import Afresh, ContentDigests, Digests
from pyfmt.cache.keys import fold, plain
from pyfmt.cache.store import Store
from pyfmt.core.codec import Codec, codec
from pyfmt.core.memo import HIT, changed_inputs, each_digest, miss

Item = TypeVar("Item")
Value = TypeVar("Value")
# Of an item, by names that a person understands; the digest of a file is asked of the second.
Inputs = Callable[[Item, ContentDigests], Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class FilesTogether(Generic[Item]):
    """Inputs that are values and the contents of many files: looked at together, under a name that stands for no
    others; one by one they tell what has changed."""

    name: Callable[[Item], str]
    files: Callable[[Item], Sequence[str]]
    values: Callable[[Item], Mapping[str, object]]

    def __call__(self, item: Item, digest: ContentDigests) -> Mapping[str, object]:
        """The inputs, all files being one."""
        return {**self.values(item), "files": digest.together(self.name(item), self.files(item))}

    def each(self, item: Item, digest: ContentDigests) -> Mapping[str, object]:
        """The inputs, file by file."""
        return {**self.values(item), **{file: digest(file) for file in self.files(item)}}


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
    """What is remembered in a store (None: nothing is), by the contents of files among other things.

    `told`, where given, is told of each item whether its value was known, and if not, which inputs have changed.
    """

    store: Store | None
    digests: Digests
    told: dict[str, str] | None = None

    def remembered(
        self,
        kind: MemoKind[Value],
        items: Iterable[Item],
        inputs: Inputs[Item] | FilesTogether[Item],
        compute: Callable[[Sequence[Item]], Mapping[Item, Value]],
        holds: Callable[[Item, Value], bool] = lambda *_: True,
    ) -> dict[Item, Value]:
        """The value of each item: what is known and still `holds`, and what `compute` makes of the others.

        Kept is what has the same inputs before it was computed and afterwards, files looked at anew.
        """
        each = inputs.each if isinstance(inputs, FilesTogether) else inputs
        asked = {item: inputs(item, self.digests) for item in items}
        keys = {item: kind.key(named) for item, named in asked.items()}
        known = kind.find(self.store, keys)
        found = {item: value for item, value in known.items() if holds(item, value)}
        missing = [item for item in keys if item not in found]
        if self.told is not None:
            gone = "miss: what was looked at has changed since then"
            for item in asked:
                named = each(item, self.digests) if item not in known else {}
                said = HIT if item in found else gone if item in known else self._miss(kind, item, named)
                self.told.setdefault(f"{kind.name}: {_words(item)}", said)  # as it was before anything was kept
        if missing:
            made = compute(missing)
            found.update(made)
            lasting = [item for item, value in made.items() if kind.lasting(value)] if self.store else []
            afresh = Afresh(self.digests)
            steady = [item for item in lasting if kind.key(inputs(item, afresh)) == keys[item]]
            kind.keep(self.store, {keys[item]: made[item] for item in steady})
            LAST_INPUTS.keep(self.store, {_last(kind, item): each_digest(each(item, self.digests)) for item in steady})
        return found

    def _miss(self, kind: MemoKind[Any], item: object, named: Mapping[str, object]) -> str:
        before = LAST_INPUTS.one(self.store, _last(kind, item))
        return miss(changed_inputs(before, each_digest(named)) if before else ())


def _words(item: object) -> str:
    return " ".join(map(str, item)) if isinstance(item, tuple) else str(item)


def _last(kind: MemoKind[Any], item: object) -> bytes:
    return LAST_INPUTS.key([kind.name, item])


# What the last value of something was made of, by the names of its inputs; its key says what it is, whatever they were.
LAST_INPUTS: MemoKind[dict[str, Any]] = MemoKind("inputs", 2, dict[str, Any], shared=False)


def changed_since(before: Mapping[str, Any], now: Mapping[str, object]) -> list[str]:
    """The names of the inputs that are not as they were kept."""
    return changed_inputs(before, json.loads(json.dumps(now, default=plain)))
