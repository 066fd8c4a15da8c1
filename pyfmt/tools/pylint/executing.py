"""What a configuration makes pylint execute."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pyfmt.core.model import ToolConfig
from pyfmt.tools import configured_code

_NO = ("", "no", "n", "false", "0")


def executions(config: ToolConfig) -> tuple[str, ...]:
    """Each piece of code that `config` names, in words ("pylint's init-hook `…`"); pylint's own extensions are none."""
    return tuple(dict.fromkeys(_executions(configured_code.options(config))))


def _executions(values: Mapping[str, Any]) -> Iterator[str]:
    hook = " ".join(str(values.get("init-hook") or "").split())
    if hook:
        yield f"pylint's init-hook `{hook}`"
    for name in configured_code.names(values.get("load-plugins")):
        if name.partition(".")[0] != "pylint":
            yield f"pylint plugin {name}"
    for key in ("extension-pkg-allow-list", "extension-pkg-whitelist"):
        for name in configured_code.names(values.get(key)):
            yield f"compiled module {name}, which pylint imports"
    if str(values.get("unsafe-load-any-extension", "")).lower() not in _NO:
        yield "every compiled module that pylint comes across"
