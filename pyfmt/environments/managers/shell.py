"""The environment that is active in the user's shell: $VIRTUAL_ENV, then a $CONDA_PREFIX that is not conda's base."""

from __future__ import annotations

import os
from collections.abc import Iterator

from pyfmt import disk
from pyfmt.environments.managers.place import Found, Place


def shell(place: Place) -> Iterator[Found]:
    """The active environment; it must have the project installed unless the project is the only one."""
    several = len(place.around.projects) > 1
    active = place.environ.get("VIRTUAL_ENV", "")
    if active:
        yield Found(os.path.normpath(active), "VIRTUAL_ENV", "active in the shell", must_have=several, expected=False)
    prefix = place.environ.get("CONDA_PREFIX", "")
    if prefix and not _is_base(place, prefix):
        yield Found(os.path.normpath(prefix), "CONDA_PREFIX", "active in the shell", must_have=several, expected=False)


def _is_base(place: Place, prefix: str) -> bool:
    if place.environ.get("CONDA_DEFAULT_ENV") == "base":
        return True
    return disk.is_dir(os.path.join(prefix, "condabin"))
