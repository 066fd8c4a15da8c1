"""What is known of one folder of the editor: what has to be looked at, what is left of it, and what is shown."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from pyfmt.cli.lsp.diagnostics import EditorFinding
from pyfmt.core.folders import nearest_home

# A sweep asks about so many projects at once as take about this long (in seconds): a save waits for no more than that.
_SHORT, _LONG = 0.3, 1.0


@dataclass(slots=True)
class EditorFolder:
    """A workspace folder, or the monorepo of a file that lies in none; runs start in `path`.

    Times are moments of the monotonic clock, None where nothing is due.
    """

    path: Path
    saved_due: float | None = None  # a run over the open files, as the disk has them
    changed_due: dict[str, float] = field(default_factory=dict)  # by path: a run over what the editor holds
    sweep_due: float | None = None  # runs over all projects
    left: deque[tuple[str, ...]] = field(default_factory=deque)  # the paths of projects that a sweep still asks about
    size: int = 1  # so many at once
    shown: dict[str, dict[str, list[EditorFinding]]] = field(default_factory=dict)  # path -> URI
    broken: set[str] = field(default_factory=set)  # where it is shown that a run has come to nothing
    judged: dict[str, str] = field(default_factory=dict)  # the texts of open files that are shown about
    failures: set[str] = field(default_factory=set)  # that the user was told of
    still: set[str] = field(default_factory=set)  # those of them that came since the sweep under way began
    met: set[str] = field(default_factory=set)  # likewise: files with diagnostics

    def saved(self, sweep: float | None, delay: float = 0.0) -> None:
        """Something was saved, or has come: the open files are due, and all others in `sweep` seconds."""
        now = time.monotonic()
        self.saved_due = now + delay
        if sweep is not None:
            self.sweep_due = now + delay + sweep

    def begin_sweep(self, projects: Iterable[tuple[str, ...]]) -> None:
        """Ask about all projects, once more."""
        self.sweep_due, self.left, self.still, self.met = None, deque(projects), set(), set()

    def next_paths(self) -> tuple[str, ...]:
        """What the sweep asks about next."""
        return tuple(path for _ in range(min(self.size, len(self.left))) for path in self.left.popleft())

    def took(self, seconds: float) -> None:
        """What was asked last has taken so long."""
        if seconds < _SHORT:
            self.size *= 2
        elif seconds > _LONG:
            self.size = max(1, self.size // 2)

    def new_failures(self, said: Collection[str]) -> list[str]:
        """Those that the user was not told of."""
        new = [each for each in dict.fromkeys(said) if each not in self.failures]
        self.failures |= {*said}
        self.still |= {*said}
        return new

    def swept(self) -> set[str]:
        """The sweep has ended: failures that it has not met are over, and the files that it gives back are in order, or
        gone."""
        self.failures = set(self.still)
        return self.shown.keys() - self.met


def covering(paths: Iterable[str]) -> Callable[[str], bool]:
    """Whether a file is one of some files, or in one of some folders."""
    wanted = frozenset(paths)
    return lambda path: nearest_home(path, wanted) is not None
