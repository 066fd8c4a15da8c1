"""Which changed paths every project's result depends on: configurations, and plugins that they load."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from pyfmt import disk
from pyfmt.core.files import names
from pyfmt.core.model import Config
from pyfmt.tools.registry import config_files

# A key of an INI or TOML file, with the lines that continue it.
_PLUGINS = re.compile(r"^[ \t]*(?:load-plugins|plugins|init-hook)[ \t]*=((?:.*\n?)(?:[ \t]+.*\n?)*)", re.MULTILINE)


def shared_files(settings: Config, paths: Iterable[str], folders: Iterable[str]) -> list[str]:
    """Those of the changed `paths`, and of the submodules `folders`, that every project's result depends on."""
    root = str(settings.root)
    wanted = {os.path.join(root, name) for name in ("pyproject.toml", "pyfmt.toml")}
    wanted |= {os.path.join(root, name) for name in (*names("tool"), "setup.cfg")}  # new and deleted ones count, too
    wanted |= {str(settings.file)} if settings.file else set()
    for tool_config in settings.tool_configs:
        wanted.add(disk.realpath(tool_config.path))
        if tool_config.origin == "configs":  # one that is deleted counts as well
            wanted |= {os.path.join(os.path.dirname(tool_config.path), name) for name in config_files()}
    plugins = _plugin_words(settings)
    found = []
    for path in sorted(paths):
        absolute = os.path.normpath(os.path.join(root, path))
        is_plugin = path.endswith(".py") and Path(path).stem in plugins
        if absolute in wanted or disk.realpath(absolute) in wanted or is_plugin:
            found.append(path)
    found += [f for f in folders if any(path.startswith(os.path.join(root, f, "")) for path in wanted)]
    return found


def _plugin_words(settings: Config) -> set[str]:
    """The words of the shared configurations that load code of the checkout into a tool."""
    words: set[str] = set()
    for path in {tool_config.path for tool_config in settings.tool_configs if tool_config.origin != "built-in"}:
        for value in _PLUGINS.findall(disk.text_or_none(path) or ""):
            words.update(re.findall(r"\w+", value))
    return words
