"""What a project's files have asked of what is no source of the monorepo, and which of them another answer concerns.

pylint keeps what it has found out of a module for all files of a run, so that who asks first is no measure. Instead it
is noted which module asks for which top-level names (`tools/pylint/worker/touched.py`); a file is concerned by an
answer under a name that it, a file that it reaches, or anything that these lead to has asked for.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from pyfmt.cache.observed import REST, Observed, PortablePaths
from pyfmt.cache.questions import WalkedPaths
from pyfmt.core.graphs import reached

_ANYONE = ""  # asks for names on behalf of any file
_GROUP = "@"  # begins the key of a group of installed modules


@dataclass(slots=True)
class AskedNames:
    """The questions of one project's run; plain data, as it is stored."""

    name: str = ""  # of the questions in the cache
    groups: dict[str, str] = field(default_factory=dict)  # digest of the answers, by group
    asked_for: dict[str, list[str]] = field(default_factory=dict)  # by file or group: top-level names

    def changed(self, now: Mapping[str, str]) -> set[str]:
        """The groups whose answers (`now`) are others."""
        return {group for group in {*now, *self.groups} if now.get(group) != self.groups.get(group)}

    def concerned(
        self, changed: Collection[str], reach_of: Callable[[str], Iterable[str]], files: Iterable[str]
    ) -> set[str] | None:
        """Those of the files that other answers in the groups `changed` concern; None where that may be all."""
        if not changed:
            return set()
        leading = self._leading_to(changed)
        if REST in changed or leading & set(self.asked_for.get(_ANYONE, ())):
            return None
        askers = {file for file, names in self.asked_for.items() if not leading.isdisjoint(names)}
        return {file for file in files if file in askers or not askers.isdisjoint(reach_of(file))}

    def _leading_to(self, changed: Collection[str]) -> set[str]:
        """The names that have something to do with what has changed."""
        by_name: dict[str, set[str]] = {}
        for key, names in self.asked_for.items():
            if key.startswith(_GROUP):
                for name in names:
                    by_name.setdefault(name, set()).add(key.removeprefix(_GROUP))
        return {*reached(changed, lambda name: by_name.get(name, ()))}

    def add(self, asked_for: Mapping[str, Iterable[str]]) -> None:
        """Take in who asked for what in a further run."""
        for key, names in asked_for.items():
            self.asked_for[key] = sorted({*self.asked_for.get(key, ()), *names})


@dataclass(frozen=True, slots=True)
class PartQuestions:
    """What one project's run asked: the questions, and who asked for which names."""

    observed: Observed
    asked_for: Mapping[str, list[str]]


def by_group(touches: Mapping[str, Iterable[str]], places: PortablePaths, known: WalkedPaths) -> dict[str, list[str]]:
    """Who asked for what as a worker notes it, with installed modules told by their groups."""
    found: dict[str, set[str]] = {}
    for file, names in touches.items():
        is_told = file == _ANYONE or file.startswith(_GROUP) or file in known.files
        key = file if is_told else _GROUP + places.group(os.path.join(places.root, file))
        found.setdefault(key, set()).update(names)
    return {key: sorted(names) for key, names in sorted(found.items())}
