"""What an attribute is that a module sets on another one, told so that two runs can compare it; and names that tell who
looks them up.

Standalone: loaded by file path next to `task.py` once pylint is importable; no import of `pyfmt`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from astroid import bases, nodes, util
from astroid.exceptions import AstroidError, InferenceError

ALL, NAMES = "*", "#"  # see `Watched`
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


class Watched(dict[str, Any]):
    """The names of a module, or the attributes of a class, that tell what is looked up before they answer: a name,
    NAMES for which there are, ALL for all that they stand for."""

    note: Callable[[str], None] = staticmethod(lambda name: None)  # who wants to know
    names: str = NAMES
    build: Callable[[str], None] = staticmethod(lambda name: None)  # makes what may still be missing

    def _look(self, name: str) -> None:
        self.note(name)
        self.build(name)

    def __getitem__(self, name: str) -> Any:
        self._look(name)
        return super().__getitem__(name)

    def __contains__(self, name: object) -> bool:
        self._look(str(name))
        return super().__contains__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Tell, then answer; `setdefault` does not tell: who sets a name does not see it."""
        self._look(name)
        return super().get(name, default)

    def __iter__(self) -> Iterator[str]:
        self._look(self.names)
        return super().__iter__()

    def keys(self) -> Any:
        """All of them."""
        self._look(self.names)
        return super().keys()

    def __len__(self) -> int:
        self._look(self.names)
        return super().__len__()

    def values(self) -> Any:
        """All of them."""
        self._look(ALL)
        return super().values()

    def items(self) -> Any:
        """All of them."""
        self._look(ALL)
        return super().items()

    def copy(self) -> dict[str, Any]:
        """A plain dictionary."""
        self._look(ALL)
        return super().copy()
