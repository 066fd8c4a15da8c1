"""What modules of the monorepo say to others, and all that they see: where both are the same in two environments, and
a module changes, what mypy finds in one of them holds in the other (standard library only).

A module's *interface* is mypy's own digest, by which it knows whether dependents must be checked again. Its *view* is a
digest of all that its imports lead to: the interfaces of modules of the monorepo, the contents of installed ones, what
was not found, where what its text could import lies, and the options. mypy's own stubs count by their names. What
somebody else could not import from a package that it sees counts, too, since mypy takes it for Any wherever it is
mentioned (`is_missing_module` in its semantic analysis); so does what somebody else could, to former releases. Whether
mypy reports a module's errors does not count: from its cache it, too, takes what it found out about a module while it
did (`validate_meta`).
"""

from __future__ import annotations

import hashlib
import importlib
import os
import re
from collections.abc import Mapping, Sequence, Set
from typing import Any

_MODULES = (".py", ".pyi")
# More than the import statements, and found sooner than by parsing; an open parenthesis counts to the end of the text.
_GAP = rb"(?:[ \t\f]|\\\r?\n|\\\r)"
_IMPORT = re.compile(
    rb"(?:\bfrom\b(?:[\w.\x80-\xff]|" + _GAP + rb")+?)?\bimport\b" + _GAP + rb"*"
    rb"(?:\((?:[^()#]|#[^\r\n]*[\r\n])*\)|\(.*|(?:[^\\\r\n]|\\\r\n|\\.)*)",
    re.DOTALL,
)
_COMMENT = re.compile(rb"#[^\r\n]*")
_NAME = re.compile(rb"[\w\x80-\xff]+|[.*;]")


def told(
    metas: Mapping[str, Any], names: Any, payload: Mapping[str, Any], roots: Sequence[str], how: Any
) -> dict[str, Any]:
    """By absolute path, of each module below the root: [interface, view].

    `metas` are the modules of a run of mypy by their names, `names` is the module beside this one, `roots` are mypy's
    search path; `how`: what all of the run was checked with.
    """
    seen = _Seen(metas, names, payload, roots)
    found = {}
    for name, meta in metas.items():
        text = _read(meta.path) if seen.is_inside(meta.path) else None
        if text is not None and hashlib.sha1(text, usedforsecurity=False).hexdigest() == meta.source:
            found[meta.path] = [_digest(meta.interface), _digest([how, meta.options, seen.by(name, text)])]
    return found


class _Seen:
    """The modules of one run of mypy: what each can see of the others."""

    def __init__(self, metas: Mapping[str, Any], names: Any, payload: Mapping[str, Any], roots: Sequence[str]) -> None:
        self._metas = metas
        self._names, self._roots = names, roots
        self._held: dict[str, dict[str, str]] = {}  # by package
        self._root = os.path.join(payload["root"], "")
        self._installed = [os.path.join(os.path.abspath(path), "") for path in payload["site_packages"]]
        self._stubs = names.typeshed()
        everywhere = {name for meta in metas.values() for name in meta.missing}
        if not hasattr(importlib.import_module("mypy.semanal").SemanticAnalyzer, "is_visible_import"):
            everywhere |= metas.keys()
        self._everywhere = sorted(everywhere)
        self._bits = {name: 1 << number for number, name in enumerate(metas)}
        self._needs = {
            name: {part for each in (name, *meta.imports) for part in names.with_parents(each) if part in metas}
            for name, meta in metas.items()
        }
        self._reached = self._closures()
        self._entries = {name: int(_digest(self._entry(name)), 16) for name in metas}

    def is_inside(self, path: str) -> bool:
        """Whether it is a module of the monorepo."""
        return path.startswith(self._root) and path.endswith(_MODULES) and not path.startswith(tuple(self._installed))

    def by(self, name: str, text: bytes) -> list[Any]:
        """All that a module sees, itself left out, and what its text asks for: what `from package import name` does is
        among mypy's imports only where it is a module."""
        known = {each for each, bit in self._bits.items() if bit & self._reached[name]}
        everywhere = [each for each in self._everywhere if each.rpartition(".")[0] in known]
        total = sum(self._entries[each] for each in known) - self._entries[name]
        asked = [_NAME.findall(_COMMENT.sub(b"", each)) for each in _IMPORT.findall(text)]
        # Python normalizes other names.
        words = {word.decode() for words in asked for word in words} if text.isascii() else None
        return [self._imports(name), total, everywhere, sorted(asked), self._places(name, words)]

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

    def _places(self, name: str, words: Set[str] | None) -> list[Any]:
        """Where the modules lie that a module's imports could mean by `words` (None: by any), and those that mypy did
        not take: why it did not is none of what it keeps."""
        meta, parents = self._metas[name], self._names.with_parents
        asked = {part for each in meta.missing for part in parents(each)}
        for package in {part for each in meta.imports for part in parents(each)}:
            held = self._holds(package).keys()
            asked.update(f"{package}.{each}" for each in (held if words is None else held & words))
        apart = [(each, *each.rpartition(".")[::2]) for each in sorted(asked)]
        return [(each, self._holds(package).get(last)) for each, package, last in apart]

    def _holds(self, package: str) -> dict[str, str]:
        """What can be imported from a package, "" for the top level: a digest of where each name lies."""
        if package not in self._held:
            is_there = not package or package.partition(".")[0] in self._holds("")
            self._held[package] = self._names.places(package, self._roots, self._place) if is_there else {}
        return self._held[package]

    def _place(self, path: str) -> str:
        """A path without where its environment, or the monorepo, lies."""
        for number, folder in enumerate(self._installed):
            if path.startswith(folder):
                return f"<{number}>{path[len(folder) :]}"
        return path.removeprefix(self._root)


def _digest(value: Any) -> str:
    return hashlib.sha256(repr(value).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _read(path: str) -> bytes | None:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return None
