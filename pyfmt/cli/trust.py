"""`pyfmt trust`: which code of a checkout may run, from now on."""

from __future__ import annotations

import argparse
from pathlib import Path

from pyfmt import config
from pyfmt.cli.request import plain_request
from pyfmt.core.errors import EXIT_CLEAN
from pyfmt.environments import trust
from pyfmt.reports.escaping import printable
from pyfmt.tools import configured_code
from pyfmt.tools.registry import TOOLS

EXAMPLES = (
    ("pyfmt trust", "plugins that the shared configuration names may run"),
    ("pyfmt trust --revoke", "no longer"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--revoke`."""
    parser.add_argument("--revoke", action="store_true", help="no longer allow it")


def run(options: argparse.Namespace) -> int:
    """Remember that a checkout is trusted, or forget it, and say what that means."""
    settings = config.load(plain_request(options), Path.cwd())
    root = settings.root
    if options.revoke:
        known = trust.revoke(root)
        print(printable(f"{root} is no longer trusted" if known else f"{root} was not trusted"))
        return EXIT_CLEAN
    file = trust.store(root)
    print(printable(f"{root} is trusted (remembered in {file}; `pyfmt trust --revoke` takes it back)"))
    print("code of its environments may run, where the shared configuration names it:")
    for tool_config in settings.tool_configs:
        for text in TOOLS[tool_config.tool].executes(tool_config):
            print(printable(f"  {text} ({configured_code.place(tool_config, str(root))})"))
    print("  the interpreter of an environment whose search path cannot be read from disk")
    return EXIT_CLEAN
