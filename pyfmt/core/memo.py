"""PURE: texts that are remembered between runs by what they were made of, and what says why one is not known."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyfmt.core.listing import some

_SHOWN = 8  # changed inputs that are named
_SPARE = 64  # texts that are kept at least, though nobody has asked for them
_LAST = "last inputs of "
HIT = "hit"


class TextMemo(dict[str, str]):
    """Texts by key, that know which of them were asked for; `told`, where given, is told of each whether it was known.

    For the rooms below the cache, which has `remembered` for all others.
    """

    def __init__(self, known: Mapping[str, str] | None = None, told: dict[str, str] | None = None) -> None:
        super().__init__(known or {})
        self._asked: set[str] = set()
        self._told = told

    def recall(self, what: str, inputs: Mapping[str, object], make: Callable[[], str]) -> str:
        """The text about `what` that is made of nothing but `inputs`, by names that a person understands."""
        found = self.find(what, inputs)
        return self.keep(what, inputs, make()) if found is None else found

    def find(self, what: str, inputs: Mapping[str, object]) -> str | None:
        """As `recall`; None where it is not known."""
        key = _key(what, inputs)
        found = self.get(key)
        if found is not None:
            self._asked |= {key, _LAST + what}
        if self._told is not None:
            self._told.setdefault(what, HIT if found is not None else self._miss(what, inputs))
        return found

    def keep(self, what: str, inputs: Mapping[str, object], text: str) -> str:
        """Remember a text, which is given back."""
        last = json.dumps(each_digest(inputs), separators=(",", ":"))
        for key, value in ((_key(what, inputs), text), (_LAST + what, last)):
            self[key] = value
            self._asked.add(key)
        return text

    def keep_all(self) -> None:
        """Nobody has asked for what is known, since what follows from it was known, too: it is of use all the same."""
        self._asked.update(self)

    def _miss(self, what: str, inputs: Mapping[str, object]) -> str:
        before = self.get(_LAST + what)
        return miss(changed_inputs(json.loads(before), each_digest(inputs)) if before else ())

    def kept(self) -> dict[str, str]:
        """What is worth keeping: all that is new or was asked for, and as much again of what was before."""
        keys = sorted(self, key=lambda key: key in self._asked)
        return {key: self[key] for key in keys[-max(2 * len(self._asked), _SPARE) :]}


def _key(what: str, inputs: Mapping[str, object]) -> str:
    return hashlib.sha256(repr((what, sorted(inputs.items()))).encode()).hexdigest()


def each_digest(inputs: Mapping[str, object]) -> dict[str, str]:
    """A short digest of each input: which of them has changed can be told, and no more is kept."""
    return {name: hashlib.sha256(repr(value).encode()).hexdigest()[:12] for name, value in inputs.items()}


def changed_inputs(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """The names of the inputs that differ, "(new)" and "(gone)" where there is only one."""
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
