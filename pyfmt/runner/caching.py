"""Answers units from the cache: a unit runs only where something that its tool could see has changed."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pyfmt.cache.keys import (
    SOURCES,
    KeyFacts,
    changed_inputs,
    listing_key,
    pack,
    portable,
    seen_sources,
    unit_identity,
    unit_inputs,
    unit_key,
)
from pyfmt.cache.store import Store
from pyfmt.model import Environment, Finding, Outcome, Severity, Unit
from pyfmt.repeating.witness import suspended
from pyfmt.runner.linting import LintOptions, LintResult, Listener, lint_units

_SHOWN = 8  # changed inputs that are named
_FIELDS = ("path", "line", "column", "end_line", "end_column", "tool", "rule", "symbol", "message", "project", "syntax")


@dataclass(frozen=True, slots=True)
class Known:
    """An outcome from the cache, with what the tool had to say besides."""

    outcome: Outcome
    notes: tuple[str, ...]


def whole(unit: Unit) -> Unit:
    """The same unit with all its files reported: what is cached does not depend on what a run selects."""
    parts = tuple(replace(part, files=tuple(sorted((*part.files, *part.context))), context=()) for part in unit.parts)
    return replace(unit, parts=parts)


def share(outcome: Outcome, unit: Unit) -> Outcome:
    """The share of a whole unit's outcome that concerns the files of `unit`."""
    wanted = set(unit.files)
    kept = tuple(f for f in outcome.findings if f.path in wanted or not wanted.isdisjoint(f.also))
    return replace(outcome, unit=unit, findings=kept)


class UnitCache:
    """Outcomes of whole units by everything that they depend on."""

    def __init__(
        self, store: Store, facts: KeyFacts, facts_now: Callable[[Sequence[Environment]], KeyFacts | None]
    ) -> None:
        self._store = store
        self._facts = facts
        self._facts_now = facts_now  # the facts as the disk has them now; None where an environment has changed

    def look_again(self, units: Sequence[Unit]) -> bool:
        """From now on keys are made of what the files are now; False where nothing can be said of them any more."""
        environments = {unit.environment.prefix: unit.environment for unit in units if unit.environment is not None}
        now = self._facts_now(tuple(environments.values()))
        if now is None:
            return False
        self._facts = now
        return True

    def keys(self, units: Sequence[Unit]) -> list[bytes]:
        """The key of each unit as the files are now; to be asked for before the tools run."""
        return [unit_key(whole(unit), self._facts) for unit in units]

    def get(self, units: Sequence[Unit], keys: Sequence[bytes]) -> list[Known | None]:
        """What is known of each unit."""
        values = self._store.get(keys)
        return [_load(values.get(key), unit) for unit, key in zip(units, keys, strict=True)]

    def put(self, found: Mapping[bytes, tuple[Outcome, tuple[str, ...]]]) -> None:
        """Remember outcomes of whole units, and what they were made from; one with a failure is never remembered."""
        values = {}
        for key, (outcome, notes) in found.items():
            if not outcome.failures:
                values[key] = _dump(outcome, notes)
                values[unit_identity(outcome.unit)] = pack(unit_inputs(outcome.unit, self._facts))
                for folder in seen_sources(outcome.unit, self._facts):
                    listing = listing_key(self._facts.sources.below(folder).hex())
                    if listing not in values:
                        values[listing] = pack(self._facts.sources.listing(folder))
        self._store.put(values)

    def told(self, unit: Unit) -> str:
        """Whether a unit's outcome is known, and if not, which of its inputs have changed since the last one."""
        (key,) = self.keys([unit])
        identity = unit_identity(unit)
        known = self._store.get([key, identity])
        if key in known:
            return "hit"
        if identity not in known:
            return "miss: never run, or dropped from the cache"
        try:
            before = json.loads(known[identity])
            changed = changed_inputs(before, unit_inputs(whole(unit), self._facts))
            names = [part for name in changed for part in self._in_folder(name, before.get(name), unit)]
        except (ValueError, TypeError, AttributeError):
            return "miss: what it was made from cannot be read"
        shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
        return f"miss: changed since then: {shown}"

    def _in_folder(self, name: str, before: object, unit: Unit) -> list[str]:
        """An input that has changed, or, where it is a folder, the files in it that have."""
        assert unit.environment is not None, unit
        for folder in seen_sources(whole(unit), self._facts):
            if name == SOURCES + portable(folder, unit.environment, self._facts.root) and isinstance(before, str):
                key = listing_key(before)
                listing = self._store.get([key]).get(key)
                if listing is not None:
                    return changed_inputs(json.loads(listing), self._facts.sources.listing(folder))
        return [name]


def _dump(outcome: Outcome, notes: Sequence[str]) -> bytes:
    rows = [
        [
            *(getattr(finding, name) for name in _FIELDS),
            finding.severity.value,
            finding.environments,
            finding.notes,
            finding.also,
        ]
        for finding in outcome.findings
    ]
    return json.dumps({"findings": rows, "notes": list(notes), "seconds": outcome.seconds}).encode(
        "utf-8", "surrogatepass"
    )


def _load(value: bytes | None, unit: Unit) -> Known | None:
    if value is None:
        return None
    try:
        data = json.loads(value)
        findings = tuple(_finding(row) for row in data["findings"])
        outcome = Outcome(unit, findings, seconds=0.0, cached=True)
        return Known(share(outcome, unit), tuple(data["notes"]))
    except (ValueError, KeyError, TypeError):
        return None  # a value that cannot be read is a miss


def _finding(row: Sequence[Any]) -> Finding:
    *plain, severity, environments, notes, also = row
    values = dict(zip(_FIELDS, plain, strict=True))
    return Finding(
        **values,
        severity=Severity(severity),
        environments=tuple(environments),
        notes=tuple(notes),
        also=tuple(also),
    )


def lint(units: Sequence[Unit], options: LintOptions, listener: Listener, cache: UnitCache | None) -> LintResult:
    """Lint what the cache does not know; `cache` None: everything, and nothing is remembered."""
    keys = cache.keys(units) if cache else []
    known = cache.get(units, keys) if cache else [None] * len(units)
    now = time.monotonic()
    missing = [index for index, found in enumerate(known) if found is None]
    # mypy checks all files of a unit in any case, so its whole answer is worth keeping; pylint's time is the files'.
    runs = [whole(units[index]) if units[index].tool == "mypy" else units[index] for index in missing]
    results: dict[int, tuple[Outcome, tuple[str, ...]]] = {
        index: (replace(found.outcome, started=now, ended=now), found.notes)
        for index, found in enumerate(known)
        if found is not None
    }
    for outcome, _ in results.values():
        listener.done(outcome)
    if runs:
        import tempfile  # deferred for start-up time

        # The folder only here: a run with nothing to do writes nothing.
        with suspended(), tempfile.TemporaryDirectory(prefix="pyfmt-", ignore_cleanup_errors=True) as scratch:
            done = lint_units(runs, replace(options, scratch=Path(scratch)), listener)
        for index, outcome, notes in zip(missing, done.outcomes, done.notes, strict=True):
            results[index] = (share(outcome, units[index]), notes)
        if cache:
            _remember(cache, [(keys[index], units[index]) for index in missing], done)
    ordered = [results[index] for index in range(len(units))]
    return LintResult(tuple(outcome for outcome, _ in ordered), tuple(notes for _, notes in ordered))


def _remember(cache: UnitCache, asked: Sequence[tuple[bytes, Unit]], done: LintResult) -> None:
    """Keep the outcomes of whole units whose inputs are still what they were before the tools ran."""
    if not cache.look_again([unit for _, unit in asked]):
        return
    after = cache.keys([unit for _, unit in asked])
    found = {}
    for (key, _), now, outcome, notes in zip(asked, after, done.outcomes, done.notes, strict=True):
        is_whole = not any(part.context for part in outcome.unit.parts)
        if key == now and is_whole:
            found[key] = (outcome, notes)
    cache.put(found)
