"""What modules of the monorepo say to others, and all that they see: where both are the same in two environments, and
a module changes, what mypy finds in one of them holds in the other (standard library only).

A module's *interface* is mypy's own digest, by which it knows whether dependents must be checked again. Its *view* is a
digest of all that its imports lead to: the interfaces of modules of the monorepo, the contents of installed ones, what
was not found, and the options. mypy's own stubs count by their names. What somebody else could not import from a
package that it sees counts, too, since mypy takes it for Any wherever it is mentioned (`is_missing_module` in its
semantic analysis); so does what somebody else could, to former releases. Whether mypy reports a module's errors does
not count: from its cache it, too, takes what it found out about a module while it did (`validate_meta`).
"""

from __future__ import annotations

import hashlib
import importlib
import os
from collections.abc import Callable, Mapping
from typing import Any

_MODULES = (".py", ".pyi")


def told(
    metas: Mapping[str, Any], parents: Callable[[str], Any], payload: Mapping[str, Any], how: Any
) -> dict[str, Any]:
    """By absolute path, of each module below the root: [interface, view].

    `metas` are the modules of a run of mypy by their names, `parents` gives a name with those of its packages; `how`:
    what all of the run was checked with.
    """
    seen = _Seen(metas, parents, payload)
    found = {}
    for name, meta in metas.items():
        text = _read(meta.path) if seen.is_inside(meta.path) else None
        if text is not None and hashlib.sha1(text, usedforsecurity=False).hexdigest() == meta.source:
            found[meta.path] = [_digest(meta.interface), _digest([how, meta.options, seen.by(name)])]
    return found


class _Seen:
    """The modules of one run of mypy: what each can see of the others."""

    def __init__(self, metas: Mapping[str, Any], parents: Callable[[str], Any], payload: Mapping[str, Any]) -> None:
        self._metas = metas
        self._root = os.path.join(payload["root"], "")
        self._installed = [os.path.join(os.path.abspath(path), "") for path in payload["site_packages"]]
        self._stubs = os.path.join(os.path.dirname(importlib.import_module("mypy").__file__ or ""), "typeshed", "")
        names = {name for meta in metas.values() for name in meta.missing}
        if not hasattr(importlib.import_module("mypy.semanal").SemanticAnalyzer, "is_visible_import"):
            names |= metas.keys()
        self._everywhere = sorted(names)
        self._bits = {name: 1 << number for number, name in enumerate(metas)}
        self._needs = {
            name: {part for each in (name, *meta.imports) for part in parents(each) if part in metas}
            for name, meta in metas.items()
        }
        self._reached = self._closures()
        self._entries = {name: int(_digest(self._entry(name)), 16) for name in metas}

    def is_inside(self, path: str) -> bool:
        """Whether it is a module of the monorepo."""
        return path.startswith(self._root) and path.endswith(_MODULES) and not path.startswith(tuple(self._installed))

    def by(self, name: str) -> list[Any]:
        """All that a module sees, itself left out, whatever its text is or will be."""
        known = {each for each, bit in self._bits.items() if bit & self._reached[name]}
        everywhere = [each for each in self._everywhere if each.rpartition(".")[0] in known]
        total = sum(self._entries[each] for each in known) - self._entries[name]
        return [self._imports(name), total, everywhere]

    def _closures(self) -> dict[str, int]:
        """The modules that each one's imports lead to, itself among them, as bits."""
        found = dict(self._bits)
        changed = True
        while changed:
            changed = False
            for name, needs in self._needs.items():
                bits = found[name]
                for need in needs:
                    bits |= found[need]
                if bits != found[name]:
                    found[name], changed = bits, True
        return found

    def _entry(self, name: str) -> list[Any]:
        """What identifies a module for those who import it."""
        meta = self._metas[name]
        if not meta.path.endswith(_MODULES):  # a namespace: in each environment another one of its folders
            return [name, self._imports(name)]
        if meta.path.startswith(self._stubs):
            return [name, meta.path[len(self._stubs) :], meta.options, self._imports(name)]
        if self.is_inside(meta.path):
            return [name, meta.path[len(self._root) :], meta.interface, self._imports(name)]
        return [name, self._place(meta.path), meta.source, meta.options, self._imports(name)]

    def _imports(self, name: str) -> list[Any]:
        meta = self._metas[name]
        return [sorted(meta.imports), sorted(meta.missing)]

    def _place(self, path: str) -> str:
        """A path of an environment without where that lies."""
        for number, folder in enumerate(self._installed):
            if path.startswith(folder):
                return f"<{number}>{path[len(folder) :]}"
        return path


def _digest(value: Any) -> str:
    return hashlib.sha256(repr(value).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
