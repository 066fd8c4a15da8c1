"""Early cut-off: after a change of a module that says to others what it said before, its tool runs in one of the
environments that see it in the same way; the others have its word.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from pyfmt.cache.keys import KeyFacts
from pyfmt.cache.layouts import Held, Interface, Layouts, interfaces_of
from pyfmt.cache.observed_runs import Learnt
from pyfmt.core.model import Finding, Outcome, Unit, by_place
from pyfmt.tools.protocol import JsonObject

_Said = tuple[str, str, bool, Interface]  # a tool, a module, whether it is judged, and how it looks


class CutOff:
    """Which of the units that must run can wait for others, and what these have said."""

    def __init__(self, units: Mapping[int, Unit], layouts: Layouts, facts: KeyFacts) -> None:
        """`units` are whole."""
        self._facts = facts
        self._said: dict[_Said, list[Finding]] = {}
        self.waiting: dict[int, Held] = {}
        known = {index: held for index, unit in units.items() if (held := layouts.held(unit, facts))}
        asked: set[_Said] = set()
        # Who judges the modules speaks for those who only see them, and who sees most speaks for most; the smaller one
        # of two.
        for index in sorted(known, key=lambda each: (*_least(known[each]), len(units[each].files), each)):
            needed = _needed(known[index])
            if needed <= asked:
                self.waiting[index] = known[index]
            asked |= _spoken(needed)

    def settled(self, heard: Iterable[tuple[Outcome, Iterable[JsonObject]]]) -> dict[int, Learnt]:
        """The answers of those that have waited, after the runs of whole units that were `heard`, with what each has
        asked. Nobody waits any longer: who is not among them must run, since a module looks another way."""
        waiting, self.waiting = self.waiting, {}
        for outcome, asked in heard if waiting else ():
            self._hear(outcome, asked)
        found = {index: self._settled(held) for index, held in waiting.items()}
        return {index: learnt for index, learnt in found.items() if learnt is not None}

    def _hear(self, outcome: Outcome, asked: Iterable[JsonObject]) -> None:
        if outcome.failures:
            return
        files = set(outcome.unit.files)
        for file, interface in interfaces_of(asked, self._facts).items():
            found = [each for each in outcome.findings if each.path == file]
            for said in _spoken({(outcome.unit.tool, file, file in files, interface)}):
                self._said.setdefault(said, found if said[2] else [])

    def _settled(self, held: Held) -> Learnt | None:
        learnt, needed = held.learnt, _needed(held)
        if not needed <= self._said.keys():
            return None
        unit = learnt.outcome.unit
        name = unit.environment.name if unit.environment else ""
        found = [replace(each, environments=(name,)) for said in needed for each in self._said[said]]
        findings = tuple(sorted((*learnt.outcome.findings, *found), key=by_place))
        return replace(learnt, outcome=replace(learnt.outcome, findings=findings))


def _needed(held: Held) -> set[_Said]:
    unit = held.learnt.outcome.unit
    files = set(unit.files)
    return {(unit.tool, file, file in files, interface) for file, interface in held.changed.items()}


def _spoken(said: set[_Said]) -> set[_Said]:
    """The same, and what one that judges a module says for those that only see it."""
    return said | {(tool, file, False, interface) for tool, file, _, interface in said}


def _least(held: Held) -> tuple[int, int]:
    needed = _needed(held)
    return -sum(judged for _, _, judged, _ in needed), -len(needed)
