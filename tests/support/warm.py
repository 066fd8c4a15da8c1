"""Workers that stay from run to run, for tests of many runs: as a user has them, and cheaper than a start for each."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

from tests.support.monorepo import Monorepo

OFF = {"PYFMT_SERVER": "off"}  # for a run that is to have nothing of those before it


@contextmanager
def kept_workers(tree: Monorepo) -> Iterator[None]:
    """Runs in the tree share workers that stay until the end of the context, but for those with OFF."""
    with tempfile.TemporaryDirectory(prefix="pyfmt-run-") as place:  # the path of a socket is short
        before = dict(tree.environ)
        tree.environ.update(XDG_RUNTIME_DIR=place, CI="", PYFMT_SERVER="auto")
        try:
            yield
            # Else each run would have had workers of its own, and nobody would know.
            said = tree.run("server", "status").expect(0)
            assert sys.platform != "linux" or "no server" not in said.stdout, said
        finally:
            tree.run("server", "stop")
            tree.environ = before
