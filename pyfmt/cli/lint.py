"""`pyfmt lint`: only the linters; `--add-ignores` writes suppressions."""

from __future__ import annotations

import argparse

from pyfmt.cli.options import add_cluster, add_running, add_stdin
from pyfmt.cli.running import execute
from pyfmt.core.request import Command

EXAMPLES = (
    ("pyfmt lint --tool mypy services/billing", "one tool over one project"),
    ("pyfmt lint --timings=trace.json", "where the time went: a table, and a trace for ui.perfetto.dev"),
    ("pyfmt lint --unused-ignores", "comments that suppress nothing, too"),
    ("pyfmt lint --add-ignores lib/legacy", "accept what is there, rule by rule, line by line"),
    (
        "pyfmt lint - --stdin-filename lib/storage/disk.py < disk.py",
        "for editors: what the buffer holds, not yet saved",
    ),
    ("pyfmt lint --jobs 1 --no-cache -v", "everything again, one unit after the other"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of every command that runs tools, and `--add-ignores`."""
    add_running(parser)
    add_stdin(parser)
    add_cluster(parser)
    parser.add_argument(
        "--add-ignores",
        action="store_true",
        help="write a `# pylint: disable` or `# type: ignore` with the rule's name at the end of each line that has a "
        "finding, and report what that cannot suppress",
    )


def run(options: argparse.Namespace) -> int:
    """Lint; returns the exit code."""
    return execute(options, Command.LINT)
