"""Which packages of a lock an environment has: as far as markers hold, for the groups and extras that are wanted."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import NamedTuple

from pyfmt.projects.locks.values import Dependency, Lock, LockError, Package

_EXTRA = re.compile(r"""\bextra\s*(==|!=)\s*(['"][^'"]*['"])|(['"][^'"]*['"])\s*(==|!=)\s*extra\b""")


class Choice(NamedTuple):
    """Groups and extras beside the main group; the extras are those of the project, not of what it depends on."""

    groups: frozenset[str] = frozenset()
    extras: frozenset[str] = frozenset()


class Target(NamedTuple):
    """The interpreter that is installed for, as PEP 508 markers see it."""

    markers: Mapping[str, str]  # what is missing is as in the interpreter that runs
    lenient: bool = False  # a marker that cannot be read does not hold; else it raises LockError

    def admits(self, marker: str, names: Choice = Choice()) -> bool:
        """Whether a marker holds where `names` are installed; no marker always does."""
        if not marker:
            return True
        # Deferred: it costs 35 ms, and many locks have no marker.
        from packaging.markers import InvalidMarker, Marker, UndefinedComparison, UndefinedEnvironmentName

        # Poetry and uv ask for one of several extras with `extra == "x"`, which PEP 508 knows only for one.
        plain = _EXTRA.sub(lambda m: f"{m[2] or m[3]} {'in' if '==' in (m[1], m[4]) else 'not in'} extras", marker)
        values: dict[str, str | AbstractSet[str]] = dict(self.markers)
        values |= {"extras": names.extras, "dependency_groups": names.groups}
        try:
            return Marker(plain).evaluate(values, context="lock_file")
        except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName, ValueError) as error:
            if self.lenient:
                return False
            raise LockError(f"a marker cannot be read: {marker}") from error


def chosen(lock: Lock, target: Target, names: Choice, roots: Sequence[Package] | None = None) -> list[Package]:
    """The packages that are installed on `target`, in the lock's order, with the roots that are packages themselves.

    `roots` are those of the lock that count, all by default. Raises LockError.
    """
    roots = lock.roots if roots is None else roots
    if any(package.groups is None for package in lock.packages):
        return _walk(lock, target, names, roots)
    return [package for package in lock.packages if _is_chosen(package, target, names)]


def _is_chosen(package: Package, target: Target, names: Choice) -> bool:
    if package.optional and not names.extras:
        return False
    groups = package.groups or {}
    # PDM's groups are extras as well.
    wanted = [group for group in groups if not group or group in names.groups or group in names.extras]
    return any(target.admits(groups[group], names) for group in wanted) and target.admits(package.marker, names)


def _walk(lock: Lock, target: Target, names: Choice, roots: Sequence[Package]) -> list[Package]:
    """What is reached along the edges; an extra of a package is a node of its own."""
    by_name = _by_name(lock)
    markers = Choice(names.groups, names.extras | _conflict_names(roots, names))
    reached: dict[int, Package] = {}
    done: set[tuple[int, str]] = set()
    waiting: list[tuple[Package, str]] = []
    for root in roots:
        waiting += [(root, ""), *((root, extra) for extra in names.extras)]
        edges = [edge for group, found in root.development.items() if group in names.groups for edge in found]
        waiting += _follow(edges, by_name, target, markers)
    while waiting:
        package, extra = waiting.pop()
        if (id(package), extra) not in done:
            done.add((id(package), extra))
            reached[id(package)] = package
            found = package.optional_dependencies.get(extra, ()) if extra else package.dependencies
            waiting += _follow(found, by_name, target, markers)
    return [package for package in lock.packages if id(package) in reached]


def _conflict_names(roots: Iterable[Package], names: Choice) -> set[str]:
    """How uv's markers name the chosen extras and groups of a project, where some conflict: "extra-4-name-cpu"."""
    return {
        f"{kind}-{len(root.name)}-{root.name}-{name}"
        for root in roots
        for kind, chosen_names in (("extra", names.extras), ("group", names.groups))
        for name in chosen_names
    }


def _by_name(lock: Lock) -> dict[str, list[Package]]:
    by_name: dict[str, list[Package]] = {}
    for package in lock.packages:
        by_name.setdefault(package.name, []).append(package)
    return by_name


def _follow(
    edges: Iterable[Dependency], by_name: Mapping[str, list[Package]], target: Target, names: Choice
) -> Iterator[tuple[Package, str]]:
    for edge in edges:
        if not target.admits(edge.marker, names):
            continue
        candidates = [
            package
            for package in by_name.get(edge.name, ())
            if edge.version in ("", package.version) and edge.source in (None, package.source)
        ]
        if len(candidates) > 1:
            candidates = [package for package in candidates if target.admits(package.marker, names)]
        for package in candidates:
            yield from ((package, extra) for extra in ("", *edge.extras))


def reachable(lock: Lock, roots: Iterable[Package]) -> list[Package]:
    """All that `roots` could need on any machine, with all extras and groups, in the lock's order."""
    by_name = _by_name(lock)
    reached: dict[int, Package] = {}
    waiting = list(roots)
    while waiting:
        package = waiting.pop()
        if id(package) not in reached:
            reached[id(package)] = package
            waiting += [target for _, edge in package.edges() for target in by_name.get(edge.name, ())]
    return [package for package in lock.packages if id(package) in reached]
