"""PURE: in what two environments differ where a project's files are linted in both: what else is asked is observed."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass, replace

from pyfmt.cache.keys import KeyFacts, has_hooks, portable
from pyfmt.cache.observed import ALL, Observed
from pyfmt.core.model import Environment, Finding, Part, Unit

_ROOT = "<root>/"  # begins the portable path of a folder of the checkout


def search_order(unit: Unit, part: Part, facts: KeyFacts) -> tuple[str, ...]:
    """The folders in which modules are looked for, portable: first those that the files are imported from."""
    environment, roots = unit.environment, part.project.import_roots
    assert environment is not None, unit
    files = sorted((*part.files, *part.context))
    own = (_ROOT + each if each != "." else _ROOT for each in (*(_root_of(file, roots) for file in files), *roots))
    further = (*environment.search_path, *facts.roots.get(environment.prefix, ()))
    return tuple(dict.fromkeys((*own, *(portable(path, environment, facts.root) for path in further))))


def _root_of(file: str, roots: Iterable[str]) -> str:
    inside = [root for root in roots if root == "." or file.startswith(root + "/")]
    return max(inside, key=len, default=posixpath.dirname(file))


@dataclass(frozen=True, slots=True)
class SearchOrders:
    """Where modules are looked for in two environments."""

    first: tuple[str, ...]
    second: tuple[str, ...]

    @property
    def apart(self) -> frozenset[str] | None:
        """The folders of the checkout, relative to it, that only one of the two has; None where they differ in anything
        else."""
        only = frozenset(self.first) ^ frozenset(self.second)
        first, second = ([each for each in order if each not in only] for order in (self.first, self.second))
        if first != second or not all(each.startswith(_ROOT) and each != _ROOT for each in only):
            return None
        return frozenset(each.removeprefix(_ROOT) for each in only)

    def asked_there(self, observed: Observed, entries: Iterable[str]) -> Observed:
        """What was asked in the first environment, as it is asked in the second one.

        `entries` are the folders, portable, below which top-level names were looked for.
        """
        names = {
            folder: stems
            for folder, stems in observed.names.items()
            if folder in self.second or folder not in self.first
        }
        stems = sorted({stem for entry in entries for stem in observed.names.get(entry, ())} - {ALL})
        return replace(observed, names={**names, **{each: stems for each in self.second if each not in self.first}})


def kind(unit: Unit, root: str) -> list[object]:
    """What must be the same of a project's units, besides what is looked for and found."""
    environment, project = unit.environment, unit.parts[0].project
    assert environment is not None, unit
    sites = [portable(each, environment, root) for each in environment.site_packages]
    python = [str(environment.python), environment.base_executable, has_hooks(environment) and environment.prefix]
    return [*python, sites, project.name, project.path, project.requires_python]


def tells_of(environment: Environment, finding: Finding) -> bool:
    """Whether a finding names an environment or something that is in it."""
    texts = (finding.message, *finding.notes)
    return any(environment.name in text or environment.prefix in text for text in texts)
