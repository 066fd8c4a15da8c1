"""Where the cache lies: a folder for each repository in the user's cache folder."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Sequence
from pathlib import Path

from pyfmt.core.model import Unit
from pyfmt.core.user_cache import user_cache


def digest(*parts: str) -> str:
    """A short name for a sequence of texts."""
    return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogateescape")).hexdigest()[:16]


def repository_folder(root: Path, configured: Path | None) -> Path:
    """The cache folder of a repository: `cache-dir`, else below the user's cache folder, keyed by the root's path."""
    return configured if configured is not None else _own_folder(digest(str(root)))


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
