"""Where a section of pyfmt's own stands, and its text to values."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyfmt import disk
from pyfmt.config.plain import kind
from pyfmt.config.values import KEYS
from pyfmt.core.errors import ConfigError
from pyfmt.core.similar import nearest

Table = Mapping[str, Any]

# What a file that is no TOML shows of being meant as pyfmt's configuration.
_HEADER = re.compile(rb"^\s*\[+\s*tool\s*\.\s*[\"']?pyfmt\b", re.MULTILINE)


def read_toml(path: Path) -> dict[str, Any]:
    """The file's content; ConfigError names the place where it is not TOML or cannot be read."""
    try:
        return disk.read_toml(path)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", str(path)) from error
    except ValueError as error:
        raise ConfigError(f"is not valid TOML: {error}", str(path)) from error


def section_of(path: Path, data: dict[str, Any]) -> dict[str, Any] | None:
    """The pyfmt section of a file's data: `[tool.pyfmt]`, or the whole of a pyfmt.toml; None where it has none."""
    tool = data.get("tool", {})
    section = tool.get("pyfmt") if isinstance(tool, dict) else None
    if path.name != "pyproject.toml" and (section is None or path.name == "pyfmt.toml" and set(data) != {"tool"}):
        section = data  # with a stray `[tool.…]` in it, that is an unknown key
    if section is None:
        return None
    if not isinstance(section, dict):
        raise ConfigError(f"tool.pyfmt must be a table, not {kind(section)}", str(path))
    if path.name == "pyproject.toml" and isinstance(section.get("project"), dict):
        # These are values for pipelines, which projects/pipeline_values.py reads.
        return {key: value for key, value in section.items() if key != "project"} or None
    return section


def config_file_in(folder: Path) -> Path | None:
    """pyfmt.toml, or a pyproject.toml that has `[tool.pyfmt]`."""
    own = folder / "pyfmt.toml"
    if disk.is_file(own):
        return own
    manifest = folder / "pyproject.toml"
    if not disk.is_file(manifest):
        return None
    # Cheap test first: most manifests of a monorepo are not ours.
    try:
        content = disk.read_bytes(manifest)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", str(manifest)) from error
    if b"pyfmt" not in content:
        return None
    try:
        data = read_toml(manifest)
    except ConfigError:
        # A project's damaged manifest that only mentions pyfmt is that project's failure, and is told with it.
        if _HEADER.search(content) is None:
            return None
        raise
    return manifest if section_of(manifest, data) is not None else None


@dataclass(frozen=True, slots=True)
class SectionValues:
    """Parsed keys, and where they come from."""

    values: dict[str, Any]
    source: str


def parsed(section: Table, file: Path) -> SectionValues:
    """The values of a section; ConfigError for an unknown key or a wrong value."""
    values: dict[str, Any] = {}
    for key, value in section.items():
        parser = KEYS.get(key)
        if parser is None:
            raise ConfigError(f"unknown key {key!r}{nearest(key, list(KEYS))}", str(file))
        if _holds_nul(value):
            raise ConfigError(f"{key}: holds a NUL character, which no path or name can", str(file))
        try:
            values[key] = parser(value)
        except TypeError as error:
            raise ConfigError(f"{key}: must be {error}, not {kind(value)}", str(file)) from error
        except ValueError as error:
            raise ConfigError(f"{key}: {error}", str(file)) from error
    return SectionValues(values, str(file))


def _holds_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_nul, (*value.keys(), *value.values())))
    return any(map(_holds_nul, value)) if isinstance(value, list) else isinstance(value, str) and "\0" in value
