"""isort: what it is, its configuration, and how a text is formatted."""

from __future__ import annotations

from collections.abc import Sequence

from pyfmt.core.model import ToolConfig
from pyfmt.tools.tool import Kind, Tool


def _options(config: ToolConfig) -> Sequence[str]:
    from pyfmt.tools.isort.adapter import options  # deferred for start-up time: only `explain` asks

    return options(config)


TOOL = Tool(
    name="isort",
    kind=Kind.FORMATTER,
    config_file="isort.cfg",
    home="https://isort.readthedocs.io/",
    distributions=("isort",),
    oldest="5",
    own_files=(".isort.cfg",),
    setup_cfg="isort",
    tox_ini=True,
    syntax_rank=3,
    promise="imports are sorted",
    would="sort the imports of the file again",
    looks_anywhere=("src_paths", "namespace_packages"),
    options=_options,
    follows="black",
)
