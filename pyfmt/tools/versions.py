"""The versions of pyfmt and of the tools that it brings."""

from __future__ import annotations

import os
import platform
import sys

from pyfmt import __version__

TOOLS = ("black", "isort", "pylint", "mypy", "virtualenv")


def tool_versions() -> dict[str, str]:
    """Name to version of every tool, and of astroid, on which pylint's answers depend."""
    found = {"pyfmt": __version__, "python": platform.python_version()}
    installed = _installed()
    for name in (*TOOLS, "astroid"):
        found[name] = installed.get(name) or _version(name)
    return found


def _installed() -> dict[str, str]:
    """Name to version of what is installed, by the names of the metadata folders; "" where there is any doubt.

    importlib.metadata is right, but it imports the whole e-mail package, and it reads files: 30 ms at each start.
    """
    found: dict[str, str] = {}
    for folder in sys.path:
        here: dict[str, str] = {}
        try:
            entries = [entry for entry in os.listdir(folder or ".") if entry.endswith((".dist-info", ".egg-info"))]
        except OSError:
            continue  # no folder
        for entry in entries:
            name, _, version = entry.removesuffix(".dist-info").partition("-")
            here[name.lower()] = "" if entry.endswith(".egg-info") or name.lower() in here else version
        found = here | found
    return found


def _version(name: str) -> str:
    import importlib.metadata  # deferred, see above

    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return "missing"


def version_text() -> str:
    """What `pyfmt --version` prints."""
    versions = tool_versions()
    rest = [f"  {name} {versions[name]}" for name in (*TOOLS, "astroid", "python")]
    return "\n".join([f"pyfmt {versions['pyfmt']}", *rest])
