"""Finds the useless directives of files (`# fmt: off`, `# isort: skip`) in a pool of processes, as the formatters see
them."""

from __future__ import annotations

import os
import traceback
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass

from pyfmt import disk
from pyfmt.runner import apart
from pyfmt.runner.format_pool import through_pools, why_ended
from pyfmt.tools import directives, formatting
from pyfmt.tools.directives import Useless
from pyfmt.tools.formatting import FormatSettings

_FEW_FILES = 4  # so few are checked in one process beside this one, which is faster than starting a pool


@dataclass(frozen=True, slots=True)
class DirectiveTask:
    """A file (relative to `root`) whose directives are to be checked."""

    file: str
    root: str
    settings: FormatSettings


@dataclass(frozen=True, slots=True)
class DirectiveAnswer:
    """What came of a file: its useless directives, or why it was not checked."""

    useless: tuple[Useless, ...] = ()
    error: str = ""  # one line
    error_detail: str = ""


def find_useless(tasks: Sequence[DirectiveTask], jobs: int, timeout: float) -> Iterator[DirectiveAnswer]:
    """The answers in the order of the tasks; raises ConfigError where a formatter refuses its configuration.

    `timeout` is in seconds: a file that nothing gets done at for so long has none. To be called from the main thread,
    and with no other threads: the pool may fork.
    """
    if not tasks:
        return
    formatting.prepare(tasks[0].settings)  # a bad configuration is said first; forks share the imports
    if len(tasks) <= _FEW_FILES:
        yield from (_apart(task, timeout) for task in tasks)
        return
    answers: dict[str, DirectiveAnswer] = {}

    def alone(task: DirectiveTask) -> Sequence[DirectiveAnswer]:
        return (_apart(task, timeout),)

    with closing(through_pools(_find_useless, tasks, alone, jobs, timeout)) as results:
        for task, answer in results:
            answers[task.file] = answer
    yield from (answers[task.file] for task in tasks)


def _apart(task: DirectiveTask, timeout: float) -> DirectiveAnswer:
    """The answer from a process of its own, which a file can hang or crash."""
    try:
        ended = apart.call(lambda: _find_useless(task), timeout)
    except OSError:  # no process to be had
        return _find_useless(task)
    return ended.value or DirectiveAnswer(error=why_ended(ended, timeout))


def _find_useless(task: DirectiveTask) -> DirectiveAnswer:
    try:
        data = disk.read_bytes(os.path.join(task.root, task.file))
    except OSError as error:
        return DirectiveAnswer(error=f"cannot be read: {error.strerror or error}")
    found: tuple[Useless, ...] = ()
    if directives.may_hold_any(data):
        try:
            found = _useless(data, task)
        except Exception as error:  # pylint: disable=broad-exception-caught  # one file's error is no other's
            return DirectiveAnswer(error=f"{type(error).__name__}: {error}", error_detail=traceback.format_exc())
    return DirectiveAnswer(found)


def _useless(data: bytes, task: DirectiveTask) -> tuple[Useless, ...]:
    left_out = formatting.format_bytes(data, task.file, task.settings).excluded
    tools = task.settings.wanted() - set(left_out)

    def formatted(text: bytes) -> bytes | None:
        result = formatting.format_bytes(text, task.file, task.settings)
        return (text if result.data is None else result.data) if result.settled else None

    return directives.useless(data, tools, formatted)
