"""What the import hooks of editable installs provide, read from their source without running it."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from pyfmt import disk

HOOKS = ("__editable__", "_editable_impl_")  # what the modules of import hooks begin with
_ASSIGNED = re.compile(r"^(MAPPING|NAMESPACES)\b[^=\n]*=\s*(\{.*\})\s*$", re.MULTILINE)
_NO_LITERAL = (ValueError, TypeError, SyntaxError, RecursionError, MemoryError)  # what ast.literal_eval may raise
_MAPPED = re.compile(r"\.map_module\(\s*(['\"][^'\"\n]*['\"])\s*,\s*(r?['\"][^\n]*['\"])\s*\)")


@dataclass(frozen=True, slots=True)
class Mapped:
    """A top-level or dotted module name and the absolute path that an import hook gives it."""

    module: str
    path: str

    @property
    def root(self) -> str | None:
        """The folder that provides the module if put on the search path; None where the names differ (remapped)."""
        parts = self.module.split(".")
        path = self.path
        stem, extension = os.path.splitext(path)
        if extension == ".py":
            path = os.path.dirname(path) if os.path.basename(stem) == "__init__" else stem
        elif disk.is_file(f"{path}.py") and not disk.is_dir(path):
            path = os.path.normpath(path)
        for part in reversed(parts):
            path, name = os.path.split(path)
            if name != part:
                return None
        return path


def is_finder(name: str) -> bool:
    """Whether a file's name is that of an import hook: setuptools' finders, and the `editables` library's (PDM,
    Hatch)."""
    return name.startswith(HOOKS) and name.endswith(".py")


def mappings(source: str) -> tuple[Mapped, ...]:
    """What a finder's source maps: setuptools' MAPPING and NAMESPACES, or `map_module` calls; never runs it."""
    found = list(_assigned(source))
    for match in _MAPPED.finditer(source):
        try:
            found.append(Mapped(str(ast.literal_eval(match[1])), str(ast.literal_eval(match[2]))))
        except _NO_LITERAL:
            continue  # not two plain strings: nothing that could be read without running it
    # A setup.py that takes folders for packages maps `app/core`; and a name with a slash would be linked elsewhere.
    return tuple(
        item for item in found if disk.is_name(item.path) and all(map(str.isidentifier, item.module.split(".")))
    )


def _assigned(source: str) -> Iterator[Mapped]:
    for match in _ASSIGNED.finditer(source):
        try:
            value = ast.literal_eval(match[2])
        except _NO_LITERAL:
            continue  # not a plain mapping: nothing that could be read without running it
        if not isinstance(value, Mapping):
            continue
        for module, places in value.items():
            for place in places if isinstance(places, (list, tuple)) else (places,):
                if isinstance(place, str):
                    yield Mapped(str(module), place)


def roots(mapped: tuple[Mapped, ...]) -> tuple[str, ...]:
    """The existing folders to add to a search path, each once, in order."""
    found: dict[str, None] = {}
    for item in mapped:
        root = item.root
        if root and disk.is_dir(root):
            found.setdefault(root)
    return tuple(found)


def remapped(mapped: tuple[Mapped, ...]) -> tuple[tuple[str, str], ...]:
    """What no folder on a search path provides: each (module, existing path), sorted."""
    found = {(item.module, item.path) for item in mapped if item.root is None}
    return tuple(sorted(pair for pair in found if disk.is_dir(pair[1]) or _module_file(pair[1])))


def _module_file(path: str) -> bool:
    return disk.is_file(path) or disk.is_file(f"{path}.py")
