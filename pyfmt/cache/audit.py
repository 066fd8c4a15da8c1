"""`--cache-audit`: what the cache answered, compared with what the tools say of the same files now."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from pyfmt.core.model import Failure, Finding, Outcome, by_place

_SHOWN = 5  # findings of each side that are named


def sample(hits: Sequence[int], percent: float) -> list[int]:
    """Which of the answers that came from the cache, whole or in part, are computed again: at least one."""
    count = min(len(hits), max(1, round(len(hits) * percent / 100)))
    return sorted(random.SystemRandom().sample(list(hits), count))


def audited(outcomes: Iterable[Outcome], fresh: Mapping[int, Outcome]) -> tuple[Outcome, ...]:
    """Outcomes, those judged of which there is a fresh one."""
    return tuple(_judged(each, fresh[index]) if index in fresh else each for index, each in enumerate(outcomes))


def _judged(known: Outcome, fresh: Outcome) -> Outcome:
    """The remembered outcome where a fresh one says the same, else the fresh one and a failure with the difference."""
    if fresh.failures:
        return fresh
    before, now = set(known.findings), set(fresh.findings)
    if before == now:
        return known
    unit = fresh.unit
    only = [*_shown("only the cache has", before - now), *_shown("the cache lacks", now - before)]
    reason = (
        "the cache remembered what is not true: run `pyfmt cache clean`, and please report this with the output of "
        "`pyfmt explain` for one of the files"
    )
    environment = unit.environment.name if unit.environment else ""
    failure = Failure(unit.tool, unit.projects, environment, reason, "\n".join(only))
    return replace(fresh, failures=(failure,))


def _shown(title: str, findings: set[Finding]) -> list[str]:
    ordered = sorted(findings, key=by_place)
    lines = [f"{title}: {each.path}:{each.line} {each.rule} {each.message}" for each in ordered[:_SHOWN]]
    return lines + ([f"{title} {len(ordered) - _SHOWN} more"] if len(ordered) > _SHOWN else [])
