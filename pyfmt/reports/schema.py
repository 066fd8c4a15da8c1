"""The published JSON schema of the JSON report (draft 2020-12), shipped as package data."""

from __future__ import annotations

from pathlib import Path

SCHEMA_FILE = "report.schema.json"


def report_schema() -> str:
    """The text of the JSON schema that every report of `--output json` satisfies."""
    return Path(__file__).with_name(SCHEMA_FILE).read_text(encoding="utf-8")
