"""black: what it is, its configuration, and how a text is formatted."""

from __future__ import annotations

from pyfmt.tools.tool import Kind, Tool

TOOL = Tool(
    name="black",
    kind=Kind.FORMATTER,
    config_file="black.toml",
    home="https://black.readthedocs.io/",
    distributions=("black",),
    oldest="23",
    syntax_rank=2,
    promise="files are formatted",
    would="format the file again",
    options=lambda config: ("--config", config.path),
)
