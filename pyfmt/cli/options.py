"""Options that several commands share."""

from __future__ import annotations

import argparse

from pyfmt.core.model import Severity

_SEVERITIES = tuple(severity.value for severity in Severity)
AUTO = "auto"  # `--output` without a format


def _output(value: str) -> tuple[str, str | None]:
    """One `--output`: (format, file); the format "auto" is what the CI reads."""
    name, equals, file = value.partition("=")
    if name == AUTO and equals:
        raise argparse.ArgumentTypeError(f"{value!r}: the CI decides where its files are; give no file")
    if equals and not file:
        raise argparse.ArgumentTypeError(f"{value!r} names no file after '='")
    return name, file if equals else None


def _percent(value: str) -> float:
    """A share from above 0 to 100."""
    try:
        percent = float(value.removesuffix("%"))
    except ValueError:
        percent = 0.0
    if not 0 < percent <= 100:
        raise argparse.ArgumentTypeError(f"{value!r} is no share: give one from above 0% to 100%, such as 5%")
    return percent


def _number(value: str) -> int:
    """A whole number from 0 on."""
    if not value.isdecimal():
        raise argparse.ArgumentTypeError(f"{value!r} is no number from 0 on")
    return int(value)


def add_shared(parser: argparse.ArgumentParser) -> None:
    """Options that every command takes."""
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
    group.add_argument("-v", "--verbose", action="store_true", help="show more: a line for each unit, remarks")


def add_paths(parser: argparse.ArgumentParser) -> None:
    """Files and folders."""
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files or folders (default: the whole monorepo)")


def add_stdin(parser: argparse.ArgumentParser) -> None:
    """`--stdin-filename`."""
    parser.add_argument("--stdin-filename", metavar="FILE", help="with `-`: the file that the input stands for")


def add_outputs(group: argparse._ActionsContainer) -> None:
    """Options that say where reports go, and how they look."""
    group.add_argument(
        "-o",
        "--output",
        action="append",
        default=[],
        nargs="?",
        const=AUTO,
        metavar="FORMAT[=FILE]",
        type=_output,
        dest="outputs",
        help="a report, to a file or standard output (repeatable; default: text): text, json, sarif, github, "
        "github-summary, gitlab, junit, checkstyle, rdjson, jsonl, rdjsonl, azure, azure-text, html; without a format, "
        "what the CI reads: GitHub, GitLab or Azure, besides the text",
    )
    group.add_argument(
        "--format",
        choices=("full", "concise", "grouped"),
        default="auto",
        dest="style",
        help="the text report: with source excerpts, one line for each finding, or by project and file "
        "(default: full on a terminal, else concise)",
    )
    group.add_argument(
        "--severity",
        choices=_SEVERITIES,
        default=_SEVERITIES[-1],
        help="the text lists findings of this severity and worse, and counts the others; the exit code stays",
    )
    group.set_defaults(agent=False, timings=None)  # only some commands have these
    group.add_argument(
        "--sort",
        choices=("place", "severity"),
        default="place",
        help="the order of a file's findings in the text: by line, or the worst first",
    )
    group.add_argument(
        "--max-same",
        type=_number,
        default=100,
        metavar="N",
        help="the text lists at most N findings of one rule with one message, counts the others (default: 100; 0: all)",
    )
    group.add_argument("--statistics", action="store_true", help="end with the findings by rule and by project")
    group.add_argument(
        "--show-baselined", action="store_true", help="list the findings that a baseline accepts, marked, too"
    )
    group.add_argument("--show-files", action="store_true", help="list the files with findings or edits")


def add_gate(group: argparse._ActionsContainer) -> None:
    """Options that say which part of a run is done, and what makes it fail."""
    add_acceptance(group)
    group.add_argument("--shard", metavar="I/N", help="only part I of N; writes nothing; for `pyfmt merge`")
    group.add_argument(
        "--shard-times",
        metavar="REPORT",
        help="with --shard: balance by the seconds in this JSON report, or by what `pyfmt merge` has put into the "
        "remote cache: `remote`",
    )


def add_cluster(parser: argparse._ActionsContainer) -> None:
    """Where the parts of a run are done."""
    group = parser.add_argument_group("on a cluster")
    group.add_argument("--executor", choices=("dask",), help="do the run on the workers of a cluster; writes nothing")
    group.add_argument("--scheduler", metavar="URL", help="with --executor dask: its scheduler, as tcp://HOST:PORT")
    group.add_argument(
        "--same-filesystem",
        action="store_true",
        help="with --executor: the workers see this folder at the same path, with its environments; nothing is sent",
    )


def add_acceptance(group: argparse._ActionsContainer) -> None:
    """What makes a run fail."""
    group.add_argument(
        "--baseline",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="findings that the projects' baselines accept are counted, but no failure",
    )
    add_lock(group)
    group.add_argument("--fail-on", choices=_SEVERITIES, help="the mildest severity that makes the run fail")


def add_lock(group: argparse._ActionsContainer) -> None:
    """Whether baselines may grow."""
    group.add_argument(
        "--baseline-locked",
        action=argparse.BooleanOptionalAction,
        default=None,
        help="baselines may only shrink (default: where CI is set)",
    )


def add_how_fast(group: argparse._ActionsContainer) -> None:
    """Which tools run, and with how much of the machine."""
    group.add_argument(
        "-t",
        "--tool",
        action="append",
        default=[],
        metavar="NAME",
        dest="tools",
        help="only this tool: isort, black, pylint, mypy, or pyfmt for the rules of pyfmt itself (repeatable)",
    )
    group.add_argument(
        "-j", "--jobs", type=int, metavar="N", help="at most N processes at once (default: the processors)"
    )
    group.add_argument("--timeout", type=float, metavar="SECONDS", help="time limit of one unit of work")
    add_no_cache(group)


def add_no_cache(group: argparse._ActionsContainer, cache: str = "the cache") -> None:
    """`--no-cache`."""
    group.add_argument("--no-cache", action="store_true", help=f"neither read nor write {cache}")


def add_running(parser: argparse.ArgumentParser) -> None:
    """Options of the commands that run tools; those that only some of them have are off elsewhere."""
    parser.set_defaults(check=False, diff=False, add_ignores=False, stdin_filename=None)
    parser.set_defaults(executor=None, scheduler=None, same_filesystem=False)
    add_paths(parser)
    group = parser.add_argument_group("what and how fast")
    group.add_argument(
        "--staged",
        action="store_true",
        help="what the next commit will hold: staged files, with their contents from git's index (named files: "
        "these; named folders: what is staged in them)",
    )
    group.add_argument(
        "--with-dependents",
        action="store_true",
        help="with --staged: also what the staged change can break, such as files of other projects that import it",
    )
    add_outputs(group)
    group.add_argument(
        "--unused-ignores",
        action="store_true",
        help="report comments that suppress nothing: `# pylint: disable`, `# type: ignore`, `# fmt: off`, `# fmt: "
        "skip`, "
        "`# isort: skip`, ..., also where the configuration does not ask for it",
    )
    group.add_argument(
        "--since",
        metavar="REV",
        help="only what changed since the merge base with REV, and its dependents; `auto`: what the CI compares with, "
        "else the default branch",
    )
    add_gate(group)
    add_how_fast(group)
    group.add_argument(
        "--cache-audit",
        type=_percent,
        metavar="N%",
        help="compute a random N%% of the cached answers again, and fail where they differ",
    )
    group.add_argument(
        "--timings",
        nargs="?",
        const="",
        metavar="=FILE",
        help="end with a table on standard error of where the time went; with =FILE, also write a trace for "
        "ui.perfetto.dev or chrome://tracing",
    )
    group.add_argument(
        "--watch",
        action="store_true",
        help="run again after each save, until Ctrl-C (needs the extra `watch`)",
    )
