"""Editable installs that lead elsewhere: then what is judged is not what is here."""

from __future__ import annotations

import os
from collections.abc import Mapping

from pyfmt import disk
from pyfmt.core.listing import some
from pyfmt.core.model import Environment


def foreign(environment: Environment, root: str, homes: Mapping[str, str]) -> str:
    """One line on editable installs from another worktree or from outside the checkout; "" without any.

    `root` is the monorepo's real path, `homes` gives each distribution of the monorepo (PEP 503 name) its folder's real
    path.
    """
    found = []
    for item in environment.distributions:
        if not item.editable or item.source is None:
            continue
        source = disk.realpath(item.source)
        home = homes.get(item.name, "")
        outside = not f"{source}{os.sep}".startswith(os.path.join(root, ""))
        # Within the checkout only another copy of a project is foreign: a linked worktree below the root.
        if outside or home and not f"{source}{os.sep}".startswith(os.path.join(home, "")):
            place = source if outside else os.path.relpath(source, root).replace(os.sep, "/")
            found.append(f"{item.name} is installed from {place}" + (", not from here" if home else ""))
    return some(found)
