"""What a shared configuration makes the linters execute: code of an environment, or of the checkout."""

from __future__ import annotations

import configparser
import posixpath
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pyfmt.core.model import ToolConfig

_NO = ("", "no", "n", "false", "0")


def executions(config: ToolConfig) -> tuple[str, ...]:
    """Each piece of code that `config` names, in words: ("mypy plugin pydantic.mypy", "pylint's init-hook `...`").

    pylint's own extensions are no foreign code. Nothing for a file that cannot be read: its tool then fails, and says
    so.
    """
    if config.tool not in ("pylint", "mypy"):
        return ()
    try:
        values = _values(config)
    except (OSError, ValueError, configparser.Error):
        return ()
    return tuple(dict.fromkeys(_mypy(values) if config.tool == "mypy" else _pylint(values)))


def _values(config: ToolConfig) -> dict[str, Any]:
    """Option to value; pylint's sections are one, since it takes any option in any of them."""
    text = Path(config.path).read_text("utf-8-sig")
    found: dict[str, Any] = {}
    if config.path.endswith(".toml"):
        table = tomllib.loads(text).get("tool", {}).get(config.tool, {})
        for key, value in table.items() if isinstance(table, Mapping) else ():
            found |= value if isinstance(value, Mapping) and config.tool == "pylint" else {key: value}
    else:
        parser = configparser.RawConfigParser(strict=False)
        parser.read_string(text, config.path)
        wanted = ["mypy"] if config.tool == "mypy" else parser.sections()
        for section in wanted:
            found |= dict(parser.items(section)) if parser.has_section(section) else {}
    return {key.replace("_", "-").lower(): value for key, value in found.items()}


def _mypy(values: Mapping[str, Any]) -> Iterator[str]:
    for name in _names(values.get("plugins")):
        yield f"mypy plugin {name}"


def _pylint(values: Mapping[str, Any]) -> Iterator[str]:
    hook = " ".join(str(values.get("init-hook") or "").split())
    if hook:
        yield f"pylint's init-hook `{hook}`"
    for name in _names(values.get("load-plugins")):
        if name.partition(".")[0] != "pylint":
            yield f"pylint plugin {name}"
    for key in ("extension-pkg-allow-list", "extension-pkg-whitelist"):
        for name in _names(values.get(key)):
            yield f"compiled module {name}, which pylint imports"
    if str(values.get("unsafe-load-any-extension", "")).lower() not in _NO:
        yield "every compiled module that pylint comes across"


def _names(value: Any) -> list[str]:
    """A list, or words with commas or newlines between them."""
    words = value if isinstance(value, list) else str(value or "").replace("\n", ",").split(",")
    return [name for word in words if (name := str(word).strip())]


def place(config: ToolConfig, root: str) -> str:
    """The configuration's file for a reader: relative to the root where it is inside."""
    inside = config.path.startswith(root.rstrip("/") + "/")
    return posixpath.relpath(config.path, root) if inside else config.path
