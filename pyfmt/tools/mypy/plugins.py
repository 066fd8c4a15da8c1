"""Where mypy must run so that it can load the plugins that the shared configuration names.

A plugin is code of the environment, made for its Python: with compiled modules it loads in no other minor version, and
without them it may still fail there. Where that is not pyfmt's own, mypy itself runs from a tool environment.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterable

from pyfmt import disk
from pyfmt.core import parsing
from pyfmt.core.model import Environment
from pyfmt.tools.protocol import JsonObject, ToolNeed

OLDEST = (3, 10)  # mypy 2.4 runs in no older Python
_OWN = ("mypy", "mypy_extensions", "typing_extensions")  # in every tool environment
_MODULE = re.compile(r"\.py$|\.(cpython|abi3)[^/]*\.so$|\.so$|\.pyd$")


def need(environment: Environment, payload: JsonObject) -> ToolNeed | None:
    """What a payload's plugins ask for; None where pyfmt's own Python serves, or where no mypy could load them.

    The caller sees to it that the environment is trusted.
    """
    python = environment.python
    version = (python.major, python.minor)
    if python.implementation != "CPython" or version < OLDEST or version == sys.version_info[:2]:
        return None
    folders = [*environment.site_packages, *environment.search_path, *payload["import_roots"]]
    plugins = {plugin for run in payload["runs"] if run["reported"] for plugin in run["plugins"]}
    if not any(_concerns(plugin, folders, environment.site_packages) for plugin in plugins):
        return None
    import importlib.metadata  # deferred for start-up time: hardly any run comes here

    threads = "t" if any(f"python{python.short}t" in path for path in environment.search_path) else ""
    return ToolNeed("mypy", importlib.metadata.version("mypy"), python.short + threads, environment.base_executable)


def _concerns(plugin: str, folders: Iterable[str], site_packages: Iterable[str]) -> bool:
    """Whether a plugin is installed in the environment, or is a file that imports what is installed there."""
    path = plugin.rpartition(":")[0] if ":" in os.path.basename(plugin) else plugin
    if path.endswith(".py"):
        sites = list(site_packages)
        return any(_provides(sites, name) for name in _imports(path) if name not in _OWN)
    return _provides(folders, path)


def _provides(folders: Iterable[str], module: str) -> bool:
    """Whether one of `folders` holds the module, as source or compiled."""
    for folder in folders:
        parent, name = os.path.split(os.path.join(folder, *module.split(".")))
        try:
            names = disk.listdir(parent)
        except OSError:
            continue  # not there
        if name in names and disk.is_dir(os.path.join(parent, name)):
            return True
        if any(entry.startswith(name + ".") and _MODULE.match(entry[len(name) :]) for entry in names):
            return True
    return False


def _imports(path: str) -> set[str]:
    """Top-level names that a file imports; none where it cannot be read, which mypy itself then tells."""
    try:
        tree = parsing.parse_python(disk.read_bytes(path))
    except (OSError, SyntaxError, ValueError):
        return set()
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names
