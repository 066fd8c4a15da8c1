"""The grammar of the command line: argv to a parsed namespace."""

from __future__ import annotations

import argparse
import collections
import importlib
import os
from collections.abc import Sequence
from typing import Protocol, cast

from pyfmt.cli.options import AUTO, add_shared

# Each command with its line of help; the module of the same name has the rest.
_HELP = {
    "run": "Format in place (isort, then black), then lint (pylint, mypy); the default command.",
    "check": "Like run, but writes nothing: a file that would be reformatted is a finding. `-`: standard input.",
    "format": "Only format. `-` formats standard input to standard output.",
    "lint": "Only lint. `-` lints standard input.",
    "envs": "Every project, its environment, how it was found, its Python, its health.",
    "explain": "How a file is checked (project, environment, configuration, calls), or what a rule means.",
    "config": "The resolved configuration, and where each value comes from.",
    "cache": "The cache of this repository: where it is and what is in it; removes it.",
    "server": "The workers that stay loaded for the next run: their status; stops them.",
    "doctor": "One page to paste into a bug report: versions, configuration, environments, cache, problems.",
    "completion": "Print the completion script of a shell.",
    "affected": "The projects that changed since a commit, and those that depend on them, with the reasons.",
    "graph": "Which project depends on which, and the file that declares it.",
    "versions": "Which project has which version of what, and what keeps them apart; --check: by the policy.",
    "what-if": "What an upgrade would bring: findings that would be new or gone, before anything is installed.",
    "init": "Write [tool.pyfmt], the hook and a CI file; shows the changes and asks first.",
    "trust": "Allow pyfmt to execute code of this checkout and of its environments (plugins), from now on.",
    "baseline": "Accept today's findings (write), drop those that are gone (prune), or show them in numbers (status).",
    "lsp": "A language server for editors: diagnostics, formatting, quick fixes (needs the extra `lsp`).",
    "merge": "Join the JSON reports of all shards to the report of the whole run.",
}
COMMANDS = tuple(_HELP)

_EPILOG = """\
examples:
  pyfmt                          format and lint the whole monorepo
  pyfmt lib/storage              only one project
  pyfmt check                    the same, and write nothing: for CI
  pyfmt check --since auto       only what a branch changed, and its dependents
  pyfmt affected                 the projects that a branch touches, and why
  pyfmt check --watch            again after each save, with workers that stay warm
  pyfmt --staged                 only what the next commit will hold, as git's index has it
  pyfmt format - < module.py     format standard input
  pyfmt envs                     which project has which environment, and why
  pyfmt envs create --all        make the missing environments
  pyfmt explain FILE             how a file is checked
  pyfmt explain W0102            what a rule means (also by name: dangerous-default-value, attr-defined)

exit codes: 0 clean; 1 findings, or files that would be reformatted; 2 usage, configuration, environment or tool
failure (also where a project was skipped); 130 interrupted

A folder that is called like a command is named with a leading "./".
"""


class CommandModule(Protocol):
    """What the module of a command has."""

    EXAMPLES: Sequence[tuple[str, str]]  # (command line, what it does): for `--help` and docs/reference.md

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        """Declare the options and words that only this command takes."""

    def run(self, options: argparse.Namespace) -> int:
        """Carry the command out; returns the exit code, raises PyfmtError and KeyboardInterrupt."""


def command_module(name: str) -> CommandModule:
    """The module of a command; it is imported only where it is needed, which keeps the start of the others quick."""
    return cast(CommandModule, importlib.import_module(f"pyfmt.cli.{name.replace('-', '_')}"))


def _examples(examples: Sequence[tuple[str, str]]) -> str:
    """The examples of a command for the end of its help: the explanation stands above where both are long."""
    lines = ["examples:"]
    for line, meaning in examples:
        lines += [f"  {line.ljust(36)} {meaning}"] if len(line) <= 36 else [f"  {line}", f"  {' ' * 36} {meaning}"]
    return "\n".join(lines)


def commands_of(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The parser of each command."""
    # pylint: disable=protected-access  # argparse tells them nowhere else
    found = (each for each in parser._actions if isinstance(each, argparse._SubParsersAction))
    return dict(next(found).choices)


def word_of(action: argparse.Action) -> str:
    """How a usage line shows a word that a command takes."""
    name = metavar_of(action)
    return {"*": f"[{name}]...", "?": f"[{name}]"}.get(str(action.nargs), name)


def metavar_of(action: argparse.Action) -> str:
    """What stands for a value."""
    if isinstance(action.metavar, str):
        return action.metavar
    return "|".join(map(str, action.choices)) if action.choices else action.dest.upper()


def build_parser(declared: Sequence[str] = COMMANDS) -> argparse.ArgumentParser:
    """The parser of the whole command line: of each command its name and line of help, of `declared` ones the
    options."""
    parser = argparse.ArgumentParser(
        prog="pyfmt",
        description="Formats and lints a monorepo of Python projects that each have their own virtualenv.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("-V", "--version", action="store_true", help="the versions of pyfmt and of all the tools")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    for name, text in _HELP.items():
        if name not in declared:
            commands.add_parser(name, help=text)
            continue
        module = command_module(name)
        command = commands.add_parser(
            name,
            help=text,
            description=text,
            epilog=_examples(module.EXAMPLES),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )
        module.add_arguments(command)
        add_shared(command)
    return parser


_WITH_VALUE = frozenset(
    "--root --config --color --tool --output --format --since --jobs --timeout --cache-audit --stdin-filename --python "
    "--hook --ci --install --template --shard --shard-times -j -o -t --fail-on --severity --sort --max-same "
    "--project --resolution --executor --scheduler".split()
)


def with_command(arguments: Sequence[str]) -> list[str]:
    """`arguments` with the command in front, then options, then the rest.

    The command is the first word that is no option, where it names one, else `run`. argparse would give all of a
    command's words to its first run of them: `lib --jobs 2 projects` would not be understood.
    """
    options, words, behind = _sorted_out(arguments)
    if "--version" in options or "-V" in options:
        return ["--version"]
    if words and words[0] == "help" and not os.path.lexists("help"):
        return [*words[1:2], "--help"]
    if not words and not behind and any(option in ("-h", "--help") for option in options):
        return ["--help"]
    named = bool(words) and words[0] in COMMANDS
    command = words.pop(0) if named else "run"
    return [command, *options, *words, *map(_as_path, behind)]


def takes_value(option: str) -> bool:
    """Whether the word after an option is its value."""
    return option in _WITH_VALUE


def _as_path(word: str) -> str:
    """A name that nobody can take for an option: what argparse does with a `--` differs between versions of Python."""
    return f"./{word}" if word.startswith("-") and word != "-" else word


def _sorted_out(arguments: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Options with their values, other words, and what stands behind `--`."""
    options: list[str] = []
    words: list[str] = []
    rest = collections.deque(arguments)
    while rest:
        word = rest.popleft()
        if word == "--":
            return options, words, list(rest)
        if word.startswith("-") and word != "-":
            if word in ("--output", "-o") and (not rest or rest[0].startswith("-")):
                word = f"--output={AUTO}"  # what is moved behind it must not become its value
            if word == "--timings":
                word = "--timings="  # the same
            options.append(word)
            if takes_value(word) and rest:
                options.append(rest.popleft())
        else:
            words.append(word)
    return options, words, []
