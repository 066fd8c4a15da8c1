"""Where the documentation of a rule stands."""

from __future__ import annotations

import re

from pyfmt import __version__

# The folders of https://pylint.readthedocs.io/en/stable/user_guide/messages/messages_overview.html
_PYLINT_FOLDERS = {
    "F": "fatal",
    "E": "error",
    "W": "warning",
    "C": "convention",
    "R": "refactor",
    "I": "information",
}
_PYLINT = "https://pylint.readthedocs.io/en/stable/user_guide/messages"
# mypy's own link for an error code (mypy.errors.BASE_RTD_URL, --show-error-code-links)
_MYPY = "https://mypy.readthedocs.io/en/stable/_refs.html#code-"
_PYLINT_ID = re.compile(r"[FEWCRI]\d{4}\Z")
_NAME = re.compile(r"[a-z][a-z0-9-]*\Z")

HOME_PAGES = {
    "pylint": "https://pylint.readthedocs.io/",
    "mypy": "https://mypy.readthedocs.io/",
    "black": "https://black.readthedocs.io/",
    "isort": "https://isort.readthedocs.io/",
    "pyfmt": "https://pypi.org/project/pyfmt-monorepo/",
}


def documentation_url(tool: str, rule: str, symbol: str) -> str | None:
    """The page that explains a rule of pylint or mypy; None where there is none."""
    if tool == "pylint" and _PYLINT_ID.match(rule) and _NAME.match(symbol):
        return f"{_PYLINT}/{_PYLINT_FOLDERS[rule[0]]}/{symbol}.html"
    if tool == "mypy" and _NAME.match(rule) and rule != "note":
        return _MYPY + rule
    return None


def tool_version(tool: str) -> str | None:
    """The version of a tool that is installed beside pyfmt; None for one that is not."""
    if tool == "pyfmt":
        return __version__  # its distribution is called otherwise
    import importlib.metadata  # deferred: 20 ms, and only some formats need it

    try:
        return importlib.metadata.version(tool)
    except importlib.metadata.PackageNotFoundError:
        return None
