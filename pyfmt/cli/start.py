"""Where every pyfmt starts: with the last run's answer where nothing has changed, else with the command line."""

from __future__ import annotations

import sys

from pyfmt.cache.repeating.answering import answer


def main() -> int:
    """Run the command of sys.argv; returns the exit code, and never raises."""
    try:
        code = answer(sys.argv[1:])
    except KeyboardInterrupt:
        return 130
    if code is not None:
        return code
    from pyfmt.cli.main import main as run  # deferred: it is the most of a start

    return run()
