"""What lock files say should be installed: uv.lock, poetry.lock, pdm.lock, Pipfile.lock, pylock.toml, pinned requirements."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pyfmt import disk
from pyfmt.core import parsing
from pyfmt.environments.installed import normalise

JsonObject = dict[str, Any]
Marker = Callable[[str], bool]  # whether a PEP 508 marker holds in the environment


@dataclass(slots=True)
class Locked:
    """One distribution of a lock: its versions (several where markers choose), and whether it must be installed."""

    name: str  # PEP 503 normalised
    versions: set[str] = field(default_factory=set)  # empty: any (a local folder, a repository)
    required: bool = False  # certainly expected: of the main group, its marker holds
    local: bool = False  # from a folder


class LockError(Exception):
    """A lock file that cannot be read; the message says why."""


class Lock:
    """The content of one lock file, name by name."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.items: dict[str, Locked] = {}

    def add(self, name: str, version: object, required: bool, local: bool = False) -> None:
        """Add what one entry says; entries of one name are alternatives."""
        item = self.items.setdefault(normalise(name), Locked(normalise(name)))
        item.required = item.required or required
        item.local = item.local or local
        if isinstance(version, str) and not local:
            item.versions.add(version)


NAMES = ("uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "requirements.txt")
_PIN = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)(?:\[[^\]]*\])?\s*===?\s*([^\s;#\\*]+)\s*(?:;([^#\\]*))?")


def find(folder: Path) -> Path | None:
    """The lock file of a project's folder, the most exact first; None if it has none."""
    return next((folder / name for name in NAMES if (folder / name).is_file()), None)


def read(file: Path, marker: Marker) -> Lock:
    """The lock at `file`, as it applies where `marker` holds; raises LockError."""
    lock = Lock(file)
    try:
        if file.name == "Pipfile.lock":
            _pipenv(lock, parsing.parse_json(disk.read_text(file)), marker)
        elif file.suffix == ".txt":
            _requirements(lock, file, marker, set())
        else:
            content = disk.read_toml(file)
            {"uv.lock": _uv, "poetry.lock": _poetry, "pdm.lock": _pdm, "pylock.toml": _pylock}[file.name](
                lock, content, marker
            )
    except Exception as error:
        raise LockError(f"{file.name} cannot be read: {parsing.why(error)}") from error
    return lock


def _uv(lock: Lock, content: JsonObject, marker: Marker) -> None:
    """Edges from the workspace's own packages; development groups are not required, since they can be left out."""
    packages: list[JsonObject] = content.get("package", [])
    by_name: dict[str, list[JsonObject]] = {}
    for package in packages:
        by_name.setdefault(normalise(package["name"]), []).append(package)
    own = [package for package in packages if package.get("source", {}).keys() & {"editable", "virtual"}]
    roots = [package for package in own if "." in package["source"].values()] or own
    required = {normalise(package["name"]) for package in roots}
    queue: list[tuple[JsonObject, str]] = [(package, "") for package in roots]
    seen: set[tuple[str, str]] = set()
    while queue:
        package, extra = queue.pop()
        edges = package.get("optional-dependencies", {}).get(extra, []) if extra else package.get("dependencies", [])
        for edge in edges:
            if edge.get("marker") and not marker(edge["marker"]):
                continue
            name = normalise(edge["name"])
            required.add(name)
            for wanted in ("", *edge.get("extra", [])):
                if (name, wanted) not in seen:
                    seen.add((name, wanted))
                    queue += [(target, wanted) for target in by_name.get(name, [])]
    for package in packages:
        source = package.get("source", {})
        local = bool(source.keys() & {"editable", "directory", "virtual", "path", "git", "url"})
        virtual = "virtual" in source
        name = normalise(package["name"])
        lock.add(name, package.get("version"), name in required and not virtual, local)


def _poetry(lock: Lock, content: JsonObject, marker: Marker) -> None:
    """Poetry 2 names groups and markers for each package; older files do not, and then nothing is surely required."""
    for package in content.get("package", []):
        groups = package.get("groups", [])
        condition = package.get("markers", "")
        if isinstance(condition, dict):
            condition = condition.get("main", "")
        required = "main" in groups and not package.get("optional") and (not condition or marker(condition))
        local = package.get("source", {}).get("type") in ("directory", "file", "git", "url")
        lock.add(package["name"], package.get("version"), required, local)


def _pdm(lock: Lock, content: JsonObject, marker: Marker) -> None:
    for package in content.get("package", []):
        condition = package.get("marker", "")
        required = "default" in package.get("groups", []) and (not condition or marker(condition))
        local = any(key in package for key in ("path", "editable", "url", "git"))
        lock.add(package["name"], package.get("version"), required, local)


def _pipenv(lock: Lock, content: JsonObject, marker: Marker) -> None:
    for group in ("default", "develop"):
        for name, entry in content.get(group, {}).items():
            condition = entry.get("markers", "")
            version = entry.get("version")
            required = group == "default" and (not condition or marker(condition))
            local = any(key in entry for key in ("path", "file", "git", "editable"))
            lock.add(name, version.removeprefix("==") if isinstance(version, str) else None, required, local)


def _pylock(lock: Lock, content: JsonObject, marker: Marker) -> None:
    """PEP 751; a marker that asks for extras or dependency groups leaves open whether the package is required."""
    for package in content.get("packages", []):
        condition = package.get("marker", "")
        chosen = "extras" in condition or "dependency_groups" in condition
        required = not chosen and (not condition or marker(condition))
        local = any(key in package for key in ("directory", "vcs", "archive"))
        lock.add(package["name"], package.get("version"), required, local)


def _requirements(lock: Lock, file: Path, marker: Marker, seen: set[Path]) -> None:
    """Only pins (`==`) count; `-r` is followed, relative to its file."""
    if file.resolve() in seen:
        return
    seen.add(file.resolve())
    for line in _lines(file):
        if line.startswith(("-r ", "--requirement ")):
            _requirements(lock, file.parent / line.split(None, 1)[1].strip(), marker, seen)
        match = _PIN.match(line)
        if match:
            condition = (match[3] or "").strip()
            lock.add(match[1], match[2], not condition or marker(condition))


def _lines(file: Path) -> Iterator[str]:
    text = disk.read_text(file).replace("\\\n", " ")
    for line in text.splitlines():
        yield re.split(r"\s+--hash", line.strip())[0]
