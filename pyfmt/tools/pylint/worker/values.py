"""What an attribute is that a module sets on another one, told so that two runs can compare it.

Standalone: loaded by file path next to `task.py` once pylint is importable; no import of `pyfmt`.
"""

from __future__ import annotations

from typing import Any

from astroid import bases, nodes, util
from astroid.exceptions import AstroidError, InferenceError

Described = list[tuple[str, str]]  # a text, and the file or module that it was defined in, "" for none


def described(target: nodes.AssignAttr) -> Described | None:
    """What astroid takes for the value of an attribute; None where that cannot be told.

    Two values with the same texts are the same for whoever reads them, if what their files say is the same.
    """
    statement = target.parent
    if not isinstance(statement, (nodes.Assign, nodes.AnnAssign)) or statement.value is None:
        return None
    try:
        found = [_one(value) for value in statement.value.infer()]
    except InferenceError:
        return [("nothing", "")]  # nor can a reader tell
    except (AstroidError, RecursionError):
        return None
    return None if None in found else [each for each in found if each is not None]


def _one(value: Any) -> tuple[str, str] | None:
    if isinstance(value, util.UninferableBase):
        return ("anything", "")
    if isinstance(value, nodes.Const):
        return (repr(value.value), "")
    kind = type(value).__name__
    while isinstance(value, bases.Proxy) and not isinstance(value, nodes.NodeNG):  # an instance, a method, a generator
        value = value._proxied
    if not isinstance(value, nodes.NodeNG):
        return None
    root = value.root()
    if not isinstance(root, nodes.Module):
        return None
    named = isinstance(value, (nodes.ClassDef, nodes.FunctionDef, nodes.Module))
    # A module's own name depends on who has asked for it.
    text = value.qname().removeprefix(root.name) if named else value.as_string()
    return (f"{kind} {text}", root.file or root.name)
