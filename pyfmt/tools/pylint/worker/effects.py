"""What modules set on the classes, functions and modules of others, which pylint's messages about these depend on.

astroid adds `other.attribute = value` to what `other` is found to be as soon as the tree of the assigning module is
built (`AstroidBuilder.delayed_assattr`). So a file's messages depend on which trees were built before it is linted.
Here it is noted who set what on whom, and which file made astroid build the module that did; a later run over a few
files builds the same modules before the same files, and so says of them what a run over all files does.

Standalone: loaded by file path next to `task.py` once pylint is importable; no import of `pyfmt`.
"""

from __future__ import annotations

import ast
import contextlib
import os
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from astroid import MANAGER, bases, builder, modutils, nodes, objects, util
from astroid.exceptions import AstroidError, InferenceError


class Effects:
    """Listens to astroid while trees are built and files are linted; one for each lint."""

    def __init__(self, replay: Mapping[str, Any] | None) -> None:
        """`replay`: what an earlier run noted (`build`: files; `late`: pairs of a file and a module's name); None:
        nothing."""
        # By file: target's file, attribute, constant or None
        self.made: dict[str, list[tuple[str, str, str | None]]] = {}
        self.early: dict[str, str] = {}  # name of a module that set something -> the file whose tree needed it
        self.late: dict[str, str] = {}  # the same while files were linted
        self._build = frozenset(replay["build"]) if replay else frozenset()
        self._replayed: list[tuple[str, str]] = [tuple(pair) for pair in replay["late"]] if replay else []
        self._order: dict[str, int] = {}
        self._current = ""
        self._linting = False
        self._muted = False
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
        others = list(others)
        self._order = {os.path.abspath(file): place for place, file in enumerate(sorted([*files, *others]))}
        return [file for file in others if os.path.abspath(file) in self._build or sets_attributes(file)]

    def building(self, items: Iterable[Any]) -> Iterator[Any]:
        """The items, each noted as the one whose tree is built now."""
        for item in items:
            self._current = os.path.abspath(item.filepath)
            yield item

    def linting(self, path: str) -> None:
        """The file at `path` is linted now: builds what an earlier file had made astroid build by then."""
        self._linting = True
        self._current = os.path.abspath(path)
        place = self._order.get(self._current, 0)
        waiting, self._replayed = self._replayed, []
        for trigger, name in waiting:
            if self._order.get(trigger, 0) < place:
                self._muted = True
                with contextlib.suppress(AstroidError, RecursionError):
                    MANAGER.ast_from_module_name(name)
                self._muted = False
            else:
                self._replayed.append((trigger, name))

    def told(self, linter: Any, relative: Callable[[str], str]) -> dict[str, Any]:
        """What was noted, as JSON has it, and whether all checkers are pylint's own.

        What those of plugins keep from file to file is not known.
        """
        checkers: Sequence[Any] = [each for group in linter._checkers.values() for each in group]
        own = ("pylint", "_pyfmt_pylint_linter")
        return {
            "local": all(type(each).__module__.partition(".")[0] in own for each in checkers),
            "made": {
                relative(path): [[relative(target), name, value] for target, name, value in made]
                for path, made in self.made.items()
            },
            "early": [[relative(file), name] for name, file in self.early.items()],
            "late": [[relative(file), name] for name, file in self.late.items()],
        }

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
                made = (root.file or "", node.attrname, _constant(node))
            except AttributeError:
                continue
            known = self.made.setdefault(path, [])
            if made not in known:
                known.append(made)
            if not self._muted and path != self._current:
                (self.late if self._linting else self.early).setdefault(module.name, self._current)


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


def _constant(node: nodes.AssignAttr) -> str | None:
    """The value where it is written right there; None where it depends on anything else."""
    statement = node.parent
    if isinstance(statement, (nodes.Assign, nodes.AnnAssign)) and isinstance(statement.value, nodes.Const):
        return repr(statement.value.value)
    return None


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
