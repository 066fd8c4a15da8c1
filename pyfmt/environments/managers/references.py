"""Environments that name their project, or that the project names: virtualenvwrapper and pyenv-virtualenv."""

from __future__ import annotations

import os
from collections.abc import Iterator

from pyfmt import disk
from pyfmt.environments.managers.local import workon_homes
from pyfmt.environments.managers.place import Found, Place, is_environment


def virtualenvwrapper(place: Place) -> Iterator[Found]:
    """The environment in WORKON_HOME whose `.project` file names the project's folder."""
    for home in workon_homes(place.around):
        prefix = place.around.back_references(home).get(disk.realpath(place.folder))
        if prefix:
            yield Found(prefix, "virtualenvwrapper")


def pyenv(place: Place) -> Iterator[Found]:
    """The pyenv virtualenv that the project's `.python-version` names (one that is a plain version is none)."""
    if not place.has(".python-version"):
        return
    names = place.around.text(place.path(".python-version")).split()
    root = place.environ.get("PYENV_ROOT") or os.path.join(place.around.home, ".pyenv")
    for name in filter(disk.is_name, names):
        prefix = os.path.join(root, "versions", name)
        marked = disk.is_file(os.path.join(prefix, "pyvenv.cfg")) or disk.is_dir(os.path.join(prefix, "conda-meta"))
        if os.path.basename(name) == name and is_environment(prefix) and marked:
            yield Found(prefix, "pyenv")
