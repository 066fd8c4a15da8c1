"""Runs of pyfmt in which the n-th call of one system function fails, as SQLite's tests do it.

The function is replaced in every process of a run (pool, workers, git) by a small library, see faults.c. Calls of one
program about one file are one site: mypy writes 400 pages of one database in a row. `make soak-faults` tries every
site with every kind of failure, and of its calls the first, the last and some between; the suite a few sites.
"""

from __future__ import annotations

import errno
import os
import re
import struct
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.support.monorepo import Monorepo, Result, command

SOURCE = Path(__file__).with_name("faults.c")
KILL = 0  # instead of an error number: kill -9
ERRORS = (errno.ENOSPC, KILL, errno.EIO, errno.EACCES, errno.EINTR)
_RUNS = 3  # of each function and command, in the suite
CALLS = ("write", "rename", "fsync", "open", "fork", "read")
_RANDOM = re.compile(
    r"[0-9a-f]{8,}|(?<=\.pyfmt-)\d+|(?<=objects/)[0-9a-f]{2}/|(?<=[-_.])[A-Za-z0-9_]{6,8}(?=(\.tmp)?$)"
    r"|(?<=/cache\.)\d+(?=\.db)|(?<=\.json\.)\d+$"  # mypy keeps what it knows in 16 equal databases
)


@dataclass(frozen=True)
class Failing:
    """Which function, and how it fails: with this errno, KILL, or None: each in its turn."""

    call: str
    error: int | None

    def __str__(self) -> str:
        return self.call if self.error is None else f"{self.call}-{errno.errorcode.get(self.error, 'KILL')}"

    def at(self, turn: int) -> int:
        """The failure of that turn."""
        return ERRORS[(turn + CALLS.index(self.call)) % len(ERRORS)] if self.error is None else self.error


def everything() -> bool:
    """Whether this is `make soak-faults`, which says by PYFMT_FAULTS how many calls of each site are tried."""
    return "PYFMT_FAULTS" in os.environ


FAILING = tuple(Failing(call, error) for call in CALLS for error in (ERRORS if everything() else (None,)))


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

    def run(self, fault: Fault, number: int, *arguments: str, **more: str) -> tuple[Result, int]:
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
                **more,
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

    def every(
        self, failing: Failing, arguments: tuple[str, ...], prepare: Callable[[], None], about: str = ""
    ) -> Iterator[tuple[str, Result]]:
        """The runs with a fault at each of the chosen calls, and what failed in each.

        Every site; in the suite `_RUNS` of them, and only such as have `about` in their file's name.
        """
        call, within = failing.call, self.tree.root.parent  # the home with the cache, too
        prepare()
        trace = self.library.parent / "trace"
        trace.write_bytes(b"")
        _, count = self.run(Fault(call, errno.EIO, within), -1, *arguments, FAULT_TRACE=str(trace))
        chosen = _chosen(trace.read_text(), about)
        assert chosen, f"{call} is never called about {about or 'any file'}"
        for turn, number in enumerate(chosen):
            error = failing.at(turn)
            prepare()
            result, _ = self.run(Fault(call, error, within), number, *arguments)
            yield f"{call} {number} of {count}: {os.strerror(error) if error else 'kill -9'}", result


def _chosen(trace: str, about: str) -> Sequence[int]:
    """The numbers of the calls to try, site by site."""
    sites: defaultdict[str, list[int]] = defaultdict(list)
    for line in trace.splitlines():
        number, site = line.split(" ", 1)
        if everything() or about in site:
            sites[_RANDOM.sub("*", site)].append(int(number))
    most = int(os.environ.get("PYFMT_FAULTS", "1"))
    numbers = [number for numbers in sites.values() for number in _spread(numbers, most)]
    return numbers if everything() else _spread(numbers, _RUNS)


def _spread(numbers: Sequence[int], most: int) -> Sequence[int]:
    """At most so many, evenly spread, the first and the last among them."""
    if len(numbers) <= most:
        return numbers
    return [numbers[index * (len(numbers) - 1) // max(1, most - 1)] for index in range(most)]
