"""How what a lock file installs has changed: two versions of it compared, for one project where it serves several."""

from __future__ import annotations

import posixpath
from dataclasses import dataclass, field

from pyfmt.projects.locks import Lock, LockError, read_text
from pyfmt.projects.locks.choosing import reachable
from pyfmt.projects.locks.requirements import Reader, is_requirements
from pyfmt.projects.locks.requirements import read as read_requirements


@dataclass(slots=True)
class _Installed:
    """What decides about one distribution in an environment: anything else in a lock file makes no difference."""

    # None for a local folder: its version says nothing of what is there
    versions: set[str] = field(default_factory=set)
    facts: set[object] = field(default_factory=set)  # source, groups, markers
    hashes: dict[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def version(self) -> str:
        """For people: "1.2", or "1.2 and 1.3" where markers choose."""
        return " and ".join(sorted(self.versions))


def difference(path: str, old: Reader, new: Reader, member: str | None = None) -> tuple[str, ...]:
    """What the lock at `path` installs differently: "pydantic 1.9.2 → 2.1", in order; empty where nothing.

    `member` is the folder of a project relative to a uv.lock: only what that project needs counts, where the lock knows
    it. A lock that cannot be read on either side counts as different.
    """
    texts = old(path), new(path)
    if texts[0] is None or texts[1] is None:
        return ("added",) if texts[0] is None and texts[1] is not None else ("deleted",)
    try:
        before, after = _installed(_read(path, old), member), _installed(_read(path, new), member)
    except LockError as error:
        return (f"cannot be compared ({error})",)
    lines = (_line(name, before.get(name), after.get(name)) for name in sorted({*before, *after}))
    return tuple(line for line in lines if line)


def _line(name: str, before: _Installed | None, after: _Installed | None) -> str:
    if before is None or after is None:
        there = after or before
        assert there is not None
        return f"{name} {there.version} {'added' if before is None else 'removed'}".replace("  ", " ")
    if before.versions != after.versions:
        return f"{name} {before.version} → {after.version}"
    if before.facts != after.facts:
        return f"{name} is chosen or fetched differently"
    shared = before.hashes.keys() & after.hashes.keys()
    replaced = bool(before.hashes and after.hashes) and not shared
    if replaced or any(before.hashes[file] != after.hashes[file] for file in shared):
        return f"{name} {before.version} has other files"
    return ""


def _read(path: str, reader: Reader) -> Lock:
    if is_requirements(path):
        return read_requirements(path, reader)
    return read_text(posixpath.basename(path), reader(path) or "")


def _installed(lock: Lock, member: str | None) -> dict[str, _Installed]:
    """By name; what one member needs with all its extras and groups, everything where the lock does not know it."""
    local = [package for package in lock.packages if package.source.kind in ("folder", "virtual")]
    roots = [package for package in local if posixpath.normpath(package.source.place) == member and lock.roots]
    reached = reachable(lock, roots) if roots else lock.packages
    found: dict[str, _Installed] = {}
    for package in reached:
        item = found.setdefault(package.name, _Installed())
        version = "" if package.source.kind in ("folder", "virtual") else package.version
        item.versions |= {version} - {""}
        groups = None if package.groups is None else tuple(sorted(package.groups.items()))
        item.facts.add((version, package.source, package.marker, groups, package.extras, package.optional))
        item.hashes |= package.hashes
    for package in reached:
        for group, edge in package.edges() if package.groups is None else ():
            if (edge.marker or edge.extras) and edge.name in found:
                found[edge.name].facts.add(("when", group, edge.marker, edge.extras))
    return found
