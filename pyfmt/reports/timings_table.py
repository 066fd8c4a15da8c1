"""The table of `--timings`: where the time of a run went, for people."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from pyfmt.core.model import Outcome
from pyfmt.core.timings import Timings, busy, queued, ran, split_steps, sums
from pyfmt.reports.escaping import cells, pad, printable

_SHOWN = 40  # units or projects that are listed, those that took longest


def render(timings: Timings, everything: bool = False) -> str:
    """The table; with `everything` no unit or project is left out."""
    limit = len(timings.outcomes) if everything else _SHOWN
    lines = [f"timings: {timings.seconds:.2f} s, at most {timings.jobs} at once", ""]
    lines += _columns(
        [("step", "seconds"), *((each.name, _s(each.ended - each.started)) for each in split_steps(timings))]
    )
    if timings.outcomes:
        lines += ["", *_units(timings, limit), "", *_tools(timings), "", *_projects(timings, limit)]
    share = busy(timings)
    if share is not None:
        lines += ["", f"{share:.0%} of {timings.jobs} processes at work while units ran"]
    if timings.cpu and timings.seconds:
        lines.append(f"{timings.cpu:.2f} s of a processor: {timings.cpu / timings.seconds:.2f} processors on average")
    return "\n".join(lines) + "\n"


def _units(timings: Timings, limit: int) -> Iterator[str]:
    """The linters' units, the one that ran longest first."""
    lint = [outcome for outcome in timings.outcomes if outcome.unit.environment is not None]
    found = sorted(lint, key=lambda outcome: (outcome.cached, -ran(outcome), outcome.unit.label))
    parts = split_steps(timings)
    rows: list[Sequence[str]] = [("unit", "queued", "start", "run", "cpu", "")]
    rows += [_unit(outcome, queued(outcome, parts)) for outcome in found[:limit]]
    yield from _columns(rows)
    rest = found[limit:]
    if rest:
        cached = sum(outcome.cached for outcome in rest)
        yield f"and {len(rest)} more, {cached} of them from the cache (all with -v)"


def _unit(outcome: Outcome, waited: float) -> tuple[str, ...]:
    label = printable(outcome.unit.label)
    if outcome.cached:
        return (label, "", "", "", "", "cached")
    cpu = _s(outcome.cpu) if outcome.cpu else ""
    state = "failed" if outcome.failures else "ran"
    return (label, _s(waited), _s(outcome.waited), _s(ran(outcome)), cpu, state)


def _tools(timings: Timings) -> list[str]:
    rows: list[Sequence[str]] = [("tool", "units", "cached", "run", "cpu")]
    for tool, total in sorted(sums(timings.outcomes).tools.items(), key=lambda item: (-item[1].seconds, item[0])):
        cpu = _s(total.cpu) if total.cpu else ""
        rows.append((tool, str(total.units), str(total.cached), _s(total.seconds), cpu))
    return _columns(rows)


def _projects(timings: Timings, limit: int) -> Iterator[str]:
    found = sums(timings.outcomes)
    tools = sorted(found.tools)
    ordered = sorted(found.projects.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    rows: list[Sequence[str]] = [("project", *tools, "run")]
    for name, seconds in ordered[:limit]:
        rows.append((printable(name), *(_s(seconds.get(tool, 0.0)) for tool in tools), _s(sum(seconds.values()))))
    yield from _columns(rows)
    if ordered[limit:]:
        yield f"and {len(ordered) - limit} more (all with -v)"


def _s(seconds: float) -> str:
    return f"{seconds:.2f}"


def _columns(rows: Iterable[Sequence[str]]) -> list[str]:
    """Rows as lines: the first column to the left, the others, but for words, to the right."""
    table = [list(row) for row in rows]
    widths = [max(cells(row[index]) for row in table) for index in range(len(table[0]))]
    lines = []
    for row in table:
        first, *others = (pad(text, width, right=index > 0) for index, (text, width) in enumerate(zip(row, widths)))
        lines.append("  ".join([first, *others]).rstrip())
    return lines
