"""`pyfmt check`: like `pyfmt run`, and nothing is written."""

from __future__ import annotations

import argparse

from pyfmt.cli.options import add_cluster, add_running, add_stdin
from pyfmt.cli.running import execute
from pyfmt.core.request import Command

EXAMPLES = (
    ("pyfmt check", "the gate of a CI: nothing is written"),
    ("pyfmt check --since auto", "only what a branch changed, and its dependents"),
    ("pyfmt check --diff lib/storage", "show what the formatters would change"),
    ("pyfmt check --output --output html=report.html", "what the CI reads, and a page for people"),
    ("pyfmt check --format grouped --statistics", "by project and file, then counts by rule"),
    ("pyfmt check --baseline", "only findings that no baseline accepts fail"),
    ("pyfmt check --agent", "for coding agents: what is new since the last commit, in few lines"),
    ("pyfmt check --watch lib/storage", "while working on one project: again after each save"),
    ("pyfmt check --shard 1/3 --output json=shard-1.json", "a third of the work, for `pyfmt merge`"),
    ("pyfmt check --executor dask --scheduler tcp://10.0.0.1:8786", "on the workers of a cluster"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of every command that runs tools, and `--diff`."""
    add_running(parser)
    add_stdin(parser)
    add_cluster(parser)
    parser.add_argument("--diff", action="store_true", help="show how files would be reformatted")
    parser.add_argument(
        "--agent",
        action="store_true",
        help="for coding agents and scripts: only what is new since the last commit (or --since), in at most 40 lines; "
        "with --output jsonl as JSON",
    )


def run(options: argparse.Namespace) -> int:
    """Check; returns the exit code."""
    return execute(options, Command.CHECK)
