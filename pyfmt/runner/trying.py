"""Trying a unit again whose worker was killed, hung or took too much memory: once as it was, then without a file."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pyfmt.core.model import Failure, Unit
from pyfmt.runner.answers import End, WorkerAnswer
from pyfmt.tools.protocol import JsonObject

_MOST = 3  # files that are left out of a unit


def is_worth_it(answer: WorkerAnswer) -> bool:
    """Whether another try may give an answer: bad luck, or a file that can be left out."""
    return answer.end is End.KILLED or (answer.end is not None and bool(answer.at))


def again(ask: Callable[[JsonObject], WorkerAnswer], ended: WorkerAnswer) -> tuple[WorkerAnswer, dict[str, str]]:
    """Ask again after such an end; the answer, and why which files (absolute) are left out of it.

    A worker that was killed may have had bad luck, so that it gets the same once more. A time limit is waited for only
    once more.
    """
    left_out: dict[str, str] = {}
    if ended.end is End.KILLED:
        ended = ask({})
    while ended.end is not None and ended.at and ended.at not in left_out and len(left_out) < _MOST:
        late = ended.end is End.LATE
        left_out[ended.at] = ended.reason
        ended = ask({"without": list(left_out), "tries": int(len(left_out) < _MOST)})
        if late and ended.end is End.LATE:
            break
    return ended, left_out


def failures(unit: Unit, left_out: Mapping[str, str], root: Path) -> Iterator[Failure]:
    """What is said of files that were left out."""
    environment = unit.environment.name if unit.environment else ""
    owners = {file: part.project.name for part in unit.parts for file in part.files}
    for path, reason in left_out.items():
        file = os.path.relpath(path, root)
        projects = (owners[file],) if file in owners else unit.projects
        yield Failure(unit.tool, projects, environment, f"{file} is not checked, {unit.tool} was at it: {reason}")
