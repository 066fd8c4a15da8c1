"""`pyfmt config`: every value and where it comes from; `pyfmt config schema` prints JSON schemas."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from pyfmt import config, disk
from pyfmt.cli.output import shown_path
from pyfmt.cli.request import plain_request
from pyfmt.config.own import own_configs
from pyfmt.core.errors import EXIT_CLEAN, UsageError
from pyfmt.core.model import Config
from pyfmt.core.parsing import table
from pyfmt.core.policies import Boundaries
from pyfmt.core.request import Request
from pyfmt.projects import Survey
from pyfmt.reports.escaping import printable_text
from pyfmt.run.boundaries.kinds import DEFAULT_LIBRARIES, DEFAULT_PROJECTS
from pyfmt.run.workspace import surveyed, with_chosen_releases
from pyfmt.tools.registry import TOOLS

EXAMPLES = (
    ("pyfmt config", "every value, and where it comes from"),
    ("pyfmt config schema > pyfmt.schema.json", "for editors that check TOML"),
    ("pyfmt config schema --report", "what `--output json` writes"),
)

# What an empty value means, for people.
_EMPTY = {"projects": "every folder with a manifest"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--json`, and what goes with `schema`."""
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument("action", nargs="?", choices=("schema",), help="print the JSON schema of the configuration")
    parser.add_argument("--report", action="store_true", help="with schema: that of `--output json` instead")


def run(options: argparse.Namespace) -> int:
    """Print the configuration, or a schema."""
    if options.action == "schema":
        print(_schema(options.report), end="")
        return EXIT_CLEAN
    if options.report:
        raise UsageError("goes with `pyfmt config schema`", "--report")
    print(printable_text(config_text(plain_request(options), Path.cwd(), options.json)))
    return EXIT_CLEAN


def _schema(of_reports: bool) -> str:
    if of_reports:
        from pyfmt.reports.json import report_schema  # deferred for start-up time

        return report_schema()
    from pyfmt.config.schema import config_schema  # deferred for start-up time

    return config_schema()


def config_text(request: Request, cwd: Path, as_json: bool) -> str:
    """The resolved configuration, where each value comes from, and the projects' own configurations that are
    ignored."""
    settings, survey = surveyed(with_chosen_releases(config.load(request, cwd)))
    values = _values(settings)
    origins = dict(settings.origins)
    ignored = ignored_configs(settings, survey)
    if as_json:
        return json.dumps(
            {
                "version": 1,
                "root": str(settings.root),
                "file": str(settings.file) if settings.file else None,
                "values": {key: {"value": value, "from": origins[key]} for key, value in values.items()},
                "tools": {
                    c.tool: {"file": c.path, "from": c.origin} | ({"version": c.release.version} if c.release else {})
                    for c in settings.tool_configs
                },
                "projects": {path: {"tools": list(found)} for path, found in settings.project_tools},
                "ignored": [
                    {"project": path, "tool": tool, "file": file, "reason": why} for path, tool, file, why in ignored
                ],
                "notes": list(settings.notes),
            },
            indent=2,
        )
    lines = [f"root    {settings.root}", f"config  {settings.file or 'none: all defaults'}", ""]
    width = max(len(key) for key in values)
    for key, value in values.items():
        said = _EMPTY.get(key) if not value else None
        lines.append(f"{key.ljust(width)}  {said or json.dumps(value)}  ({shown_path(origins[key], settings.root)})")
    lines += ["", "shared configuration of the tools:"]
    for tool_config in settings.tool_configs:
        runs = f", runs {tool_config.release.version}" if tool_config.release else ""
        place = shown_path(tool_config.path, settings.root)
        lines.append(f"  {tool_config.tool.ljust(6)}  {place}  ({tool_config.origin}{runs})")
    if settings.project_tools:
        lines += ["", "tools that projects have chosen themselves:"]
        lines += [f"  {path}: {', '.join(found) or 'none'}" for path, found in settings.project_tools]
    if ignored:
        lines += ["", "ignored:"]
        lines += [f"  {tool.ljust(6)}  {file}: {why}" for _, tool, file, why in ignored]
    lines += ["", *settings.notes] if settings.notes else []
    return "\n".join(lines)


def _values(settings: Config) -> dict[str, Any]:
    return {
        "projects": list(settings.projects),
        "exclude": list(settings.exclude),
        "tools": list(settings.tools),
        "versions": dict(settings.versions),
        "environments": dict(settings.environments)
        | ({"groups": list(settings.groups)} if settings.groups is not None else {})
        | ({"extras": list(settings.extras)} if settings.extras is not None else {}),
        "jobs": settings.jobs,
        "timeout": settings.timeout,
        "fail-on": settings.fail_on.value,
        "overrides": [
            {
                "paths": list(override.paths),
                "disable": list(override.disable),
                "severity": {rule: severity.value for rule, severity in override.severity},
            }
            for override in settings.overrides
            if override.base == "."
        ],
        "configs": _configs_folder(settings),
        "cache-dir": str(settings.cache_dir) if settings.cache_dir else None,
        "cache": {"remote": settings.remote_cache.url or None, "namespace": settings.remote_cache.namespace}
        | ({"public-key": settings.remote_cache.public_key} if settings.remote_cache.public_key else {}),
        "baseline": settings.baseline,
        "notebooks": settings.notebooks,
        "server": settings.server,
        "check-in-dependents": settings.in_dependents or "home",
        "merge-equivalent": settings.merge_equivalent,
        "boundaries": _boundaries(settings.boundaries),
        "versions-policy": _versions_policy(settings),
        "affected": {
            "global": list(settings.affected.everywhere),
            "edges": [{"from": list(e.importers), "to": list(e.targets)} for e in settings.affected.edges],
        },
        "project-settings": list(settings.project_settings),
    }


def _boundaries(found: Boundaries | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "libraries": list(DEFAULT_LIBRARIES if found.libraries is None else found.libraries),
        "projects": list(DEFAULT_PROJECTS if found.projects is None else found.projects),
        "allow": [
            {"from": list(a.importers), "to": list(a.imported), "rules": list(a.rules), "reason": a.reason}
            for a in found.allow
        ],
    }


def _versions_policy(settings: Config) -> dict[str, Any] | None:
    found = settings.versions_policy
    return {"one-version": list(found.one_version), "internal": found.internal or None} if found else None


def _configs_folder(settings: Config) -> str | None:
    for tool_config in settings.tool_configs:
        if tool_config.origin == "configs":
            return shown_path(str(Path(tool_config.path).parent), settings.root)
    return None


def ignored_configs(settings: Config, survey: Survey) -> list[tuple[str, str, str, str]]:
    """(project's path, tool, file, reason) of every configuration of a tool that the root or a project holds and pyfmt
    does not use.

    A project's `[[tool.mypy.overrides]]` alone are no such thing: they are merged in.
    """
    found = []
    for path in sorted({".", *(project.path for project in survey.projects)}):
        folder = settings.root / path
        sections = table(disk.toml_or_empty(folder / "pyproject.toml"), "tool")
        for shared in settings.tool_configs:
            place, part = shown_path(shared.path, settings.root), TOOLS[shared.tool].merged
            why = f"{place} ({shared.origin}) serves all projects" + (f"; {part} count" if part else "")
            why = f"{place} of the folder `configs` comes first" if path == "." else why
            for name in own_configs(folder, shared.tool, sections):
                if str(folder / name.partition(" ")[0]) != shared.path:
                    found.append((path, shared.tool, shown_path(str(folder / name), settings.root), why))
    return found
