"""What `pyfmt envs`, `pyfmt explain` and `pyfmt config` show: how a run would go, without running a tool."""

from __future__ import annotations

import configparser
import json
import shlex
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyfmt import config
from pyfmt.core.model import Boundaries, Config, Environment, Health, Project, Resolution, ToolConfig
from pyfmt.core.request import Request
from pyfmt.projects import Survey, find_projects, selection
from pyfmt.run.boundaries.kinds import DEFAULT_LIBRARIES, DEFAULT_PROJECTS, kinds
from pyfmt.run.linting import LinterCall, linter_calls
from pyfmt.run.workspace import open_workspace

_OWN_FILES = {
    "pylint": (".pylintrc", "pylintrc"),
    "mypy": ("mypy.ini", ".mypy.ini"),
    "isort": (".isort.cfg",),
    "black": (),
}
_SETUP_CFG_SECTIONS = {"pylint": "pylint", "mypy": "mypy", "isort": "isort"}


@dataclass(frozen=True, slots=True)
class EnvironmentsView:
    """Every project with its environment; `complete` where each project with files has a usable one."""

    config: Config
    projects: tuple[Project, ...]
    resolutions: tuple[Resolution, ...]

    @property
    def complete(self) -> bool:
        """Whether a whole run would skip nothing for want of an environment."""
        for project, resolution in zip(self.projects, self.resolutions, strict=True):
            environment = resolution.environment
            if project.files and (environment is None or environment.health is Health.BROKEN):
                return False
        return True


def environments(request: Request, cwd: Path, environ: Mapping[str, str]) -> EnvironmentsView:
    """Find all projects and environments; raises PyfmtError."""
    space = open_workspace(request, cwd, environ)
    return EnvironmentsView(space.config, space.projects, space.resolutions)


def _place(path: str, root: Path) -> str:
    """A path for a reader: relative to the root where inside."""
    prefix = str(root) + "/"
    return path[len(prefix) :] if path.startswith(prefix) else path


def environments_json(view: EnvironmentsView) -> str:
    """The view as JSON: one object for each project."""
    rows = []
    for project, resolution in zip(view.projects, view.resolutions, strict=True):
        environment = resolution.environment
        rows.append(
            {
                "project": project.name,
                "path": project.path,
                "files": len(project.files),
                "environment": _environment_object(environment, view.config.root) if environment else None,
                "found_by": resolution.rule,
                "note": resolution.note,
                "passed_over": [
                    {
                        "path": _place(candidate.prefix, view.config.root),
                        "rule": candidate.rule,
                        "reason": candidate.reason,
                        "cure": candidate.cure,
                    }
                    for candidate in resolution.passed_over
                ],
            }
        )
    return json.dumps({"version": 1, "root": str(view.config.root), "projects": rows}, indent=2)


def _environment_object(environment: Environment, root: Path) -> dict[str, Any]:
    return {
        "name": environment.name,
        "path": _place(environment.prefix, root),
        "python": str(environment.python),
        "base": environment.base_executable,
        "status": environment.health.value,
        "reason": environment.reason,
        "cure": environment.cure,
        "fingerprint": environment.fingerprint,
        "distributions": len(environment.distributions),
    }


def environments_text(view: EnvironmentsView) -> str:
    """The view as an aligned table, with the reasons below the rows that need one."""
    rows = [("PROJECT", "PATH", "ENVIRONMENT", "FOUND BY", "PYTHON", "HEALTH")]
    details: list[list[str]] = [[]]
    for project, resolution in zip(view.projects, view.resolutions, strict=True):
        environment = resolution.environment
        if environment is None:
            missing = "none" if project.files else "none needed"
            rows.append((project.name, project.path, "-", "-", "-", missing))
        else:
            rows.append(
                (
                    project.name,
                    project.path,
                    environment.name,
                    resolution.rule,
                    str(environment.python),
                    environment.health.value,
                )
            )
        details.append(_details(project, resolution))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row, more in zip(rows, details, strict=True):
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        lines.extend("    " + line for line in more)
    return "\n".join(lines)


def _details(project: Project, resolution: Resolution) -> list[str]:
    lines = [resolution.note] if resolution.note else []
    environment = resolution.environment
    if environment is not None and environment.reason:
        lines.append(environment.reason + (f"; {environment.cure}" if environment.cure else ""))
    for candidate in resolution.passed_over:
        if candidate.reason in resolution.note:
            continue
        cure = f"; {candidate.cure}" if candidate.cure else ""
        lines.append(f"passed over {candidate.prefix} ({candidate.rule}): {candidate.reason}{cure}")
    if environment is None and project.files:
        lines.append(f"create one: `pyfmt envs create {project.path}`")
    return lines


def config_text(request: Request, cwd: Path, as_json: bool) -> str:
    """The resolved configuration, where each value comes from, and the projects' own configurations that are ignored."""
    settings = config.load(request, cwd)
    survey = find_projects(settings)
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
                "tools": {c.tool: {"file": c.path, "from": c.origin} for c in settings.tool_configs},
                "ignored": [{"project": path, "tool": tool, "file": file} for path, tool, file in ignored],
            },
            indent=2,
        )
    lines = [f"root    {settings.root}", f"config  {settings.file or 'none: all defaults'}", ""]
    width = max(len(key) for key in values)
    for key, value in values.items():
        lines.append(f"{key.ljust(width)}  {json.dumps(value)}  ({_place(origins[key], settings.root)})")
    lines += ["", "shared configuration of the tools:"]
    for tool_config in settings.tool_configs:
        lines.append(
            f"  {tool_config.tool.ljust(6)}  {_place(tool_config.path, settings.root)}  ({tool_config.origin})"
        )
    if ignored:
        lines += ["", "ignored, since one shared configuration serves all projects:"]
        lines += [f"  {tool.ljust(6)}  {file}" for _, tool, file in ignored]
    return "\n".join(lines)


def _values(settings: Config) -> dict[str, Any]:
    return {
        "projects": list(settings.projects),
        "exclude": list(settings.exclude),
        "tools": list(settings.tools),
        "environments": dict(settings.environments),
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
        ],
        "configs": _configs_folder(settings),
        "cache-dir": str(settings.cache_dir) if settings.cache_dir else None,
        "baseline": settings.baseline,
        "boundaries": _boundaries(settings.boundaries),
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


def _configs_folder(settings: Config) -> str | None:
    for tool_config in settings.tool_configs:
        if tool_config.origin == "configs":
            return _place(str(Path(tool_config.path).parent), settings.root)
    return None


def ignored_configs(settings: Config, survey: Survey) -> list[tuple[str, str, str]]:
    """(project's path, tool, file) of every configuration of a tool that a project holds and pyfmt does not use.

    A project's `[[tool.mypy.overrides]]` alone are no such thing: they are merged in.
    """
    used = {tool_config.path for tool_config in settings.tool_configs}
    found = []
    for project in survey.projects:
        folder = settings.root / project.path
        for tool in config.TOOLS:
            for name in (*_OWN_FILES[tool], *_sections(folder, tool)):
                file = folder / name.partition(" ")[0]
                if file.is_file() and str(file) not in used:
                    found.append((project.path, tool, _place(str(folder / name), settings.root)))
    return found


def _sections(folder: Path, tool: str) -> list[str]:
    """The manifests of a folder that configure `tool`, each with its section's name."""
    found = []
    try:
        section = tomllib.loads((folder / "pyproject.toml").read_text("utf-8")).get("tool", {}).get(tool)
        if isinstance(section, dict) and set(section) - {"overrides"}:
            found.append(f"pyproject.toml [tool.{tool}]")
    except (OSError, ValueError, AttributeError):
        pass  # no manifest, or one whose damage the survey tells
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read(folder / "setup.cfg", "utf-8")
        wanted = _SETUP_CFG_SECTIONS.get(tool, "\0")
        if any(name == wanted or name.startswith(wanted + ".") for name in parser.sections()):
            found.append(f"setup.cfg [{wanted}]")
    except (OSError, ValueError, configparser.Error):
        pass
    return found


def explain_text(file: str, request: Request, cwd: Path, environ: Mapping[str, str]) -> str:
    """How a file is checked: its project, environment, configurations, and the call of each tool; raises PyfmtError."""
    from dataclasses import replace  # deferred with the rest of this command

    request = replace(request, paths=(file,))
    space = open_workspace(request, cwd, environ)
    chosen = selection.select(space.projects, (file,), space.config.root, cwd.resolve(), space.config.exclude)
    if not chosen.files:
        return "\n".join(chosen.notes)
    (path, files), *_ = chosen.files.items()
    project = next(project for project in chosen.projects if project.path == path)
    resolution = next(found for found in space.resolutions if found.project == path)
    lines = [
        f"file         {', '.join(files)}",
        f"project      {project.name} ({project.path})",
        f"import roots {', '.join(project.import_roots)}",
        f"first party  {', '.join(project.first_party) or 'none'}",
        f"depends on   {', '.join(project.depends_on) or 'no other project'}",
        *_explain_boundaries(space.config, chosen.projects, project),
        *_explain_environment(resolution),
    ]
    linting = linter_calls(request, space, chosen)
    for tool_config in space.config.tool_configs:
        if tool_config.tool in space.config.tools:
            calls = [line for found in linting if found.tool == tool_config.tool for line in _linter_call(found)]
            calls = calls or _formatter_call(tool_config, project, files, space.config.root)
            lines += ["", *_explain_tool(tool_config, calls, space.config.root)]
    return "\n".join(lines)


def _linter_call(found: LinterCall) -> list[str]:
    payload = json.dumps(found.payload, indent=2).splitlines()
    return [
        f"cache   {found.cached}",
        f"worker  {shlex.join(found.command)}",
        "given",
        *(f"  {line}" for line in payload),
    ]


def _formatter_call(tool_config: ToolConfig, project: Project, files: tuple[str, ...], root: Path) -> list[str]:
    """The command line that gives the same answer as the call in process; linters without an environment have none."""
    folder, names = root / project.path, [str(root / file) for file in files]
    if tool_config.tool == "isort":
        names = ["--settings-file", tool_config.path, *names]
    elif tool_config.tool == "black":
        names = ["--config", tool_config.path, *names]
    else:
        return ["call    none: it needs an environment"]
    return [f"call    in process, as: cd {shlex.quote(str(folder))} && {shlex.join([tool_config.tool, *names])}"]


def _explain_boundaries(settings: Config, projects: tuple[Project, ...], project: Project) -> list[str]:
    """What the project is to the others, and what it may import of them."""
    if settings.boundaries is None:
        return []
    kind = kinds(settings, projects).of.get(project.path)
    declared = ", ".join(project.declares) or "nothing of the monorepo"
    return [f"boundaries   {kind.value if kind else 'neither library nor project'}; declares {declared}"]


def _explain_environment(resolution: Resolution) -> list[str]:
    environment = resolution.environment
    if environment is None:
        lines = ["environment  none: pylint and mypy are skipped"]
    else:
        lines = [
            f"environment  {environment.name} ({environment.prefix})",
            f"  why        {resolution.rule}" + (f": {resolution.note}" if resolution.note else ""),
            f"  python     {environment.python}, base {environment.base_executable}",
            f"  health     {environment.health.value}" + (f": {environment.reason}" if environment.reason else ""),
        ]
    for candidate in resolution.passed_over:
        lines.append(f"  passed over {candidate.prefix} ({candidate.rule}): {candidate.reason}")
    return lines


def _explain_tool(tool_config: ToolConfig, calls: list[str], root: Path) -> list[str]:
    place = f"{_place(tool_config.path, root)} ({tool_config.origin})"
    return [tool_config.tool, f"  config  {place}", *(f"  {line}" for line in calls)]
