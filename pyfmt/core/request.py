"""What a command line asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from pyfmt.core.model import Severity


class Command(str, Enum):
    """What a run does with the files."""

    RUN = "run"  # format in place, then lint
    CHECK = "check"  # the same, and writes nothing
    FORMAT = "format"
    LINT = "lint"


@dataclass(frozen=True, slots=True)
class Location:
    """Where the monorepo is and which file configures it, as the user gave them; None: they are found."""

    root: str | None = None
    config_file: str | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be done; paths are as the user gave them."""

    command: Command
    location: Location = Location()
    paths: tuple[str, ...] = ()
    tools: tuple[str, ...] = ()  # empty: all that the configuration names
    write: bool = True  # formatters may write files
    staged: bool = False  # contents come from git's index
    # What files hold instead of what the disk has, by their paths: an editor's buffer, an older state. None: not there.
    texts: Mapping[str, bytes | None] | None = None
    diff: bool = False  # say how files would be formatted
    environments: Mapping[str, str] | None = None  # project path -> prefix: these and no others
    since: str | None = None  # a revision, or "auto": only what changed since then, and its dependents
    jobs: int | None = None
    use_cache: bool = True
    cache_audit: float = 0.0  # percent of the cache's answers that are computed again and compared
    timeout: float | None = None  # seconds for one unit
    trust: bool = False  # code of this checkout and its environments may run (plugins, last-resort interpreter starts)
    verbose: bool = False  # notes say also what is in order
    unused_ignores: bool = False  # report comments that suppress nothing
    fail_on: Severity | None = None  # None: as the configuration says
    baseline: bool | None = None  # None: as the configuration says
    baseline_locked: bool | None = None  # None: where CI is set
    shard: tuple[int, int] | None = None  # (2, 3) for `--shard 2/3`
    shard_times: str | None = None  # a JSON report with the times to balance by


@dataclass(frozen=True, slots=True)
class OutputSpec:
    """One `--output FORMAT[=FILE]`; `file` is None for standard output."""

    format: str
    file: str | None = None
    append: bool = False  # to what the file holds already: a CI's summary


@dataclass(frozen=True, slots=True)
class TextStyle:
    """What the text report lists, and how."""

    verbosity: int = 0  # -1 with -q, 1 with -v
    style: str = "auto"  # "full", "concise", "grouped"; "auto": full on a terminal, else concise
    statistics: bool = False
    show_files: bool = False
    show_baselined: bool = False  # it lists what a baseline accepts, too
    severity: Severity = Severity.INFO  # the mildest that it lists
    agent: bool = False  # few lines, each of which stands alone
    sort: str = "place"  # or "severity": the worst first within a file
    max_same: int = 0  # at most so many findings of one rule with one message; 0: all


@dataclass(frozen=True, slots=True)
class Display(TextStyle):
    """How the report of a run is shown, and where."""

    outputs: tuple[OutputSpec, ...] = (OutputSpec("text"),)
    color: str = "auto"  # "always" or "never"; "auto": by where it goes
    timings: str | None = None  # "" for a table of where the time went, a file's name for a trace besides
