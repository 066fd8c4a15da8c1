"""The published JSON schema of the configuration (draft 2020-12): one shape for each key that `values.KEYS` takes."""

from __future__ import annotations

import json
from typing import Any

from pyfmt.config.policies import INTERNAL
from pyfmt.config.values import FROM_LOCK, KEYS, LONGEST, PER_PROJECT, RELEASE, SERVER, every_tool
from pyfmt.core.model import Severity
from pyfmt.core.rules import BOUNDARY_RULES
from pyfmt.tools import registry

_LEVELS = {"enum": [severity.value for severity in Severity]}
_STRINGS = {"type": "array", "items": {"type": "string"}}
_OVERRIDE = {
    "type": "object",
    "required": ["paths"],
    "additionalProperties": False,
    "properties": {
        "paths": {**_STRINGS, "minItems": 1, "description": "Patterns as in a .gitignore."},
        "disable": {**_STRINGS, "description": "Rules (id or name) or tools that are off there."},
        "severity": {
            "description": 'Another severity for all rules, or by rule ("*": all).',
            "anyOf": [_LEVELS, {"type": "object", "additionalProperties": _LEVELS}],
        },
    },
}

# Beyond the types: what no schema of JSON says (that a folder exists) is told when the configuration is read.
_GLOB = r"^(?!/)(?!/*$)(?!(.*/)?\.\.(/|$))"
_GLOBS = {"type": "array", "items": {"type": "string", "pattern": _GLOB}}
_ONE_OR_MORE_GLOBS = {"anyOf": [{"type": "string", "pattern": _GLOB}, {**_GLOBS, "minItems": 1}]}
_RULE_NAMES = "|".join(f"[Pp][Yy][Ff]{rule.id[3:]}|{rule.symbol}" for rule in BOUNDARY_RULES)
_ALLOWANCE = {
    "type": "object",
    "required": ["from", "to"],
    "additionalProperties": False,
    "properties": {
        "from": {**_ONE_OR_MORE_GLOBS, "description": "Folders (globs) or names of the projects that import."},
        "to": {**_ONE_OR_MORE_GLOBS, "description": "Folders (globs) or names of the projects that are imported."},
        "rules": {
            "description": "Rules by id or name; default: all.",
            "type": "array",
            "items": {"type": "string", "pattern": f"^({_RULE_NAMES})$"},
        },
        "reason": {"type": "string", "description": "Why."},
    },
}
_SHAPES: dict[str, dict[str, Any]] = {
    "projects": {
        "description": "Globs of the folders that are projects; default: every folder with a manifest.",
        "type": "array",
        "items": {"type": "string", "pattern": _GLOB},
    },
    "exclude": {**_STRINGS, "description": "Files and folders that pyfmt does not look at, as in a .gitignore."},
    "configs": {"type": "string", "description": "The folder with black.toml, isort.cfg, pylintrc and mypy.ini."},
    "tools": {
        "description": "The tools that run.",
        "type": "array",
        "minItems": 1,
        "items": {"enum": list(every_tool())},
        "default": list(registry.defaults()),
    },
    "versions": {
        "description": 'Tool = version that runs, not the one that pyfmt brings; "lock": that of the root\'s lock.',
        "type": "object",
        "additionalProperties": False,
        "properties": {
            tool.name: {"type": "string", "pattern": f"^({FROM_LOCK}|{RELEASE})$"}
            for tool in registry.TOOLS.values()
            if tool.oldest
        },
    },
    "environments": {
        "description": "Project (path or name) = folder of its environment.",
        "type": "object",
        "properties": {
            "groups": {
                "description": "A list: the dependency groups that `pyfmt envs create` installs.",
                "anyOf": [_STRINGS, {"type": "string"}],
            },
            "extras": {"description": "A list: the extras, likewise.", "anyOf": [_STRINGS, {"type": "string"}]},
        },
        "additionalProperties": {"type": "string"},
    },
    "jobs": {"description": "Processes at once; default: the processors.", "type": "integer", "minimum": 1},
    "timeout": {
        "description": "Time limit in seconds of one unit: one tool, one environment.",
        "type": "number",
        "exclusiveMinimum": 0,
        "maximum": LONGEST,
        "default": 600,
    },
    "fail-on": {**_LEVELS, "description": "The least severity that makes the exit code 1.", "default": "info"},
    "overrides": {
        "description": "Rules to drop, or to give another severity, below some paths.",
        "type": "array",
        "items": _OVERRIDE,
    },
    "boundaries": {
        "description": "Who may import whom, checked where this table is; see docs/boundaries.md.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "libraries": {**_GLOBS, "description": "Folders of libraries; default: lib/*, libs/*, packages/*."},
            "projects": {**_GLOBS, "description": "Folders of projects; default: projects/*, apps/*, services/*."},
            "allow": {"description": "Imports that are no finding.", "type": "array", "items": _ALLOWANCE},
        },
    },
    "versions-policy": {
        "description": "Which versions are one in the whole monorepo, checked where this table is; see "
        "docs/versions.md.",
        "type": "object",
        "additionalProperties": False,
        "minProperties": 1,
        "properties": {
            "one-version": {
                "description": "Distributions (globs) of which all projects have one version; or all of them.",
                "anyOf": [_STRINGS, {"const": "*"}],
            },
            "internal": {
                "description": "The libraries of the monorepo: all have one version, or each its own.",
                "enum": list(INTERNAL),
            },
        },
    },
    "affected": {
        "description": "What a change reaches besides; see docs/affected.md.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "global": {**_STRINGS, "description": "Files that affect every project, as in a .gitignore."},
            "edges": {
                "description": "What projects depend on, and no file declares.",
                "type": "array",
                "items": {
                    "type": "object",
                    "additionalProperties": False,
                    "required": ["from", "to"],
                    "properties": {
                        "from": {**_ONE_OR_MORE_GLOBS, "description": "Projects: globs of folders, or names."},
                        "to": {
                            "anyOf": [_STRINGS, {"type": "string"}],
                            "description": "Files as in a .gitignore, or folders of projects.",
                        },
                    },
                },
            },
        },
    },
    "baseline": {
        "type": "boolean",
        "description": "Whether findings that a project's baseline accepts are no failure.",
        "default": False,
    },
    "notebooks": {
        "type": "boolean",
        "description": "Whether Jupyter notebooks are formatted and linted; see docs/notebooks.md.",
        "default": True,
    },
    "check-in-dependents": {
        "description": "Whether libraries are judged in the environments of those who use them, or at home only.",
        "enum": [True, "home"],
        "default": True,
    },
    "merge-equivalent": {
        "type": "boolean",
        "description": "Whether what several tools say of one fault is one finding that names them all.",
        "default": True,
    },
    "server": {
        "description": "Whether workers that have loaded a linter stay for later runs; never where CI is set.",
        "enum": list(SERVER),
        "default": SERVER[0],
    },
    "cache": {
        "description": "A cache that machines share; see docs/how-to/remote-cache.md.",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "remote": {
                "type": "string",
                "description": "Its URL: https://, or what fsspec knows (s3://, gs://, file://).",
            },
            "namespace": {"type": "string", "description": "Where entries are written.", "default": "main"},
            "public-key": {"type": "string", "description": "ed25519:BASE64; entries of `main` must verify with it."},
        },
    },
    "project-settings": {
        "description": "What a project may set in its [tool.pyfmt].",
        "type": "array",
        "items": {"enum": list(PER_PROJECT)},
        "default": [],
    },
    "project-schema": {
        "type": "string",
        "description": "A JSON schema of each project's [tool.pyfmt.project] or ci.yaml; see docs/affected.md.",
    },
    "cache-dir": {"type": "string", "description": "The folder where pyfmt keeps what it need not compute again."},
}


def config_schema() -> str:
    """The schema of a pyfmt.toml, or of what stands below `[tool.pyfmt]`; KeyError for a key without a shape."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:pyfmt:config:1",
        "title": "pyfmt configuration",
        "description": "[tool.pyfmt] of a pyproject.toml, or a pyfmt.toml. Paths and patterns are relative to the "
        "root.",
        "type": "object",
        "additionalProperties": False,
        "properties": {key: _SHAPES[key] for key in KEYS},
    }
    return json.dumps(schema, indent=2) + "\n"
