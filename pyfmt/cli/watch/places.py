"""PURE: which places a watch session looks at, and which events there can have changed the report."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass

from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.core.files import SETTINGS
from pyfmt.core.folders import nearest_home
from pyfmt.projects.walking import IMPORTABLE, SKIPPED_NAMES
from pyfmt.run.baseline_files import NAME as BASELINE
from pyfmt.tools.registry import TOOLS, config_files

_ENVIRONMENTS = frozenset({".venv", "venv", "env"})
_TOOLS_OWN = (name for tool in TOOLS.values() for name in tool.own_files)
# What manifests, managers, ignore files and the tools' shared configurations are called.
_SETTINGS = frozenset({*SETTINGS, *config_files(), *_TOOLS_OWN, ".gitignore", BASELINE})
_SETTINGS_SUFFIXES = (".toml", ".cfg", ".ini", ".lock")  # pyfmt.toml, or whatever the configuration names
_EDITORS = (".#",)  # locks of Emacs, which end in .py


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a path: as the system reports it, and as it is now."""

    path: str  # absolute
    kind: str  # "added", "modified" or "deleted"
    is_folder: bool  # now


@dataclass(frozen=True, slots=True)
class WatchedPlaces:
    """What is watched; all paths are absolute, folders without what lies further down."""

    root: str
    folders: frozenset[str] = frozenset()  # of the checkout: what can be imported, manifests, settings
    hidden: frozenset[str] = frozenset()  # those of them that git ignores: only what can be imported
    outside: frozenset[str] = frozenset()  # sources beyond the checkout that an environment leads to
    environments: frozenset[str] = frozenset()  # environments and their site-packages: whatever comes or goes
    files: frozenset[str] = frozenset()  # settings that lie elsewhere
    own: frozenset[str] = frozenset()  # files and folders that pyfmt itself writes: never
    busy: str = ""  # a file that is there while git changes the work tree

    @property
    def watched(self) -> frozenset[str]:
        """The folders to watch."""
        return self.folders | self.outside | self.environments | {posixpath.dirname(file) for file in self.files}


@dataclass(frozen=True, slots=True)
class TreeChange:
    """What of a batch of events can have changed the report."""

    paths: tuple[str, ...] = ()  # absolute, sorted
    shape: bool = False  # there may be other places to watch now: folders, configuration, environments
    installed: bool = False  # in an environment something came or went

    def joined(self, other: TreeChange) -> TreeChange:
        """Both."""
        paths = tuple(sorted({*self.paths, *other.paths}))
        return TreeChange(paths, self.shape or other.shape, self.installed or other.installed)


def relevant_change(events: Iterable[Event], places: WatchedPlaces) -> TreeChange:
    """What of these events counts.

    Also what came and is gone again: the last run may have seen it.
    """
    change = TreeChange()
    for event in events:
        kind = _kind(event, places)
        if kind:
            change = change.joined(TreeChange((event.path,), kind != "source", kind == "installed"))
    return change


def _kind(event: Event, places: WatchedPlaces) -> str:
    """ "source", "shape", "installed", or "" for what cannot matter."""
    folder, name = posixpath.split(event.path)
    if event.path in places.files:
        return "shape"
    is_own = nearest_home(event.path, places.own) is not None
    if is_own or name.startswith(_EDITORS) or name in ("__pycache__", ".git"):
        return ""
    if folder in places.environments or event.path in places.environments:
        return "" if name.endswith((".pyc", ".lock", ".tmp")) else "installed"
    if not places.folders.isdisjoint((folder, event.path)) or not places.outside.isdisjoint((folder, event.path)):
        return _kind_in_tree(event, name, folder, places)
    return ""


def _kind_in_tree(event: Event, name: str, folder: str, places: WatchedPlaces) -> str:
    is_folder = event.is_folder or event.path in places.folders or event.path in places.outside
    if is_folder:
        if name in _ENVIRONMENTS:
            return "installed"
        passed_over = name in SKIPPED_NAMES or name.endswith(".egg-info") or event.kind == "modified"
        # What is ignored matters only where it can be imported; a tool's cache of that kind changes all the time.
        aloof = folder in places.hidden and not _is_importable(event.path, places.root)
        return "" if passed_over or aloof else "shape"
    if _is_setting(name):
        return "" if folder in places.hidden else "shape"
    return "source" if name.endswith((*IMPORTABLE, NOTEBOOK_SUFFIX)) else ""


def _is_importable(path: str, root: str) -> bool:
    parts = path.removeprefix(root).strip("/").split("/")
    return parts[-1].isidentifier() and not any(part.startswith(".") for part in parts)


def _is_setting(name: str) -> bool:
    if name in _SETTINGS or name.endswith(_SETTINGS_SUFFIXES):
        return True
    return name.startswith("requirements") and name.endswith((".txt", ".in"))
