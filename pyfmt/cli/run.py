"""`pyfmt run`: format in place, then lint; the default command."""

from __future__ import annotations

import argparse

from pyfmt.cli.options import add_running
from pyfmt.cli.running import execute
from pyfmt.core.request import Command

EXAMPLES = (
    ("pyfmt", "format and lint the whole monorepo"),
    ("pyfmt lib/storage services/billing", "only two projects"),
    ("pyfmt --staged", "only what the next commit will hold, as git's index has it"),
    ("pyfmt --tool isort --tool black", "only two of the tools"),
    ("pyfmt --watch", "again after each save, until Ctrl-C"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of every command that runs tools."""
    add_running(parser)


def run(options: argparse.Namespace) -> int:
    """Format and lint; returns the exit code."""
    return execute(options, Command.RUN)
