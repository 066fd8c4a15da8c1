"""How long each unit took when it was run last: what the parts of later runs are balanced by."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

from pyfmt.cache.remembered import MemoKind
from pyfmt.core.errors import UsageError
from pyfmt.core.report import Report, ShardRecord, UnitRecord
from pyfmt.core.request import Command
from pyfmt.core.sharding import TimeKey, recorded_times
from pyfmt.reports import json as json_report
from pyfmt.reports.options import RenderOptions

if TYPE_CHECKING:
    from pyfmt.cache.remote.remote import Remote

REMOTE = "remote"  # `--shard-times remote`
_DAY = 86_400
_DAYS = 14  # that are looked at
Row = tuple[str, tuple[str, ...], int]  # tool, projects, milliseconds
_TIMES: MemoKind[list[Row]] = MemoKind("times of a whole run", 1, list[Row])
Times = dict[TimeKey, int]


def today() -> int:
    """The day, in UTC, as a number."""
    return int(time.time()) // _DAY


def day_of(seconds: int) -> int:
    """The same of a time since the epoch."""
    return seconds // _DAY


def rows(times: Times) -> list[Row]:
    """Times as they are kept."""
    return [(tool, projects, milliseconds) for (tool, projects), milliseconds in sorted(times.items())]


def from_rows(kept: Iterable[Row]) -> Times:
    """The times that were kept."""
    return {(tool, projects): milliseconds for tool, projects, milliseconds in kept}


def rendered(times: Times) -> str:
    """Times as the JSON report that `--shard-times` takes."""
    units = (UnitRecord(tool, "", projects, 0, time / 1000, False) for (tool, projects), time in times.items())
    return json_report.render(Report("", Command.CHECK, units=tuple(units)), RenderOptions())


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
    remote.send_later({_key(shard.monorepo, day): _TIMES.pack(rows(times))})
    remote.flush(None)


def _latest(remote: Remote, monorepo: str, days: Iterable[int]) -> Times:
    keys = [_key(monorepo, day) for day in days]
    found = remote.fetch(keys)
    return from_rows(next(filter(None, (_TIMES.unpack(found.get(key)) for key in keys)), []))


def _key(monorepo: str, day: int) -> bytes:
    return _TIMES.key([monorepo, day])
