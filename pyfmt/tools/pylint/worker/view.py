"""What astroid may see: the search path of one environment, its editable installs, and nothing of pyfmt's own.

Standalone: loaded by file path next to `task.py` into the base interpreter of an environment (Python 3.10 and
later); only the standard library at import, and no import of `pyfmt`. astroid itself is imported inside the functions,
since it is importable only after `task.preload`.
"""

from __future__ import annotations

import gc
import importlib
import importlib.machinery
import importlib.util
import os
import pkgutil
import re
import sys
import time
import types
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

# Standard modules whose trees many programs need: built once in the worker's parent process, shared by every fork, as
# soon as a request imports them. All of them would take three seconds and a hundred megabytes, `asyncio` a third of
# that.
WARM_MODULES = (
    "abc argparse ast asyncio base64 codecs collections collections.abc concurrent.futures contextlib contextvars copy "
    "dataclasses datetime email enum errno fnmatch functools glob hashlib hmac html http importlib importlib.metadata "
    "inspect io itertools json logging math numbers operator os os.path pathlib queue random re secrets shlex shutil "
    "signal socket ssl stat string struct subprocess sys sysconfig tempfile textwrap threading time traceback types "
    "typing unittest urllib.parse uuid warnings weakref"
).split()


_IMPORT = re.compile(rb"^[ \t]*(?:from[ \t]+([\w.]+)[ \t]+import\b|import[ \t]+([\w., \t]+))", re.MULTILINE)
_warmed: set[str] = set()
_Quiet = Callable[[], AbstractContextManager[None]]


def import_names(files: Iterable[str]) -> set[str]:
    """The names in the import statements of files, as far as lines tell."""
    names: set[str] = set()
    for file in files:
        try:
            with open(file, "rb") as stream:
                found = _IMPORT.findall(stream.read())
        except OSError:
            continue  # linting says so
        for source, several in found:
            parts = [source] if source else [part.split()[0] for part in several.split(b",") if part.strip()]
            names.update(part.decode() for part in parts)
    return names


def warm_among(names: set[str]) -> set[str]:
    """Those of WARM_MODULES that such names lead to."""
    folders = tuple(name + "." for name in names if name not in WARM_MODULES)  # `from concurrent import futures`
    parents = {name[:end] for name in names for end, char in enumerate(name) if char == "."}
    return {name for name in WARM_MODULES if name in names or name in parents or name.startswith(folders)}


def built() -> list[str]:
    """Those of WARM_MODULES that this process had to build itself: the next ones need them, too."""
    from astroid import MANAGER

    return [name for name in WARM_MODULES if name in MANAGER.astroid_cache and name not in _warmed]


def warmed() -> set[str]:
    """Those that were built for all requests."""
    return set(_warmed)


def warm_up(names: Iterable[str], limit: float) -> int:
    """Build the trees of standard modules with the interpreter's own `sys.path`; the number of trees that there are.

    After `limit` seconds the rest is left to another time.

    Nothing but the standard library may be on `sys.path`: what is cached here is shared by all environments.
    """
    from astroid import MANAGER
    from astroid.exceptions import AstroidError

    end = time.monotonic() + limit
    for name in sorted(set(names) - _warmed):
        if time.monotonic() > end:
            break
        _warmed.add(name)
        try:
            MANAGER.ast_from_module_name(name)
        except AstroidError:
            continue  # a platform without it: linting will find out for itself
    forget_lookups()
    return len(MANAGER.astroid_cache)


def build_one(names: Iterable[str]) -> bool:
    """Build the tree of one of `names`, for all requests to come; whether there are more to build."""
    missing = sorted(set(names) - _warmed)
    if missing:
        gc.disable()
        warm_up(missing[:1], 60.0)
        gc.enable()
        gc.freeze()
    return len(missing) > 1


def forget_lookups() -> None:
    """Drop what astroid and importlib remember of *where* modules are (or are not); built trees stay."""
    from astroid import MANAGER, modutils
    from astroid.interpreter._import import spec, util

    MANAGER._mod_file_cache.clear()
    for cached in (
        modutils._cache_normalize_path_,
        modutils._has_init,
        modutils.cached_os_path_isfile,
        util.is_namespace,
        spec._find_spec,
        spec._is_setuptools_namespace,
        *(finder.find_module for finder in spec._SPEC_FINDERS),
    ):
        cached.cache_clear()
    sys.path_importer_cache.clear()
    importlib.invalidate_caches()


def enter_environment(
    payload: dict[str, Any], own_path: Sequence[str], finders: Any, roots: Sequence[str], quiet: _Quiet = nullcontext
) -> None:
    """Make `sys.path` and astroid's notion of library folders those of the payload's environment.

    `finders` are the environment's EditableFinders, `roots` first-party folders to look in last. `own_path` is this
    interpreter's own standard library path: it stands for the environment's where the environment is of another Python
    (`payload["foreign"]`). In `quiet()` no question counts as asked.
    """
    site_packages = [str(path) for path in payload["site_packages"]]
    sys.path[:] = _search_path(payload, own_path)
    finders.install()
    _set_library_folders(str(payload["prefix"]), site_packages)
    _import_nothing_while_searching(site_packages)
    _find_more(finders, roots)
    _read_numpy_version(sys.path, quiet)
    forget_lookups()
    fill_importer_cache()


def fill_importer_cache() -> None:
    """Let importlib know the kind of each path entry, as imports would have: astroid else tries each as a zip,
    always."""
    for entry in sys.path:
        pkgutil.get_importer(entry)


def shadowed(trees: Iterable[str], roots: Iterable[str]) -> list[str]:
    """Those top-level names of already built `trees` that a module or package in one of the folders `roots` hides."""
    tops = {name.partition(".")[0] for name in trees if name}
    suffixes = [*importlib.machinery.all_suffixes(), ".pyi"]
    hidden = set()
    for root in roots:
        for top in tops:
            base = os.path.join(root, top)
            packages = (os.path.join(base, "__init__" + suffix) for suffix in (".py", ".pyi", ".pyc"))
            if any(map(os.path.isfile, packages)) or any(os.path.isfile(base + suffix) for suffix in suffixes):
                hidden.add(top)
    return sorted(hidden)


def _search_path(payload: dict[str, Any], own_path: Sequence[str]) -> list[str]:
    """The environment's search path; for another Python's environment with this interpreter's standard library."""
    wanted = [str(path) for path in payload["search_path"]]
    if not payload.get("foreign"):
        return wanted
    return [*own_path, *(path for path in wanted if not _is_standard_library(path))]


def _is_standard_library(path: str) -> bool:
    """Is `path` an entry of some Python's own standard library (folder, its zip, or its compiled modules)?"""
    name = os.path.basename(path)
    if name == "lib-dynload" or re.fullmatch(r"python\d+\.zip", name) or name == "lib_pypy":
        return True
    return os.path.isfile(os.path.join(path, "os.py")) and os.path.isfile(os.path.join(path, "abc.py"))


def _set_library_folders(prefix: str, site_packages: Sequence[str]) -> None:
    """Give astroid the library folders that it would compute itself if it were installed in the environment.

    After astroid/modutils.py (STD_LIB_DIRS, EXT_LIB_DIRS), which reads them from `sys.prefix` when it is imported.
    """
    from astroid import modutils

    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    own = {folder for folder in modutils.STD_LIB_DIRS if os.path.isfile(os.path.join(folder, "os.py"))}
    modutils.STD_LIB_DIRS = own | {os.path.join(prefix, "lib", version), os.path.join(prefix, "lib64", version)}
    inside = [path for path in site_packages if path.startswith(prefix.rstrip(os.sep) + os.sep)]
    modutils.EXT_LIB_DIRS = set(inside or site_packages)


def _find_more(finders: Any, roots: Sequence[str]) -> None:
    """Let astroid look in two more places where its own search ends in an import-error that would be false.

    First what setuptools' `finders` know: astroid asks finders for the last part of a dotted name only, so that it
    misses `acme.storage` below a namespace package `acme`. Then the first-party folders `roots`: the project's own
    packages without `__init__.py`, where nothing of the project is installed. What astroid finds by itself stays as it
    is.
    """
    from astroid.interpreter._import import spec

    original = spec._find_spec_with_path

    def find(search_path: Any, modname: str, parts: Any, processed: tuple[str, ...], submodule_path: Any) -> Any:
        try:
            return original(search_path, modname, parts, processed, submodule_path)
        except ImportError:
            if search_path is not sys.path:
                raise
            found = _mapped(finders, (*processed, modname))
            if found is None and not any(map(_is_regular_package, submodule_path or ())):
                found = _below(roots, (*processed, modname))
            if found is None:
                raise
            finder = spec.PathSpecFinder if found.type is spec.ModuleType.PY_NAMESPACE else spec.ImportlibFinder
            return finder(search_path), found

    spec._find_spec_with_path = find


def _is_regular_package(folder: str) -> bool:
    return any(os.path.isfile(os.path.join(folder, "__init__" + suffix)) for suffix in (".py", ".pyi", ".pyc"))


def _mapped(finders: Any, parts: tuple[str, ...]) -> Any:
    from astroid.interpreter._import import spec

    found = finders.find(".".join(parts))
    if found is None or found.origin is None:
        return None
    if os.path.basename(found.origin).startswith("__init__."):
        return spec.ModuleSpec(parts[-1], spec.ModuleType.PKG_DIRECTORY, os.path.dirname(found.origin))
    return spec.ModuleSpec(parts[-1], spec.ModuleType.PY_SOURCE, found.origin)


def _below(roots: Sequence[str], parts: tuple[str, ...]) -> Any:
    """The module `parts` in the first of `roots` that has it, else the folders of that name as a namespace package."""
    from astroid.interpreter._import import spec

    folders = []
    for root in roots:
        parents = [os.path.join(root, *parts[:count]) for count in range(1, len(parts))]
        if any(map(_is_regular_package, parents)):
            continue
        folder = os.path.join(root, *parts[:-1])
        found = spec.ImportlibFinder.find_module(parts[-1], parts, parts[:-1], (folder,))
        if found is not None:
            return found
        if os.path.isdir(os.path.join(folder, parts[-1])):
            folders.append(os.path.join(folder, parts[-1]))
    if not folders:
        return None
    return spec.ModuleSpec(parts[-1], spec.ModuleType.PY_NAMESPACE, submodule_search_locations=folders)


def _import_nothing_while_searching(site_packages: Sequence[str]) -> None:
    """Keep astroid from importing packages of a checkout while it looks for frozen modules.

    `importlib.util.find_spec("test.x")` imports `test`, and the folder of the linted file comes first on `sys.path`.
    astroid only wants to know what is frozen, and where `distutils` is (setuptools' hook provides it before 3.12).
    """
    from astroid.interpreter._import import spec

    def find_spec(name: str, package: str | None = None) -> importlib.machinery.ModuleSpec | None:
        del package
        if name in sys.modules:
            known: importlib.machinery.ModuleSpec | None = getattr(sys.modules[name], "__spec__", None)
            if known is None:
                raise ValueError(f"{name}.__spec__ is not set")
            return known
        if name == "distutils":
            return _distutils(site_packages)
        return importlib.machinery.FrozenImporter.find_spec(name)

    quiet = types.SimpleNamespace(**{**vars(importlib.util), "find_spec": find_spec})
    spec.importlib = types.SimpleNamespace(machinery=importlib.machinery, util=quiet, import_module=None)


def _distutils(site_packages: Sequence[str]) -> importlib.machinery.ModuleSpec | None:
    for folder in site_packages:
        init = os.path.join(folder, "setuptools", "_distutils", "__init__.py")
        if os.path.isfile(os.path.join(folder, "distutils-precedence.pth")) and os.path.isfile(init):
            return importlib.util.spec_from_file_location("distutils", init)
    return importlib.machinery.PathFinder.find_spec("distutils")


def _read_numpy_version(search_path: Sequence[str], quiet: _Quiet) -> None:
    """Tell astroid's numpy support the installed version from its metadata, where it would import numpy itself."""
    from astroid.brain import brain_numpy_utils

    def version() -> tuple[str, ...]:
        for folder in search_path:
            if os.path.isfile(os.path.join(folder, "numpy", "__init__.py")):
                with quiet():
                    names = os.listdir(folder)
                for name in names:
                    if match := re.fullmatch(r"numpy-([^-]+)\.(?:dist|egg)-info", name):
                        os.stat(os.path.join(folder, name))  # the one that is asked for
                        return tuple(match[1].split("."))
        return ("0", "0", "0")

    brain_numpy_utils._get_numpy_version = version
