"""What mypy's shared `mypy_path` leads to."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from pyfmt import disk
from pyfmt.core.errors import ConfigError
from pyfmt.core.model import ToolConfig
from pyfmt.core.tool_values import EVERYTHING
from pyfmt.tools.mypy import config as configuration


def folders(shared: ToolConfig, root: Path, projects: Sequence[str]) -> tuple[str, ...]:
    """Anything of the checkout where `mypy_path` is set, and the folders that it names, with variables expanded."""
    try:
        text = disk.read_text(shared.path, encoding="utf-8-sig")
    except (OSError, ValueError):
        return ()  # mypy's unit says so
    if "mypy_path" not in text:
        return ()
    try:
        parsed = configuration.parse(shared.path, os.path.dirname(shared.path), text)
        found = configuration.derive(parsed, [], projects).mypy_path
    except ConfigError:
        return (EVERYTHING,)
    if not found:
        return ()  # only mentioned, as in a comment of the built-in configuration
    inside = {name for name in found if f"{disk.realpath(name)}/".startswith(f"{root}{os.sep}")}
    return (EVERYTHING, *(name if name in inside else disk.realpath(name) for name in found))
