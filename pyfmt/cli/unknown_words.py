"""What to say of an option or a word that a command does not take."""

from __future__ import annotations

import argparse
import difflib
from collections.abc import Sequence
from typing import NoReturn

from pyfmt.cli.parser import COMMANDS, build_parser, commands_of, word_of
from pyfmt.core.errors import UsageError

# What other linters call it.
_ELSEWHERE = {"--fix": "`pyfmt run` and `pyfmt format` change files; `--check` keeps `format` from it"}


def refuse(command: str, unknown: Sequence[str]) -> NoReturn:
    """Raises UsageError with the option that was probably meant, and how the command is called."""
    word = unknown[0].partition("=")[0]
    parsers = commands_of(build_parser())
    usage = _usage(command, parsers[command])
    if not word.startswith("-"):
        raise UsageError(f"`pyfmt {command}` does not take this word", word, usage)
    owners = [name for name in COMMANDS if word in _options(parsers[name])]
    close = difflib.get_close_matches(word, _options(parsers[command]), 1, 0.7)
    if word in _ELSEWHERE:
        cure = _ELSEWHERE[word]
    elif owners:
        cure = f"it is one of {', '.join(f'`pyfmt {name}`' for name in owners)}"
    else:
        cure = f"did you mean {close[0]!r}?" if close else f"`pyfmt {command} --help` lists the options"
    raise UsageError(f"`pyfmt {command}` has no such option", word, f"{cure}\n  {usage}")


def _options(parser: argparse.ArgumentParser) -> list[str]:
    return [name for action in parser._actions for name in action.option_strings]  # pylint: disable=protected-access


def _usage(command: str, parser: argparse.ArgumentParser) -> str:
    """ "usage: pyfmt check [OPTION]... [PATH]..."."""
    words = map(word_of, parser._get_positional_actions())  # pylint: disable=protected-access
    return f"usage: {' '.join(['pyfmt', command, '[OPTION]...', *words])}"
