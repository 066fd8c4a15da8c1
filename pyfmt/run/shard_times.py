"""How long each unit took when it was run last: what the parts of later runs are balanced by."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pyfmt.cache.remembered import MemoKind
from pyfmt.core.errors import UsageError
from pyfmt.core.report import Report, ShardRecord
from pyfmt.core.sharding import TimeKey, recorded_times
from pyfmt.reports import json as json_report
from pyfmt.reports.options import RenderOptions

if TYPE_CHECKING:
    from pyfmt.cache.remote.remote import Remote

REMOTE = "remote"  # `--shard-times remote`
_DAY = 86_400
_DAYS = 14  # that are looked at
_Row = tuple[str, tuple[str, ...], int]  # tool, projects, milliseconds
_TIMES: MemoKind[list[_Row]] = MemoKind("times of a whole run", 1, list[_Row])
Times = dict[TimeKey, int]


def today() -> int:
    """The day, in UTC, as a number."""
    return int(time.time()) // _DAY


def day_of(seconds: int) -> int:
    """The same of a time since the epoch."""
    return seconds // _DAY


def updated(known: str, report: Report) -> str:
    """A JSON report of the times alone: those of a run's units that its cache did not answer, the others as `known`."""
    try:
        before = json_report.read(known, "times").units if known else ()
    except UsageError:
        before = ()  # another pyfmt has written it
    ran = [unit for unit in report.units if not unit.cached]
    now = {(unit.tool, unit.projects) for unit in ran}
    kept = [unit for unit in before if (unit.tool, unit.projects) not in now]
    return json_report.render(Report("", report.command, units=(*kept, *ran)), RenderOptions())


def published(remote: Remote | None, monorepo: str, day: int) -> Times:
    """What merged runs have published before a day, the latest.

    No day is asked for that can still change: all shards of a commit of `day` get the same, whenever they run. Raises
    UsageError where the remote cache cannot be asked, since the other shards may have been answered.
    """
    option = f"--shard-times {REMOTE}"
    if remote is None:
        raise UsageError("there is no remote cache, or it is not used", option, "name one: docs/how-to/remote-cache.md")
    found = _latest(remote, monorepo, range(day - 1, day - 1 - _DAYS, -1))
    if remote.reason:
        raise UsageError(remote.note, option, "run this shard again, or all of them without the option")
    return found


def publish(remote: Remote, shard: ShardRecord, report: Report) -> None:
    """Tell later runs how long the units of a merged one took; `remote.note` says why that was not possible."""
    day = today()
    times = _latest(remote, shard.monorepo, range(day, day - _DAYS, -1)) | recorded_times(report)
    rows = [(tool, projects, milliseconds) for (tool, projects), milliseconds in sorted(times.items())]
    remote.send_later({_key(shard.monorepo, day): _TIMES.pack(rows)})
    remote.flush(None)


def _latest(remote: Remote, monorepo: str, days: Iterable[int]) -> Times:
    keys = [_key(monorepo, day) for day in days]
    found = remote.fetch(keys)
    rows = next(filter(None, (_TIMES.unpack(found.get(key)) for key in keys)), [])
    return {(tool, projects): milliseconds for tool, projects, milliseconds in rows}


def _key(monorepo: str, day: int) -> bytes:
    return _TIMES.key([monorepo, day])
