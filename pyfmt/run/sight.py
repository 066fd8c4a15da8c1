"""What a file can see in an environment, by which two environments are known to give it the same answer.

That is the Python, and for each name that the file can reach by imports the places on the search path that have it,
with the distributions installed there.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from pyfmt.cache.keys import KeyFacts, fold, portable
from pyfmt.cache.memory import Memory
from pyfmt.core.model import Environment
from pyfmt.environments.provides import Provider, importable, provided
from pyfmt.imports.reachable import Reachable


class Sight:
    """What a file can see in an environment: equal texts only where a tool would say the same."""

    def __init__(self, memory: Memory, facts: KeyFacts, reach: Reachable, libraries: frozenset[str]) -> None:
        self._memory = memory
        self._facts = facts
        self._reach = reach
        self._libraries = libraries
        self._names: dict[str, frozenset[str]] = {}
        self._known: dict[tuple[str, frozenset[str]], str] = {}
        self._views: dict[str, _View] = {}

    def __call__(self, environment: Environment, file: str) -> str:
        if file not in self._names:
            closure = self._reach.from_([file], lambda each: each in self._libraries)
            self._names[file] = self._reach.names(closure)
        key = (environment.prefix, self._names[file])
        if key not in self._known:
            if environment.prefix not in self._views:
                self._views[environment.prefix] = _View(environment, self._facts, self._imported)
            self._known[key] = self._views[environment.prefix].digest(self._names[file])
        return self._known[key]

    def _imported(self, installed: Provider) -> frozenset[str]:
        """What a distribution's modules import, remembered by its contents."""
        key, store = fold("imports of a distribution", 1, installed.folder, installed.digest), self._memory.store
        known = store.get([key], shared=False).get(key) if store else None
        if known is not None:
            return frozenset(known.decode().split())
        found = installed.imported()
        if store:
            store.put({key: " ".join(sorted(found)).encode()}, shared=False)
        return found


class _View:
    """One environment's search path."""

    def __init__(
        self, environment: Environment, facts: KeyFacts, imported: Callable[[Provider], frozenset[str]]
    ) -> None:
        self._environment = environment
        self._imported = lru_cache(maxsize=None)(imported)
        roots = facts.roots.get(environment.prefix, ())
        entries = dict.fromkeys((*roots, *environment.search_path, *environment.finder_roots))
        standard = {entry for entry in entries if os.path.isfile(os.path.join(entry, "os.py"))}
        self._entries = [entry for entry in entries if entry not in standard and not entry.endswith("lib-dynload")]
        self._labels = {entry: portable(entry, environment, facts.root) for entry in self._entries}
        self._inside = facts.root + os.sep
        hooks = [[module, portable(path, environment, facts.root)] for module, path in sorted(environment.remapped)]
        self._about = [str(environment.python), facts.trusted(environment) and environment.fingerprint, hooks]
        self._installed: dict[str, Mapping[str, tuple[Provider, ...]]] = {}

    def digest(self, names: Iterable[str]) -> str:
        """Of all that can be seen by some names, and by those that what is found there imports."""
        seen: dict[str, list[object]] = {}
        waiting = sorted(names)
        while waiting:
            name = waiting.pop()
            if name not in seen:
                seen[name] = []
                for entry in self._entries:
                    if name in _importable(entry):
                        found, further = self._at(entry, name)
                        seen[name].append(found)
                        waiting += further
        text = json.dumps([self._about, sorted(seen.items())])
        return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()

    def _at(self, entry: str, name: str) -> tuple[list[object], set[str]]:
        """What identifies a name's contents in a folder of the search path, and which names they import in turn."""
        if entry not in self._environment.site_packages:
            # A folder of the monorepo is the same for everybody; of one elsewhere nothing is known.
            known = real_path(entry).startswith(self._inside) or real_path(entry) + os.sep == self._inside
            return [self._labels[entry], "" if known else self._environment.prefix], set()
        if entry not in self._installed:
            self._installed[entry] = provided(entry)
        owners = self._installed[entry].get(name, ())
        further = {each for owner in owners for each in self._imported(owner)}
        # What no distribution owns may be anything: then the environment shares with none.
        stray = "" if owners else self._environment.prefix
        return [self._labels[entry], stray, [[owner.folder, owner.digest] for owner in owners]], further


@lru_cache(maxsize=None)
def _importable(folder: str) -> frozenset[str]:
    return importable(folder)


@lru_cache(maxsize=None)
def real_path(path: str) -> str:
    """With links resolved; asked for each path once."""
    return os.path.realpath(path)
