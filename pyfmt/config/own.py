"""The configurations of tools that a folder holds, as each tool looks for them itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pyfmt import disk
from pyfmt.tools.registry import TOOLS


def own_configs(folder: Path, tool: str, sections: Mapping[str, Any]) -> list[str]:
    """The files of a folder that configure `tool`, in its own order; where a file has others' settings, too, with its
    section: "setup.cfg [mypy]". `sections` is `[tool]` of the folder's pyproject.toml.

    A file that cannot be read holds none: that is said where it is read.
    """
    import configparser  # deferred for start-up time

    found = [name for name in TOOLS[tool].own_files if disk.is_file(folder / name)]
    section = sections.get(tool)
    if isinstance(section, dict) and set(section) - {"overrides"}:
        found.append(f"pyproject.toml [tool.{tool}]")
    wanted = TOOLS[tool].setup_cfg
    files = ("setup.cfg", "tox.ini") if TOOLS[tool].tox_ini else ("setup.cfg",)
    for name in files if wanted else ():
        parser = configparser.ConfigParser(interpolation=None, strict=False)
        try:
            parser.read_string(disk.read_text(folder / name))
        except (OSError, ValueError, configparser.Error):
            continue  # not there, or damaged
        headers = [s for s in parser.sections() if s in (wanted, f"tool:{wanted}") or s.startswith(f"{wanted}.")]
        if headers:
            found.append(f"{name} [{headers[0]}]")
    return found
