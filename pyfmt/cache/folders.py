"""Where the cache lies: a folder for each repository in the user's cache folder."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from pyfmt import disk
from pyfmt.cache.repeating import witness
from pyfmt.core.model import Unit
from pyfmt.core.user_cache import user_cache

_PLACE = "made-in"


def digest(*parts: str) -> str:
    """A short name for a sequence of texts."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def repository_folder(root: Path, configured: Path | None) -> Path:
    """The cache folder of a repository: `cache-dir` unless that is refused, else below the user's cache folder, keyed
    by the root's path."""
    folder = _own_folder(digest(str(root)))
    if configured is not None and not refusal(root, configured):
        folder = configured
    _given.add(folder)
    return folder


_given: set[Path] = set()  # a run over the index's contents has another root, and the cache of its repository


@cache
def refusal(root: Path, configured: Path) -> str:
    """Why `cache-dir` is not used; "" where it is.

    A checkout names it, and what is in it is believed, and removed when it is old. So it is no place outside, and
    nothing that came with the checkout: either git has none of its files, or it was made here, see `begin`.
    """
    real = disk.realpath(configured)
    inside = disk.is_within(real, disk.realpath(root))
    if configured in _given or inside and not disk.is_dir(real):
        return ""
    if not inside:
        return "it leads out of the monorepo: name such a place in XDG_CACHE_HOME"
    # Deferred for start-up time: hardly anybody sets it.
    from pyfmt.projects.tracked import first_tracked, surely_untracked
    from pyfmt.projects.walking import git_top

    with witness.suspended():
        if surely_untracked(real):
            return ""
        repository, tracked = first_tracked(real) if git_top(Path(real)) is not None else (False, "")
    if tracked:
        return f"git's index has {tracked}, so it may have come with the checkout"
    if repository or disk.text_or_none(os.path.join(real, _PLACE)) == real:
        return ""
    return "nothing shows that it was made here: remove it"


def begin(folder: Path) -> None:
    """Make a `cache-dir` that is not there yet, with a note of its place: no archive knows where it is unpacked."""
    with contextlib.suppress(OSError):  # the store says what is wrong
        folder.mkdir(parents=True)
        (folder / _PLACE).write_text(disk.realpath(folder), "utf-8")


def tool_environments_folder() -> Path:
    """Where tool environments stand: in the user's cache folder, shared by all repositories."""
    return _own_folder("tools")


def composed_environments_folder() -> Path:
    """Where `pyfmt what-if` composes environments: in the user's cache folder, outside of every checkout."""
    return _own_folder("what-if")


def _own_folder(name: str) -> Path:
    return Path(user_cache(os.environ, os.path.expanduser("~")), name)


def cluster_folder(monorepo: str) -> Path:
    """Where a worker of a cluster keeps a monorepo, its environments and its cache: in its user's cache folder."""
    return _own_folder("cluster") / monorepo


def tool_folder(base: Path, unit: Unit, config_text: str, versions: Sequence[str]) -> Path:
    """A folder for one tool's own cache: one for each tool version, configuration, environment and group of
    projects."""
    assert unit.environment is not None, unit
    # Which libraries are judged there, too, changes with every new import: the tool's cache must outlive that.
    paths = [part.project.path for part in unit.parts if part.home] or [part.project.path for part in unit.parts]
    group = json.dumps([paths, unit.number])
    place = digest(unit.environment.prefix, group)
    return base / unit.tool / version_folder(config_text, versions) / place


def version_folder(config_text: str, versions: Sequence[str]) -> str:
    """The name of the folder that holds those of all units under one tool version and configuration."""
    return digest(*versions, config_text)
