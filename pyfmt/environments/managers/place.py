"""What every manager's module works with: a project's place in the monorepo, and the candidates that it names."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from pyfmt import disk
from pyfmt.core import parsing
from pyfmt.core.model import Project

_XDG_HOMES = {
    "config": ("XDG_CONFIG_HOME", ".config"),
    "data": ("XDG_DATA_HOME", ".local/share"),
    "cache": ("XDG_CACHE_HOME", ".cache"),
}
_LONGEST = 10_000  # characters of a file that names an environment
JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Found:
    """A place where a project's environment is, or should be, by a rule."""

    prefix: str  # absolute; "" where no place can be named
    rule: str
    note: str = ""
    refused: str = ""  # why this candidate must not be used, although it may exist
    cure: str = ""  # what makes it, or mends the refusal
    expected: bool = True  # False: a place that is tried, and whose absence says nothing
    must_have: bool = False  # only if the project is installed in it
    named: bool = False  # a file of the checkout says where it is, so that it may be somebody else's


class Manager(Protocol):
    """One manager of environments: a module that names, best first, where it keeps a project's environment.

    Nothing is yielded without evidence that the project uses the manager. Nothing is started, and no file but the
    manager's own configuration and the project's manifests is read.
    """

    def __call__(self, place: Place) -> Iterator[Found]: ...


@dataclass(slots=True)
class Monorepo:
    """What the projects of one monorepo have in common; keeps what was read."""

    root: str  # absolute, links resolved
    environ: Mapping[str, str]
    projects: tuple[Project, ...]
    unread: dict[str, str] = field(default_factory=dict)  # file -> why it could not be read
    _tables: dict[str, JsonObject] = field(default_factory=dict)
    _damaged: dict[str, Exception] = field(default_factory=dict)
    _listings: dict[str, tuple[str, ...]] = field(default_factory=dict)
    _owners: dict[str, list[str]] = field(default_factory=dict)
    _back_references: dict[str, dict[str, str]] = field(default_factory=dict)

    def toml(self, path: str) -> JsonObject:
        """A TOML file's content, empty where it is missing or damaged, which `unread` then has."""
        if path not in self._tables:
            try:
                self._tables[path] = disk.read_toml(path)
            except (OSError, ValueError) as error:
                self._tables[path] = {}
                self._damaged[path] = error
        if path in self._damaged:
            self._note(path, self._damaged[path])
        return self._tables[path]

    def text(self, path: str) -> str:
        """The text of a small file, "" where it is missing or cannot be read, which `unread` then has."""
        try:
            return disk.read_text(path)[:_LONGEST]
        except (OSError, ValueError) as error:
            self._note(path, error)
            return ""

    def _note(self, path: str, error: Exception) -> None:
        if not isinstance(error, FileNotFoundError) or disk.lexists(path):
            self.unread[path] = parsing.why(error)

    def names(self, folder: str) -> tuple[str, ...]:
        """The sorted names in a folder; empty where it cannot be listed."""
        if folder not in self._listings:
            self._listings[folder] = tuple(disk.names_in(folder))
        return self._listings[folder]

    @property
    def home(self) -> str:
        """The user's home folder."""
        return self.environ.get("HOME") or os.path.expanduser("~")

    def expand(self, path: str) -> str:
        """`path` with a leading ~ replaced."""
        if path == "~" or path.startswith("~/"):
            return self.home + path[1:]
        return os.path.expanduser(path) if path.startswith("~") else path

    def xdg_home(self, kind: str) -> str:
        """The XDG folder for "config", "data" or "cache"."""
        variable, below = _XDG_HOMES[kind]
        return self.environ.get(variable) or os.path.join(self.home, below)

    def user_folder(self, kind: str, app: str, windows: str = "", roaming: bool = False) -> str:
        """Where an application keeps its "config", "data" or "cache" of this user, as platformdirs has it; `windows` is
        what it is called there, if that is something else."""
        if sys.platform == "darwin":
            return os.path.join(self.home, "Library", "Caches" if kind == "cache" else "Application Support", app)
        if sys.platform == "win32":
            return os.path.join(self.environ.get("APPDATA" if roaming else "LOCALAPPDATA", self.home), windows or app)
        return os.path.join(self.xdg_home(kind), app)

    def back_references(self, folder: str) -> dict[str, str]:
        """Project folder to environment for each `<folder>/*/.project` (virtualenvwrapper, Pipenv)."""
        if folder not in self._back_references:
            found: dict[str, str] = {}
            for name in self.names(folder):
                try:
                    content = disk.read_text(os.path.join(folder, name, ".project")).strip()
                except (OSError, ValueError):
                    continue  # most environments have none
                if content:
                    found.setdefault(disk.realpath(content), os.path.join(folder, name))
            self._back_references[folder] = found
        return self._back_references[folder]

    def share(self, key: str, owner: str) -> list[str]:
        """Note that `owner` uses the place `key`; all its owners so far, in order."""
        owners = self._owners.setdefault(key, [])
        if owner not in owners:
            owners.append(owner)
        return owners


@dataclass(slots=True)
class Place:
    """A project, where it is, and what it has."""

    project: Project
    folder: str  # absolute
    around: Monorepo

    @property
    def pyproject(self) -> JsonObject:
        """The project's pyproject.toml."""
        if not self.has("pyproject.toml"):
            return {}
        return self.around.toml(os.path.join(self.folder, "pyproject.toml"))

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment variables of the run."""
        return self.around.environ

    def tool(self, name: str) -> JsonObject | None:
        """`[tool.NAME]` of the project's pyproject.toml; None if it is not there."""
        return table(table(self.pyproject, "tool"), name)

    def has(self, name: str) -> bool:
        """Whether the project's folder has an entry of that name."""
        return name in self.around.names(self.folder)

    def path(self, *parts: str) -> str:
        """An absolute path below the project's folder."""
        return os.path.normpath(os.path.join(self.folder, *parts))

    def ancestors(self) -> Iterator[str]:
        """The folders above the project, nearest first, up to the root and not beyond."""
        folder = self.folder
        while folder != self.around.root:
            parent = os.path.dirname(folder)
            if parent == folder:
                return  # the project is outside the root
            folder = parent
            yield folder

    def build_backend(self) -> str:
        """`[build-system] build-backend`, "" where it is not said."""
        value = (table(self.pyproject, "build-system") or {}).get("build-backend")
        return value if isinstance(value, str) else ""


def table(value: JsonObject | None, key: str) -> JsonObject | None:
    """A sub-table; None where it is missing or no table."""
    found = (value or {}).get(key)
    return found if isinstance(found, dict) else None


def truth(value: str | None) -> bool | None:
    """A boolean environment variable; None where it is unset or empty."""
    if value is None or not value.strip():
        return None
    return value.strip().lower() in ("1", "true", "yes", "on", "t", "y")


def short_digest(digest: bytes) -> str:
    """The eight characters by which managers tell environments of one name apart."""
    return base64.urlsafe_b64encode(digest).decode()[:8]


def is_environment(path: str) -> bool:
    """Whether there is anything at `path` that claims to be an environment (or did once)."""
    return any(disk.lexists(os.path.join(path, mark)) for mark in ("pyvenv.cfg", "conda-meta", "bin/python")) or (
        disk.lexists(os.path.join(path, "Scripts"))
    )
