"""isort: what it is, its configuration, and how a text is formatted."""

from __future__ import annotations

from pyfmt.tools.tool import Kind, Tool

TOOL = Tool(
    name="isort",
    kind=Kind.FORMATTER,
    config_file="isort.cfg",
    home="https://isort.readthedocs.io/",
    distributions=("isort",),
    own_files=(".isort.cfg",),
    setup_cfg="isort",
    tox_ini=True,
    syntax_rank=3,
    promise="imports are sorted",
    would="sort the imports of the file anew",
    looks_anywhere=("src_paths", "namespace_packages"),
    options=lambda config: ("--settings-file", config),
)
