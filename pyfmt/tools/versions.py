"""The versions of pyfmt and of the tools that it brings."""

from __future__ import annotations

import functools
import os
import platform
import sys
from pathlib import Path

from pyfmt import __version__
from pyfmt.tools.registry import TOOLS

_MISSING = "missing"
_PACKAGE = Path(__file__).parent.parent


def _distributions() -> tuple[str, ...]:
    """All distributions that answers depend on: the tools', and virtualenv."""
    own = [tool.distributions[:1] if tool.version else tool.distributions for tool in TOOLS.values()]
    first, further = [names[0] for names in own], [name for names in own for name in names[1:]]
    return (*first, "virtualenv", *further)


def tool_versions() -> dict[str, str]:
    """Name to version of everything that the tools' answers depend on."""
    found = {"pyfmt": __version__, "python": platform.python_version()}
    installed = _installed()
    for name in _distributions():
        found[name] = installed.get(name) or _version(name)
    return found | {tool.distributions[0]: tool.version for tool in TOOLS.values() if tool.version}


def brought(tool: str) -> str:
    """The version of a tool that is installed with pyfmt, whatever is chosen."""
    return _version(TOOLS[tool].distributions[0])


def own_state() -> str:
    """What changes with pyfmt's code and its tools, for a process that has both in memory and runs several times."""
    marks = [(path.name, (found := path.stat()).st_size, found.st_mtime_ns) for path in sorted(_PACKAGE.rglob("*.py"))]
    return repr((marks, sorted(tool_versions().items())))


@functools.cache
def notebook_versions() -> dict[str, str]:
    """Name to version of what reads the magics of notebooks, where it is installed."""
    return {name: _version(name) for name in ("ipython", "tokenize-rt")}


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
        return _MISSING


def version_text() -> str:
    """What `pyfmt --version` prints."""
    versions = tool_versions()
    optional = {name for tool in TOOLS.values() if not tool.on_by_default for name in tool.distributions}
    shown = [name for name in (*_distributions(), "python") if name not in optional or versions[name] != _MISSING]
    chosen = {tool.distributions[0]: brought(tool.name) for tool in TOOLS.values() if tool.version}
    instead = {name: f" (as [tool.pyfmt.versions] chooses; pyfmt brings {own})" for name, own in chosen.items()}
    rest = [f"  {name} {versions[name]}{instead.get(name, '')}" for name in shown]
    return "\n".join([f"pyfmt {versions['pyfmt']}", *rest])
