"""`pyfmt server`: the workers that have loaded a linter and wait for the next run."""

from __future__ import annotations

import argparse
import os

from pyfmt.core.errors import EXIT_CLEAN
from pyfmt.core.listing import count
from pyfmt.reports.escaping import printable
from pyfmt.runner.options import sockets_folder

EXAMPLES = (
    ("pyfmt server status", "which ones wait, and what they hold"),
    ("pyfmt server stop", "end them; the next run starts others"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do with them."""
    parser.add_argument("action", choices=("status", "stop"), metavar="ACTION", help="show their status, or stop them")


def run(options: argparse.Namespace) -> int:
    """Show or end the user's servers, whichever repository they were started in."""
    from pyfmt.runner import warm  # deferred: loads what starts processes

    servers = list(warm.running(sockets_folder(os.environ)))
    for each in servers:
        state = ", stopped by a signal: it serves nobody" if each.stopped else ""
        place = printable(each.interpreter)
        print(f"{each.task.ljust(8)} process {each.pid}, {each.mebibytes} MiB, {place}{state}")
    if options.action == "stop":
        for each in servers:
            warm.stop(each)
        print(f"{count(len(servers), 'server')} ended")
    elif not servers:
        print("no server waits")
    return EXIT_CLEAN
