"""Namespace packages where astroid errs, and so pylint itself.

To Python a folder with an `__init__.pyi` and no `__init__.py` is one portion of a namespace package, beside those of
other distributions (`opentelemetry/sdk`). astroid takes it for a regular package and looks no further: whatever the
other portions hold is an import-error. And in a folder without `__init__.py` it takes `from .. import x` for an import
of no module at all.

Standalone: loaded by file path next to `task.py` once pylint is importable; no import of `pyfmt`.
"""

from __future__ import annotations

import importlib.machinery
import os
from typing import Any

from astroid import nodes
from astroid.interpreter._import import spec

_RUNNABLE = ("__init__.py", "__init__.pyc", *(f"__init__{each}" for each in importlib.machinery.EXTENSION_SUFFIXES))


def join() -> None:
    """Let astroid's search go on in the other portions where it came upon a package of stubs alone."""
    original = spec._find_spec_with_path

    def find(search_path: Any, modname: str, parts: Any, processed: tuple[str, ...], submodule_path: Any) -> Any:
        finder, found = original(search_path, modname, parts, processed, submodule_path)
        if found.type is not spec.ModuleType.PKG_DIRECTORY or _is_run(found.location):
            return finder, found
        places = [os.path.join(place, modname) for place in submodule_path or search_path]
        for place in places:
            if _is_run(place) or any(os.path.isfile(place + suffix) for suffix in importlib.machinery.all_suffixes()):
                # Python takes it, wherever the stub is.
                regular = spec.ImportlibFinder.find_module(modname, parts, processed, (os.path.dirname(place),))
                return spec.ImportlibFinder(search_path), regular or found
        portions = [place for place in places if os.path.isdir(place)]
        if len(portions) > 1:
            finder = spec.ImportlibFinder(search_path)
            finder.contribute_to_path = lambda spec, processed: portions
        return finder, found

    spec._find_spec_with_path = find


def prefer_sources() -> None:
    """Let astroid read the source beside a compiled module (pydantic 1 ships both): of the latter it knows no names, so
    that every import from it would be a no-name-in-module."""
    found = spec.ImportlibFinder._SUFFIXES
    spec.ImportlibFinder._SUFFIXES = sorted(found, key=lambda pair: pair[1] is spec.ModuleType.C_EXTENSION)


def go_up_by_name() -> None:
    """Let relative imports mean what the module's name says, whether or not its folder holds an `__init__.py`."""
    original = nodes.Module.relative_to_absolute_name

    def relative_to_absolute_name(this: nodes.Module, modname: str, level: int | None) -> str:
        if not level or this.package or this.name.count(".") < level:
            return str(original(this, modname, level))
        package: str = this.name.rsplit(".", level)[0]
        return f"{package}.{modname}" if modname else package

    setattr(nodes.Module, "relative_to_absolute_name", relative_to_absolute_name)


def _is_run(folder: str) -> bool:
    """Whether Python takes a folder for a regular package."""
    return any(os.path.isfile(os.path.join(folder, name)) for name in _RUNNABLE)
