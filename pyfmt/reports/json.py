"""The JSON report: pyfmt's own, versioned format, which `pyfmt merge` reads back.

Its schema is `report.schema.json` beside this module. Everything is byte-identical from run to run and for any number
of jobs, except `seconds`, `started`, `ended` and `cached`, which tell of the run itself. Keys may be added within a
version; none is removed and none changes its meaning. One item stands on one line, so that two reports can be compared
with diff.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, NoReturn

from pyfmt import __version__
from pyfmt.core import parsing
from pyfmt.core.cells import CellPlace
from pyfmt.core.errors import UsageError
from pyfmt.core.model import Accepted, Edit, Failure, Finding, Severity, Skip
from pyfmt.core.report import EnvironmentRecord, Judged, ProjectRecord, Report, ShardRecord, UnitRecord
from pyfmt.core.request import Command
from pyfmt.reports.environments import Environments, Only
from pyfmt.reports.options import RenderOptions, Sources, no_sources

VERSION = 1
JsonObject = dict[str, Any]


def render(report: Report, options: RenderOptions) -> str:
    """The report as one JSON object in ASCII."""
    body = ",\n".join(f"{json.dumps(key)}: {_value(value)}" for key, value in to_json(report, options.sources).items())
    return f"{{\n{body}\n}}\n"


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
        "projects": [
            {"name": item.name, "path": item.path, "environment": item.environment, "files": item.files}
            for item in report.projects
        ],
        "environments": [_environment(item) for item in report.environments],
        "findings": [_finding(item, environments.only_in(item)) for item in report.findings],
        "edits": [_edit(item) for item in report.edits],
        "failures": [_failure(item) for item in report.failures],
        "skipped": [{"project": item.project, "tool": item.tool, "reason": item.reason} for item in report.skipped],
        "units": [_unit(item) for item in report.units],
        "notes": list(report.notes),
        "command": report.command.value,
        "tools": list(report.tools),
        "gone": [asdict(item) for item in report.gone],
        **({"shard": asdict(report.shard)} if report.shard else {}),
        "judged": [_judged(item) for item in report.judged],
        **({"undecided": [_finding(item, ()) for item in report.undecided]} if report.undecided else {}),
    }


def _judged(item: Judged) -> JsonObject:
    return {
        "tool": item.tool,
        "environments": list(item.environments),
        "files": list(item.files),
        "agreed": item.agreed,
    }


def _environment(item: EnvironmentRecord) -> JsonObject:
    return {
        "name": item.name,
        "path": item.path,
        "python": item.python,
        "found_by": item.found_by,
        "status": item.status,
        "reason": item.reason,
        "cure": item.cure,
        "packages": dict(item.packages),
    }


def _finding(item: Finding, only: Sequence[Only]) -> JsonObject:
    return {
        "path": item.path,
        "line": item.line,
        "column": item.column,
        "end_line": item.end_line,
        "end_column": item.end_column,
        "tool": item.tool,
        "rule": item.rule,
        "symbol": item.symbol,
        "severity": item.severity.value,
        "message": item.message,
        "project": item.project,
        "environments": list(item.environments),
        "notes": list(item.notes),
        "also": list(item.also),
        "syntax": item.syntax,
        "baselined": item.baselined,
        "only_in": [
            {"environment": each.environment, "packages": dict(each.packages), "python": each.python} for each in only
        ],
        **({"equivalents": [_equivalent(each) for each in item.equivalents]} if item.equivalents else {}),
        **({"suppressed_by": [list(each) for each in item.suppressed_by]} if item.suppressed_by else {}),
        **({"cell": asdict(item.cell)} if item.cell else {}),
    }


_OF_ALL = ("path", "line", "project", "syntax", "also", "suppressed_by", "equivalents")  # in the finding itself


def _equivalent(item: Finding) -> JsonObject:
    said = {key: value for key, value in asdict(item).items() if key not in _OF_ALL}
    return said if item.cell else {key: value for key, value in said.items() if key != "cell"}


def _edit(item: Edit) -> JsonObject:
    return {
        "path": item.path,
        "tools": list(item.tools),
        "project": item.project,
        "written": item.written,
        "diff": item.diff,
    }


def _failure(item: Failure) -> JsonObject:
    return {
        "tool": item.tool,
        "projects": list(item.projects),
        "environment": item.environment,
        "reason": item.reason,
        "detail": item.detail,
    }


def _unit(item: UnitRecord) -> JsonObject:
    return {
        "tool": item.tool,
        "environment": item.environment,
        "projects": list(item.projects),
        "files": item.files,
        "seconds": item.seconds,
        "cached": item.cached,
        "started": item.started,
        "ended": item.ended,
    }


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
    return Report(
        root=_text(value["root"]),
        command=Command(value.get("command", Command.CHECK.value)),
        projects=tuple(
            ProjectRecord(_text(item["name"]), _text(item["path"]), _text(item["environment"]), _whole(item["files"]))
            for item in value["projects"]
        ),
        environments=tuple(_read_environment(item) for item in value["environments"]),
        findings=tuple(_read_finding(item) for item in value["findings"]),
        edits=tuple(_read_edit(item) for item in value["edits"]),
        failures=tuple(
            Failure(
                _text(item["tool"]),
                _texts(item["projects"]),
                _text(item["environment"]),
                _text(item["reason"]),
                _text(item["detail"]),
            )
            for item in value["failures"]
        ),
        skipped=tuple(
            Skip(_text(item["project"]), _text(item["tool"]), _text(item["reason"])) for item in value["skipped"]
        ),
        units=tuple(_read_unit(item) for item in value["units"]),
        notes=_texts(value.get("notes", [])),
        files=_whole(value["summary"]["files"]),
        seconds=_seconds(value["summary"]["seconds"]),
        tools=_texts(value.get("tools", [])),
        gone=tuple(_read_accepted(item) for item in value.get("gone", [])),
        shard=_read_shard(value["shard"]) if "shard" in value else None,
        judged=tuple(
            Judged(_text(i["tool"]), _texts(i["environments"]), _texts(i["files"]), _truth(i["agreed"]))
            for i in value.get("judged", [])
        ),
        undecided=tuple(_read_finding(item) for item in value.get("undecided", [])),
    )


def written_by(text: str) -> str:
    """The version of pyfmt that wrote a report, "" where the text is none."""
    try:
        value = parsing.parse_json(text)
    except ValueError:
        return ""
    return str(value.get("pyfmt", "")) if isinstance(value, dict) else ""


def _text(value: object) -> str:
    return value if isinstance(value, str) else _wrong(value)


def _texts(values: object) -> tuple[str, ...]:
    return tuple(_text(value) for value in values) if isinstance(values, list) else _wrong(values)


def _pairs(value: object) -> tuple[tuple[str, str], ...]:
    return tuple((_text(key), _text(item)) for key, item in value.items()) if isinstance(value, dict) else _wrong(value)


def _truth(value: object) -> bool:
    return value if isinstance(value, bool) else _wrong(value)


def _whole(value: object) -> int:
    return value if isinstance(value, int) and not isinstance(value, bool) else _wrong(value)


def _position(value: object) -> int | None:
    return None if value is None else _whole(value)


def _seconds(value: object) -> float:
    return value if isinstance(value, float) else float(_whole(value))


def _wrong(value: object) -> NoReturn:
    raise TypeError(f"unexpected {type(value).__name__}")


def _read_environment(item: Mapping[str, Any]) -> EnvironmentRecord:
    return EnvironmentRecord(
        name=_text(item["name"]),
        path=_text(item["path"]),
        python=_text(item["python"]),
        found_by=_text(item["found_by"]),
        status=_text(item["status"]),
        reason=_text(item["reason"]),
        cure=_text(item.get("cure", "")),
        packages=_pairs(item.get("packages", {})),
    )


def _read_finding(item: Mapping[str, Any]) -> Finding:
    _check_only_in(item.get("only_in", []))
    common = {key: item[key] for key in ("path", "line", "project")}
    return Finding(
        path=_text(item["path"]),
        line=_whole(item["line"]),
        column=_position(item["column"]),
        end_line=_position(item["end_line"]),
        end_column=_position(item["end_column"]),
        tool=_text(item["tool"]),
        rule=_text(item["rule"]),
        symbol=_text(item["symbol"]),
        severity=Severity(item["severity"]),
        message=_text(item["message"]),
        project=_text(item["project"]),
        environments=_texts(item["environments"]),
        notes=_texts(item.get("notes", [])),
        also=_texts(item.get("also", [])),
        syntax=_truth(item.get("syntax", False)),
        baselined=_truth(item.get("baselined", False)),
        equivalents=tuple(_read_finding({**common, **each}) for each in item.get("equivalents", [])),
        suppressed_by=tuple((_text(tool), _text(rule)) for tool, rule in item.get("suppressed_by", [])),
        cell=_read_cell(item["cell"]) if "cell" in item else None,
    )


def _read_cell(item: Mapping[str, Any]) -> CellPlace:
    places = {key: _position(item[key]) for key in ("column", "end_line", "end_column")}
    return CellPlace(_whole(item["number"]), _whole(item["line"]), **places, text=_text(item["text"]))


def _check_only_in(value: object) -> None:
    """It is no part of the model: it is told anew when a report is written, since a joined one knows more
    environments."""
    for item in value if isinstance(value, list) else _wrong(value):
        _text(item["environment"])
        _text(item["python"])
        _pairs(item["packages"])


def _read_edit(item: Mapping[str, Any]) -> Edit:
    return Edit(
        _text(item["path"]),
        _texts(item["tools"]),
        _text(item.get("project", "")),
        diff=_text(item.get("diff", "")),
        written=_truth(item.get("written", False)),
    )


def _read_unit(item: Mapping[str, Any]) -> UnitRecord:
    return UnitRecord(
        _text(item["tool"]),
        _text(item["environment"]),
        _texts(item["projects"]),
        _whole(item["files"]),
        _seconds(item["seconds"]),
        _truth(item["cached"]),
        _seconds(item.get("started", 0.0)),
        _seconds(item.get("ended", 0.0)),
    )


def _read_accepted(item: Mapping[str, Any]) -> Accepted:
    return Accepted(**{key: _text(item[key]) for key in ("path", "tool", "rule", "message", "scope", "line")})


def _read_shard(item: Mapping[str, Any]) -> ShardRecord:
    index, count = _whole(item["index"]), _whole(item["count"])
    if not 1 <= index <= count:
        raise ValueError(f"shard {index}/{count}")
    texts = {key: _text(item[key]) for key in ("commit", "tree", "config", "tools", "plan", "baseline")}
    return ShardRecord(
        index=index,
        count=count,
        files=_whole(item["files"]),
        fail_on=Severity(item["fail_on"]),
        merge_equivalent=_truth(item.get("merge_equivalent", True)),
        **texts,
    )
