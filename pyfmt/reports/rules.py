"""Where the documentation of tools and rules stands."""

from __future__ import annotations

from pyfmt import __version__
from pyfmt.core.rules import TOOL as OWN_RULES
from pyfmt.tools.registry import TOOLS

_OWN_PAGE = "https://pypi.org/project/pyfmt-monorepo/"


def home_page(tool: str) -> str | None:
    """The documentation of a tool; None for one that is not known."""
    return _OWN_PAGE if tool == OWN_RULES else TOOLS[tool].home if tool in TOOLS else None


def documentation_url(tool: str, rule: str, symbol: str) -> str | None:
    """The page that explains a rule; None where there is none."""
    return TOOLS[tool].rule_url(rule, symbol) if tool in TOOLS else None


def tool_version(tool: str) -> str | None:
    """The version of a tool that is installed beside pyfmt; None for one that is not."""
    if tool == OWN_RULES:
        return __version__  # its distribution is called otherwise
    import importlib.metadata  # deferred: 20 ms, and only some formats need it

    try:
        return importlib.metadata.version(tool)
    except importlib.metadata.PackageNotFoundError:
        return None
