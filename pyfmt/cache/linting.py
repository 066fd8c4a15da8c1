"""Lints units: what is known is taken from the cache, the rest is given to the tools."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from pyfmt.cache.units import UnitCache, share, whole
from pyfmt.core.model import Unit
from pyfmt.runner.options import LintOptions, LintResult, Listener

if TYPE_CHECKING:
    from pyfmt.cache.missing import Found


def lint(units: Sequence[Unit], options: LintOptions, listener: Listener, cache: UnitCache | None) -> LintResult:
    """Lint what the cache does not know; `cache` None: everything, and nothing is remembered."""
    keys = cache.keys(units) if cache else []
    known = cache.get(units, keys) if cache else [None] * len(units)
    now = time.monotonic()
    results: dict[int, Found] = {
        index: (replace(found.outcome, started=now, ended=now), found.notes)
        for index, found in enumerate(known)
        if found is not None
    }
    for outcome, _ in results.values():
        listener.done(outcome)
    missing = [index for index, found in enumerate(known) if found is None]
    anew = set(missing)
    if missing and cache:
        from pyfmt.cache.missing import MissingUnits  # deferred for start-up time

        asked = {index: (keys[index], units[index]) for index in missing}
        missed = MissingUnits(asked, units, (options, listener), cache)
        results.update(missed.results())
        anew = missed.run_whole
    elif missing:
        results.update(_run_all({index: units[index] for index in missing}, options, listener))
    ordered = [results[index] for index in range(len(units))]
    found = LintResult(tuple(outcome for outcome, _ in ordered), tuple(notes for _, notes in ordered))
    hits = [index for index in range(len(units)) if index not in anew]
    return _audited(found, hits, options, listener) if options.audit and hits else found


def _run_all(units: Mapping[int, Unit], options: LintOptions, listener: Listener) -> dict[int, Found]:
    """Units' outcomes, of which nothing is remembered."""
    from pyfmt.cache.missing import asked_of_tool, run_tools  # deferred for start-up time

    done = run_tools([asked_of_tool(unit) for unit in units.values()], options, listener)
    found = zip(units.items(), done.outcomes, done.notes, strict=True)
    return {index: (share(outcome, unit), notes) for (index, unit), outcome, notes in found}


def _audited(found: LintResult, hits: Sequence[int], options: LintOptions, listener: Listener) -> LintResult:
    """Compute a random sample of what the cache has answered again; a unit that says something else is a failure."""
    from pyfmt.cache import audit, missing  # deferred: only where it is asked for

    units = {index: found.outcomes[index].unit for index in audit.sample(hits, options.audit)}
    listener.more(len(units))
    without = replace(options, cache_folder=lambda _: None, replays={}, times=None)
    cold = missing.run_tools([whole(unit) for unit in units.values()], without, listener).outcomes
    fresh = {index: share(outcome, units[index]) for index, outcome in zip(units, cold, strict=True)}
    return replace(found, outcomes=audit.audited(found.outcomes, fresh))
