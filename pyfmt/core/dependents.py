"""PURE: who is touched by a change, and why: the graph of the projects walked backwards, cycles and all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pyfmt.core.graphs import closure
from pyfmt.core.model import Edge, Project


@dataclass(frozen=True, slots=True)
class Link:
    """`dependent` needs `target` (both are projects' paths); `how` continues "NAME …": "depends on it through
    uv.lock"."""

    dependent: str
    target: str
    how: str


def links(edges: Mapping[str, Sequence[Edge]]) -> list[Link]:
    """The links that manifests and lock files make."""
    return [
        Link(path, edge.target, f"depends on it through {' and '.join(shown(edge.through))}")
        for path, found in edges.items()
        for edge in found
    ]


def shown(through: Iterable[str]) -> list[str]:
    """The files that an edge comes from, lock files first: they say what is installed."""
    return sorted(through, key=lambda name: (not name.endswith((".lock", ".lock.toml", "pylock.toml")), name))


def spread(seeds: Iterable[str], found: Sequence[Link]) -> dict[str, tuple[Link, ...]]:
    """Every project that depends on one of `seeds`, directly or not, with the shortest chain of links from a seed to
    it.

    Seeds themselves are not among the keys. The answer does not depend on the order of the links.
    """
    reverse: dict[str, list[Link]] = {}
    for link in sorted(found, key=lambda link: (link.dependent, link.target, link.how)):
        reverse.setdefault(link.target, []).append(link)
    start = sorted(set(seeds))
    chains: dict[str, tuple[Link, ...]] = {path: () for path in start}
    waiting = list(start)
    for path in waiting:  # grows while it is gone through: the nearest first
        for link in reverse.get(path, ()):
            if link.dependent not in chains:
                chains[link.dependent] = (*chains[path], link)
                waiting.append(link.dependent)
    return {path: chain for path, chain in chains.items() if chain}


def described(chain: Sequence[Link], names: Mapping[str, str]) -> str:
    """A chain for people: "lib/storage changed → billing depends on it through poetry.lock"."""
    return " → ".join([f"{chain[0].target} changed", *(f"{names[link.dependent]} {link.how}" for link in chain)])


def cycles(projects: Sequence[Project]) -> list[tuple[str, ...]]:
    """Groups of projects that depend on each other in a circle: the strongly connected components, by path."""
    targets = {project.path: project.depends_on for project in projects}
    backwards: dict[str, list[str]] = {}
    for path, found in targets.items():
        for target in found:
            backwards.setdefault(target, []).append(path)
    left = set(targets)
    groups = []
    for path in sorted(targets):
        if path in left:
            group = {*closure([path], targets)} & {*closure([path], backwards)}
            left -= group
            if group:
                groups.append(tuple(sorted(group)))
    return groups
