"""What a run has to say in the end: the report, and the records in it of units, environments, projects and shards."""

from __future__ import annotations

from dataclasses import dataclass

from pyfmt.core.model import Accepted, Edit, Failure, Finding, Severity, Skip
from pyfmt.core.request import Command


@dataclass(frozen=True, slots=True)
class UnitRecord:
    """A unit as the report tells of it; `started` and `ended` are in seconds since the run began."""

    tool: str
    environment: str
    projects: tuple[str, ...]
    files: int
    seconds: float
    cached: bool
    started: float = 0.0
    ended: float = 0.0


@dataclass(frozen=True, slots=True)
class EnvironmentRecord:
    """An environment as the report tells of it."""

    name: str
    path: str
    python: str
    found_by: str
    status: str
    reason: str
    cure: str = ""
    packages: tuple[tuple[str, str], ...] = ()  # name and version of what any of the projects asks for


@dataclass(frozen=True, slots=True)
class Judged:
    """Files of libraries, and the environments in which a tool has judged them; sorted."""

    tool: str
    environments: tuple[str, ...]  # names
    files: tuple[str, ...]
    agreed: bool = False  # a package is missing in them only if every environment lacks it


@dataclass(frozen=True, slots=True)
class ProjectRecord:
    """A project as the report tells of it."""

    name: str
    path: str
    environment: str  # Environment.name, "" for none
    files: int


@dataclass(frozen=True, slots=True)
class ShardRecord:
    """Which part of a run a report tells of, and what all parts of one run must agree on."""

    index: int  # 1 to count
    count: int
    commit: str  # of git's HEAD, "" without git
    tree: str  # digest of the checked files where git cannot vouch for them: local changes, no git; else ""
    config: str  # digest of the configuration and of the tools' configurations
    tools: str  # versions of the tools
    plan: str  # digest of all units, the files and environments in them, and who has which
    files: int  # of the whole run
    fail_on: Severity
    baseline: str  # digest of the baselines that count, "" where none does
    merge_equivalent: bool = True  # of the configuration
    monorepo: str = ""  # digest of where it was cloned from, or of its folder's name


@dataclass(frozen=True, slots=True)
class Report:
    """Everything that a run has to say, merged and in a total order."""

    root: str  # absolute
    command: Command
    projects: tuple[ProjectRecord, ...] = ()
    environments: tuple[EnvironmentRecord, ...] = ()
    findings: tuple[Finding, ...] = ()
    edits: tuple[Edit, ...] = ()
    failures: tuple[Failure, ...] = ()
    skipped: tuple[Skip, ...] = ()
    units: tuple[UnitRecord, ...] = ()
    notes: tuple[str, ...] = ()  # said once each: inherited environments, old Pythons, ...
    files: int = 0
    seconds: float = 0.0
    tools: tuple[str, ...] = ()
    gone: tuple[Accepted, ...] = ()  # accepted by a baseline, and no longer found
    shard: ShardRecord | None = None
    judged: tuple[Judged, ...] = ()  # the files of projects that are judged in several environments
    undecided: tuple[Finding, ...] = ()  # of a shard: these hold only if the environments of the other shards agree


@dataclass(frozen=True, slots=True)
class StepSpan:
    """One step of a run, between two moments of the monotonic clock."""

    name: str
    started: float
    ended: float
