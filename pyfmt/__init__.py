"""pyfmt: the cross-virtualenv lint and format runner for Python monorepos."""

import os
import sys

__version__ = "0.1.0"


def _leave_working_folder() -> None:
    """Take the working folder off the search path where `-m` or an empty part of PYTHONPATH put it.

    Here, since nothing may be imported before: a checkout's own `argparse.py` would be run in place of Python's.
    """
    if sys.argv[:1] == ["-m"] or "" in os.environ.get("PYTHONPATH", "-").split(os.pathsep):
        own = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
        folders = {"", os.getcwd()} - {own}  # pyfmt's own checkout is its own code
        sys.path[:] = [entry for entry in sys.path if entry not in folders]


_leave_working_folder()
