"""What pylint's messages about each file can depend on: the tree that an environment sees, and what its files
import."""

from __future__ import annotations

import hashlib
import os
import posixpath
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pyfmt import disk
from pyfmt.cache.import_memory import SourceReader
from pyfmt.cache.keys import KeyFacts, fold, seen_sources
from pyfmt.cache.reached_paths import KnownPaths
from pyfmt.core.model import Environment, Part, Project, Unit
from pyfmt.core.tool_values import EVERYTHING
from pyfmt.imports.closure import Reach, Tree, beginning
from pyfmt.imports.index import Index, Roots

_MODULES = (".py", ".pyi", ".so", ".pyd", ".pyc", "/")


@dataclass(frozen=True, slots=True)
class _Listed:
    """The modules and folders of the monorepo that are seen, and digests: of what is seen outside of it, and of all
    that is there."""

    contents: dict[str, str]
    index: Index
    rest: str
    paths: str


class Reaching:
    """Makes the Reach of a part of a unit; `installed` lists the top-level names in an environment's site folders."""

    def __init__(
        self,
        facts: KeyFacts,
        read: SourceReader,
        installed: Callable[[Environment], frozenset[str]],
        projects: tuple[Project, ...],
        paths: KnownPaths,
    ) -> None:
        self._facts = facts
        self._read = read
        self._paths = paths
        self._installed = installed
        self._first_party = frozenset(name for project in projects for name in project.first_party)
        self._contents: dict[tuple[str, ...], _Listed] = {}
        self._known: dict[tuple[str, int, str], Reach | None] = {}

    def __call__(self, unit: Unit, part: Part) -> Reach | None:
        """The Reach of a part; None where a file may depend on anything."""
        environment = unit.environment
        assert environment is not None, unit
        key = (environment.prefix, unit.number, part.project.path)
        if key not in self._known:
            self._known[key] = self._make(unit, part, environment)
        return self._known[key]

    def _make(self, unit: Unit, part: Part, environment: Environment) -> Reach | None:
        seen = seen_sources(unit, self._facts)
        if EVERYTHING in seen:
            return None  # plugins may look at anything
        found = self._listed(seen)
        folders = self._roots(part, environment, found.contents)
        roots = Roots((found.index, *root) for root in folders)
        installed = self._installed(environment)
        if (self._first_party - roots.tops) & installed:
            # A library of the monorepo is installed as a copy: it may import others that come from source.
            return None
        shared = roots.tops & (installed | sys.stdlib_module_names)
        memory = partial(self._paths.find, [found.paths, folders])
        tree = Tree(found.contents, found.index, roots, found.rest, shared, found.paths, memory)
        return Reach(tree, self._read, self._read.tree, self._read.defined, self._read.lines)

    def _listed(self, seen: tuple[str, ...]) -> _Listed:
        if seen not in self._contents:
            contents: dict[str, str] = {}
            rest = hashlib.sha256()
            for folder in seen:
                if os.path.isabs(folder):
                    rest.update(self._facts.sources.below(folder))
                    continue
                for path, digest in self._facts.sources.listing(folder).items():
                    if path.endswith(_MODULES):
                        contents[path] = digest
            paths = fold("paths", sorted(contents), rest.hexdigest()).hex()
            self._contents[seen] = _Listed(contents, Index(contents), rest.hexdigest(), paths)
        return self._contents[seen]

    def _roots(self, part: Part, environment: Environment, contents: dict[str, str]) -> tuple[tuple[str, str], ...]:
        """Every folder that may be on the search path while a part is linted, with the name that it stands for."""
        project, facts = part.project, self._facts
        folders = {project.path, *project.import_roots, *facts.sources.visible(environment)}
        folders.update(beginning(posixpath.normpath(f"{root}/_"), contents) for root in project.import_roots)
        folders.update(self._inside(path) for path in facts.roots.get(environment.prefix, ()))
        found = {(os.path.normpath(folder), "") for folder in folders if folder and not os.path.isabs(folder)}
        for name, path in environment.remapped:
            place = self._inside(path)
            if place:
                found.add((place.removesuffix(".py").removesuffix("/__init__"), name))
        return tuple(sorted(found))

    def _inside(self, path: str) -> str:
        """A path relative to the monorepo's root; "" for one outside of it."""
        real, root = disk.realpath(path), self._facts.root
        return os.path.relpath(real, root).replace(os.sep, "/") if f"{real}/".startswith(root + "/") else ""
