"""Another release of a tool than the one that pyfmt brings."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ToolRelease:
    """What `[tool.pyfmt.versions]` chooses for a tool."""

    version: str
    pins: tuple[str, ...] = ()  # lines of a requirements file with hashes, for all that it needs; none: by the index
    interpreter: str = ""  # absolute path of the Python that has it, once it is there; only for a formatter
