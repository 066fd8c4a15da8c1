"""What a project says to the pipeline that all projects share: `[tool.pyfmt.project]` of its pyproject.toml, or its
ci.yaml."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pyfmt import disk
from pyfmt.core.errors import ConfigError
from pyfmt.core.model import Project
from pyfmt.core.similar import nearest

CI_FILE = "ci.yaml"
TABLE = "[tool.pyfmt.project]"


def pipeline_values(root: Path, projects: Iterable[Project], schema: str | None) -> dict[str, dict[str, Any]]:
    """The values of each project by its path, {} for one that has none.

    `schema` is the file of a JSON schema, relative to `root`, that they must fit.

    Raises ConfigError for a file that cannot be read, for both places in one project, and with each key that the schema
    does not know and each value that it does not allow.
    """
    found = {project.path: _read(root / project.path) for project in projects}
    if schema is not None:
        _validate(root / schema, {root / path / source: values for path, (values, source) in found.items()})
    return {path: values for path, (values, _source) in found.items()}


def _read(folder: Path) -> tuple[dict[str, Any], str]:
    """A project's values and the name of the file that has them."""
    table = _table(folder / "pyproject.toml")
    file = folder / CI_FILE
    if not disk.is_file(file):
        return table or {}, "pyproject.toml"
    if table is not None:
        raise ConfigError(f"the project has both {CI_FILE} and {TABLE}", str(folder), "keep one of them")
    import yaml  # type: ignore[import-untyped]  # deferred for start-up time: only where there is such a file

    try:
        values = yaml.safe_load(disk.read_bytes(file)) or {}
        json.dumps(values)  # what YAML has beyond JSON, such as dates, no pipeline takes
    except (OSError, ValueError, TypeError, yaml.YAMLError) as error:
        raise ConfigError(f"cannot be read as values: {error}", str(file)) from error
    if not isinstance(values, dict) or not all(isinstance(key, str) for key in values):
        raise ConfigError("must hold names and values", str(file))
    return values, CI_FILE


def _table(manifest: Path) -> dict[str, Any] | None:
    if not disk.is_file(manifest):
        return None
    try:
        content = disk.read_bytes(manifest)
        data = disk.read_toml(manifest) if b"pyfmt" in content else {}
        table = data.get("tool", {}).get("pyfmt", {}).get("project")
        if table is not None and not isinstance(table, dict):
            raise TypeError(f"{TABLE} must be a table")
        json.dumps(table)
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ConfigError(f"{TABLE} cannot be read: {error}", str(manifest)) from error
    return table


def _validate(schema: Path, found: Mapping[Path, dict[str, Any]]) -> None:
    """Raises ConfigError that names what does not fit, of all files at once."""
    import jsonschema  # deferred for start-up time: only where a schema is configured

    try:
        rules = json.loads(disk.read_bytes(schema))
        jsonschema.Draft202012Validator.check_schema(rules)
    except (OSError, ValueError, jsonschema.SchemaError) as error:
        raise ConfigError(f"project-schema is no JSON schema: {str(error).splitlines()[0]}", str(schema)) from error
    validator = jsonschema.Draft202012Validator(rules)
    known = list(rules.get("properties", {})) if isinstance(rules, dict) else []
    wrong = []
    for file, values in found.items():
        for problem in validator.iter_errors(values):
            unknown = [key for key in values if key not in known] if problem.validator == "additionalProperties" else []
            if unknown and not problem.absolute_path:
                wrong += [f"{file}: unknown key {key!r}{nearest(key, known)}" for key in unknown]
            else:
                place = ".".join(map(str, problem.absolute_path))
                wrong.append(f"{file}: {f'{place}: ' if place else ''}{problem.message}")
    if wrong:
        raise ConfigError("the values of the projects do not fit: " + "; ".join(sorted(wrong)), str(schema))
