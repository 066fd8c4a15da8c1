"""`pyfmt format`: only the formatters, over files or from standard input to standard output."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from pyfmt.cli.options import add_running, add_stdin
from pyfmt.cli.output import write_bytes
from pyfmt.cli.request import run_request
from pyfmt.cli.running import check_stdin, execute
from pyfmt.core.request import Command
from pyfmt.reports.escaping import printable_text

EXAMPLES = (
    ("pyfmt format lib/storage", "format one project in place"),
    ("pyfmt format --check", "exit code 1 where a file would be reformatted"),
    ("pyfmt format - --stdin-filename lib/storage/disk.py < disk.py", "for editors: by that file's rules"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Those of every command that runs tools, and what formatting alone has."""
    add_running(parser)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 where files would be reformatted")
    parser.add_argument("--diff", action="store_true", help="show the changes; writes nothing")
    add_stdin(parser)


def run(options: argparse.Namespace) -> int:
    """Format; returns the exit code."""
    return _format_stdin(options) if "-" in options.paths else execute(options, Command.FORMAT)


def _format_stdin(options: argparse.Namespace) -> int:
    check_stdin(options)
    from pyfmt.run.formatting import format_stdin  # deferred so that --help stays quick

    request = run_request(options, Command.FORMAT)
    result = format_stdin(request, sys.stdin.buffer.read(), options.stdin_filename, Path.cwd())
    if result.message:
        print(printable_text(f"pyfmt: error: {result.message}"), file=sys.stderr)
    write_bytes(result.output)
    return result.exit_code
