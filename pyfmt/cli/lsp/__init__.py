"""`pyfmt lsp`: a language server for the whole monorepo, over standard input and output."""

from __future__ import annotations

import argparse

from pyfmt.cli.request import plain_request
from pyfmt.core.errors import UsageError

EXAMPLES = (
    ("pyfmt lsp", "what an editor starts: see docs/how-to/editors.md"),
    ("pyfmt lsp --root ../monorepo", "all folders of the editor belong to this monorepo"),
)


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """None of its own: an editor's options come with its first message."""


def run(options: argparse.Namespace) -> int:
    """Serve until the editor leaves; raises UsageError where the extra is not installed."""
    from pyfmt.cli.lsp import calls
    from pyfmt.cli.lsp.helpers import Helper
    from pyfmt.runner import interruption

    interruption.uninstall()  # a signal ends the server at once, and its helpers end with it
    request = plain_request(options)
    # Before the packages of the protocol are imported, which the helpers need not hold, and before there are threads.
    helpers = calls.start(Helper)
    try:
        try:
            from pyfmt.cli.lsp.server import serve
        except ImportError as error:
            raise UsageError(
                f"needs the package pygls, which cannot be imported: {error}",
                "pyfmt lsp",
                "pip install 'pyfmt-monorepo[lsp]'",
            ) from error
        return serve(request, helpers)
    finally:
        for helper in helpers:
            helper.close()
