"""What a command line asks for."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum


class Command(str, Enum):
    """What a run does with the files."""

    RUN = "run"  # format in place, then lint
    CHECK = "check"  # the same, and writes nothing
    FORMAT = "format"
    LINT = "lint"


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One `--output FORMAT[=FILE]`; `file` is None for standard output."""

    format: str
    file: str | None = None
    append: bool = False  # to what the file holds already: a CI's summary


@dataclass(frozen=True, slots=True)
class Request:
    """What the command line asks for; paths are as the user gave them."""

    command: Command
    paths: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()  # empty: all that the configuration names
    outputs: tuple[OutputSpec, ...] = ()
    write: bool = True  # formatters may write files
    staged: bool = False  # contents come from git's index
    diff: bool = False
    since: str | None = None  # a revision, or "auto": only what changed since then, and what can see it
    jobs: int | None = None
    use_cache: bool = True
    config_file: str | None = None
    root: str | None = None
    timeout: float | None = None  # seconds for one unit
    trust: bool = False  # code of this checkout and its environments may run (plugins, last-resort interpreter starts)
    color: str = "auto"
    verbosity: int = 0  # -1 with -q, 1 with -v
    style: str = "auto"  # of the text report: "full", "concise", "grouped"; "auto": by where it goes
    statistics: bool = False
    show_files: bool = False
    unused_ignores: bool = False  # report comments that suppress nothing
    baseline: bool | None = None  # None: as the configuration says
    baseline_locked: bool | None = None  # None: where CI is set
    shard: tuple[int, int] | None = None  # (2, 3) for `--shard 2/3`
    shard_times: str | None = None  # a JSON report with the times to balance by
    timings: str | None = None  # "" for a table of where the time went, a file's name for a trace besides
