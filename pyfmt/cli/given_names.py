"""Names of files that could be taken for options: a shell's `*`, a script or a hook passes what a checkout is called
like."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

from pyfmt.cli.parser import COMMANDS, takes_value
from pyfmt.core.errors import UsageError
from pyfmt.core.hook import in_framework

# Commands whose first word is no path.
_WITH_ACTION = frozenset({"envs", "config", "cache", "completion", "baseline"})
_CURE = "name the file as `./{}`; where paths come from a hook or a script, put `--` before them"


def check(arguments: Sequence[str], environ: Mapping[str, str]) -> None:
    """Raises UsageError for an option that may be the name of a file: nobody can tell what was meant.

    - An option that is also the name of an existing file, wherever it stands before `--`.
    - An option after a path, in a hook; `--trust` after a path, anywhere.
    - Trust, in a hook: a checkout must not be able to bring it.
    """
    hook = in_framework(environ)
    words = list(arguments)
    behind = words[words.index("--") + 1 :] if "--" in words else []
    if "--" in words and "--" not in behind and os.path.lexists("--"):
        raise UsageError("ends the options, and is the name of a file here", "--", "rename the file")
    command, skipped, seen = "", 0, ""
    place = 0
    while place < len(words) and words[place] != "--":
        word = words[place]
        place += 1
        if word.startswith("-"):
            _check_option(word, hook, seen)
            place += takes_value(word)
        elif not command and not seen and word in COMMANDS:
            command = word
            skipped = command in _WITH_ACTION
            _check_command(word, hook)
        elif skipped:
            skipped = 0
        else:
            seen = seen or word


def _check_option(word: str, hook: bool, seen: str) -> None:
    if os.path.lexists(word):
        raise UsageError("is an option, and the name of a file here", word, _CURE.format(word))
    if word == "-":
        return
    if word == "--trust" and hook:
        cure = "run `pyfmt trust` once in this checkout"
        raise UsageError("is refused in a hook, where the name of a file could be taken for it", word, cure)
    if seen and hook:
        cure = f"put it before the paths, and `--` between them; a file of that name is `./{word}`"
        raise UsageError(f"is an option after a path ({seen}), which a hook must not pass", word, cure)
    if seen and word == "--trust":
        raise UsageError("counts only before the first path", word, f"`pyfmt COMMAND --trust {seen}`")


def _check_command(word: str, hook: bool) -> None:
    """`pyfmt trust` is remembered, so that it is asked for by a person alone."""
    if word != "trust":
        return
    if hook:
        raise UsageError("is refused in a hook, where the name of a file could be taken for it", word)
    if os.path.lexists(word):
        cure = "call it from another folder, with `--root DIR`; a file of that name is `./trust`"
        raise UsageError("is a command, and the name of a file here", word, cure)
