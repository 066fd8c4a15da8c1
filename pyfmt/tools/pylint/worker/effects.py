"""What modules set on the classes, functions and modules of others, which pylint's messages about these depend on.

astroid adds `other.attribute = value` to what `other` is found to be as soon as the tree of the assigning module is
built (`AstroidBuilder.delayed_assattr`). So a file's messages depend on which trees were built before it is linted.
Here it is noted who set what on whom, and which file made astroid build the module that did; a later run over a few
files builds the same modules before somebody looks at what they set (`replaying.py`), and so says of its files what a
run over all does.

Standalone: loaded by file path next to `task.py` once pylint is importable; no import of `pyfmt`.
"""

from __future__ import annotations

import ast
import os
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, NamedTuple

from astroid import bases, builder, modutils, nodes, objects, util
from astroid.exceptions import InferenceError

_Set = tuple[str, str, str]  # the target module's place, what in it ("" for itself), and the attribute


@dataclass(frozen=True, slots=True)
class RecordedPaths:
    """Where the checkout, the environment and the interpreter lie: no record says so."""

    root: str
    environment: str
    base: str = field(default_factory=lambda: sys.base_prefix)

    def _prefixes(self) -> Iterator[tuple[str, str]]:
        known = {self.environment: "<environment>/", self.root: "", self.base: "<base>/"}
        yield from ((path.rstrip(os.sep) + os.sep, known[path]) for path in sorted(known, key=len, reverse=True))

    def name(self, path: str) -> str:
        """A path as records have it: the checkout's own are relative to its root; a module's name stays as it is."""
        for prefix, name in self._prefixes():
            if path.startswith(prefix):
                return name + path[len(prefix) :].replace(os.sep, "/")
        return path if path.startswith(os.sep) else f"<module>/{path}"

    def path(self, name: str) -> str:
        """The inverse of `name`."""
        if name.startswith("<module>/"):
            return name.removeprefix("<module>/")
        for prefix, start in self._prefixes():
            if start and name.startswith(start):
                return prefix + name[len(start) :]
        return os.path.join(self.root, name)

    def is_own(self, path: str) -> bool:
        """Whether it is a file of the checkout: neither of its environment nor of what it installs."""
        return not self.name(path).startswith(("<", os.sep)) and "site-packages" not in path


class Siblings(NamedTuple):
    """The modules beside this one that it needs, which are loaded by their files."""

    asking: ModuleType
    replaying: ModuleType
    values: ModuleType


class Effects:
    """Listens to astroid while trees are built and files are linted; one for each lint."""

    def __init__(self, parts: Siblings, places: RecordedPaths, replay: Mapping[str, Any] | None, reads: Any) -> None:
        """`replay`: what an earlier run noted (see `task.py`); None: nothing."""
        self._parts = parts
        self._places = places
        self._reads = reads
        self._made: dict[str, dict[_Set, list[nodes.AssignAttr]]] = {}  # by the setter's file
        self._early: dict[str, tuple[str, str]] = {}  # a setter's file -> the file whose tree needed it, its name
        self._late: dict[str, tuple[str, str]] = {}  # the same while files were linted
        self._noted = replay
        self._replay = parts.replaying.Replay((), parts.asking.place, parts.values.Watched)
        self._order: dict[str, int] = {}
        self._linted: frozenset[str] = frozenset()
        self._current = ""
        self._listen()

    def _listen(self) -> None:
        original = builder.AstroidBuilder.delayed_assattr

        def delayed_assattr(this: Any, node: nodes.AssignAttr) -> None:
            if not _is_own(node):
                self._note(node)
            original(this, node)

        setattr(builder.AstroidBuilder, "delayed_assattr", delayed_assattr)

    def needed(self, files: Iterable[str], others: Iterable[str]) -> list[str]:
        """Those of the files that are not linted (`others`) whose trees must be built before; all relative or
        absolute."""
        others, files = list(others), list(files)
        self._linted = frozenset(map(os.path.abspath, files))
        self._order = {os.path.abspath(file): place for place, file in enumerate(sorted([*files, *others]))}
        if self._noted is None:
            return [file for file in others if sets_attributes(file)]
        build = {self._places.path(file) for file in self._noted["build"]}
        return [file for file in others if os.path.abspath(file) in build]

    def wait(self, names: Mapping[str, str]) -> None:
        """Have what an earlier run noted wait until somebody looks at it; `names` are those of modules by their
        files."""
        setters = []
        for number, (phase, trigger, name, path, sets) in enumerate(self._noted["setters"] if self._noted else ()):
            file = self._places.path(path)
            moment = (int(phase), self._order.get(self._places.path(trigger), 0), number)
            targets = [(self._places.path(target), scope, attribute) for target, scope, attribute in sets]
            setters.append(self._parts.replaying.Setter(moment, name or names.get(file, ""), file, targets, not name))
        self._replay = self._parts.replaying.Replay(setters, self._parts.asking.place, self._parts.values.Watched)

    def building(self, items: Iterable[Any]) -> Iterator[Any]:
        """The items, each noted as the one whose tree is built now."""
        for item in items:
            self._at(item.filepath, 0)
            yield item

    def linting(self, path: str) -> None:
        """The file at `path` is linted now."""
        self._at(path, 1)
        self._reads.begin(self._current)

    def _at(self, path: str, phase: int) -> None:
        self._current = os.path.abspath(path)
        self._replay.now = (phase, self._order.get(self._current, 0), -1)

    def told(self, linter: Any, tops: frozenset[str]) -> dict[str, Any]:
        """What was noted, as JSON has it (see `task.py`), and whether all checkers are pylint's own.

        What those of plugins keep from file to file is not known. `tops`: the top-level names of the checkout.
        """
        checkers: Sequence[Any] = [each for group in linter._checkers.values() for each in group]
        asking, own, name = self._parts.asking, ("pylint", "_pyfmt_pylint_linter"), self._places.name
        self._replay.muted = True
        made = {name(path): [self._row(path, *item) for item in sets.items()] for path, sets in self._made.items()}
        targets = {target for sets in self._made.values() for target, _, _ in sets if not self._places.is_own(target)}
        targets.update(map(self._places.path, self._noted["targets"] if self._noted else ()))
        touched = asking.touching(targets, self._linted | self._made.keys())
        setters: dict[str, set[str]] = {}
        for path, sets in self._made.items():
            for _, _, attribute in sets:
                setters.setdefault(attribute, set()).add(path)
        self._reads.begin("")
        return {
            "reads": self._reads.told(self._linted, self._made.keys() - self._linted),
            "local": all(type(each).__module__.partition(".")[0] in own for each in checkers),
            "made": made,
            "early": [[name(file), module, name(path)] for path, (file, module) in self._early.items()],
            "late": [[name(file), module, name(path)] for path, (file, module) in self._late.items()],
            "touched": {name(target): [name(file) for file in files] for target, files in touched.items()},
            "common": asking.named_by_others(setters, self._places.is_own),
            "tops": sorted(tops),
            "asked": asking.names_of_others(self._places.is_own, tops),
        }

    def _row(self, path: str, what: _Set, found: list[nodes.AssignAttr]) -> list[Any]:
        """What is set, and the values; of what is not linted, these are not asked for."""
        target, scope, attribute = what
        told: list[list[str]] | None = []
        self._reads.begin(path)
        for node in found if path in self._linted else ():
            value = self._parts.values.described(node)
            told = None if value is None or told is None else [*told, *map(self._named, value)]
        return [self._places.name(target), scope, attribute, told]

    def _named(self, described: tuple[str, str]) -> list[str]:
        text, file = described
        return [text, self._places.name(file) if file else ""]

    def _note(self, node: nodes.AssignAttr) -> None:
        module = node.root()
        path = module.file or ""
        if not path or _is_standard(path):
            return  # the same for everyone with this Python
        try:
            targets = [target for found in node.expr.infer() if (target := _target(found)) is not None]
        except InferenceError:
            return
        for target in targets:
            try:
                root = target.root()
                if root is module:
                    continue
                scope = "" if target is root else target.qname().removeprefix(root.name + ".")
                what = (self._parts.asking.place(root), scope, node.attrname)
            except AttributeError:
                continue
            known = self._made.setdefault(path, {}).setdefault(what, [])
            if node not in known:
                known.append(node)
            if path != self._current and not self._replay.knows(path):
                noted = self._late if self._replay.now[0] else self._early
                noted.setdefault(path, (self._current, module.name))


def _is_own(node: nodes.AssignAttr) -> bool:
    """Whether it is an attribute of the method's own object: by far the most are, and they concern no other module."""
    method = node.frame()
    if not isinstance(node.expr, nodes.Name) or not isinstance(method, nodes.FunctionDef) or not method.is_method():
        return False
    first = (method.args.posonlyargs or method.args.args or [None])[0]
    count = len(method.args.posonlyargs) + len(method.args.args)
    if first is None or first.name != node.expr.name or len(method.args.defaults or ()) >= count:
        return False
    return all(isinstance(name.parent, nodes.Arguments) for name in method.locals.get(node.expr.name, ()))


def _target(found: Any) -> Any:
    """What `AstroidBuilder.delayed_assattr` adds an attribute to; None where it adds none."""
    if isinstance(found, util.UninferableBase):
        return None
    if type(found) in {bases.Instance, objects.ExceptionInstance}:
        return found._proxied
    return None if isinstance(found, (bases.Instance, bases.Proxy)) else found


def _is_standard(path: str) -> bool:
    if "site-packages" in path or "dist-packages" in path:
        return False
    return any(path.startswith(folder.rstrip(os.sep) + os.sep) for folder in modutils.STD_LIB_DIRS)


def sets_attributes(path: str) -> bool:
    """Whether a file assigns to attributes of anything but a method's own object; False where it cannot be parsed."""
    try:
        with open(path, "rb") as stream, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # said when the file itself is linted
            tree = ast.parse(stream.read())
    except (OSError, SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    own = {id(node) for group in ast.walk(tree) if isinstance(group, ast.ClassDef) for node in _own_attributes(group)}
    return any(
        isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and id(node) not in own
        for node in ast.walk(tree)
    )


def _own_attributes(group: ast.ClassDef) -> Iterator[ast.Attribute]:
    """The attributes that the methods of a class set on their own object."""
    for method in group.body:
        if not isinstance(method, (ast.FunctionDef, ast.AsyncFunctionDef)):
            continue
        names = [*method.args.posonlyargs, *method.args.args]
        if not names or len(method.args.defaults) >= len(names):
            continue
        inside = [node for statement in method.body for node in ast.walk(statement)]
        own = names[0].arg
        if not any(
            isinstance(node, ast.Name) and node.id == own and isinstance(node.ctx, ast.Store) for node in inside
        ):
            yield from (
                node
                for node in inside
                if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == own
            )
