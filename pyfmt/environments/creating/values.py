"""What a creation takes and gives: frozen values."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from pyfmt.core.model import Project


@dataclass(frozen=True, slots=True)
class CreateRequest:
    """One project and the environment that it is to have.

    Requests of one `prefix` (a workspace's members) become one environment with all of them. `closure` holds every
    project that `project` depends on, directly or not: they are installed editable, too. `root` and `prefix` are
    absolute.
    """

    project: Project
    closure: tuple[Project, ...]
    root: Path
    prefix: Path
    everyone: tuple[Project, ...] = ()  # all projects of the monorepo: what is called like one is never fetched
    imported: frozenset[str] = frozenset()  # top-level modules that the project's own files import
    groups: tuple[str, ...] | None = None  # to install, by the configuration; None: all
    extras: tuple[str, ...] | None = None  # the same; None: those that may provide what is imported
    foreign: bool = False  # a file of the checkout names the place, outside of it: nothing is made there without trust


def projects_of(requests: Iterable[CreateRequest]) -> list[Project]:
    """The projects of one environment, and what they depend on of the monorepo, each once."""
    return [*{p.path: p for request in requests for p in (request.project, *request.closure)}.values()]


@dataclass(frozen=True, slots=True)
class CreateOptions:
    """How environments are made."""

    # "3.12"; None: pyfmt's own where requires-python admits it, else the highest that it admits
    python: str | None = None
    recreate: bool = False  # replace environments that are there
    dry_run: bool = False  # say what would be done, and do nothing
    jobs: int = 2  # environments made at the same time
    installer: str = "auto"  # "uv", "pip", or "auto": uv where it is installed, and the managers that wrote the locks
    fetch_managers: bool = False  # such a manager that is not installed is fetched from the index
    trusted: bool = False  # what the checkout brings may run
    timeout: float = 1800.0  # seconds for one call of an installer
    cache_dir: Path | None = None  # where what is known of interpreters is kept; None: nowhere
    environ: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))


class Status(str, Enum):
    """What became of a request."""

    CREATED = "created"
    EXISTS = "exists"  # it was there already, and was left as it is
    PLANNED = "planned"  # --dry-run
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Creation:
    """What became of one environment; `commands` are the calls that were made, or would be with `dry_run`."""

    prefix: Path
    projects: tuple[str, ...]  # Project.name
    status: Status
    python: str = ""  # "3.11.7"
    installer: str = ""  # "uv" or "pip"
    source: str = ""  # "poetry.lock", "requirements.txt", or "pyproject.toml" where nothing is locked
    commands: tuple[tuple[str, ...], ...] = ()
    notes: tuple[str, ...] = ()
    reason: str = ""  # why it failed, one line
    cure: str = ""
    detail: str = ""  # the last lines that the installer said
    seconds: float = 0.0


class CreationError(Exception):
    """One environment cannot be made; the others go on."""

    def __init__(self, reason: str, cure: str = "", detail: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.cure = cure
        self.detail = detail
