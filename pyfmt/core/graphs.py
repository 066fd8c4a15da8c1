"""PURE: walks along the edges of a graph: `targets` gives where one leads directly."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import TypeVar

_Node = TypeVar("_Node", bound=Hashable)


def reached(start: Iterable[_Node], targets: Callable[[_Node], Iterable[_Node]]) -> dict[_Node, None]:
    """All that can be reached, `start` itself included."""
    found = dict.fromkeys(start)
    waiting = list(found)
    while waiting:
        for node in targets(waiting.pop()):
            if node not in found:
                found[node] = None
                waiting.append(node)
    return found


def closure(start: Iterable[str], depends_on: Mapping[str, Sequence[str]]) -> tuple[str, ...]:
    """Everything that can be reached, without `start` itself unless a cycle leads back; sorted."""
    first = (target for path in start for target in depends_on.get(path, ()))
    return tuple(sorted(reached(first, lambda path: depends_on.get(path, ()))))


def shortest_way(start: Iterable[_Node], goal: _Node, targets: Callable[[_Node], Iterable[_Node]]) -> tuple[_Node, ...]:
    """The shortest way from one of `start` to `goal`, both included; empty where there is none.

    Of several the first, in the order of `start` and of `targets`.
    """
    before: dict[_Node, _Node | None] = dict.fromkeys(start)
    waiting = list(before)
    for node in waiting:  # grows while it is gone through: the nearest first
        if node == goal:
            break
        for target in targets(node):
            if target not in before:
                before[target] = node
                waiting.append(target)  # pylint: disable=modified-iterating-list
    way: list[_Node] = []
    node_or_none: _Node | None = goal if goal in before else None
    while node_or_none is not None:
        way.insert(0, node_or_none)
        node_or_none = before[node_or_none]
    return tuple(way)
