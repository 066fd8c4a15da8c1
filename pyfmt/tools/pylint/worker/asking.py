"""Which module asks astroid for which other one, and which attributes modules name: what messages really went through.

Standalone: loaded by file path next to `task.py` once pylint is importable; no import of `pyfmt`. `listen` is called
before any tree is built, in the process that others are forked from: what the shared trees ask for counts as well.
"""

from __future__ import annotations

import ast
import os
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from astroid import builder, nodes, rebuilder
from astroid.exceptions import AstroidError

# By the asking module's file or name: absolute name -> what was found, "" for none.
asked: dict[str, dict[str, str]] = {}
watching: list[Any] = []  # told which module has been imported (`sees`), or why it could not be (`fails`)
# By a module's file or name: the attributes that it looks at, and strings that could name one.
named: dict[str, set[str]] = {}


def listen() -> None:
    """Note from now on what modules ask for, and what they name."""
    find, after = nodes.Module.import_module, builder.AstroidBuilder._post_build
    attribute, constant = rebuilder.TreeRebuilder.visit_attribute, rebuilder.TreeRebuilder.visit_constant

    def import_module(
        this: Any, modname: str, relative_only: bool = False, level: int | None = None, **options: Any
    ) -> Any:
        told = asked.setdefault(place(this), {})
        name = this.relative_to_absolute_name(modname, 0 if relative_only and level is None else level)
        told.setdefault(name, "")
        if not relative_only:
            told.setdefault(modname, "")  # what astroid looks for next
        try:
            found = find(this, modname, relative_only, level, **options)
        except AstroidError as error:
            for each in watching:
                each.fails(error)
            raise
        for each in watching:
            each.sees(found)
        told[modname if found.name == modname and not relative_only else name] = place(found)
        return found

    def visit_attribute(this: Any, node: Any, parent: Any) -> Any:
        if not isinstance(node.ctx, ast.Store) or isinstance(parent, nodes.AugAssign):
            this.__dict__.setdefault("_pyfmt_named", set()).add(node.attr)
        return attribute(this, node, parent)

    def visit_constant(this: Any, node: Any, parent: Any) -> Any:
        if isinstance(node.value, str) and node.value.isidentifier():
            this.__dict__.setdefault("_pyfmt_named", set()).add(node.value)
        return constant(this, node, parent)

    def post_build(this: Any, module: Any, tree: Any, encoding: str) -> Any:
        named[place(module)] = tree.__dict__.pop("_pyfmt_named", set())
        return after(this, module, tree, encoding)

    setattr(nodes.Module, "import_module", import_module)
    setattr(rebuilder.TreeRebuilder, "visit_attribute", visit_attribute)
    setattr(rebuilder.TreeRebuilder, "visit_constant", visit_constant)
    setattr(builder.AstroidBuilder, "_post_build", post_build)


def place(module: Any) -> str:
    """A module's file; its name where it has none, as a namespace package or a compiled module."""
    return str(module.file or module.name)


def touching(targets: Iterable[str], files: Iterable[str]) -> dict[str, list[str]]:
    """For each of the `targets` (modules by their places) those of the files from which imports lead to it."""
    importers: dict[str, set[str]] = {}
    for asking, found in asked.items():
        for module in found.values():
            importers.setdefault(module, set()).add(asking)
    wanted = set(files)
    answer = {}
    for target in targets:
        seen, waiting = {target}, [target]
        while waiting:
            further = importers.get(waiting.pop(), set()) - seen
            seen |= further
            waiting += further
        answer[target] = sorted(wanted & seen)
    return answer


def names_in_sight(path: str, target: str, attribute: str) -> bool:
    """Whether imports lead from the file at `path` to the module `target`, and one of the modules to which they lead
    names the attribute; "" stands for any."""
    seen, waiting = {path}, [path]
    while waiting:
        further = {module for module in asked.get(waiting.pop(), {}).values() if module} - seen
        seen |= further
        waiting += further
    return target in seen and (not attribute or any(attribute in named.get(module, ()) for module in seen))


def names_of_others(is_own: Callable[[str], bool], tops: frozenset[str]) -> list[str]:
    """The names below the top-level names `tops` that modules ask for which are not the checkout's own."""
    others = (found for asking, found in asked.items() if not is_own(asking))
    return sorted({name for found in others for name in found if name.partition(".")[0] in tops})


def named_by_others(setters: Mapping[str, set[str]], is_own: Callable[[str], bool]) -> list[str]:
    """Those of the attributes of which `setters` says who sets them that modules look at which are not the checkout's
    own; a module that alone sets an attribute is no other one: who comes to it has it built."""
    others = {module: names for module, names in named.items() if not is_own(module)}
    return sorted(
        attribute
        for attribute, files in setters.items()
        if any(attribute in names and files != {module} for module, names in others.items())
    )


def tops_below(folders: Iterable[str], further: Iterable[str]) -> frozenset[str]:
    """The top-level names under which something can be imported from folders, and those of `further` names."""
    found = {name.partition(".")[0] for name in further}
    for folder in folders:
        try:
            found.update(name.partition(".")[0] for name in os.listdir(folder))
        except OSError:
            continue  # one that is not there has none
    return frozenset(name for name in found if name.isidentifier())
