"""Forgets what the formatters, and pyfmt's modules about tools, remember of files: for a process that runs several
times."""

from __future__ import annotations

import sys

_PACKAGES = frozenset({"black", "blib2to3", "isort", "pyfmt"})


def forget() -> None:
    """Empty every `functools.cache` of black, isort and pyfmt, as in a process that has just started.

    All of them take configuration files and folders to stay what they were, which holds for one run only.
    """
    for name, module in list(sys.modules.items()):
        if name.partition(".")[0] in _PACKAGES:
            for value in list(vars(module).values()):
                clear = getattr(value, "cache_clear", None)
                if callable(clear):
                    clear()
