"""What a command gives to its runs, made once: where it is, who watches, and the workers that outlive a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt.run.progress import Progress

if TYPE_CHECKING:
    from pyfmt.runner.pool import WorkerPool


@dataclass(frozen=True, slots=True)
class Session:
    """The surroundings of a run."""

    cwd: Path
    environ: Mapping[str, str]
    progress: Progress
    workers: WorkerPool | None = None  # kept by their owner; None: of each run alone
