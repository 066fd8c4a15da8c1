"""PDM: its saved interpreter, an environment in the project, or the central folder by the hash of the project's path.

Rules: Project.resolve_interpreter in pdm/project/core.py, pdm/cli/commands/venv/utils.py, and its workspaces.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator

from pyfmt import disk
from pyfmt.environments.managers.place import Found, Place, is_environment, short_digest, table, truth
from pyfmt.environments.managers.uv import is_member


def pdm(place: Place) -> Iterator[Found]:
    """The environments of the project, or of the workspace that it is a member of."""
    owner = _workspace_root(place)
    rule = "pdm workspace" if owner else "pdm"
    if owner is None:
        used = place.tool("pdm") is not None or any(map(place.has, ("pdm.lock", "pdm.toml", ".pdm-python")))
        if not used:
            return
        owner = place.folder
    cure = f"pdm install --project {os.path.relpath(owner, place.around.root)}"
    for prefix, named in _places(place, owner):
        yield Found(prefix, rule, cure=cure, named=named)
    yield Found(os.path.join(owner, ".venv"), rule, cure=cure)


def _places(place: Place, owner: str) -> Iterator[tuple[str, bool]]:
    """Each place, and whether a file of the checkout names it."""
    saved = place.environ.get("PDM_PYTHON", "")
    named = not saved
    if named and ".pdm-python" in place.around.names(owner):
        saved = place.around.text(os.path.join(owner, ".pdm-python")).strip()
    if saved and not truth(place.environ.get("PDM_IGNORE_SAVED_PYTHON")):
        prefix = os.path.dirname(os.path.dirname(saved))
        # A saved base interpreter belongs to __pypackages__, which is no environment.
        if os.path.isabs(prefix) and (is_environment(prefix) or not disk.exists(saved)):
            if disk.is_file(os.path.join(prefix, "pyvenv.cfg")) or not disk.exists(saved):
                yield prefix, named
    for name in (".venv", "venv", "env"):
        path = os.path.join(owner, name)
        if disk.is_dir(path) and is_environment(path):
            yield path, False
    location = _location(place)
    start = f"{os.path.basename(owner)}-{_identity(owner)}-"
    for name in place.around.names(location):
        if name.startswith(start):
            yield os.path.join(location, name), False


def _identity(folder: str) -> str:
    digest = hashlib.md5(folder.replace(os.sep, "/").encode("utf-8", "surrogateescape"), usedforsecurity=False)
    return short_digest(digest.digest())


def _location(place: Place) -> str:
    """`venv.location`: the user's configuration alone (a project's does not count), else the data folder."""
    config, data = (place.around.user_folder(kind, "pdm", "pdm/pdm") for kind in ("config", "data"))
    file = place.environ.get("PDM_CONFIG_FILE") or os.path.join(config, "config.toml")
    value = (table(place.around.toml(file), "venv") or {}).get("location")
    return place.around.expand(value) if isinstance(value, str) and value else os.path.join(data, "venvs")


def _workspace_root(place: Place) -> str | None:
    """The nearest folder above that is a PDM workspace with the project among its members."""
    for folder in place.ancestors():
        if "pyproject.toml" not in place.around.names(folder):
            continue
        pyproject = place.around.toml(os.path.join(folder, "pyproject.toml"))
        workspace = table(table(table(pyproject, "tool"), "pdm"), "workspace")
        if workspace is not None and is_member(workspace, folder, place.folder):
            return folder
    return None
