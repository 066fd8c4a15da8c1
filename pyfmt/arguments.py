"""The grammar of the command line: argv to a parsed namespace."""

from __future__ import annotations

import argparse
import itertools
from collections.abc import Sequence

COMMANDS = ("run", "check", "format", "lint", "envs", "explain", "config", "trust", "cache", "init")

_EPILOG = """\
examples:
  pyfmt                          format and lint the whole monorepo
  pyfmt lib/storage              only one project
  pyfmt check                    the same, and write nothing: for CI
  pyfmt --staged                 only what the next commit will hold, as git's index has it
  pyfmt format - < module.py     format standard input
  pyfmt envs                     which project has which environment, and why
  pyfmt envs create --all        make the missing environments
  pyfmt explain FILE             how a file is checked

exit codes: 0 clean; 1 findings, or files that would be reformatted; 2 usage, configuration, environment or tool
failure (also where a project was skipped); 130 interrupted

A folder that is called like a command is named with a leading "./".
"""


def _output(value: str) -> tuple[str, str | None]:
    name, equals, file = value.partition("=")
    if equals and not file:
        raise argparse.ArgumentTypeError(f"{value!r} names no file after '='")
    return name, file if equals else None


def _shared() -> argparse.ArgumentParser:
    """Options that every command takes."""
    parser = argparse.ArgumentParser(add_help=False)
    group = parser.add_argument_group("where and how")
    group.add_argument(
        "--root",
        metavar="DIR",
        help="the monorepo's root (default: the nearest folder upwards with a "
        "pyfmt configuration, else the git root)",
    )
    group.add_argument("--config", metavar="FILE", help="read the configuration from this file")
    group.add_argument("--color", choices=("auto", "always", "never"), default="auto", help="colour in the text report")
    group.add_argument(
        "--trust",
        action="store_true",
        help="this run may execute code of the checkout and of its "
        "environments: plugins that the shared configuration names",
    )
    group.add_argument("-q", "--quiet", action="store_true", help="only findings and failures")
    group.add_argument("-v", "--verbose", action="store_true", help="say more: a line for each unit, remarks")
    return parser


def _running() -> argparse.ArgumentParser:
    """Options of the commands that run tools."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files or folders (default: the whole monorepo)")
    group = parser.add_argument_group("what and how fast")
    group.add_argument(
        "--staged",
        action="store_true",
        help="what the next commit will hold: staged files, with their contents from git's index (named files: "
        "these; named folders: what is staged in them)",
    )
    group.add_argument(
        "--tool",
        action="append",
        default=[],
        metavar="NAME",
        dest="tools",
        help="only this tool: isort, black, pylint or mypy (repeatable)",
    )
    group.add_argument(
        "--output",
        action="append",
        default=[],
        metavar="FORMAT[=FILE]",
        type=_output,
        dest="outputs",
        help="a report format, to a file or standard output (repeatable; default: text)",
    )
    group.add_argument("--jobs", type=int, metavar="N", help="at most N processes at once (default: the processors)")
    group.add_argument("--timeout", type=float, metavar="SECONDS", help="time limit of one unit of work")
    group.add_argument("--no-cache", action="store_true", help="neither read nor write the cache")
    return parser


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    shared, running = _shared(), _running()
    parser = argparse.ArgumentParser(
        prog="pyfmt",
        description="Formats and lints a monorepo of Python projects that each have their own virtualenv.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="the versions of pyfmt and of all the tools")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    def add(name: str, text: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        return commands.add_parser(name, parents=[*parents, shared], help=text, description=text, allow_abbrev=False)

    add("run", "Format in place (isort, then black), then lint (pylint, mypy); the default command.", running)
    check = add("check", "Like run, but writes nothing: a file that would be reformatted is a finding.", running)
    check.add_argument("--diff", action="store_true", help="show how files would be reformatted")
    formatting = add("format", "Only format. `-` formats standard input to standard output.", running)
    formatting.add_argument(
        "--check", action="store_true", help="write nothing, exit 1 where files would be reformatted"
    )
    formatting.add_argument("--diff", action="store_true", help="show the changes; writes nothing")
    formatting.add_argument("--stdin-filename", metavar="FILE", help="with `-`: the file that the input stands for")
    add("lint", "Only lint.", running)
    envs = add("envs", "Every project, its environment, how it was found, its Python, its health.")
    envs.add_argument("--json", action="store_true", help="as JSON")
    envs.add_argument("action", nargs="?", choices=("create",), help="make the missing environments")
    envs.add_argument("projects", nargs="*", metavar="PROJECT", help="with create: names or folders (default: all)")
    envs.add_argument("--all", action="store_true", help="with create: every project that has none")
    envs.add_argument("--python", metavar="X.Y", help="with create: the Python to use")
    envs.add_argument("--recreate", action="store_true", help="with create: make it anew")
    envs.add_argument("--dry-run", action="store_true", help="with create: only say what would be done")
    explain = add("explain", "How a file is checked: project, environment, configuration, calls.")
    explain.add_argument("file", metavar="FILE")
    config = add("config", "The resolved configuration, and where each value comes from.")
    config.add_argument("--json", action="store_true", help="as JSON")
    cache = add("cache", "The cache of this repository: where it lies, what is in it, how to be rid of it.")
    cache.add_argument("action", choices=("show", "clean", "dir"))
    init = add("init", "Write [tool.pyfmt], the hook and a CI file; shows the changes and asks first.")
    init.add_argument(
        "--hook",
        choices=("pre-commit", "git", "none"),
        default="pre-commit",
        help="pre-commit (also for prek; default), a plain git hook, or none",
    )
    init.add_argument("--ci", choices=("github", "gitlab"), help="also a CI file")
    init.add_argument("--yes", action="store_true", help="write without asking")
    trust = add("trust", "Allow pyfmt to execute code of this checkout and of its environments (plugins), from now on.")
    trust.add_argument("--revoke", action="store_true", help="no longer allow it")
    return parser


_WITH_VALUE = frozenset(
    "--root --config --color --tool --output --jobs --timeout --stdin-filename --python --hook --ci".split()
)


def with_command(arguments: Sequence[str]) -> list[str]:
    """`arguments` with the command in front, then options, then the rest.

    The command is the first word that is no option, where it names one, else `run`. argparse would give all of a
    command's words to its first run of them: `lib --jobs 2 projects` would not be understood.
    """
    options, words, behind = _sorted_out(arguments)
    if "--version" in options:
        return ["--version"]
    if not words and not behind and any(option in ("-h", "--help") for option in options):
        return ["--help"]
    named = bool(words) and words[0] in COMMANDS
    command = words.pop(0) if named else "run"
    if behind or any(word.startswith("-") for word in words):
        return [command, *options, "--", *words, *behind]
    return [command, *options, *words]


def _sorted_out(arguments: Sequence[str]) -> tuple[list[str], list[str], list[str]]:
    """Options with their values, other words, and what stands behind `--`."""
    options: list[str] = []
    words: list[str] = []
    rest = iter(arguments)
    for word in rest:
        if word == "--":
            return options, words, list(rest)
        if word.startswith("-") and word != "-":
            options.append(word)
            if word in _WITH_VALUE:
                options.extend(itertools.islice(rest, 1))
        else:
            words.append(word)
    return options, words, []
