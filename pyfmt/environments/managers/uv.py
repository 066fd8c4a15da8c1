"""uv: `.venv` of the project or of its workspace, or $UV_PROJECT_ENVIRONMENT.

Rules: https://docs.astral.sh/uv/concepts/projects/workspaces/ and /config/#project-environment-path.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

from pyfmt.core import globs
from pyfmt.core.parsing import strings
from pyfmt.environments.managers.local import redirected
from pyfmt.environments.managers.place import Found, JsonObject, Place, table


def uv(place: Place) -> Iterator[Found]:
    """The environment of the project, or of the workspace that it is a member of."""
    own = place.tool("uv")
    if own is not None and own.get("managed") is False:
        return
    owner, member = place.folder, False
    if table(own, "workspace") is None:
        root = _workspace_root(place)
        if root is not None:
            owner, member = root, True
        elif own is None and not place.has("uv.lock"):
            return
    rule = "uv workspace" if member or table(own, "workspace") is not None else "uv"
    chosen = place.environ.get("UV_PROJECT_ENVIRONMENT", "")
    shown = os.path.relpath(owner, place.around.root).replace(os.sep, "/")
    note = f"the environment of the uv workspace {shown}" if member else ""
    cure = f"uv sync --project {shown}"
    if not chosen:
        own_place = os.path.join(owner, ".venv")
        prefix = redirected(own_place, place.around)
        yield Found(prefix, rule, note, cure=cure, named=prefix != own_place)
    elif not os.path.isabs(chosen):
        yield Found(os.path.normpath(os.path.join(owner, chosen)), rule, note, cure=cure)
    else:
        yield from _absolute(place, (owner, chosen), Found(os.path.normpath(chosen), rule, note, cure=cure))


def _absolute(place: Place, key: tuple[str, str], found: Found) -> Iterator[Found]:
    """An absolute $UV_PROJECT_ENVIRONMENT, unless several projects or workspaces would each take it for theirs."""
    owner, chosen = key
    owners = {other for project in place.around.projects for other in owners_of(place, project.path)}
    if len(owners | {owner}) > 1:
        refused = f"UV_PROJECT_ENVIRONMENT={chosen} is absolute and would serve {len(owners | {owner})} uv projects"
        yield Found(found.prefix, found.rule, refused=refused, cure="use a relative path, or unset it")
        yield Found(os.path.join(owner, ".venv"), found.rule, found.note, cure=found.cure)
    else:
        yield found


def owners_of(place: Place, path: str) -> Iterator[str]:
    """The folder that owns the uv environment of the project at `path`; none if it does not use uv."""
    other = next((project for project in place.around.projects if project.path == path), None)
    if other is None:
        return
    there = Place(other, os.path.normpath(os.path.join(place.around.root, path)), place.around)
    own = there.tool("uv")
    if own is not None and own.get("managed") is False:
        return
    root = None if table(own, "workspace") is not None else _workspace_root(there)
    if root is not None:
        yield root
    elif own is not None or there.has("uv.lock"):
        yield there.folder


def _workspace_root(place: Place) -> str | None:
    """The workspace that the project is a member of: only the nearest pyproject.toml above it counts."""
    if not place.has("pyproject.toml"):
        return None
    for folder in place.ancestors():
        if "pyproject.toml" in place.around.names(folder):
            pyproject = place.around.toml(os.path.join(folder, "pyproject.toml"))
            workspace = table(table(table(pyproject, "tool"), "uv"), "workspace")
            return folder if workspace is not None and is_member(workspace, folder, place.folder) else None
    return None


def is_member(workspace: JsonObject, root: str, folder: str) -> bool:
    """Whether the table of a workspace, whose root is given, names a folder."""
    relative = os.path.relpath(folder, root).replace(os.sep, "/")
    members, excluded = strings(workspace.get("members")), strings(workspace.get("exclude"))
    return any(matches(pattern, relative) for pattern in members) and not any(
        matches(pattern, relative) for pattern in excluded
    )


def matches(pattern: str, path: str) -> bool:
    """Whether a glob matches a whole relative path: `*` stays in one folder, `**` spans any number of them."""
    wanted = globs.parts_of(pattern.replace(os.sep, "/"))
    if wanted and wanted[-1] == "**":
        wanted.append("*")  # what is below a folder, not the folder itself
    return globs.matches(globs.parts_of(path), wanted)
