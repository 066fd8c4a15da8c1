"""What a run of lint units is given, and what it gives back; free of what starts processes, which few runs need."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pyfmt.core.model import Environment, Outcome, ToolConfig, Unit
from pyfmt.core.user_cache import user_cache
from pyfmt.tools.protocol import JsonObject, ToolNeed, ToolPlace

if TYPE_CHECKING:
    from pyfmt.core.estimating import Recorded
    from pyfmt.runner.pool import WorkerPool


class Tooling(Protocol):
    """Gives tools their environments where they need another Python than pyfmt's own."""

    def place(self, need: ToolNeed) -> ToolPlace:
        """Where it is, or would be."""
        ...  # pylint: disable=unnecessary-ellipsis

    def provide(self, need: ToolNeed) -> ToolPlace:
        """The same, and it is there then; raises ToolError where it cannot be made."""
        ...  # pylint: disable=unnecessary-ellipsis

    def stop(self) -> None:
        """End what is being made: the run is interrupted."""


class Times(Protocol):
    """Knows how long units took in earlier runs."""

    def recall(self, units: Sequence[Unit]) -> list[Recorded | None]:
        """What is known of each unit."""
        ...  # pylint: disable=unnecessary-ellipsis

    def remember(self, outcomes: Sequence[Outcome]) -> None:
        """Keep how long units took."""
        ...  # pylint: disable=unnecessary-ellipsis


@dataclass(frozen=True, slots=True)
class LintOptions:
    """What all lint units of a run share."""

    root: Path
    configs: Mapping[str, ToolConfig]
    scratch: Path  # a folder of this run, removed by its owner: it exists where units are run
    jobs: int
    timeout: float  # seconds for one unit
    cache_folder: Callable[[Unit], Path | None]  # where a tool may keep its own cache for this unit
    import_roots: Mapping[str, tuple[str, ...]]  # environment's prefix -> absolute first-party folders it sees
    trusted: Callable[[Environment], bool]
    tooling: Tooling
    unused_ignores: bool = False
    moved: tuple[str, str] | None = None  # see LintContext
    times: Times | None = None  # None: nothing is known, and nothing is to be remembered
    # Of units (by tool, environment's prefix and number) that are linted in part only: see LintContext.
    replays: Mapping[tuple[str, str, int], Mapping[str, JsonObject]] = field(default_factory=dict)
    workers: WorkerPool | None = None  # kept by its owner; None: of this run alone
    warm: Path | None = None  # the folder of servers that outlive their run; None: none is to be used
    idle: str = ""  # the path of IdleProcessors; "": a unit makes do with one processor
    audit: float = 0.0  # percent of what the cache answers that is computed again


@dataclass(frozen=True, slots=True)
class LintResult:
    """All outcomes in the order of the units, and what the tools had to say besides."""

    outcomes: tuple[Outcome, ...]
    notes: tuple[tuple[str, ...], ...]  # of each unit
    effects: tuple[tuple[JsonObject, ...], ...] = ()  # of each unit; see Reading
    asked: tuple[tuple[JsonObject, ...], ...] = ()  # of each unit, likewise


@dataclass(frozen=True, slots=True)
class Listener:
    """Who wants to know of a unit's start and end; called from worker threads."""

    started: Callable[[Unit], None]
    done: Callable[[Outcome], None]
    # The units in the order in which they start, the seconds that each will take, as far as is known, and how many run
    # at once; called before any starts.
    expected: Callable[[Sequence[Unit], Sequence[float | None], int], None] = lambda _units, _seconds, _jobs: None
    more: Callable[[int], None] = lambda count: None  # so many more units than were told before


def server_folder(setting: str, environ: Mapping[str, str]) -> Path | None:
    """Where sockets of servers that outlive their run are, by `[tool.pyfmt] server`; None where none is to be used."""
    off = "off" in (setting, environ.get("PYFMT_SERVER"))
    if off or sys.platform != "linux" or environ.get("CI", "").lower() not in ("", "0", "false"):
        return None
    return sockets_folder(environ)


def sockets_folder(environ: Mapping[str, str]) -> Path:
    """Their folder: in the user's runtime or cache folder."""
    runtime = environ.get("XDG_RUNTIME_DIR")
    return Path(os.path.join(runtime, "pyfmt") if runtime else user_cache(environ, os.path.expanduser("~")), "servers")
