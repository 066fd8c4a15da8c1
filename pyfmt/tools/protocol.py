"""What a linter is to pyfmt: pure descriptions of calls and answers; it starts nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pyfmt.core.model import Environment, Failure, Finding, Project, ToolConfig, Unit

JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class LintContext:
    """What a linter's call depends on besides its unit; all paths are absolute."""

    root: str
    config: ToolConfig
    tool_paths: tuple[str, ...]  # where pyfmt's own pinned tools are importable from
    cache_dir: str | None  # this unit's own cache folder; None: keep nothing
    # First-party folders that the environment's packages come from, beyond the unit's
    import_roots: tuple[str, ...] = ()
    trusted: bool = False  # may code of the environment or checkout (plugins) be executed?
    unused_ignores: bool = False  # report comments that suppress nothing, whatever the configuration says
    replays: Mapping[str, JsonObject] = field(default_factory=dict)  # by project path: what an earlier run has noted
    # The unit's notebooks (relative to the root) as Python text, but for a tool that reads them by itself.
    notebooks: Mapping[str, str] = field(default_factory=dict)
    moved: tuple[str, str] | None = None  # folders of the first stand at the second in this run (editable installs)


@dataclass(frozen=True, slots=True)
class ToolNeed:
    """A tool that must run in an environment of its own: for code that is made for another Python, or as a release that
    the configuration chooses."""

    tool: str  # "mypy"
    version: str  # "2.4.1"
    python: str  # "3.12", or "3.13t"
    base: str  # absolute path of an interpreter of that version
    chosen: bool = False  # by [tool.pyfmt.versions]
    pins: tuple[str, ...] = ()  # lines of a requirements file that hold all of it, with hashes; none: by the index


@dataclass(frozen=True, slots=True)
class ToolPlace:
    """Where a tool runs: an interpreter, and the folders that the tool is importable from; all absolute."""

    interpreter: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Reading:
    """What a linter's answer says."""

    findings: tuple[Finding, ...] = ()
    failures: tuple[Failure, ...] = ()
    notes: tuple[str, ...] = ()
    effects: tuple[JsonObject, ...] = ()  # of each project, what its files set on others; see `runner/file_records.py`
    asked: tuple[JsonObject, ...] = ()  # what the tool asked of the disk; see `tools/worker/observing.py`


class Linter(Protocol):
    """How a linter is called and read; `worker` names the package of tools whose worker does the work in a process."""

    @property
    def worker(self) -> str: ...

    @property
    def stays_warm(self) -> bool:
        """Whether what its worker loads is worth being kept for later runs."""
        ...  # pylint: disable=unnecessary-ellipsis

    def interpreter(self, environment: Environment | None) -> str:
        """Absolute path of the Python that the worker must run in."""
        ...  # pylint: disable=unnecessary-ellipsis

    def payload(self, unit: Unit, context: LintContext) -> JsonObject:
        """The JSON value that the worker's `run` takes."""
        ...  # pylint: disable=unnecessary-ellipsis

    def need(self, environment: Environment | None, payload: JsonObject) -> ToolNeed | None:
        """The tool environment in which the worker must run instead, to load what the configuration names there."""
        ...  # pylint: disable=unnecessary-ellipsis

    def parse(self, unit: Unit, answer: Mapping[str, Any]) -> Reading:
        """Findings and failures from what the worker's `run` gave back."""
        ...  # pylint: disable=unnecessary-ellipsis

    def module_name(self, file: str, project: Project) -> str:
        """The module name that the tool gives to `file`; two files of one name cannot be in one unit."""
        ...  # pylint: disable=unnecessary-ellipsis
