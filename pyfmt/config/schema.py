"""The published JSON schema of the configuration (draft 2020-12): `config.schema.json` beside this module, shipped as
package data, in which "@name" stands for what the code knows: names of tools, severities, rules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from pyfmt import disk
from pyfmt.config.policies import INTERNAL
from pyfmt.config.values import FROM_LOCK, KEYS, LONGEST, PER_PROJECT, RELEASE, SERVER, every_tool
from pyfmt.core.model import Severity
from pyfmt.core.rules import BOUNDARY_RULES
from pyfmt.tools import registry


def config_schema() -> str:
    """The schema of a pyfmt.toml, or of what stands below `[tool.pyfmt]`; KeyError for a key without a shape.

    What no schema of JSON says (that a folder exists) is told when the configuration is read.
    """
    rules = "|".join(f"[Pp][Yy][Ff]{rule.id[3:]}|{rule.symbol}" for rule in BOUNDARY_RULES)
    release = {"type": "string", "pattern": f"^({FROM_LOCK}|{RELEASE})$"}
    values: dict[str, Any] = {
        "defaults": list(registry.defaults()),
        "internal": list(INTERNAL),
        "longest": LONGEST,
        "project-settings": list(PER_PROJECT),
        "releases": {tool.name: release for tool in registry.TOOLS.values() if tool.oldest},
        "rules": f"^({rules})$",
        "server": list(SERVER),
        "server-default": SERVER[0],
        "severities": [severity.value for severity in Severity],
        "tools": list(every_tool()),
    }
    text = disk.read_text(Path(__file__).with_name("config.schema.json"))
    for name, value in values.items():
        text = text.replace(f'"@{name}"', json.dumps(value))
    schema = json.loads(text)
    schema["properties"] = {key: schema["properties"][key] for key in KEYS}
    return json.dumps(schema, indent=2) + "\n"
