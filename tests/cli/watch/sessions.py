"""A real `pyfmt … --watch` in a monorepo: what it says, the processes that it has, and its end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar

from tests.cache.comparing import timeless
from tests.runner.test_worker_server import alive, children_of
from tests.support.monorepo import Monorepo, command
from tests.support.waiting import PATIENCE

REST = "press Ctrl-C to end"
_T = TypeVar("_T")


class Session:
    """A running session; `tree.home / "report.json"` is rewritten with each report."""

    def __init__(self, tree: Monorepo, process: subprocess.Popen[bytes]) -> None:
        self.tree = tree
        self.process = process
        self._said = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        while data := os.read(self.process.stdout.fileno(), 1 << 16):
            self._said += data

    @property
    def said(self) -> str:
        """All that it has said, errors too."""
        return self._said.decode()

    @property
    def reports(self) -> list[str]:
        """The finished reports in their order, each with the line that says what had changed."""
        return [part.split("\n", 1)[-1] for part in f"\n{self.said}".split(REST)[:-1]]

    @property
    def json(self) -> Any:
        """The latest JSON report; None while it is written."""
        try:
            return json.loads((self.tree.home / "report.json").read_text())
        except (OSError, ValueError):
            return None

    def until(self, wanted: Callable[[], _T]) -> _T:
        """Wait for something, and give it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end and (self.process.poll() is None):
            if found := wanted():
                return found
            time.sleep(0.05)
        raise AssertionError(f"it never came to this; exit code {self.process.poll()}\n{self.said}")

    def until_json(self, wanted: object) -> None:
        """Wait until the latest JSON report is this one, whatever the times."""
        self.until(lambda: timeless(self.json) == wanted)

    def report(self, number: int) -> str:
        """The report of a run, the first is number 1; waits for it."""
        return self.until(lambda: self.reports[number - 1] if len(self.reports) >= number else "")

    def latest(self, contains: str = "", lacks: str = "\0") -> str:
        """The latest report, as soon as it is as wanted."""
        return self.until(lambda: next((r for r in self.reports[-1:] if contains in r and lacks not in r), ""))

    def workers(self) -> dict[int, str]:
        """The worker processes that are kept, with their command lines."""
        lines = {pid: _command_line(pid) for pid in children_of(self.process.pid)}
        return {pid: line for pid, line in lines.items() if "server.py" in line}

    def end(self, number: signal.Signals = signal.SIGINT) -> int:
        """Send a signal and wait for the end; the exit code. No process may be left."""
        started = children_of(self.process.pid)
        self.process.send_signal(number)
        code = self.process.wait(PATIENCE)
        self._reader.join(PATIENCE)
        assert not [pid for pid in started if alive(pid)], self.said
        return code


def save(tree: Monorepo, name: str, text: str) -> None:
    """Write a file as many editors do it, in one step: nobody sees it empty, and it is one change."""
    aside = Monorepo(tree.home, tree.home)
    aside.write({"aside": text})
    os.replace(tree.home / "aside", tree.root / name)


@contextmanager
def watching(tree: Monorepo, *arguments: str, environ: Mapping[str, str] | None = None) -> Iterator[Session]:
    """Start `pyfmt ARGUMENTS --watch`; it is ended in any case."""
    with subprocess.Popen(
        [*command(), *arguments, "--watch", "--output", "text", "--output", f"json={tree.home / 'report.json'}"],
        cwd=tree.root,
        env=tree.environment_variables({"PYTHONUNBUFFERED": "1", **(environ or {})}),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    ) as process:
        try:
            yield Session(tree, process)
        finally:
            process.kill()


def _command_line(pid: int) -> str:
    done = subprocess.run(["ps", "-ww", "-o", "args=", "-p", str(pid)], check=False, capture_output=True, text=True)
    return done.stdout
