"""A Dask cluster of processes that have homes and folders of their own, as on other machines."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from tests.support.waiting import until


def _address(file: Path) -> str:
    """The address in the scheduler's file; "" until that is written to its end."""
    try:
        return str(json.loads(file.read_text())["address"])
    except (OSError, ValueError):
        return ""


@dataclass
class Machines:
    """A scheduler and workers, each with a home of its own."""

    folder: Path
    processes: list[subprocess.Popen[bytes]] = field(default_factory=list)
    scheduler: str = ""

    def start(self, *words: str, home: str) -> subprocess.Popen[bytes]:
        """Start a process of Dask."""
        place = self.folder / home
        place.mkdir(exist_ok=True)
        environ = {name: value for name, value in os.environ.items() if not name.startswith(("XDG_", "PYFMT_"))}
        environ |= {"HOME": str(place), "UV_CACHE_DIR": str(Path.home() / ".cache" / "uv")}
        with open(place / "log", "wb") as log:
            process = subprocess.Popen(  # pylint: disable=consider-using-with  # `stop` ends it
                [sys.executable, "-m", "dask", *words], cwd=place, env=environ, stdout=log, stderr=log
            )
        self.processes.append(process)
        return process

    def begin(self, workers: int) -> None:
        """Start all of them."""
        file = self.folder / "scheduler.json"
        self.start(
            "scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", f"--scheduler-file={file}", home="s"
        )
        self.scheduler = until(lambda: _address(file))
        self.work(*(f"w{number}" for number in range(workers)))

    def work(self, *homes: str) -> None:
        """Start workers, and wait until the scheduler knows them: a run counts those that there are."""
        for home in homes:
            self.start("worker", self.scheduler, "--nthreads=1", "--no-nanny", "--no-dashboard", home=home)
        for home in homes:
            until(lambda home=home: b"Registered to:" in (self.folder / home / "log").read_bytes())  # type: ignore[misc]

    def parts(self, home: str = "") -> list[str]:
        """The processes that work in the folders of workers, by their numbers."""
        place = os.fsencode(f"--root={self.folder / home}")
        found = []
        for file in Path("/proc").glob("[0-9]*/cmdline"):
            with contextlib.suppress(OSError):  # gone meanwhile
                if any(word.startswith(place) for word in file.read_bytes().split(b"\0")):
                    found.append(file.parent.name)
        return found

    def stop(self) -> None:
        """End all of them."""
        for process in self.processes:
            process.kill()
            process.wait()
