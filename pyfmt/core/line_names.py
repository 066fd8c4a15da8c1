"""PURE: the names on each line of a module that a fault of its expressions or imports may be about."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Mapping, Sequence

from pyfmt.core import parsing


def names_by_line(data: bytes) -> Mapping[int, Sequence[set[str]]]:
    """By line, the names of each thing that is imported there, and those of the attributes of each expression that
    begins there; what `self.x = ...` makes is none. Nothing of a file that cannot be parsed."""
    try:
        nodes = parsing.nodes(parsing.parse_python(data))
    except (SyntaxError, ValueError):
        return {}
    found: defaultdict[int, list[set[str]]] = defaultdict(list)
    inner: set[int] = set()
    for node in nodes:
        if isinstance(node, ast.alias):
            found[node.lineno].append({node.name, node.name.rpartition(".")[2]})
        elif isinstance(node, ast.Attribute) and id(node) not in inner:
            chain, value = {node.attr}, _below(node.value)
            while isinstance(value, ast.Attribute):
                chain.add(value.attr)
                inner.add(id(value))
                value = _below(value.value)
            if not (isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name) and node.value.id == "self"):
                found[node.lineno].append(chain)
    return found


def _below(node: ast.AST) -> ast.AST:
    """What is called, awaited or subscripted."""
    while isinstance(node, (ast.Call, ast.Subscript, ast.Await)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return node
