"""Jobs for CIs, made of what a change affects: one row or job for each project, with the project's own values."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

Row = Mapping[str, Any]

GITLAB_JOBS = ".gitlab/pyfmt-jobs.yml"  # as `pyfmt init --ci gitlab` writes it
# What the template of the jobs is called in GitLab's file, and how a value's name is one of a variable.
_TEMPLATES = {"test": ".pyfmt-test", "deploy": ".pyfmt-deploy"}


def is_deployed(row: Row) -> bool:
    """Whether a project is to be deployed, and says how."""
    return bool(row["deploy"] and row["values"].get("deploy"))


def as_github_matrix(rows: Sequence[Row]) -> str:
    """One line for `strategy: matrix: ${{ fromJSON(…) }}`."""
    return json.dumps({"include": rows}, separators=(",", ":"))


def as_gitlab_pipeline(rows: Sequence[Row]) -> str:
    """A child pipeline as JSON, which is YAML: for each row `test PROJECT`, and where it is to be deployed
    `deploy PROJECT`, after all tests. The jobs extend those of GITLAB_JOBS; their variables are PYFMT_PROJECT,
    PYFMT_PATH, PYFMT_KIND, PYFMT_CHANGED, PYFMT_VALUES (JSON) and, for each plain value, PYFMT_VALUE_NAME.

    GitLab refuses a pipeline without a job: where there is no row, one says so.
    """
    made: dict[str, Any] = {"include": [{"local": GITLAB_JOBS}], "stages": list(_TEMPLATES)}
    for stage, template in _TEMPLATES.items():
        for row in rows:
            if stage == "test" or is_deployed(row):
                made[f"{stage} {row['path']}"] = {"extends": template, "stage": stage, "variables": _variables(row)}
    if not rows:
        made["nothing is affected"] = {"stage": "test", "script": ["echo no project is affected"]}
    return json.dumps(made, indent=2)


def _variables(row: Row) -> dict[str, str]:
    """GitLab's variables are strings, in which `$` is written twice; a list or table is in PYFMT_VALUES alone."""
    found = {f"PYFMT_{key.upper()}": _text(row[key]) for key in ("project", "path", "kind", "changed", "values")}
    for name, value in row["values"].items():
        if not isinstance(value, (dict, list)):
            variable = "".join(char if char.isascii() and char.isalnum() else "_" for char in name).upper()
            found[f"PYFMT_VALUE_{variable}"] = _text(value)
    return {name: text.replace("$", "$$") for name, text in found.items()}


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)
