"""uv.lock, read without uv: the graph from the workspace's members, as far as its markers admit.

Source: https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile and uv-resolver's lock module.
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

_PYPI = "https://pypi.org/simple"


def read(lock: Table, folder: Path, target: Target, pyproject: Table) -> Locked:
    """All members with their default groups, without extras; paths are relative to `folder`."""
    packages = tables(lock.get("package"))
    groups = table(pyproject, "tool", "uv").get("default-groups", ["dev"])
    pins, folders, indexes = [], [], []
    for package in _walk(packages, _members(lock, packages), groups, target):
        source = table(package, "source")
        local = source.get("editable") or source.get("directory")
        if local:
            folders.append(LocalFolder((folder / str(local)).resolve(), "editable" in source))
        elif not source.get("virtual"):
            pins.append(_pin(package, source, folder))
            registry = str(source.get("registry") or _PYPI).rstrip("/")
            if registry != _PYPI:
                indexes.append(registry if "://" in registry else str((folder / registry).resolve()))
    return Locked(tuple(pins), tuple(folders), tuple(dict.fromkeys(indexes)))


def _members(lock: Table, packages: list[Table]) -> list[Table]:
    names = table(lock, "manifest").get("members")
    if names:
        return [package for package in packages if package.get("name") in names]
    return [p for p in packages if "." in (table(p, "source").get("editable"), table(p, "source").get("virtual"))]


def _walk(packages: list[Table], members: list[Table], groups: object, target: Target) -> list[Table]:
    """Every package that is reached, in the lock's order."""
    by_name: dict[str, list[Table]] = {}
    for package in packages:
        by_name.setdefault(str(package.get("name")), []).append(package)
    reached: set[int] = set()
    done: set[tuple[int, str]] = set()  # the package and an extra of it; "" for the package itself
    waiting = [(member, "") for member in members]
    for member in members:
        every = table(member, "dev-dependencies")
        for group in every:
            if groups == "all" or (isinstance(groups, list) and group in groups):
                waiting += _follow(tables(every[group]), by_name, target)
    while waiting:
        package, extra = waiting.pop()
        if (id(package), extra) in done:
            continue
        done.add((id(package), extra))
        reached.add(id(package))
        edges = table(package, "optional-dependencies").get(extra) if extra else package.get("dependencies")
        waiting += _follow(tables(edges), by_name, target)
    return [package for package in packages if id(package) in reached]


def _follow(edges: list[Table], by_name: dict[str, list[Table]], target: Target) -> list[tuple[Table, str]]:
    found = []
    for edge in edges:
        if not target.admits(edge.get("marker")):
            continue
        candidates = [
            package
            for package in by_name.get(str(edge.get("name")), [])
            if edge.get("version") in (None, package.get("version"))
            and edge.get("source") in (None, package.get("source"))
        ]
        for package in candidates[:1]:
            found += [(package, extra) for extra in ("", *edge.get("extra", ()))]
    return found


def _pin(package: Table, source: Table, folder: Path) -> Pin:
    name, version = normalise(str(package.get("name"))), str(package.get("version"))
    if "git" in source:
        url, _, commit = str(source["git"]).partition("#")
        base, _, query = url.partition("?")
        inside = next((part[13:] for part in query.split("&") if part.startswith("subdirectory=")), None)
        return Pin(name, version, url=git_url(base, commit, inside))
    if "url" in source:
        return Pin(name, version, url=str(source["url"]))
    if "path" in source:
        return Pin(name, version, url=(folder / str(source["path"])).resolve().as_uri())
    if "registry" not in source:
        raise CreationError(f"uv.lock: the source of {name} is not known: {dict(source)}", "install with uv itself")
    files = [*tables(package.get("wheels")), table(package, "sdist")]
    return Pin(name, version, tuple(str(file["hash"]) for file in files if file.get("hash")))
