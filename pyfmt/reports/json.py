"""The JSON report: pyfmt's own, versioned format, which `pyfmt merge` reads back.

Its schema is `report.schema.json` beside this module. Everything is byte-identical from run to run and for any number
of jobs, except `seconds`, `started`, `ended` and `cached`, which tell of the run itself. Keys may be added within a
version; none is removed and none changes its meaning. One item stands on one line, so that two reports can be compared
with diff.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pyfmt import __version__
from pyfmt.core import parsing
from pyfmt.core.codec import codec
from pyfmt.core.errors import UsageError
from pyfmt.core.model import Finding
from pyfmt.core.report import Report
from pyfmt.core.request import Command
from pyfmt.reports.environments import Environments, Only
from pyfmt.reports.options import RenderOptions, Sources, no_sources

VERSION = 1
JsonObject = dict[str, Any]
# What version 1 began with is in every report.
_NEEDED = ("root", "projects", "environments", "findings", "edits", "failures", "skipped", "units")
_ADDED = ("command", "notes", "tools", "gone", "shard", "judged", "undecided")


def render(report: Report, options: RenderOptions) -> str:
    """The report as one JSON object in ASCII."""
    body = ",\n".join(f"{json.dumps(key)}: {_value(value)}" for key, value in to_json(report, options.sources).items())
    return f"{{\n{body}\n}}\n"


def report_schema() -> str:
    """The text of the JSON schema (draft 2020-12) that every report satisfies, shipped as package data."""
    return Path(__file__).with_name("report.schema.json").read_text(encoding="utf-8")


def _value(value: object) -> str:
    if not isinstance(value, list) or not value:
        return json.dumps(value, allow_nan=False)
    return "[\n" + ",\n".join(" " + json.dumps(item, allow_nan=False) for item in value) + "\n]"


def to_json(report: Report, sources: Sources = no_sources) -> JsonObject:
    """The report as a JSON value; keys beyond those that version 1 began with stand last in their object."""
    environments = Environments(report, sources)
    return {
        "version": VERSION,
        "pyfmt": __version__,
        "root": report.root,
        "summary": {
            "findings": len(report.findings),
            "edits": len(report.edits),
            "failures": len(report.failures),
            "skipped": len(report.skipped),
            "files": report.files,
            "seconds": report.seconds,
            "baselined": sum(finding.baselined for finding in report.findings),
        },
        "projects": [_object(item) for item in report.projects],
        "environments": [_object(item) | {"packages": dict(item.packages)} for item in report.environments],
        "findings": [_finding(item, environments.only_in(item)) for item in report.findings],
        "edits": [_without(_object(item), "digest") for item in report.edits],
        "failures": [_object(item) for item in report.failures],
        "skipped": [_object(item) for item in report.skipped],
        "units": [_object(item) for item in report.units],
        "notes": list(report.notes),
        "command": report.command.value,
        "tools": list(report.tools),
        "gone": [_object(item) for item in report.gone],
        **({"shard": _object(report.shard)} if report.shard else {}),
        "judged": [_object(item) for item in report.judged],
        **({"undecided": [_finding(item, ()) for item in report.undecided]} if report.undecided else {}),
    }


def _object(item: Any) -> JsonObject:
    kind: Any = type(item)
    found: JsonObject = codec(kind, named=True).dump(item)
    return found


def _without(value: JsonObject, *keys: str) -> JsonObject:
    return {key: item for key, item in value.items() if key not in keys}


def _finding(item: Finding, only: Sequence[Only]) -> JsonObject:
    said = _object(item)
    return {
        **_without(said, "equivalents", "suppressed_by", "cell"),
        "only_in": [
            {"environment": each.environment, "packages": dict(each.packages), "python": each.python} for each in only
        ],
        **({"equivalents": [_equivalent(each) for each in item.equivalents]} if item.equivalents else {}),
        **({"suppressed_by": said["suppressed_by"]} if item.suppressed_by else {}),
        **({"cell": said["cell"]} if item.cell else {}),
    }


_OF_ALL = ("path", "line", "project", "syntax", "also", "suppressed_by", "equivalents")  # in the finding itself


def _equivalent(item: Finding) -> JsonObject:
    return _without(_object(item), *_OF_ALL, *(() if item.cell else ("cell",)))


def read(text: str, where: str = "") -> Report:
    """The report that `render` wrote; keys that are not known are passed over.

    `where` names the file in errors. Raises UsageError for what is no report, or one of another version.
    """
    try:
        value = parsing.parse_json(text)
    except ValueError as error:
        raise UsageError(f"not JSON: {error}", where, "give a file that `--output json=FILE` wrote") from error
    if not isinstance(value, dict) or value.get("version") != VERSION:
        version = value.get("version") if isinstance(value, dict) else None
        raise UsageError(
            f"not a pyfmt report of version {VERSION} (version: {version!r})",
            where,
            "write it again with this pyfmt: `--output json=FILE`",
        )
    try:
        return _report(value)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UsageError(
            f"a damaged pyfmt report ({type(error).__name__}: {error})", where, "write it again: `--output json=FILE`"
        ) from error


def _report(value: Mapping[str, Any]) -> Report:
    """It is checked by the types of Report and what is in it."""
    known = {name: value[name] for name in _NEEDED} | {name: value[name] for name in _ADDED if name in value}
    for key in {"findings", "undecided"} & known.keys():
        known[key] = [_as_model(item) for item in known[key]]
    known["environments"] = [item | {"packages": _pairs(item.get("packages", {}))} for item in known["environments"]]
    known |= {key: value["summary"][key] for key in ("files", "seconds")}
    report: Report = codec(Report, named=True).load({"command": Command.CHECK.value, **known})
    if report.shard is not None and not 1 <= report.shard.index <= report.shard.count:
        raise ValueError(f"shard {report.shard.index}/{report.shard.count}")
    return report


def _as_model(item: Mapping[str, Any]) -> JsonObject:
    """A finding as the model has it.

    What differs between environments is no part of it: that is told anew when a report is written, since a joined one
    knows more environments.
    """
    for only in codec(list[Any]).load(item.get("only_in", [])):
        codec(Only, named=True).load(only | {"packages": _pairs(only["packages"])})
    common = {key: item[key] for key in ("path", "line", "project")}
    return {**item, "equivalents": [common | each for each in item.get("equivalents", ())]}


def _pairs(value: Mapping[str, Any]) -> list[list[Any]]:
    return [[key, item] for key, item in value.items()]


def written_by(text: str) -> str:
    """The version of pyfmt that wrote a report, "" where the text is none."""
    try:
        value = parsing.parse_json(text)
    except ValueError:
        return ""
    return str(value.get("pyfmt", "")) if isinstance(value, dict) else ""
