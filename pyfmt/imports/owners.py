"""PURE: which project a dotted name is of, as Python would look for it.

A name is followed from its top over the import roots of all projects, so that a namespace (`acme`) may have its parts
(`acme.storage`, `acme.events`) in several projects. The importing project's own code comes first, and so does the
standard library; what the importing project requires from elsewhere is never taken for a neighbour's module.
"""

from __future__ import annotations

import posixpath
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from pyfmt.core.folders import nearest_home
from pyfmt.core.model import Project
from pyfmt.imports.index import Index, Roots, modules_of, prefixes
from pyfmt.projects.names import normalise


@dataclass(frozen=True, slots=True)
class ImportTarget:
    """What an import leads to: the path of the project, and the part of the name that was found there."""

    project: str
    module: str


@dataclass(frozen=True, slots=True)
class ImportedName:
    """A name to look up: `module`, and `name` where it is `from module import name`."""

    module: str
    name: str = ""

    @property
    def dotted(self) -> str:
        """The whole name."""
        return f"{self.module}.{self.name}" if self.name else self.module


def _stem(file: str) -> str:
    return file.rpartition(".")[0]


def _is_package(file: str) -> bool:
    return _stem(posixpath.basename(file)) == "__init__"


def _by_root(project: Project) -> dict[str, list[str]]:
    """The modules of a project by their import root, the innermost: what lies in src is not imported as src.something.

    Without those below a folder that has no name, and at a root without those that have none: `a.b.py` is no `a.b`.
    """
    roots = sorted(project.import_roots, key=len, reverse=True)
    found: dict[str, list[str]] = {root: [] for root in project.import_roots}  # as they are searched
    for file in modules_of(project):
        root = next((root for root in roots if root == "." or file.startswith(f"{root}/")), None)
        if root is None:
            continue
        inside = _stem(file.removeprefix(f"{root}/")).split("/")
        if all(map(str.isidentifier, inside[:-1] or inside)):
            found[root].append(file)
    return found


class Modules:
    """All modules of a monorepo.

    `libraries` are the paths of those projects that are some; `shared_package` tells of an `__init__` that others may
    add to its package.
    """

    def __init__(
        self, projects: Sequence[Project], libraries: Collection[str], shared_package: Callable[[str], bool]
    ) -> None:
        self._projects = {project.path: project for project in projects}
        self._libraries = libraries
        self._shared = shared_package
        self._distributions = {project.distribution for project in projects if project.distribution}
        self._answers: dict[tuple[str, ImportedName], ImportTarget | None] = {}
        self._known: dict[str, tuple[dict[str, str], frozenset[str]]] = {}  # see _at
        self._owners: dict[Index, tuple[str, str]] = {}  # of which project it has files, and below which import root
        for project in projects:
            for root, files in _by_root(project).items():
                self._owners[Index(files)] = (project.path, root)
        self._roots = Roots((index, root, "") for index, (_, root) in self._owners.items())

    def contested(self) -> list[str]:
        """The `__init__` files of packages of which other projects have a part as well."""
        found = []
        for index, (path, root) in self._owners.items():
            for place, (file, *_) in index.at.items():
                if place not in ("", root) and _is_package(file):
                    name = place.removeprefix(f"{root}/").replace("/", ".")
                    found += [file] if self._at(name)[1] != {path} else []
        return sorted(found)

    def _at(self, name: str) -> tuple[dict[str, str], frozenset[str]]:
        """The modules of a dotted name by project, and the projects that have one or a folder of that name."""
        if name not in self._known:
            places = [(self._owners[index][0], index.at.get(place)) for index, place in self._roots.named(name)]
            modules = {path: files[0] for path, files in reversed(places) if files}
            self._known[name] = modules, frozenset(path for path, _ in places)
        return self._known[name]

    def absolute(self, importer: str, names: ImportedName) -> ImportTarget | None:
        """The project that an absolute import leads to; None where it is none of the monorepo's, or not to be known.

        Of several candidates one that the importing project depends on is taken, then a library, then the first by
        path.
        """
        key = (importer, names)
        if key not in self._answers:
            self._answers[key] = self._look_up(importer, names)
        return self._answers[key]

    def _look_up(self, importer: str, names: ImportedName) -> ImportTarget | None:
        top = names.dotted.partition(".")[0]
        candidates: frozenset[str] = frozenset()
        found = ""
        modules: frozenset[str] = frozenset()
        for prefix in prefixes(names.dotted):
            regular, here = self._at(prefix)
            if importer in regular and not (_is_package(regular[importer]) and self._shared(regular[importer])):
                return ImportTarget(importer, prefix)
            if found:
                here &= candidates
            if not here:
                break
            candidates, found, modules = here, prefix, here & regular.keys()
        if top in sys.stdlib_module_names:
            return None
        if not modules:  # only folders: a namespace, of which nothing can be imported but the whole
            modules = candidates if found == names.dotted and len(candidates) == 1 else frozenset()
        if modules:
            return self._choose(importer, found, modules)
        return self._from_root(names.dotted)

    def _choose(self, importer: str, found: str, candidates: frozenset[str]) -> ImportTarget | None:
        if importer in candidates:
            return ImportTarget(importer, found)
        project = self._projects[importer]
        for known in (project.declares, project.depends_on):
            if candidates.intersection(known):
                return ImportTarget(min(candidates.intersection(known)), found)
        if self._required(importer, found) or self._beside(importer, found):
            return None
        return ImportTarget(min(candidates.intersection(self._libraries) or candidates), found)

    def _required(self, importer: str, found: str) -> bool:
        """Whether the importing project requires a distribution of this name that is none of the monorepo's."""
        outside = set(self._projects[importer].declared_names) - self._distributions
        return any(normalise(prefix.replace(".", "-")) in outside for prefix in prefixes(found))

    def _beside(self, importer: str, found: str) -> bool:
        """Whether the importing project has such a module somewhere below a folder that is no package.

        That folder may be on the search path when the file runs (`backend/app` for `import app`): nothing here says so.
        """
        project = self._projects[importer]
        files = modules_of(project)
        packages = {posixpath.dirname(file) for file in files if _is_package(file)}
        tail = "/" + found.replace(".", "/")
        for file in files:
            stem = "/" + _stem(file) + "/"
            at = stem.find(tail + "/")
            if at >= 0 and stem[1:at] not in packages:
                return True
        return False

    def _from_root(self, dotted: str) -> ImportTarget | None:
        """The project whose module a name means that is written from the monorepo's root: `services.ledger.models`."""
        found = ""
        for prefix in prefixes(dotted):
            if prefix.replace(".", "/") not in self._places:
                break
            found = prefix
        return self._owner(found.replace(".", "/"), found) if "." in found else None

    def relative(self, file: str, level: int, names: ImportedName) -> ImportTarget | None:
        """The project that a relative import of `file` leads to; None where there is nothing."""
        folder = posixpath.dirname(file)
        for _ in range(level - 1):
            if not folder:
                return None
            folder = posixpath.dirname(folder)
        parts = [part for part in names.dotted.split(".") if part]
        # `from ..ledger import Book`: the longest part of it that is a file or a folder.
        for length in range(len(parts), -1, -1):
            place = posixpath.join(folder, *parts[:length])
            if place in self._places:
                return self._owner(place, "." * level + ".".join(parts[:length]))
        return None

    def _owner(self, place: str, module: str) -> ImportTarget | None:
        found = nearest_home(place or ".", self._projects)
        return ImportTarget(found, module) if found is not None else None

    @cached_property
    def _places(self) -> set[str]:
        """Every module without its suffix, and every folder that holds one, however deep."""
        files = list(chain(*map(modules_of, self._projects.values())))
        index = Index(files)
        return {*map(_stem, files), *index.at, *index.below} - {""}
