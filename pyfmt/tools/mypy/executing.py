"""What a configuration makes mypy execute."""

from __future__ import annotations

from pyfmt.core.model import ToolConfig
from pyfmt.tools import configured_code


def executions(config: ToolConfig) -> tuple[str, ...]:
    """Each piece of code that `config` names, in words: ("mypy plugin pydantic.mypy",)."""
    found = configured_code.names(configured_code.options(config, "mypy").get("plugins"))
    return tuple(dict.fromkeys(f"mypy plugin {name}" for name in found))
