"""poetry.lock, read without Poetry: versions 1.x and 2.x of the format.

Source: https://python-poetry.org/docs/dependency-specification/ and poetry.packages.locker.
"""

from __future__ import annotations

from pathlib import Path

from pyfmt.environments.creating.locks.values import (
    LocalFolder,
    Locked,
    Pin,
    Table,
    Target,
    git_url,
    normalise,
    table,
    tables,
)
from pyfmt.environments.creating.values import CreationError


def read(lock: Table, folder: Path, target: Target, pyproject: Table) -> Locked:
    """The main group and every group that is not optional, without extras; paths are relative to `folder`."""
    packages = [package for package in tables(lock.get("package")) if not package.get("optional")]
    if all("groups" in package for package in packages):
        wanted = _wanted_groups(packages, pyproject)
        chosen = [package for package in packages if _is_wanted(package, wanted, target)]
    else:
        chosen = _reachable(packages, pyproject, target)
    pins, folders, indexes = [], [], []
    for package in chosen:
        source = table(package, "source")
        if source.get("type") == "directory":
            folders.append(LocalFolder((folder / str(source["url"])).resolve(), bool(package.get("develop", True))))
            continue
        pins.append(_pin(package, source, folder))
        if source.get("type") == "legacy" and source.get("url"):
            indexes.append(str(source["url"]))
    return Locked(tuple(pins), tuple(folders), tuple(dict.fromkeys(indexes)))


def _pin(package: Table, source: Table, folder: Path) -> Pin:
    name, version = str(package.get("name")), str(package.get("version"))
    kind, url = source.get("type"), str(source.get("url", ""))
    if kind == "git":
        return Pin(name, version, url=git_url(url, str(source.get("resolved_reference")), source.get("subdirectory")))
    if kind == "file":
        return Pin(name, version, url=(folder / url).resolve().as_uri())
    if kind == "url":
        return Pin(name, version, url=url)
    if kind not in (None, "legacy"):
        raise CreationError(
            f"poetry.lock: {name} comes from {kind!r}, which is not known", "install with Poetry itself"
        )
    return Pin(name, version, tuple(str(file["hash"]) for file in tables(package.get("files")) if file.get("hash")))


def _wanted_groups(packages: list[Table], pyproject: Table) -> set[str]:
    every = {str(group) for package in packages for group in package.get("groups", ())}
    declared = table(pyproject, "tool", "poetry", "group")
    return {group for group in every if not table(declared, group).get("optional")}


def _is_wanted(package: Table, wanted: set[str], target: Target) -> bool:
    groups = wanted & set(package.get("groups", ()))
    markers = package.get("markers")
    if isinstance(markers, dict):  # per group; a group that is not named has none
        return any(target.admits(markers.get(group)) for group in groups)
    return bool(groups) and target.admits(markers)


def _reachable(packages: list[Table], pyproject: Table, target: Target) -> list[Table]:
    """Locks before Poetry 2 have no groups: follow the edges from what pyproject.toml names, as far as markers admit."""
    by_name: dict[str, list[Table]] = {}
    for package in packages:
        by_name.setdefault(normalise(str(package.get("name"))), []).append(package)
    poetry = table(pyproject, "tool", "poetry")
    starts = [table(poetry, "dependencies"), table(poetry, "dev-dependencies")]
    starts += [table(group, "dependencies") for group in table(poetry, "group").values() if not group.get("optional")]
    waiting = [edge for start in starts for edge in start.items()]
    seen: set[str] = set()
    while waiting:
        name, constraint = waiting.pop()
        name = normalise(name)
        if name in seen or name not in by_name or not _edge_holds(constraint, target):
            continue
        seen.add(name)
        for package in by_name[name]:
            waiting.extend(table(package, "dependencies").items())
    return [package for name in sorted(seen) for package in by_name[name]]


def _edge_holds(constraint: object, target: Target) -> bool:
    edges = constraint if isinstance(constraint, list) else [constraint]
    for edge in edges:
        if not isinstance(edge, dict):
            return True
        platform = edge.get("platform")
        if target.admits(edge.get("markers")) and platform in (None, target.markers.get("sys_platform")):
            return True
    return False
