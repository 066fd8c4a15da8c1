"""The Trace Event Format as chrome://tracing and Perfetto read it, written down: what must hold of a trace of ours."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import Any

_COMMON = {"name": str, "ph": str, "ts": int, "pid": int, "tid": int}
# By phase: complete events have a length, instant ones a scope, metadata says what it names.
_MORE: dict[str, dict[str, type]] = {
    "X": {"dur": int, "cat": str, "args": dict},
    "i": {"s": str, "cat": str, "args": dict},
    "M": {"args": dict},
}
_METADATA = {"process_name": ("name", str), "thread_name": ("name", str), "thread_sort_index": ("sort_index", int)}


def read(text: str) -> list[dict[str, Any]]:
    """The events of a trace; AssertionError where it is none."""
    trace = json.loads(text)
    assert isinstance(trace, dict) and isinstance(trace["traceEvents"], list)
    assert trace["displayTimeUnit"] in ("ms", "ns")
    events: list[dict[str, Any]] = trace["traceEvents"]
    for event in events:
        _event(event)
    _rows(events)
    return events


def _event(event: dict[str, Any]) -> None:
    for key, kind in {**_COMMON, **_MORE[event["ph"]]}.items():
        assert isinstance(event[key], kind) and not isinstance(event[key], bool), (key, event)
    assert event["ts"] >= 0 and event.get("dur", 0) >= 0, event
    assert event["ph"] != "i" or event["s"] in ("t", "p", "g"), event
    if event["ph"] == "M":
        key, kind = _METADATA[event["name"]]
        assert isinstance(event["args"][key], kind), event
    else:
        assert set(event["name"]).isdisjoint(map(chr, range(32))), event


def _rows(events: list[dict[str, Any]]) -> None:
    """Every row has a name, and no two slices of a row overlap."""
    named = {(event["pid"], event["tid"]) for event in events if event["name"] == "thread_name"}
    slices: defaultdict[tuple[int, int], list[tuple[int, int]]] = defaultdict(list)
    for event in events:
        if event["ph"] != "M":
            assert (event["pid"], event["tid"]) in named, event
        if event["ph"] == "X":
            slices[event["pid"], event["tid"]].append((event["ts"], event["ts"] + event["dur"]))
    for row, found in slices.items():
        found.sort()
        assert all(before[1] <= after[0] for before, after in zip(found, found[1:])), (row, found)
