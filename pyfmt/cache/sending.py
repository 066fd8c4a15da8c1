"""What is sent to the remote cache at the end of a run, and what of it has to wait for the next one."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

from pyfmt.cache.keys import fold
from pyfmt.cache.remote.remote import LONGEST_WAIT, Remote
from pyfmt.cache.store import Store

_UNSENT = fold("unsent", 1)
_TRAFFIC = fold("traffic", 1)


def send(store: Store, remote: Remote, seconds: float | None = LONGEST_WAIT) -> int:
    """Send what was learnt, and what an earlier run had no time for; how many entries are still to be sent.

    Takes at most so many seconds, however long it needs where `seconds` is None.
    """
    before = _unsent(store)
    remote.send_later(store.get(before, shared=False))
    rest = remote.flush(seconds)
    if rest or before:
        store.put({_UNSENT: json.dumps([key.hex() for key in rest]).encode()}, shared=False)
    traffic = remote.traffic
    counts = {**asdict(traffic), "latencies": [], "latency": traffic.latency}
    store.put({_TRAFFIC: json.dumps(counts).encode()}, shared=False)
    return len(rest)


def _unsent(store: Store) -> list[bytes]:
    try:
        return [bytes.fromhex(key) for key in json.loads(store.get([_UNSENT], shared=False).get(_UNSENT, b"[]"))]
    except (ValueError, TypeError):
        return []  # damaged


def last_traffic(store: Store) -> list[str]:
    """What went over the wire in the last run that used a remote cache, in lines; none where no run did."""
    try:
        found: dict[str, Any] = json.loads(store.get([_TRAFFIC], shared=False)[_TRAFFIC])
        return [
            f"remote   last run: {found['hits']} hits, {found['misses']} misses, "
            f"{found['received'] / 1e3:.1f} kB received, "
            f"{found['entries_sent']} entries ({found['sent'] / 1e3:.1f} kB) sent",
            f"         waited {found['seconds']:.2f} s, an answer takes {found['latency'] * 1000:.1f} ms (median), "
            f"{found['refused']} refused, {len(_unsent(store))} to be sent",
        ]
    except (KeyError, ValueError, TypeError):
        return []
