"""setuptools' import hooks of an environment, read from disk and never run.

Standalone: loaded by file path next to `task.py`; only the standard library at import, and no import of `pyfmt`.
"""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Sequence
from typing import Any


class EditableFinders:
    """setuptools' import hooks of an environment, read from disk and never run.

    setuptools installs an editable project of flat layout as `__editable___NAME_finder.py` with a literal MAPPING of
    module names to paths (and NAMESPACES), and a .pth line that installs two finders. The classes here do the same
    (setuptools/command/editable_wheel.py, `_FINDER_TEMPLATE`); astroid knows such finders by their names.
    """

    def __init__(self, site_packages: Sequence[str], moved: Sequence[str] | None = None) -> None:
        """`moved`: a folder, and where its contents stand in this run."""
        self.mapping: dict[str, str] = {}
        self._installs: list[tuple[dict[str, str], dict[str, list[str]], str]] = []
        for folder in site_packages:
            for name in _installed_finders(folder):
                values = _literals(os.path.join(folder, name + ".py"))
                mapping, namespaces = _paths(values.get("MAPPING")), _folders(values.get("NAMESPACES"))
                if moved:
                    mapping = {module: _moved(path, moved) for module, path in mapping.items()}
                    namespaces = {name: [_moved(path, moved) for path in paths] for name, paths in namespaces.items()}
                self._installs.append((mapping, namespaces, f"{name}.__path_hook__"))
                self.mapping.update(mapping)

    def find(self, fullname: str) -> importlib.machinery.ModuleSpec | None:
        """The module of that dotted name, if one of the finders maps it to a path."""
        return _spec_at(fullname, self.mapping[fullname]) if fullname in self.mapping else None

    def install(self) -> None:
        """Add the finders to `sys.meta_path`, `sys.path_hooks` and `sys.path`, as the .pth lines would."""
        for mapping, namespaces, placeholder in self._installs:
            sys.meta_path.append(_meta_finder(mapping))
            if namespaces:
                sys.path_hooks.append(_path_hook(mapping, namespaces, placeholder))
                sys.path.append(placeholder)


def _moved(path: str, moved: Sequence[str]) -> str:
    old, new = moved
    real = os.path.realpath(path)
    return new + real[len(old) :] if real == old or real.startswith(old + os.sep) else path


def _installed_finders(folder: str) -> list[str]:
    """Module names of setuptools' finders in a site-packages folder that a .pth file there installs, in its order."""
    try:
        names = sorted(os.listdir(folder))
    except OSError:
        return []
    finders = []
    for name in names:
        if name.endswith(".pth"):
            text = _text(os.path.join(folder, name))
            finders += re.findall(r"^import (__editable___\w+_finder)\b", text, re.MULTILINE)
    return [name for name in dict.fromkeys(finders) if name + ".py" in names]


def _text(path: str) -> str:
    """The text of a regular file; "" for a folder, a pipe, and what cannot be read, which Python itself passes over."""
    try:
        if not os.path.isfile(path):
            return ""
        with open(path, encoding="utf-8", errors="replace") as stream:
            return stream.read()
    except OSError:
        return ""


def _paths(value: Any) -> dict[str, str]:
    """The pairs of two texts of a mapping."""
    pairs = value.items() if isinstance(value, dict) else ()
    return {name: path for name, path in pairs if isinstance(name, str) and isinstance(path, str) and "\0" not in path}


def _folders(value: Any) -> dict[str, list[str]]:
    """The texts with lists of texts of a mapping."""
    pairs = value.items() if isinstance(value, dict) else ()
    lists = ((name, paths) for name, paths in pairs if isinstance(name, str) and isinstance(paths, (list, tuple)))
    return {name: [path for path in paths if isinstance(path, str) and "\0" not in path] for name, paths in lists}


def _literals(path: str) -> dict[str, Any]:
    """The literal values that a Python file assigns to names at its top level; {} if it cannot be read."""
    try:
        tree = ast.parse(_text(path))
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return {}
    values = {}
    for node in tree.body:
        if not isinstance(node, (ast.Assign, ast.AnnAssign)) or node.value is None:
            continue
        target = node.target if isinstance(node, ast.AnnAssign) else node.targets[0]
        if isinstance(target, ast.Name):
            try:
                values[target.id] = ast.literal_eval(node.value)
            except (ValueError, TypeError, RecursionError, MemoryError):
                continue  # an expression, such as PATH_PLACEHOLDER's
    return values


def _meta_finder(mapping: dict[str, str]) -> Any:
    class _EditableFinder:  # the name by which astroid knows it
        @classmethod
        def find_spec(cls, fullname: str, path: Any = None, target: Any = None) -> Any:
            del path, target
            if fullname in mapping:
                return _spec_at(fullname, mapping[fullname])
            parent, _, _ = fullname.rpartition(".")
            if parent and parent in mapping:
                return importlib.machinery.PathFinder.find_spec(fullname, path=[mapping[parent]])
            return None

    return _EditableFinder


def _spec_at(fullname: str, path: str) -> importlib.machinery.ModuleSpec | None:
    candidates = [os.path.join(path, "__init__.py")]
    candidates += [os.path.splitext(path)[0] + suffix for suffix in importlib.machinery.all_suffixes()]
    for candidate in candidates:
        if os.path.exists(candidate):
            return importlib.util.spec_from_file_location(fullname, candidate)
    return None


def _path_hook(mapping: dict[str, str], namespaces: dict[str, list[str]], placeholder: str) -> Callable[[str], Any]:
    class _EditableNamespaceFinder:
        @classmethod
        def find_spec(cls, fullname: str, target: Any = None) -> Any:
            del target
            if fullname not in namespaces:
                return None
            paths = namespaces[fullname]
            if not paths and fullname in mapping:
                paths = [mapping[fullname]]
            spec = importlib.machinery.ModuleSpec(fullname, None, is_package=True)
            spec.submodule_search_locations = [*paths, placeholder]
            return spec

        @classmethod
        def invalidate_caches(cls) -> None:
            """Asked for by `importlib.invalidate_caches`; there is nothing to forget."""

    def hook(path: str) -> Any:
        if path == placeholder:
            return _EditableNamespaceFinder
        raise ImportError(path)

    return hook
