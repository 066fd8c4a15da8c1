"""What a lock file says for one target: pins, folders, indexes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from packaging.markers import InvalidMarker, Marker

from pyfmt.environments.creating.values import CreationError

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Pin:
    """One distribution as it is locked; `url` for one that comes from no index (PEP 508's direct reference)."""

    name: str
    version: str
    hashes: tuple[str, ...] = ()  # "sha256:…"
    url: str = ""
    extras: tuple[str, ...] = ()

    @property
    def line(self) -> str:
        """The line of a requirements file, without hashes."""
        extras = f"[{','.join(self.extras)}]" if self.extras else ""
        return f"{self.name}{extras} @ {self.url}" if self.url else f"{self.name}{extras}=={self.version}"


@dataclass(frozen=True, slots=True)
class LocalFolder:
    """A distribution that is installed from a folder (absolute)."""

    path: Path
    editable: bool = True
    extras: tuple[str, ...] = ()

    @property
    def argument(self) -> str:
        """The folder as an installer takes it."""
        return f"{self.path}[{','.join(self.extras)}]" if self.extras else str(self.path)


@dataclass(frozen=True, slots=True)
class Locked:
    """Everything that a lock file installs on one target."""

    pins: tuple[Pin, ...] = ()
    folders: tuple[LocalFolder, ...] = ()
    indexes: tuple[str, ...] = ()  # beyond PyPI


@dataclass(frozen=True, slots=True)
class Target:
    """The interpreter that is installed for, as PEP 508 markers see it."""

    markers: Mapping[str, str]

    def admits(self, marker: object, extra: str = "") -> bool:
        """Whether an environment marker holds; no marker always does. Raises CreationError for one that cannot be read."""
        if not isinstance(marker, str) or not marker:
            return True
        try:
            return Marker(marker).evaluate({**self.markers, "extra": extra})
        except (InvalidMarker, ValueError) as error:
            raise CreationError(f"a marker of the lock file cannot be read: {marker}") from error


def tables(value: object) -> list[Table]:
    """The tables of a list; anything else is left out."""
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def table(value: object, *keys: str) -> Table:
    """The table below some keys; empty where there is none."""
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def normalise(name: str) -> str:
    """A distribution's name as PEP 503 compares it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def git_url(url: str, commit: str, subdirectory: object = None) -> str:
    """A PEP 440 direct reference to a commit."""
    prefix = "" if url.startswith("git+") else "git+"
    if re.fullmatch(r"[\w.-]+@[\w.-]+:.+", url):  # scp style: git@host:path
        url = "ssh://" + url.replace(":", "/", 1)
    return f"{prefix}{url}@{commit}" + (f"#subdirectory={subdirectory}" if subdirectory else "")
