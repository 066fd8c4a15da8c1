"""Hatch: the default environment, in its data folder or where the project's configuration says.

Rules: hatch/env/virtual.py, and get_env_directory in hatch/cli/application.py.
"""

from __future__ import annotations

import hashlib
import os
import shlex
import sys
from collections.abc import Iterator

from pyfmt import disk
from pyfmt.environments.managers.place import Found, JsonObject, Place, short_digest, table
from pyfmt.projects.names import normalise


def hatch(place: Place) -> Iterator[Found]:
    """The default environment of a project that uses Hatch."""
    section = place.tool("hatch")
    own = place.around.toml(place.path("hatch.toml")) if place.has("hatch.toml") else {}
    if section is None and not own and not place.build_backend().startswith("hatchling"):
        return
    cure = f"cd {shlex.quote(place.project.path)} && hatch env create"
    # How a project is built says little: many build with hatchling and use another manager.
    sure = table(section, "envs") is not None or table(own, "envs") is not None
    default = table(table(own, "envs"), "default") or table(table(section, "envs"), "default") or {}
    chosen = place.environ.get("HATCH_ENV_TYPE_VIRTUAL_PATH")
    path = chosen or default.get("path")
    if isinstance(path, str) and path:
        prefix = path if os.path.isabs(path) else disk.realpath(place.path(path))
        yield Found(prefix, "hatch", cure=cure, named=not chosen)
        return
    storage = _storage(place)
    name, identity = _name(place), _identity(place.folder)
    flat = storage == os.path.join(place.around.home, ".virtualenvs") or disk.realpath(storage).startswith(
        os.path.join(place.folder, "")
    )
    prefix = os.path.join(storage, name) if flat else os.path.join(storage, name, identity, name)
    # A name may be a path, and lead out of the folder.
    yield Found(prefix, "hatch", cure=cure, expected=sure, named=os.path.basename(name) != name)


def _identity(folder: str) -> str:
    path = folder.casefold() if sys.platform in ("win32", "darwin") else folder
    return short_digest(hashlib.sha256(path.encode("utf-8", "surrogateescape")).digest())


def _name(place: Place) -> str:
    """The project's name as Hatch's metadata has it: normalised; by the folder where there is no `[project]`."""
    project = table(place.pyproject, "project")
    if project is None:
        return f"{_identity(place.folder)}-unmanaged"
    name = project.get("name")
    return normalise(name) if isinstance(name, str) else ""


def _storage(place: Place) -> str:
    """`dirs.env.virtual` of the user's configuration (a project's does not count), else in the data folder."""
    directories = table(table(_user_config(place), "dirs"), "env") or {}
    virtual = directories.get("virtual")
    if isinstance(virtual, str):
        expanded = place.around.expand(os.path.expandvars(virtual))
        return expanded if os.path.isabs(expanded) else os.path.normpath(os.path.join(place.folder, expanded))
    return os.path.join(_data_folder(place), "env", "virtual")


def _user_config(place: Place) -> JsonObject:
    own = os.path.join(place.around.user_folder("config", "hatch"), "config.toml")
    return place.around.toml(place.environ.get("HATCH_CONFIG") or own)


def _data_folder(place: Place) -> str:
    chosen = place.environ.get("HATCH_DATA_DIR")
    if chosen:
        return place.around.expand(chosen)
    configured = (table(_user_config(place), "dirs") or {}).get("data")
    if isinstance(configured, str):
        return place.around.expand(configured)
    return place.around.user_folder("data", "hatch")
