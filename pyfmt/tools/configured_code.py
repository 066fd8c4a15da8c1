"""What a shared configuration makes a linter execute: code of an environment, or of the checkout."""

from __future__ import annotations

import configparser
import posixpath
from collections.abc import Iterable, Mapping
from typing import Any

from pyfmt import disk
from pyfmt.core import parsing
from pyfmt.core.model import ToolConfig


def options(config: ToolConfig, section: str | None = None) -> dict[str, Any]:
    """Option to value, the options' names with `-`; {} for a file that cannot be read: its tool fails, and says so.

    All sections are one, since a tool may take any option in any of them, or only `section`.
    """
    try:
        text = disk.read_text(config.path, encoding="utf-8-sig")
        found = _toml(text, config.tool, section) if config.path.endswith(".toml") else _ini(text, config, section)
    except (OSError, ValueError, configparser.Error):
        return {}
    return {key.replace("_", "-").lower(): value for key, value in found.items()}


def _toml(text: str, tool: str, section: str | None) -> dict[str, Any]:
    table = parsing.parse_toml(text).get("tool", {}).get(tool, {})
    found: dict[str, Any] = {}
    for key, value in table.items() if isinstance(table, Mapping) else ():
        found |= value if isinstance(value, Mapping) and section is None else {key: value}
    return found


def _ini(text: str, config: ToolConfig, section: str | None) -> dict[str, Any]:
    parser = configparser.RawConfigParser(strict=False)
    parser.read_string(text, config.path)
    found: dict[str, Any] = {}
    for name in parser.sections() if section is None else [section]:
        found |= dict(parser.items(name)) if parser.has_section(name) else {}
    return found


def names_any(config: ToolConfig, words: Iterable[str]) -> bool:
    """Whether a configuration holds any of some words; False for a file that cannot be read: its tool says so."""
    try:
        text = disk.read_text(config.path, "replace")
    except (OSError, ValueError):
        return False
    return any(word in text for word in words)


def names(value: Any) -> list[str]:
    """A list, or words with commas or newlines between them."""
    words = value if isinstance(value, list) else str(value or "").replace("\n", ",").split(",")
    return [name for word in words if (name := str(word).strip())]


def place(config: ToolConfig, root: str) -> str:
    """The configuration's file for a reader: relative to the root where it is inside."""
    inside = config.path.startswith(root.rstrip("/") + "/")
    return posixpath.relpath(config.path, root) if inside else config.path
