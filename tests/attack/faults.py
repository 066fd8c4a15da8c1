"""Runs of pyfmt in which the n-th call of one system function fails, as SQLite's tests do it: for every n.

The function is replaced in every process of a run (pool, workers, git) by a small library, see faults.c.
"""

from __future__ import annotations

import errno
import os
import struct
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.support.monorepo import Monorepo, Result, command

SOURCE = Path(__file__).with_name("faults.c")
KILL = 0  # instead of an error number: kill -9
ERRORS = (errno.ENOSPC, KILL, errno.EIO, errno.EACCES, errno.EINTR)
CALLS = ("write", "rename", "fsync", "open", "fork", "read")


def library(folder: Path) -> Path:
    """The compiled library; needs a C compiler."""
    place = folder / "faults.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", str(place), str(SOURCE), "-ldl"], check=True)
    return place


@dataclass(frozen=True)
class Fault:
    """Which function, and how it fails; calls about files below `within` count."""

    call: str
    error: int  # errno, or KILL
    within: Path


@dataclass(frozen=True)
class Faulty:
    """Runs in one tree."""

    tree: Monorepo
    library: Path

    def run(self, fault: Fault, number: int, *arguments: str) -> tuple[Result, int]:
        """One run with a fault at the call of that number, and how many calls there were (fewer: nothing failed)."""
        counter = self.library.parent / "counter"
        counter.write_bytes(bytes(8))
        variables = self.tree.environment_variables(
            {
                "LD_PRELOAD": str(self.library),
                "FAULT_CALL": fault.call,
                "FAULT_N": str(number),
                "FAULT_ERROR": str(fault.error),
                "FAULT_WITHIN": str(fault.within),
                "FAULT_COUNTER": str(counter),
            }
        )
        done = subprocess.run(
            [*command(), *arguments],
            cwd=self.tree.root,
            env=variables,
            capture_output=True,
            check=False,
            timeout=300,
            stdin=subprocess.DEVNULL,
        )
        result = Result(arguments, done.returncode, done.stdout.decode(), done.stderr.decode())
        (count,) = struct.unpack("q", counter.read_bytes())
        return result, count

    def every(self, call: str, arguments: tuple[str, ...], prepare: Callable[[], None]) -> Iterator[tuple[str, Result]]:
        """The runs for n = 1, 2, ... to the last call that there is, and what failed in each.

        The kinds of failure take turns. `runs_per_call` runs, evenly spread, if there are more calls.
        """
        within = self.tree.root.parent  # the home with the cache, too
        prepare()
        _, count = self.run(Fault(call, errno.EIO, within), -1, *arguments)
        assert count, f"{call} is never called"
        for number in range(1, count + 1, -(-count // runs_per_call())):
            error = ERRORS[number % len(ERRORS)]
            prepare()
            result, _ = self.run(Fault(call, error, within), number, *arguments)
            yield f"{call} {number} of {count}: {os.strerror(error) if error else 'kill -9'}", result


def runs_per_call() -> int:
    """How many places of each function are tried: PYFMT_FAULTS, which `make soak-faults` sets to all of them."""
    return int(os.environ.get("PYFMT_FAULTS", "5"))
