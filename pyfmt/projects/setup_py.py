"""The arguments of the call of `setup` in a setup.py, as far as they can be read: the file is parsed, never run."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

_SETUP_CALLS = ("setup", "setuptools.setup", "distutils.core.setup", "core.setup")
# A requirement that goes on with something unknown: its name is known, if an operator or a marker follows it.
_NAMED = re.compile(r"\s*([A-Za-z0-9](?:[\w.-]*[A-Za-z0-9])?\s*(?:\[[\w\s,.-]*\])?)\s*[<>=!~;]")
_IMPORTED = re.compile(r"^(?:__import__|(?:\w+\.)?import_module)\('([\w.]+)'\)")
_REQUIREMENTS_FILE = re.compile(r"(?:[\w.-]+/)*[\w.-]*require[\w.-]*\.(?:txt|in)")


_LONGEST = 100_000  # of a text or a list: a few lines of `a = a + a` would take all memory
_WIDE = re.compile(r"\d{4}|[{:][^}]*\{")  # "%9999999s", or a width that is a field itself


class _NotKnown(Exception):
    """A value that only running the file would tell."""


# What looking at an expression may raise: an index out of range, a value of another kind, code that is nested too
# deeply.
_UNREADABLE = (_NotKnown, TypeError, ValueError, LookupError, AttributeError, RecursionError)


class _PartialList(list[Any]):
    """A list of which more may be than could be read."""


@dataclass(slots=True)
class Arguments:
    """What `setup` is called with: `values` by keyword; of those in `computed` nothing or only a part is known."""

    values: dict[str, Any] = field(default_factory=dict)
    computed: set[str] = field(default_factory=set)  # "**" where keywords come from elsewhere
    files: dict[str, tuple[str, ...]] = field(default_factory=dict)  # requirements files that a computed one names
    called: bool = False  # whether an imported `setup` is called at all, whichever build tool it comes from


def arguments(tree: ast.Module) -> Arguments:
    """The arguments of all calls of `setup`, with the file's own constants, f-strings and lists put in."""
    reader = _Constants()
    reader.take_in(tree.body)
    found = Arguments()
    imported = {
        alias.asname or alias.name.partition(".")[0]: alias.name
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for alias in node.names
    }
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        written = ast.unparse(node.func)
        call = _IMPORTED.sub(r"\1", written)
        head, *rest = call.split(".")
        renamed = ".".join([imported.get(head, head), *rest])
        known = head in imported or "*" in imported or call != written or written.startswith("__import__(")
        found.called |= known and renamed.rpartition(".")[2] == "setup"
        if call in _SETUP_CALLS or renamed in _SETUP_CALLS:
            for keyword in node.keywords:
                if keyword.arg is None:
                    found.computed.add("**")
                    continue
                try:
                    found.values[keyword.arg] = value = reader.value(keyword.value)
                    parts = value.values() if isinstance(value, dict) else [value]
                    complete = not any(isinstance(part, _PartialList) for part in parts)
                except _UNREADABLE:
                    complete = False
                if not complete:
                    found.computed.add(keyword.arg)
                    found.files[keyword.arg] = tuple(dict.fromkeys(reader.files(keyword.value)))
    return found


class _Constants:
    """The names of a module with values that can be read."""

    def __init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._expressions: dict[str, list[ast.expr]] = {}

    def take_in(self, body: Iterable[ast.stmt]) -> None:
        """Follow assignments and additions; of an `if` or a `try` every branch counts."""
        for node in body:
            for name in ("body", "orelse", "finalbody"):
                if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                    self.take_in(getattr(node, name, ()))
            if isinstance(node, ast.Assign):
                for target in node.targets:
                    self._assign(target, node.value)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                self._assign(node.target, node.value)
            elif isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
                self._add(node.target, node.value)
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                call = node.value
                if isinstance(call.func, ast.Attribute) and call.func.attr in ("append", "extend") and call.args:
                    added = call.args[0]
                    self._add(call.func.value, added if call.func.attr == "extend" else ast.List([added], ast.Load()))

    def files(self, node: ast.expr, seen: frozenset[str] = frozenset()) -> Iterator[str]:
        """The requirements files that an expression names, or one that it refers to."""
        for part in ast.walk(node):
            if isinstance(part, ast.Constant) and isinstance(part.value, str):
                if _REQUIREMENTS_FILE.fullmatch(part.value):
                    yield part.value
            elif isinstance(part, ast.Name) and part.id not in seen:
                for expression in self._expressions.get(part.id, ()):
                    yield from self.files(expression, seen | {part.id})

    def value(self, node: ast.expr) -> Any:
        """What an expression is; raises _NotKnown, also for what grows out of bounds."""
        found = self._value(node)
        if isinstance(found, (str, list)) and len(found) > _LONGEST:
            raise _NotKnown
        return found

    def _value(self, node: ast.expr) -> Any:
        if isinstance(node, ast.Constant):
            return node.value
        if isinstance(node, ast.Name) and node.id in self._values:
            return self._values[node.id]
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            return self._list(node.elts)
        if isinstance(node, ast.Dict):
            pairs = [(key, value) for key, value in zip(node.keys, node.values) if key is not None]
            return {self.value(key): self._list_or_value(value) for key, value in pairs}
        return self._composed(node)

    def _composed(self, node: ast.expr) -> Any:
        if isinstance(node, ast.JoinedStr):
            return self._text(node.values)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            return self._sum(node.left, node.right)
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mod):
            return self._formatted(node.left, [node.right], "%")
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "format":
            return self._formatted(node.func.value, node.args if not node.keywords else [], "{")
        if isinstance(node, ast.Subscript):
            return self.value(node.value)[self.value(node.slice)]
        raise _NotKnown

    def _assign(self, target: ast.expr, value: ast.expr) -> None:
        if isinstance(target, ast.Name):
            self._expressions.setdefault(target.id, []).append(value)
            try:
                self._values[target.id] = self.value(value)
            except _UNREADABLE:
                self._values.pop(target.id, None)  # whoever uses it does not know it
        elif isinstance(target, ast.Subscript) and isinstance(target.value, ast.Name):
            known = self._values.get(target.value.id)
            if isinstance(known, dict) and isinstance(target.slice, ast.Constant):
                known[target.slice.value] = self._list_or_value(value)

    def _add(self, target: ast.expr, value: ast.expr) -> None:
        """`name += …`: what is not known makes a part of the list."""
        if not isinstance(target, ast.Name):
            return
        self._expressions.setdefault(target.id, []).append(value)
        known = self._values.get(target.id)
        if isinstance(known, list):
            self._values[target.id] = _joined(known, self._list_or_value(value))

    def _list_or_value(self, node: ast.expr) -> Any:
        try:
            return self.value(node)
        except _UNREADABLE:
            return _PartialList()

    def _list(self, nodes: Iterable[ast.expr]) -> list[Any]:
        found: list[Any] = []
        for node in nodes:
            try:
                if isinstance(node, ast.Starred):
                    found = _joined(found, self.value(node.value))
                else:
                    found.append(self.value(node))
                if len(found) > _LONGEST:
                    raise _NotKnown
            except _UNREADABLE:
                found = _PartialList(found)
        return found

    def _sum(self, left: ast.expr, right: ast.expr) -> Any:
        try:
            one = self.value(left)
        except _NotKnown:
            other = self.value(right)
            if isinstance(other, list):
                return _PartialList(other)
            raise
        if isinstance(one, list):
            return _joined(one, self._list_or_value(right))
        try:
            return one + self.value(right)
        except _NotKnown:
            return _cut(one)

    def _text(self, parts: Iterable[ast.expr]) -> str:
        text = ""
        for part in parts:
            try:
                plain = (
                    isinstance(part, ast.Constant) or isinstance(part, ast.FormattedValue) and part.format_spec is None
                )
                inner = part.value if isinstance(part, ast.FormattedValue) else part
                if not plain:
                    raise _NotKnown
                text += _plain(self.value(inner) if isinstance(inner, ast.expr) else inner)
                if len(text) > _LONGEST:
                    raise _NotKnown
            except _NotKnown:
                return _cut(text)
        return text

    def _formatted(self, node: ast.expr, values: Iterable[ast.expr], mark: str) -> str:
        template = self.value(node)
        if not isinstance(template, str) or _WIDE.search(template):
            raise _NotKnown
        try:
            found = [self.value(value) for value in values]
            found = [_plain(value) for value in (found[0] if mark == "%" and isinstance(found[0], list) else found)]
        except (_NotKnown, IndexError):
            return _cut(template.partition(mark)[0])
        try:
            return template % tuple(found) if mark == "%" else template.format(*found)
        except (TypeError, ValueError, KeyError, IndexError, AttributeError):
            return _cut(template.partition(mark)[0])


def _plain(value: Any) -> str:
    """A text or a number as a text; raises _NotKnown for anything else."""
    if not isinstance(value, (str, int, float)):
        raise _NotKnown
    return str(value)


def _joined(one: list[Any], other: Any) -> list[Any]:
    if not isinstance(other, list):
        return _PartialList(one)
    partial = isinstance(one, _PartialList) or isinstance(other, _PartialList)
    return _PartialList([*one, *other]) if partial else [*one, *other]


def _cut(text: Any) -> str:
    """The name of a requirement whose version is not known; raises _NotKnown where not even that is."""
    match = _NAMED.match(text) if isinstance(text, str) else None
    if match is None:
        raise _NotKnown
    return match.group(1).strip()
