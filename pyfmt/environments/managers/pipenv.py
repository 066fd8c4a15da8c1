"""Pipenv: central by the hash of the Pipfile's path, or in the project.

Rules: pipenv/utils/venv_locator.py and get_workon_home of pipenv/utils/shell.py.
"""

from __future__ import annotations

import hashlib
import os
import re
import shlex
from collections.abc import Iterator

from pyfmt import disk
from pyfmt.environments.managers.local import workon_homes
from pyfmt.environments.managers.place import Found, Place, short_digest, table, truth

_UNSAFE = re.compile(r'[ &$`!*@"()\[\]\\\r\n\t]')


def pipenv(place: Place) -> Iterator[Found]:
    """The environment of the project that has a Pipfile."""
    if not place.has("Pipfile"):
        return
    cure = f"cd {shlex.quote(place.project.path)} && pipenv sync"
    dot_venv = place.path(".venv")
    if disk.is_file(dot_venv):
        return  # a .venv file: the project's folder comes next, and follows Pipenv's rule for it
    central = Found(os.path.join(workon_homes(place.around)[0], environment_name(place)), "pipenv", cure=cure)
    in_project = Found(dot_venv, "pipenv", cure=cure)
    chosen = truth(place.environ.get("PIPENV_VENV_IN_PROJECT"))
    if chosen is None:
        setting = (table(place.around.toml(place.path("Pipfile")), "pipenv") or {}).get("venv_in_project")
        chosen = setting if isinstance(setting, bool) else None
    if chosen is True:
        yield in_project
    elif chosen is False or not disk.is_dir(dot_venv):
        yield central
    elif disk.is_dir(central.prefix):
        yield central  # an existing central one wins over a .venv that was only found
    else:
        yield in_project


def environment_name(place: Place) -> str:
    """The folder's name of a central environment."""
    custom = place.environ.get("PIPENV_CUSTOM_VENV_NAME")
    if custom:
        return custom
    safe = _UNSAFE.sub("_", os.path.basename(place.folder))[:42]
    digest = hashlib.sha256(place.path("Pipfile").encode("utf-8", "surrogateescape")).digest()[:6]
    python = place.environ.get("PIPENV_PYTHON", "")
    suffix = f"-{os.path.basename(python) if os.path.isabs(python) else python}" if python else ""
    return f"{safe}-{short_digest(digest)}{suffix}"
