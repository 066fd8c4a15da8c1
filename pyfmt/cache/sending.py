"""What is sent to the remote cache at the end of a run, and what of it has to wait for the next one."""

from __future__ import annotations

from pyfmt.cache.remembered import MemoKind
from pyfmt.cache.remote.remote import LONGEST_WAIT, Remote, Traffic
from pyfmt.cache.store import Store

_UNSENT: MemoKind[list[bytes]] = MemoKind("unsent", 2, list[bytes], shared=False)
_TRAFFIC = MemoKind("traffic", 2, Traffic, shared=False)
_LAST = _UNSENT.key("last run")


def send(store: Store, remote: Remote, seconds: float | None = LONGEST_WAIT) -> int:
    """Send what was learnt, and what an earlier run had no time for; how many entries are still to be sent.

    Takes at most so many seconds, however long it needs where `seconds` is None.
    """
    before = _unsent(store)
    remote.send_later(store.get(before, shared=False))
    rest = remote.flush(seconds)
    if rest or before:
        _UNSENT.keep(store, {_LAST: rest})
    _TRAFFIC.keep(store, {_TRAFFIC.key("last run"): remote.traffic})
    return len(rest)


def _unsent(store: Store) -> list[bytes]:
    return _UNSENT.one(store, _LAST) or []


def last_traffic(store: Store) -> list[str]:
    """What went over the wire in the last run that used a remote cache, in lines; none where no run did."""
    found = _TRAFFIC.one(store, _TRAFFIC.key("last run"))
    if found is None:
        return []
    return [
        f"remote   last run: {found.hits} hits, {found.misses} misses, {found.received / 1e3:.1f} kB received, "
        f"{found.entries_sent} entries ({found.sent / 1e3:.1f} kB) sent",
        f"         waited {found.seconds:.2f} s, an answer takes {found.latency * 1000:.1f} ms (median), "
        f"{found.refused} refused, {len(_unsent(store))} to be sent",
    ]
