"""black's check of its own result where the text has syntax that the running Python does not know.

black formats every Python's syntax with a grammar of its own; only to check that nothing but the form has changed it
asks `ast`. Another Python of this machine, new enough, then runs the same check.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING, Any

# subprocess and threading are imported where they are needed, as black is: start-up.

if TYPE_CHECKING:
    import subprocess

    import black

Find = Callable[[int], str | None]  # the newest Python 3 from a minor version on: its executable

_WORKER = os.path.join(os.path.dirname(__file__), "worker", "equivalence.py")
_TIME_LIMIT = 120.0  # seconds for one file


class NotChecked(Exception):
    """Nothing is written: the check failed, or could not be made."""


class NewerSyntaxError(Exception):
    """The newer Python cannot parse the source, either."""

    def __init__(self, line: int, column: int, message: str) -> None:
        super().__init__(message)
        self.error = SyntaxError(message)
        self.error.lineno, self.error.offset = line, column


def reformat(text: str, mode: black.Mode, find: Find | None) -> str:
    """What black makes of `text`, once a Python that can parse it agrees; raises NotChecked and NewerSyntaxError."""
    import black  # lazy: start-up

    result = black.format_str(text, mode=mode)
    if result == text:
        return text
    minor = max(_least_minor(text, mode), _least_minor(result, mode))
    python = _found(find, minor) if find is not None else None
    if python is None:
        raise NotChecked(
            f"cannot tell whether only its form would change: that takes Python 3.{minor} or later, and none was found "
            f"(on PATH, under pyenv, of uv); install one, for example `uv python install 3.{minor}`"
        )
    answer = _ask(python, text, result)
    if "syntax" in answer:
        raise NewerSyntaxError(*answer["syntax"])
    if "error" in answer:
        raise NotChecked(answer["error"])
    black.assert_stable(text, result, mode=mode)
    return result


@lru_cache(maxsize=None)
def _found(find: Find, minor: int) -> str | None:
    return find(minor)


def _least_minor(text: str, mode: black.Mode) -> int:
    """The least version, newer than the running one, that has all that black knows the text to use."""
    import black  # lazy: start-up
    from black.parsing import lib2to3_parse

    node = lib2to3_parse(text.lstrip(), mode.target_versions)
    found = black.detect_target_versions(node, future_imports=black.get_future_imports(node))
    least = min((version.value for version in found), default=0)
    return max(least, sys.version_info.minor + 1)


@lru_cache(maxsize=None)
def _start(python: str, _process: int) -> subprocess.Popen[str]:
    """The checking process, one for all files of this process (a forked one has its own); it ends with its standard
    input."""
    import atexit
    import subprocess

    import black

    # -I -S: nothing of the working folder, of variables or of its own site-packages counts.
    command = [python, "-I", "-S", _WORKER, os.path.dirname(os.path.dirname(black.__file__))]
    process = subprocess.Popen(  # pylint: disable=consider-using-with  # `_end` ends it
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    atexit.register(_end, process)  # else Python would warn of it; a forked process does without
    return process


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()


def _ask(python: str, source: str, result: str) -> dict[str, Any]:
    from threading import Timer

    try:
        process = _start(python, os.getpid())
        assert process.stdin is not None and process.stdout is not None
        watch = Timer(_TIME_LIMIT, process.kill)
        watch.start()
        try:
            process.stdin.write(json.dumps([source, result]) + "\n")
            process.stdin.flush()
            answer = json.loads(process.stdout.readline())
        finally:
            watch.cancel()
    except (OSError, ValueError) as error:
        _start.cache_clear()
        raise NotChecked(f"cannot be checked by {python}: it died, or took more than {_TIME_LIMIT:g} s") from error
    return dict(answer)
