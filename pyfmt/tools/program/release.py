"""A release of a tool that the configuration chooses: it runs from an environment of its own, by its command line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable
from typing import Any

from pyfmt.core.model import Environment
from pyfmt.core.release import ToolRelease
from pyfmt.tools.protocol import JsonObject, ToolNeed

_KEY = "release"  # of a payload


def said(release: ToolRelease | None) -> JsonObject:
    """What a payload holds so that `need` finds it there."""
    assert release is not None, "it runs only where it is chosen"
    return {_KEY: {"version": release.version, "pins": list(release.pins)}}


def need(tool: str, environment: Environment | None, payload: JsonObject) -> ToolNeed:
    """Where a linter runs: on the Python of the environment, whose grammar its code has; on pyfmt's own without one."""
    chosen: dict[str, Any] = payload[_KEY]
    return needed(tool, ToolRelease(chosen["version"], tuple(chosen["pins"])), environment)


def needed(tool: str, release: ToolRelease, environment: Environment | None = None) -> ToolNeed:
    """The same for a release; `environment` is None where pyfmt's own Python serves."""
    if environment is None:
        python, base = f"{sys.version_info[0]}.{sys.version_info[1]}", getattr(sys, "_base_executable", sys.executable)
    else:
        threads = "t" if any(f"python{environment.python.short}t" in path for path in environment.search_path) else ""
        python, base = environment.python.short + threads, environment.base_executable
    return ToolNeed(tool, release.version, python, base, chosen=True, pins=release.pins)


def asked(calls: Iterable[JsonObject | None]) -> tuple[JsonObject, ...]:
    """What several calls asked of the disk, together; nothing where one of them did not tell."""
    known = list(calls)
    if None in known or not known:
        return ()
    told = [each for each in known if each is not None]
    kinds = {kind: {json.dumps(value): value for each in told for value in each[kind]} for kind in told[0]}
    return ({kind: list(values.values()) for kind, values in kinds.items()},)
