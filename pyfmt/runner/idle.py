"""Which processors of a run have nothing to do, told to workers that can make use of one."""

from __future__ import annotations

import contextlib
import os
import threading
from pathlib import Path


class IdleProcessors:
    """A folder that holds an empty one for each process that the run could start, and for which it has no unit.

    A worker that removes one may start a process, and makes it again when that has ended. One that is killed meanwhile
    keeps it: it is lost for this run.
    """

    def __init__(self, scratch: Path, units: int, jobs: int) -> None:
        """`scratch` is an existing folder of the run; raises OSError."""
        self.path = str(scratch / f"idle-{id(self)}")
        os.mkdir(self.path, 0o700)
        self._lock = threading.Lock()
        self._waiting = units
        self._count = 0
        for _ in range(jobs - units):
            self._add()

    def started(self) -> None:
        """A unit is begun."""
        with self._lock:
            self._waiting -= 1

    def ended(self) -> None:
        """A unit has ended: where none waits, its processor is idle."""
        with self._lock:
            if self._waiting <= 0:
                self._add()

    def _add(self) -> None:
        self._count += 1
        with contextlib.suppress(OSError):  # the run has ended: nobody asks any more
            os.mkdir(os.path.join(self.path, str(self._count)))
