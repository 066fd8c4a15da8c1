"""`pyfmt what-if`: what an upgrade would bring, before anything is installed."""

from __future__ import annotations

import argparse
import os
import re
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from pyfmt import config
from pyfmt.cli.options import add_no_cache, add_outputs
from pyfmt.cli.output import deliver_texts
from pyfmt.cli.request import display_of, plain_request
from pyfmt.core.errors import UsageError
from pyfmt.core.what_if import UpgradeQuestion
from pyfmt.reports.what_if import FORMATS
from pyfmt.run.progress import Progress
from pyfmt.run.session import Session
from pyfmt.run.what_if import look

EXAMPLES = (
    ('pyfmt what-if "pydantic>=2"', "what would be new and what gone with another version"),
    ('pyfmt what-if "grpcio==1.60" protobuf --project billing', "several changes at once, in one project"),
    ("pyfmt what-if --resolution lowest-direct", "whether the lowest versions that manifests allow are enough"),
    ("pyfmt what-if --python 3.13", "another Python"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What is to be different, and where the answer goes."""
    parser.add_argument(
        "requirements",
        nargs="*",
        metavar="REQUIREMENT",
        help='in place of what the manifests ask of it: "pydantic>=2"; the newest version that it admits is taken',
    )
    parser.add_argument(
        "--project",
        action="append",
        default=[],
        dest="projects",
        metavar="PROJECT",
        help="only the environment of this project, by name or folder (repeatable; default: all)",
    )
    parser.add_argument(
        "--resolution",
        choices=("highest", "lowest", "lowest-direct"),
        help="choose all versions anew: the highest, the lowest, or the lowest of what is asked for directly",
    )
    parser.add_argument("--python", metavar="X.Y", help="with another Python")
    add_no_cache(parser, "the cache of findings")
    add_outputs(parser.add_argument_group("the answer: text, markdown, json"))


def run(options: argparse.Namespace) -> int:
    """Show it: 1 where something would be new, 2 where something was not looked at."""
    question = UpgradeQuestion(tuple(options.requirements), tuple(options.projects), options.resolution, options.python)
    if not (question.requirements or question.resolution or question.python):
        raise UsageError("nothing is to be different", "what-if", 'name it: `pyfmt what-if "pydantic>=2"`')
    if options.python and not re.fullmatch(r"\d+(\.\d+){1,2}", options.python):
        raise UsageError("is no Python version", f"--python {options.python}", "write it like --python 3.13")
    request = replace(plain_request(options), use_cache=not options.no_cache)
    display = display_of(options, FORMATS)
    root = config.load(request, Path.cwd()).root
    with closing(Progress(display.verbosity)) as progress:
        found = look(question, request, Session(Path.cwd(), os.environ, progress))
    deliver_texts([(output, FORMATS[output.format](found)) for output in display.outputs], str(root))
    return found.exit_code
