"""PURE: what a module's top-level statements define: a file that looks at some names of a module depends on these.

pylint comes to a definition of another module through the module's names, which its worker watches
(`tools/pylint/worker/reads.py`). So a statement that does nothing but to bind names counts only for those who look them
up; any other one counts for whoever sees the module.
"""

from __future__ import annotations

import ast
import hashlib
import marshal
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pyfmt.core import parsing

NAMES = "#"
_FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
# Every kind of node: its name, whether a line may begin with it, and its fields, the last first.
_SHAPES = {
    kind: (kind.__name__, issubclass(kind, (ast.stmt, ast.excepthandler)), kind._fields[::-1])
    for kind in vars(ast).values()
    if isinstance(kind, type) and issubclass(kind, ast.AST)
}
_PLAIN = (ast.Name, ast.Tuple, ast.List, ast.Starred)
# They may bind any name.
_BINDING = (ast.Import, ast.ImportFrom, ast.MatchAs, ast.MatchMapping, ast.MatchStar, ast.ExceptHandler, ast.Global)


@dataclass(frozen=True, slots=True)
class Definition:
    """A top-level statement: the names that lead to it (none: it always counts), and a digest of its tree."""

    names: tuple[str, ...]
    digest: str


def definitions_of(tree: ast.Module, inside: Sequence[Sequence[ast.AST]] | None = None) -> tuple[Definition, ...]:
    """The definitions of a module parsed with type comments, in order; `inside` are the nodes of each statement, where
    these are known."""
    found: list[Definition] = []
    line, always, first = 0, 0, _first_line(tree) == 1
    for statement, nodes in zip(tree.body, inside or map(parsing.nodes, tree.body)):
        # Which names a statement finds depends on the order of both; that of those that always count is told by this.
        flat, line = _flattened([statement], line)
        names = _names(statement, nodes)
        if _sets_on_others(nodes) or any(name[:1] == "_" and name[-1:] == "_" for name in names):
            names = set()
        digest = hashlib.sha256(marshal.dumps([first and not found, always, flat], 2)).hexdigest()[:16]
        found.append(Definition(tuple(sorted(names)), digest))
        always += not names
    return tuple(found)


def seen_of(definitions: Iterable[Definition], names: Iterable[str]) -> str:
    """What somebody sees of a module who looks up some names in it, NAMES for which names it has."""
    asked = frozenset(names)
    found = [each.digest for each in definitions if not each.names or not asked.isdisjoint(each.names)]
    if NAMES in asked:
        found += sorted(f"={name}" for each in definitions for name in each.names)
    return " ".join(found)


def _flattened(items: list[Any], line: int = 0) -> tuple[list[Any], int]:
    """Types, numbers of items and (in tuples) values, each node before what it holds: equal for equal trees alone.

    And the line where the last statement begins; `line` is that of the one before the first.
    """
    found: list[Any] = []
    waiting: list[Any] = [items]
    while waiting:
        item = waiting.pop()
        kind = type(item)
        if kind is list:
            found.append(len(item))
            waiting += item[::-1]
        elif shape := _SHAPES.get(kind):
            name, begins, fields = shape
            found.append(name)
            if begins:
                found.append(item.lineno == line)
                line = item.lineno
            waiting += [getattr(item, field, None) for field in fields]
        else:
            found.append((item,))
    return found, line


def _first_line(tree: ast.Module) -> int:
    """Where the first statement begins, its decorators included; 0 where there is none."""
    if not tree.body:
        return 0
    decorators: list[ast.expr] = getattr(tree.body[0], "decorator_list", [])
    return min([tree.body[0].lineno, *(node.lineno for node in decorators)])


def _names(statement: ast.stmt, inside: Iterable[ast.AST]) -> set[str]:
    """The names that a statement binds in its module; none where it may do anything else that others see."""
    if isinstance(statement, (ast.Import, ast.ImportFrom)):
        names = {each.asname or each.name for each in statement.names}
        return set() if "*" in names else {name.partition(".")[0] for name in names}
    if isinstance(statement, (*_FUNCTION, ast.ClassDef)):
        found = {statement.name}
    elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        nodes = [node for target in targets for node in parsing.nodes(target)]
        if not all(isinstance(node, _PLAIN) for node in nodes):
            return set()
        found = {node.id for node in nodes if isinstance(node, ast.Name)}
    else:
        return set()
    for node in inside:
        if isinstance(node, ast.Global):
            found.update(node.names)
        elif isinstance(node, ast.NamedExpr):
            found.add(node.target.id)
        elif isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
            return set()
    return found


def _sets_on_others(nodes: Iterable[ast.AST]) -> bool:
    """Whether a statement of these nodes sets an attribute of anything but a method's own object, or a mere argument
    of a function."""
    stores = {id(node) for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}
    if stores:
        for function in nodes:
            if isinstance(function, _FUNCTION):
                stores -= {id(node) for node in _harmless(function)}
    return bool(stores)


def _harmless(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[ast.Attribute]:
    """The attributes of arguments of a function: of the first one, a method's object, or of one of which nobody knows
    what it is."""
    arguments = [*function.args.posonlyargs, *function.args.args]
    defaults = len(arguments) - len(function.args.defaults)
    unknown = {each.arg for each in arguments[:defaults]}
    unknown.update(each.arg for each, value in zip(function.args.kwonlyargs, function.args.kw_defaults) if not value)
    inside = [node for each in function.body for node in parsing.nodes(each)]
    for node in inside:
        if isinstance(node, ast.arg) or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)):
            unknown.discard(node.arg if isinstance(node, ast.arg) else node.id)
        elif isinstance(node, (*_FUNCTION, ast.ClassDef)):
            unknown.discard(node.name)
        elif isinstance(node, _BINDING):
            return
    for node in inside:
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in unknown:
            yield node
