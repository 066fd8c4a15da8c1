"""PURE: what other files can see of a module: its tree, not its bytes.

pylint looks at other modules through astroid, which makes its own tree of Python's. Comments, blank lines and the way
in which a statement is laid out are not in it. Lines are, but all that is compared is which of two *statements* of a
module begins later (`astroid.filter_statements`), which its order says, unless two begin on one line; and line 1 is
told apart, since the line before it counts as none.
"""

from __future__ import annotations

import ast
import hashlib
import marshal
from typing import Any

# What is looked for in the text of an `__init__.py`, comments included (astroid's finders, isort).
_READ_AS_TEXT = (b"declare_namespace", b"extend_path")


def tree_digest(source: bytes, tree: ast.Module) -> str:
    """A digest of what others can see of the module `source`, parsed with type comments; "" where that is its text."""
    if any(word in source for word in _READ_AS_TEXT):
        return ""
    return "tree " + hashlib.sha256(marshal.dumps(_flat(tree), 2)).hexdigest()[:32]


def _flat(tree: ast.Module) -> list[Any]:
    """Types, numbers of items and (in tuples) values, each node before what it holds: equal for equal trees alone."""
    found: list[Any] = [_first_line(tree) == 1]
    waiting: list[Any] = [tree.body]
    line = 0
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            found.append(len(item))
            waiting.extend(reversed(item))
        elif isinstance(item, ast.AST):
            found.append(type(item).__name__)
            if isinstance(item, (ast.stmt, ast.excepthandler)):
                found.append(item.lineno == line)
                line = item.lineno
            waiting.extend([getattr(item, name, None) for name in reversed(item._fields)])
        else:
            found.append((item,))
    return found


def _first_line(tree: ast.Module) -> int:
    if not tree.body:
        return 0
    decorators: list[ast.expr] = getattr(tree.body[0], "decorator_list", [])
    return min([tree.body[0].lineno, *(node.lineno for node in decorators)])
