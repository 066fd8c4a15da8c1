"""The versions of pyfmt and of the tools that it brings."""

from __future__ import annotations

import importlib.metadata
import platform

from pyfmt import __version__

TOOLS = ("black", "isort", "pylint", "mypy", "virtualenv")


def tool_versions() -> dict[str, str]:
    """Name to version of every tool, and of astroid, on which pylint's answers depend."""
    found = {"pyfmt": __version__, "python": platform.python_version()}
    for name in (*TOOLS, "astroid"):
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = "missing"
    return found


def version_text() -> str:
    """What `pyfmt --version` prints."""
    versions = tool_versions()
    rest = [f"  {name} {versions[name]}" for name in (*TOOLS, "astroid", "python")]
    return "\n".join([f"pyfmt {versions['pyfmt']}", *rest])
