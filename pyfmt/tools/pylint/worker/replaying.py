"""What earlier runs saw modules set on others, done again only where somebody looks: see `effects.py`.

A module that set an attribute on a class of another one is not built before some file's tree or message asks for just
that attribute; then it is built first, as if it had been at its time, and the values stand in the order that they have
where all files are linted.

Standalone: loaded by file path next to `task.py` once pylint is importable; no import of `pyfmt`.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from astroid import MANAGER, builder, nodes
from astroid.exceptions import AstroidError

# When a module is built: while trees are built (0) or files are linted (1), for which file in order, which one there.
Moment = tuple[int, int, int]
_FIRST = (-1, 0, 0)


@dataclass(slots=True)
class Setter:
    """A module that sets attributes on others."""

    moment: Moment
    name: str  # as astroid knows it
    path: str
    sets: list[tuple[str, str, str]]  # a module's place, the class or function in it ("" for itself), attribute
    is_own: bool  # one of the project's own files, which no other one makes astroid build
    built: bool = field(default=False)


class Replay:
    """The setters that wait to be looked at; `place` gives a module's file, or its name where it has none, and
    `watched` is `values.Watched`."""

    def __init__(self, setters: Iterable[Setter], place: Any, watched: Any) -> None:
        self._watched = watched
        self.now: Moment = (0, -1, 0)
        self.muted = False
        self._place = place
        self._waiting: dict[str, dict[str, dict[str, list[Setter]]]] = {}  # by place, scope and attribute
        self._known: dict[str, Setter] = {}  # by path
        self._moments: dict[str, Moment] = {}  # when the modules built so far would have been, by place
        for setter in sorted(setters, key=lambda each: each.moment):
            self._known[setter.path] = setter
            for target, scope, attribute in setter.sets:
                scopes = self._waiting.setdefault(target, {})
                scopes.setdefault(scope, {}).setdefault(attribute, []).append(setter)
        if self._waiting:
            self._listen()

    def _listen(self) -> None:
        after = builder.AstroidBuilder._post_build

        def post_build(this: Any, module: Any, tree: Any, encoding: str) -> Any:
            where = self._place(module)
            setter = self._known.get(where)
            self._moments.setdefault(where, setter.moment if setter and setter.moment < self.now else self.now)
            if setter:
                setter.built = True
            self._watch(module, where)
            return after(this, module, tree, encoding)

        setattr(builder.AstroidBuilder, "_post_build", post_build)
        for module in list(MANAGER.astroid_cache.values()):
            self._watch(module, self._place(module))

    def knows(self, path: str) -> bool:
        """Whether an earlier run has noted of a module that it is built by now for a file that is not linted anew."""
        setter = self._known.get(path)
        return self.muted or (setter is not None and setter.moment < self.now)

    def _watch(self, module: Any, where: str) -> None:
        """Have the classes on which something may be set ask for it when they are looked at."""
        for scope, attributes in self._waiting.pop(where, {}).items():
            found = list(_scopes(module, scope))
            for node in found:
                for kind in ("locals", "instance_attrs"):
                    if hasattr(node, kind):
                        setattr(node, kind, self._watching(getattr(node, kind), attributes, module))
                if isinstance(node, nodes.Module):
                    node.globals = node.locals
            if not found:  # it cannot be told apart: as if it were looked at all the time
                for setters in attributes.values():
                    self.build(setters)

    def _watching(self, values: dict[str, Any], waiting: dict[str, list[Setter]], own: Any) -> Any:
        """The attributes of a class; those that others may still set are built before they are read."""

        def build(name: str) -> None:
            for each in list(waiting) if name == watched.names else [name]:
                setters = waiting.get(each)
                if setters and self.build(setters):
                    found = dict.get(watched, each)
                    if found is not None and len(found) > 1:
                        self.order(found, own)

        watched = self._watched(values)
        watched.note = getattr(values, "note", watched.note)  # see `reads.py`
        watched.names, watched.build = "*", build
        return watched

    def build(self, setters: Iterable[Setter]) -> bool:
        """Build those modules that would have been built by now; whether there were any."""
        due = [setter for setter in setters if not setter.built and setter.moment < self.now]
        for setter in due:
            setter.built = True
            before = self.now, self.muted
            self.now, self.muted = setter.moment, True
            with contextlib.suppress(AstroidError, RecursionError):
                if setter.is_own:
                    MANAGER.ast_from_file(setter.path, setter.name, source=True)
                else:
                    MANAGER.ast_from_module_name(setter.name)
            self.now, self.muted = before
        return bool(due)

    def order(self, values: list[Any], own: Any) -> None:
        """Put what is set on one attribute into the order in which it would have been set; first by the module
        `own`."""

        def moment(node: Any) -> Moment:
            root = node.root()
            return _FIRST if root is own else self._moments.get(self._place(root), _FIRST)

        values.sort(key=moment)


def _scopes(module: Any, scope: str) -> Iterator[Any]:
    """The classes and functions of that dotted name in a module; all where there are several."""
    found = [module]
    for name in scope.split(".") if scope else ():
        inside = (node for each in found for node in each.locals.get(name, ()))
        found = [node for node in inside if isinstance(node, (nodes.ClassDef, nodes.FunctionDef))]
    yield from found
