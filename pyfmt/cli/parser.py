"""The grammar of the command line: argv to a parsed namespace."""

from __future__ import annotations

import argparse
import collections
from collections.abc import Sequence
from typing import Protocol

COMMANDS = tuple(
    "run check format lint envs explain config trust cache affected graph init doctor completion baseline merge".split()
)

AUTO = "auto"  # `--output` without a format

_EPILOG = """\
examples:
  pyfmt                          format and lint the whole monorepo
  pyfmt lib/storage              only one project
  pyfmt check                    the same, and write nothing: for CI
  pyfmt check --since auto       only what a branch changed, and what can see it
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


# Command to (command line, what it does); shown by `--help` and in docs/reference.md.
EXAMPLES: dict[str, tuple[tuple[str, str], ...]] = {
    "run": (
        ("pyfmt", "format and lint the whole monorepo"),
        ("pyfmt lib/storage services/billing", "only two projects"),
        ("pyfmt --staged", "only what the next commit will hold, as git's index has it"),
        ("pyfmt --tool isort --tool black", "only two of the tools"),
        ("pyfmt --watch", "again after each save, until Ctrl-C"),
    ),
    "check": (
        ("pyfmt check", "the gate of a CI: nothing is written"),
        ("pyfmt check --since auto", "only what a branch changed, and what can see it"),
        ("pyfmt check --diff lib/storage", "show what the formatters would change"),
        ("pyfmt check --output --output html=report.html", "what the CI reads, and a page for people"),
        ("pyfmt check --format grouped --statistics", "by project and file, then counts by rule"),
        ("pyfmt check --baseline", "only findings that no baseline accepts fail"),
        ("pyfmt check --watch lib/storage", "while working on one project: again after each save"),
        ("pyfmt check --shard 1/3 --output json=shard-1.json", "a third of the work, for `pyfmt merge`"),
    ),
    "format": (
        ("pyfmt format lib/storage", "format one project in place"),
        ("pyfmt format --check", "exit code 1 where a file would be reformatted"),
        ("pyfmt format - --stdin-filename lib/storage/disk.py < disk.py", "for editors: by that file's rules"),
    ),
    "lint": (
        ("pyfmt lint --tool mypy services/billing", "one tool over one project"),
        ("pyfmt lint --timings=trace.json", "where the time went: a table, and a trace for ui.perfetto.dev"),
        ("pyfmt lint --unused-ignores", "comments that suppress nothing, too"),
        ("pyfmt lint --add-ignores lib/legacy", "accept what is there, rule by rule, line by line"),
        ("pyfmt lint --jobs 1 --no-cache -v", "everything anew, one unit after the other"),
    ),
    "envs": (
        ("pyfmt envs", "which project has which environment, and why"),
        ("pyfmt envs create billing", "make the environment of one project"),
        ("pyfmt envs create --all --dry-run", "say what would be made"),
    ),
    "explain": (
        ("pyfmt explain lib/storage/disk.py", "project, environment, configuration and calls"),
        ("pyfmt explain W0102", "what a rule means; also by name: dangerous-default-value, attr-defined"),
    ),
    "config": (
        ("pyfmt config", "every value, and where it comes from"),
        ("pyfmt config schema > pyfmt.schema.json", "for editors that check TOML"),
        ("pyfmt config schema --report", "what `--output json` writes"),
    ),
    "doctor": (("pyfmt doctor", "exit code 1 where something is odd"),),
    "completion": (
        ('eval "$(pyfmt completion bash)"', "in ~/.bashrc"),
        ('eval "$(pyfmt completion zsh)"', "in ~/.zshrc, after compinit"),
        ("pyfmt completion fish > ~/.config/fish/completions/pyfmt.fish", "once"),
    ),
    "cache": (
        ("pyfmt cache show", "what is kept for this repository"),
        ("pyfmt cache clean", "be rid of it"),
    ),
    "trust": (
        ("pyfmt trust", "plugins that the shared configuration names may run"),
        ("pyfmt trust --revoke", "no longer"),
    ),
    "init": (
        ("pyfmt init", "show what would be written, and ask"),
        ("pyfmt init --hook git", "with a plain git hook, which commits formatted what is staged"),
        ("pyfmt init --ci github --yes", "with a CI file, and without asking"),
    ),
    "affected": (
        ("pyfmt affected", "what a branch touches, and why"),
        ("pyfmt affected --since origin/main --paths", "for a script: one folder a line"),
        ("pyfmt affected --github-matrix", "for a job of GitHub Actions"),
    ),
    "graph": (
        ("pyfmt graph", "every dependency between projects, with the file that says so"),
        ("pyfmt graph --mermaid", "a flowchart for a README"),
    ),
    "baseline": (
        ("pyfmt baseline write", "accept all findings of today"),
        ("pyfmt baseline prune", "forget those that are gone"),
    ),
    "merge": (("pyfmt merge shard-1.json shard-2.json --output github", "the report of the whole run"),),
}


def _examples(name: str) -> str:
    """The examples of a command for the end of its help: the explanation stands above where both are long."""
    lines = ["examples:"]
    for line, meaning in EXAMPLES[name]:
        lines += [f"  {line.ljust(36)} {meaning}"] if len(line) <= 36 else [f"  {line}", f"  {' ' * 36} {meaning}"]
    return "\n".join(lines)


def _output(value: str) -> tuple[str, str | None]:
    """One `--output`: (format, file); the format "auto" is what the CI reads."""
    name, equals, file = value.partition("=")
    if name == AUTO and equals:
        raise argparse.ArgumentTypeError(f"{value!r}: the CI says where its files are; give no file")
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


def _add_paths(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files or folders (default: the whole monorepo)")


def _add_outputs(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--output",
        action="append",
        default=[],
        nargs="?",
        const=AUTO,
        metavar="FORMAT[=FILE]",
        type=_output,
        dest="outputs",
        help="a report, to a file or standard output (repeatable; default: text): text, json, sarif, github, "
        "github-summary, gitlab, junit, checkstyle, rdjson, rdjsonl, azure, azure-text or html; without a format, what "
        "the CI reads: GitHub, GitLab or Azure, besides the text",
    )
    group.add_argument(
        "--format",
        choices=("full", "concise", "grouped"),
        default="auto",
        dest="style",
        help="the text report: with source excerpts, one line for each finding, or by project and file "
        "(default: full on a terminal, else concise)",
    )
    group.add_argument("--statistics", action="store_true", help="end with the findings by rule and by project")
    group.add_argument("--show-files", action="store_true", help="list the files that something is said of")


def _add_gate(group: argparse._ActionsContainer) -> None:
    """Options that say which part of a run is done, and what makes it fail."""
    group.add_argument(
        "--baseline",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="findings that the projects' baselines accept are shown, but no failure",
    )
    _add_lock(group)
    group.add_argument("--shard", metavar="I/N", help="only part I of N; writes nothing; for `pyfmt merge`")
    group.add_argument(
        "--shard-times", metavar="REPORT", help="with --shard: balance by the seconds in this JSON report"
    )


def _add_lock(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--baseline-locked",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="baselines may only shrink (default: where CI is set)",
    )


def _add_watch(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--watch",
        action="store_true",
        help="run again after each save, until Ctrl-C (needs the extra `watch`)",
    )


def _add_how_fast(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--tool",
        action="append",
        default=[],
        metavar="NAME",
        dest="tools",
        help="only this tool: isort, black, pylint, mypy, or pyfmt for its own rules (repeatable)",
    )
    group.add_argument("--jobs", type=int, metavar="N", help="at most N processes at once (default: the processors)")
    group.add_argument("--timeout", type=float, metavar="SECONDS", help="time limit of one unit of work")
    group.add_argument("--no-cache", action="store_true", help="neither read nor write the cache")


def _add_timings(group: argparse._ActionsContainer) -> None:
    group.add_argument(
        "--timings",
        nargs="?",
        const="",
        metavar="=FILE",
        help="end with a table on standard error of where the time went; with =FILE, also write a trace for "
        "ui.perfetto.dev or chrome://tracing",
    )


def _running() -> argparse.ArgumentParser:
    """Options of the commands that run tools."""
    parser = argparse.ArgumentParser(add_help=False)
    _add_paths(parser)
    group = parser.add_argument_group("what and how fast")
    group.add_argument(
        "--staged",
        action="store_true",
        help="what the next commit will hold: staged files, with their contents from git's index (named files: "
        "these; named folders: what is staged in them)",
    )
    _add_outputs(group)
    group.add_argument(
        "--unused-ignores",
        action="store_true",
        help="report comments that suppress nothing: `# pylint: disable`, `# type: ignore`, `# fmt: off`, `# fmt: skip`, "
        "`# isort: skip`, ..., whatever the configuration says",
    )
    group.add_argument(
        "--since",
        metavar="REV",
        help="only what changed since the merge base with REV, and what can see it; `auto`: what the CI compares with, "
        "else the default branch",
    )
    _add_gate(group)
    _add_how_fast(group)
    _add_timings(group)
    _add_watch(group)
    return parser


class _Add(Protocol):
    """Adds a command with its one line of help, and the options of some parents."""

    def __call__(self, name: str, text: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser: ...


def _add_gate_commands(add: _Add) -> None:
    baseline = add("baseline", "Accept today's findings (write), or forget those that are gone (prune).")
    baseline.add_argument("action", choices=("write", "prune"), help="accept all findings, or only drop what is gone")
    _add_paths(baseline)
    _add_lock(baseline)
    _add_how_fast(baseline)
    merge = add("merge", "Join the JSON reports of all shards to the report of the whole run.")
    merge.add_argument("reports", nargs="*", metavar="REPORT.json", help="written by --shard I/N --output json=FILE")
    _add_outputs(merge)


def _add_run_commands(add: _Add) -> None:
    """The commands that check and format."""
    running = _running()
    add("run", "Format in place (isort, then black), then lint (pylint, mypy); the default command.", running)
    check = add("check", "Like run, but writes nothing: a file that would be reformatted is a finding.", running)
    check.add_argument("--diff", action="store_true", help="show how files would be reformatted")
    formatting = add("format", "Only format. `-` formats standard input to standard output.", running)
    formatting.add_argument(
        "--check", action="store_true", help="write nothing, exit 1 where files would be reformatted"
    )
    formatting.add_argument("--diff", action="store_true", help="show the changes; writes nothing")
    formatting.add_argument("--stdin-filename", metavar="FILE", help="with `-`: the file that the input stands for")
    lint = add("lint", "Only lint.", running)
    lint.add_argument(
        "--add-ignores",
        action="store_true",
        help="write a `# pylint: disable` or `# type: ignore` with the rule's name at the end of each line that has a "
        "finding, and report what that cannot suppress",
    )


def _add_commands_about_the_checkout(add: _Add) -> None:
    """What there is, and how it is checked."""
    envs = add("envs", "Every project, its environment, how it was found, its Python, its health.")
    envs.add_argument("--json", action="store_true", help="as JSON")
    envs.add_argument("action", nargs="?", choices=("create",), help="make the missing environments")
    envs.add_argument("projects", nargs="*", metavar="PROJECT", help="with create: names or folders (default: all)")
    envs.add_argument("--all", action="store_true", help="with create: every project that has none")
    envs.add_argument("--python", metavar="X.Y", help="with create: the Python to use")
    envs.add_argument("--recreate", action="store_true", help="with create: make it anew")
    envs.add_argument("--dry-run", action="store_true", help="with create: only say what would be done")
    explain = add(
        "explain", "How a file is checked (project, environment, configuration, calls), or what a rule means."
    )
    explain.add_argument("file", metavar="FILE|RULE", help="a file, else a rule of pylint, mypy or pyfmt by id or name")
    config = add("config", "The resolved configuration, and where each value comes from.")
    config.add_argument("--json", action="store_true", help="as JSON")
    config.add_argument("action", nargs="?", choices=("schema",), help="print the JSON schema of the configuration")
    config.add_argument("--report", action="store_true", help="with schema: that of `--output json` instead")
    cache = add("cache", "The cache of this repository: where it lies, what is in it, how to be rid of it.")
    cache.add_argument(
        "action",
        choices=("show", "clean", "dir"),
        metavar="ACTION",
        help="show what is in it, clean it, or print its dir",
    )
    add("doctor", "One page to paste into a bug report: versions, configuration, environments, cache, what is odd.")
    completion = add("completion", "Print the completion script of a shell.")
    completion.add_argument("shell", choices=("bash", "zsh", "fish"), metavar="SHELL", help="bash, zsh or fish")


def _add_commands_about_changes(add: _Add) -> None:
    """What changed, who depends on it, and what is written once."""
    affected = add(
        "affected", "The projects that changed since a commit, and those that depend on them, with the reasons."
    )
    affected.add_argument("--since", metavar="REV", default="auto", help="as for check (default: auto)")
    shapes = affected.add_mutually_exclusive_group()
    shapes.add_argument("--json", action="store_true", help="as JSON, with the files to format and to lint")
    shapes.add_argument("--github-matrix", action="store_true", help="as a matrix for a job of GitHub Actions")
    shapes.add_argument(
        "--paths", action="store_true", dest="only_paths", help="only the projects' folders, one a line"
    )
    graph = add("graph", "Which project depends on which, and the file that says so.")
    drawings = graph.add_mutually_exclusive_group()
    drawings.add_argument("--json", action="store_true", help="as JSON")
    drawings.add_argument("--mermaid", action="store_true", help="as a Mermaid flowchart")
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


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    shared = _shared()
    parser = argparse.ArgumentParser(
        prog="pyfmt",
        description="Formats and lints a monorepo of Python projects that each have their own virtualenv.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="store_true", help="the versions of pyfmt and of all the tools")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    def add(name: str, text: str, *parents: argparse.ArgumentParser) -> argparse.ArgumentParser:
        return commands.add_parser(
            name,
            parents=[*parents, shared],
            help=text,
            description=text,
            epilog=_examples(name),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    _add_run_commands(add)
    _add_commands_about_the_checkout(add)
    _add_commands_about_changes(add)
    _add_gate_commands(add)
    return parser


_WITH_VALUE = frozenset(
    "--root --config --color --tool --output --format --since --jobs --timeout --stdin-filename --python --hook --ci "
    "--shard --shard-times".split()
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
            if word == "--output" and (not rest or rest[0].startswith("-")):
                word = f"--output={AUTO}"  # what is moved behind it must not become its value
            if word == "--timings":
                word = "--timings="  # the same
            options.append(word)
            if takes_value(word) and rest:
                options.append(rest.popleft())
        else:
            words.append(word)
    return options, words, []
