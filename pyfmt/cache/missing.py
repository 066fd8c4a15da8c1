"""The units whose outcomes are not known: linted whole, or only the files that something has changed for."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt.cache.observed import joined_up
from pyfmt.cache.observed_runs import Learnt
from pyfmt.cache.repeating.witness import suspended
from pyfmt.cache.units import UnitCache, share, whole
from pyfmt.core.model import Outcome, Unit
from pyfmt.runner.options import LintOptions, LintResult, Listener
from pyfmt.tools.protocol import JsonObject
from pyfmt.tools.registry import TOOLS

if TYPE_CHECKING:
    from pyfmt.cache.records import Partial

Found = tuple[Outcome, tuple[str, ...]]  # an outcome, and what the tool had to say besides
_Told = tuple[tuple[JsonObject, ...], tuple[JsonObject, ...]]  # effects, and what was asked
_MOST_DONORS = 4  # environments whose answers are compared with what another one sees


@contextlib.contextmanager
def _scratch() -> Iterator[Path]:
    """A folder for what tools leave behind; made only where some run, since a run with nothing to do writes nothing."""
    import tempfile  # deferred for start-up time

    with tempfile.TemporaryDirectory(prefix="pyfmt-", ignore_cleanup_errors=True) as scratch:
        yield Path(scratch)


def run_tools(units: Sequence[Unit], options: LintOptions, listener: Listener) -> LintResult:
    """Run units with a folder for what they leave behind."""
    from pyfmt.runner.linting import lint_units  # deferred for start-up time

    with suspended(), _scratch() as scratch:
        return lint_units(units, replace(options, scratch=scratch), listener)


def asked_of_tool(unit: Unit) -> Unit:
    """A tool whose findings are not those of single files checks all in any case: its whole answer is worth keeping."""
    return unit if TOOLS[unit.tool].in_parts else whole(unit)


class MissingUnits:
    """The units of a run (`every`) whose outcomes are not known (`asked`, with their keys).

    Of units that lint one project for several environments, one is run first; the others take its answers for the files
    that see the same. Of those that see something else, one of each kind is run next, and so on.
    """

    def __init__(
        self,
        asked: Mapping[int, tuple[bytes, Unit]],
        every: Sequence[Unit],
        how: tuple[LintOptions, Listener],
        cache: UnitCache,
    ) -> None:
        self.run_whole: set[int] = set()  # the units of which nothing was remembered
        self._asked = asked
        self._options, self._listener = how
        self._cache = cache
        self._open = contextlib.ExitStack()  # what is closed when all have run
        self._began_ns = time.time_ns()
        self._found: dict[int, Found] = {}
        self._learnt: list[tuple[int, Outcome, tuple[str, ...], _Told]] = []
        self._joined: list[tuple[int, Partial, Outcome, tuple[JsonObject, ...]]] = []
        self._answered: dict[object, list[Unit]] = {}  # units of one project whose files are known, by `_kin`
        self._running: list[Unit] = []  # of which something must be run, as far as is known at first
        self._linted: dict[object, list[Partial]] = {}  # of one project, by `_kin`: where files were linted again
        for index, unit in enumerate(every):
            if index not in asked:
                self._answered.setdefault(_kin(unit), []).append(unit)

    def results(self) -> dict[int, Found]:
        """Each unit's outcome; what can be is remembered."""
        try:
            self._run_all()
        finally:
            with suspended():
                self._open.close()
        return self._found

    def _run_all(self) -> None:
        waiting = {index: self._cache.records.partial(unit) for index, (_, unit) in self._asked.items()}
        self._running = [self._asked[index][1] for index, partial in waiting.items() if not partial or partial.run]
        cut_off = self._cache.cut_off({index: unit for index, (_, unit) in self._asked.items()})
        while waiting:
            alike = {index: self._compared(index, waiting) for index in waiting}
            at_home = {_kin(self._asked[index][1]) for index in waiting if self._is_home(index)}
            first: dict[object, int] = {}
            for index, partial in sorted(waiting.items(), key=lambda item: -len(self._asked[item[0]][1].files)):
                is_known = partial is not None and partial.run is None
                if index in cut_off.waiting:
                    continue
                if is_known or self._is_home(index):
                    first[index] = index
                elif _kin(self._asked[index][1]) not in at_home:
                    first.setdefault(alike[index], index)
            batch = {index: waiting.pop(index) for index in first.values()}
            self._settle(batch)
            settled = cut_off.settled((outcome, asked) for _, outcome, _, (_, asked) in self._learnt)
            for index, learnt in settled.items():
                batch[index] = waiting.pop(index)
                self._found[index] = (share(learnt.outcome, self._asked[index][1]), learnt.notes)
                self._listener.done(self._found[index][0])
            self._remember(list(batch), settled)
            for index in batch:
                unit = self._asked[index][1]
                self._answered.setdefault(_kin(unit), []).insert(0, unit)

    def _is_home(self, index: int) -> bool:
        """Whether it takes no answers of others, and is run before those that could take its own: there all files of a
        project are linted."""
        _, unit = self._asked[index]
        return _kin(unit) is None or any(part.home for part in unit.parts)

    def _compared(self, index: int, waiting: dict[int, Partial | None]) -> object:
        """Take what other environments have said of a unit's files, where it is more than what is known; units of which
        the same is left to lint, for the same reason, have equal values."""
        (_, unit), records = self._asked[index], self._cache.records
        reasons: list[object] = []
        for linted in self._linted.get(_kin(unit), ()) if not self._is_home(index) else ():
            known = waiting[index]
            if known is not None and known.run is not None:
                waiting[index] = records.relaid(known, linted) or known
        for donor in self._answered.get(_kin(unit), ())[:_MOST_DONORS] if not self._is_home(index) else ():
            known = waiting[index]
            if known is not None and known.run is None:
                break
            other = records.taken_over(unit, donor)
            at_home = any(part.home for part in donor.parts)  # it may lint more, and so stand for none of the others
            reasons.append(other.differing if other is not None else None if at_home else index)
            if other is not None and (known is None or other.left < known.left):
                waiting[index] = other
        now = waiting[index]
        return _kin(unit), *([now.before] if now is not None and now.before else reasons)

    def _settle(self, partials: Mapping[int, Partial | None]) -> None:
        """Have units run, as far as they must."""
        runs: dict[int, Unit] = {}
        for index, partial in partials.items():
            if partial is None:
                runs[index] = asked_of_tool(self._asked[index][1])
            elif partial.run is not None:
                runs[index] = partial.run
            else:
                outcome = self._cache.records.known(partial)
                self._found[index] = (outcome, self._cache.records.notes(partial))
                self._joined.append((index, partial, outcome, ()))
                self._listener.done(outcome)
        while runs:
            partials = self._run(runs, partials)
            runs = {index: each and each.run or whole(self._asked[index][1]) for index, each in partials.items()}
            if runs:
                self._listener.more(len(runs))

    def _run(self, runs: Mapping[int, Unit], partials: Mapping[int, Partial | None]) -> dict[int, Partial | None]:
        """Run units and add to what was found; those that must run again, with more files or as wholes."""
        replays = {}
        for index, unit in runs.items():
            partial = partials.get(index)
            if partial is not None and unit.environment is not None:
                replays[unit.tool, unit.environment.prefix, unit.number] = partial.replays
        done = self._run_tools(list(runs.values()), replays)
        again: dict[int, Partial | None] = {}
        told = zip(done.effects, done.asked, strict=True)
        for index, outcome, notes, (effects, asked) in zip(runs, done.outcomes, done.notes, told, strict=True):
            partial = partials.get(index)
            if partial is None:
                self.run_whole.add(index)
                self._learnt.append((index, outcome, notes, (effects, asked)))
                self._found[index] = (share(outcome, self._asked[index][1]), notes)
                continue
            joined = self._cache.records.joined(partial, outcome, effects)
            if not isinstance(joined, Outcome):
                again[index] = joined
                continue
            self._joined.append((index, partial, joined, asked))
            said = dict.fromkeys((*self._cache.records.notes(partial), *notes))
            self._found[index] = (joined, tuple(said))
        return again

    def _run_tools(
        self, units: Sequence[Unit], replays: Mapping[tuple[str, str, int], Mapping[str, JsonObject]]
    ) -> LintResult:
        """As `run_tools`, with workers that stay until all units have run."""
        from pyfmt.runner.linting import lint_units, own_workers  # deferred for start-up time

        if self._options.workers is None:
            with suspended():
                scratch = self._open.enter_context(_scratch())
                pool = self._open.enter_context(contextlib.closing(own_workers(self._running, scratch)))
            self._options = replace(self._options, scratch=scratch, workers=pool)
        with suspended(), _scratch() as scratch, self._cache.own_caches(units, self._options.cache_folder):
            return lint_units(units, replace(self._options, scratch=scratch, replays=replays), self._listener)

    def _remember(self, batch: Sequence[int], settled: Mapping[int, Learnt]) -> None:
        """Keep the outcomes of units whose inputs are still what they were before the tools ran."""
        cache, units = self._cache, [self._asked[index][1] for index in batch]
        learnt, joined = self._learnt, self._joined
        self._learnt, self._joined = [], []
        if not cache.look_again(units):
            return
        now = dict(zip(batch, cache.keys(units), strict=True))
        steady = {index for index in batch if now[index] == self._asked[index][0]}
        found = {now[index]: each for index, each in settled.items() if index in steady}
        for index, outcome, notes, (effects, asked) in learnt:
            said = cache.asked(outcome.unit, asked, self._began_ns) if index in steady else None
            if said is not None and not any(part.context for part in outcome.unit.parts):
                total = joined_up(each.observed for each in said.values())
                found[now[index]] = Learnt(outcome, notes, total, asked)
                if not outcome.failures:
                    cache.records.learn(outcome, notes, effects, said)
        for index, partial, outcome, asked in joined:
            said = cache.asked(partial.unit, asked, self._began_ns) if asked else {}
            if index in steady and not outcome.failures and said is not None:
                observed = cache.records.take_asked(partial, said)
                if observed is None:
                    continue
                cache.records.keep(partial)
                if partial.run is not None:
                    self._linted.setdefault(_kin(partial.unit), []).append(partial)
                if not any(part.context for part in partial.unit.parts):
                    found[now[index]] = Learnt(outcome, cache.records.notes(partial), observed)
        cache.put(found)


def _kin(unit: Unit) -> tuple[str, str] | None:
    """What units have in common that lint one project for several environments; None where nothing can be shared."""
    if not TOOLS[unit.tool].in_parts or len(unit.parts) != 1 or unit.environment is None:
        return None
    return unit.tool, unit.parts[0].project.path
