"""One look at an environment: whether all that its tools have asked, whoever of them, would be answered as it was.

What is asked of an environment by all of its units is looked at together, by times and sizes alone. Only where
something differs is it found out of which of the questions (`cache/observed_runs.py`).
"""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from pyfmt import disk
from pyfmt.cache.observed import NOT_RACY_NS, Disk, Observed, PortablePaths
from pyfmt.cache.remembered import MemoKind
from pyfmt.cache.store import Store

Question = tuple[str, PortablePaths]  # the name of what was asked, and where that lies


@dataclass(frozen=True, slots=True)
class _Glance:
    """What is looked at, by absolute paths; how it was; and the digest of the answers to each of the questions."""

    times: dict[str, list[str]]  # names by folder: "" is the folder itself
    exist: list[str]
    links: list[str]
    variables: list[str]
    mark: str
    totals: dict[str, str]


_GLANCES = MemoKind("glance at an environment", 1, _Glance, shared=False)


class Glances:
    """Reads and writes what is known of environments."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def totals(self, questions: Iterable[Question], looks: Disk) -> dict[Question, str]:
        """The digests of all answers, for the questions about environments of which nothing differs."""
        asked = _by_environment(questions)
        known = _GLANCES.find(self._store, {place: _GLANCES.key([*place]) for place in asked})
        found: dict[Question, str] = {}
        for place, glance in known.items():
            names = {question: glance.totals.get(_name(question)) for question in asked[place]}
            if all(names.values()) and _mark(glance, looks)[0] == glance.mark:
                found.update({question: total for question, total in names.items() if total})
        return found

    def keep(self, found: Mapping[Question, tuple[Observed, str]], looks: Disk, began_ns: int) -> None:
        """Keep digests of answers with what was asked since `began_ns`; not where something was changed since then, or
        so shortly before that it could have changed again within the same time stamp."""
        kept, listed = {}, dict[str, list[str]]()
        for place, questions in _by_environment(found).items():
            asked = [(found[question][0], question[1]) for question in questions]
            glance = _looking(asked, {_name(question): found[question][1] for question in questions}, listed)
            mark, newest = _mark(glance, looks)
            if newest < began_ns - NOT_RACY_NS:
                kept[_GLANCES.key([*place])] = replace(glance, mark=mark)
        _GLANCES.keep(self._store, kept)


def _by_environment(questions: Iterable[Question]) -> dict[tuple[str, str, str], list[Question]]:
    found: dict[tuple[str, str, str], list[Question]] = {}
    for question in questions:
        places = question[1]
        found.setdefault((places.root, places.environment, places.base), []).append(question)
    return found


def _name(question: Question) -> str:
    name, places = question
    return f"{name} {hashlib.sha256(repr(places.entries).encode('utf-8', 'surrogateescape')).hexdigest()[:16]}"


def _looking(
    each: Iterable[tuple[Observed, PortablePaths]], totals: dict[str, str], listed: dict[str, list[str]]
) -> _Glance:
    """All that is to be looked at for some questions; `listed` has the links in folders that are known."""
    times: dict[str, set[str]] = {}
    exist, links, variables = set[str](), set[str](), set[str]()
    for observed, places in each:
        for folder, names in observed.read.items():
            times.setdefault(places.local(folder), set()).update(names)
        for folder in observed.names:
            here = places.local(folder)
            # Its times tell which names there are, not what a link among them leads to.
            times.setdefault(here, set()).update(("", *_links_in(here, listed)))
        exist.update(map(places.local, observed.exist))
        links.update(map(places.local, observed.links))
        variables.update(observed.variables)
    ordered = {folder: sorted(names) for folder, names in sorted(times.items())}
    return _Glance(ordered, sorted(exist), sorted(links), sorted(variables), "", totals)


def _links_in(folder: str, known: dict[str, list[str]]) -> list[str]:
    if folder not in known:
        try:
            with disk.scandir(folder) as entries:
                known[folder] = [entry.name for entry in entries if entry.is_symlink()]
        except OSError:
            known[folder] = []  # it is not there, or cannot be listed: its mark says so
    return known[folder]


def _mark(glance: _Glance, looks: Disk) -> tuple[str, int]:
    """A digest of what is looked at as it is now, and when the newest of it was changed."""
    mark = looks.mark
    found = [mark(f"{folder}/{name}" if name else folder) for folder, names in glance.times.items() for name in names]
    rest = [disk.lexists(path) for path in glance.exist], [looks.link(path) for path in glance.links]
    values = [looks.variable(name) for name in glance.variables]
    newest = max((max(each[:2]) for each in found if each is not None), default=0)
    # Version 2: the later ones write what they have met before in another way.
    return hashlib.sha256(marshal.dumps((found, *rest, values), 2)).hexdigest()[:32], newest
