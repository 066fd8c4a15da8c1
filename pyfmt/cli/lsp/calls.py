"""What the language server asks its helpers: runs, formatted texts, what a rule means."""

from __future__ import annotations

import math
import os
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt import config, disk
from pyfmt.cli.explain_rule import rule_text
from pyfmt.core.errors import UsageError
from pyfmt.core.model import Config, Outcome, Project, Unit
from pyfmt.core.report import Report
from pyfmt.core.request import Request
from pyfmt.projects.selection import owner
from pyfmt.run import pipeline
from pyfmt.run.formatting import StdinResult, format_stdin
from pyfmt.run.progress import Progress
from pyfmt.run.session import Session
from pyfmt.run.workspace import surveyed, with_chosen_releases
from pyfmt.runner import apart

if TYPE_CHECKING:
    from pyfmt.cli.lsp.helpers import Helper, Serving

_EVERY = 0.2  # seconds between two words on how far a run is
_EXPLAIN = 60.0  # seconds for a tool to say what a rule means


def start(make: Callable[[tuple[Helper, ...]], Helper]) -> tuple[Helper, Helper]:
    """The helper that runs, with the workers, and the one for what an editor waits for."""
    runs = make(())
    return runs, make((runs,))


class EditorProgress(Progress):
    """Tells how far a run is, as (done, of how many units, what runs)."""

    def __init__(self, tell: Callable[[object], None]) -> None:
        super().__init__(-1)
        self._tell = tell
        self._units = [0, 0]  # done, in all
        self._brief = ""  # what has started last; nothing where all comes from the cache
        self._last = -math.inf
        self._lock = threading.Lock()

    def begin(self, total: int, threaded: bool = False) -> None:
        """Expect `total` further units."""
        self._units[1] += total

    def started(self, unit: Unit) -> None:
        """A unit runs now."""
        self._brief = unit.brief
        self._say_so()

    def done(self, outcome: Outcome) -> None:
        """A unit has ended."""
        self._units[0] += 1
        self._say_so()

    def _say_so(self) -> None:
        with self._lock:  # the threads of several workers say so
            if self._brief and time.monotonic() - self._last > _EVERY:
                self._last = time.monotonic()
                self._tell((*self._units, self._brief))


def check(serving: Serving, request: Request, cwd: Path) -> tuple[Report, tuple[str, ...]]:
    """The report of a run, and what is wrong with paths that could not be asked about; raises PyfmtError."""
    said: list[str] = []
    while True:
        progress = EditorProgress(serving.tell)
        try:
            return pipeline.run(request, Session(cwd, os.environ, progress, serving.workers)).report, tuple(said)
        except UsageError as error:
            left = tuple(path for path in request.paths if path != error.where)
            if len(left) == len(request.paths) or not left:
                raise
            said.append(str(error))
            request = replace(request, paths=left)


def formatted(_serving: Serving, request: Request, data: bytes, file: str, cwd: Path) -> StdinResult:
    """A text as the formatters make it, for a file; raises PyfmtError."""
    return format_stdin(request, data, file, cwd)


def explained(_serving: Serving, rule: str) -> str:
    """What a rule means, "" where nobody knows it."""

    def explain() -> str:
        try:
            return rule_text(rule)
        except UsageError:
            return ""

    # In a process of its own: what a tool imports for it need not stay in memory.
    return apart.call(explain, _EXPLAIN).value or "" if apart.can_fork() else explain()


def home_of(_serving: Serving, request: Request, folder: Path) -> Path | None:
    """The root of the monorepo that a folder belongs to; None where nothing says that it is one. Raises ConfigError."""
    settings = config.load(request, folder)
    return settings.root if _is_monorepo(settings) else None


def _is_monorepo(settings: Config) -> bool:
    """Whether something says so: else a folder may be anything, a user's home say."""
    return settings.file is not None or (settings.root / ".git").exists()


def parts(_serving: Serving, request: Request, folder: Path) -> list[tuple[str, ...]]:
    """The paths of each project in a folder, absolute: together all that is checked there; none where nothing says that
    it is a monorepo's. Raises PyfmtError."""
    settings = config.load(request, folder)
    if not _is_monorepo(settings):
        return []
    settings, survey = surveyed(with_chosen_releases(settings))
    root, here = settings.root, os.path.relpath(os.path.realpath(folder), settings.root).replace(os.sep, "/")
    found = [project for project in survey.projects if project.checked and disk.is_within(project.path, here)]
    if not found and (above := owner(f"{here}/-", survey.projects)):
        found = [above]
    return [tuple(str(root / path) for path in _paths(project, survey.projects)) for project in found]


def _paths(project: Project, projects: tuple[Project, ...]) -> Iterator[str]:
    """The project's folder; its files where there are further projects in it."""
    if any(disk.is_within(other.path, project.path) for other in projects if other is not project):
        yield from project.checked
    else:
        yield project.path
