"""`pyfmt envs`: every project with its environment, and why; `pyfmt envs create` makes the missing ones."""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyfmt.cli.output import shown_path
from pyfmt.cli.request import plain_request
from pyfmt.core.away import Libraries
from pyfmt.core.errors import EXIT_CLEAN, EXIT_FAILURE, UsageError
from pyfmt.core.model import DEPENDENT, Environment, Health, Project, Resolution
from pyfmt.core.planning import shell_word
from pyfmt.core.request import Request
from pyfmt.reports.escaping import printable_text
from pyfmt.run.files_apart import scripts_of
from pyfmt.run.libraries import find_libraries
from pyfmt.run.linting import quiet_context
from pyfmt.run.workspace import Workspace

EXAMPLES = (
    ("pyfmt envs", "which project has which environment, and why"),
    (
        "pyfmt envs --vscode",
        "name the environments for VS Code's Python Environments extension, in .vscode/settings.json",
    ),
    ("pyfmt envs create billing", "make the environment of one project"),
    ("pyfmt envs create --all --dry-run", "show what would be made"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """`--json`, and what goes with `create`."""
    parser.add_argument("--json", action="store_true", help="as JSON")
    parser.add_argument(
        "--vscode", action="store_true", help="write the projects to .vscode/settings.json (python-envs.pythonProjects)"
    )
    parser.add_argument("action", nargs="?", choices=("create",), help="make the missing environments")
    parser.add_argument(
        "projects",
        nargs="*",
        metavar="PROJECT",
        help="with create: names, folders, or scripts with their own dependencies (default: all projects)",
    )
    parser.add_argument("--all", action="store_true", help="with create: every project that has none")
    parser.add_argument("--python", metavar="X.Y", help="with create: the Python to use")
    parser.add_argument("--recreate", action="store_true", help="with create: make it again")
    parser.add_argument("--dry-run", action="store_true", help="with create: only show what would be done")
    parser.add_argument(
        "--fetch-managers",
        action="store_true",
        help="with create: fetch a lock's poetry, pdm or pipenv with uv where it is not installed",
    )


def run(options: argparse.Namespace) -> int:
    """Show the environments, or make them; 2 where a whole run would skip a project, or one could not be made."""
    request = plain_request(options)
    if options.action == "create":
        from pyfmt.cli import create_envs  # deferred: virtualenv's part

        return create_envs.create(options, request, Path.cwd(), os.environ)
    for name in ("all", "python", "recreate", "dry_run", "fetch_managers"):
        if getattr(options, name):
            raise UsageError("goes with `pyfmt envs create`", f"--{name.replace('_', '-')}")
    view = environments(request, Path.cwd(), os.environ, with_libraries=options.json)
    if options.vscode:
        from pyfmt.cli import vscode  # deferred: only where it is asked for

        print(printable_text(vscode.write(view.space.config.root, view.space.resolutions)))
        return EXIT_CLEAN if view.complete else EXIT_FAILURE
    print(environments_json(view) if options.json else printable_text(environments_text(view)))
    return EXIT_CLEAN if view.complete else EXIT_FAILURE


@dataclass(frozen=True, slots=True)
class EnvironmentsView:
    """Every project with its environment; `complete` where each project with files has a usable one."""

    space: Workspace
    scripts: Mapping[str, Resolution]  # that name their own dependencies (PEP 723)
    libraries: Libraries

    @property
    def complete(self) -> bool:
        """Whether a whole run would skip nothing for want of an environment."""
        for project, resolution in zip(self.space.projects, self.space.resolutions, strict=True):
            environment = resolution.environment
            if project.checked and (environment is None or environment.health is Health.BROKEN):
                return False
        return all(found.environment for found in self.scripts.values())


def environments(
    request: Request, cwd: Path, environ: Mapping[str, str], with_libraries: bool = False
) -> EnvironmentsView:
    """Find all projects and environments, and which libraries are judged in these; raises PyfmtError."""
    with quiet_context(request, cwd, environ) as context:
        libraries = find_libraries(context) if with_libraries else Libraries()
        return EnvironmentsView(context.space, scripts_of(context), libraries)


def environments_json(view: EnvironmentsView) -> str:
    """The view as JSON: one object for each project."""
    rows = []
    for project, resolution in zip(view.space.projects, view.space.resolutions, strict=True):
        environment = resolution.environment
        rows.append(
            {
                "project": project.name,
                "path": project.path,
                "files": len(project.checked),
                "environment": _environment_object(environment, view.space.config.root) if environment else None,
                "found_by": resolution.rule,
                "libraries": _libraries(view, environment, project),
                "note": "; ".join([*filter(None, [resolution.note]), *resolution.unread]),
                "stale": list(view.space.stale.get(project.path, ())),
                "passed_over": [
                    {
                        "path": shown_path(candidate.prefix, view.space.config.root),
                        "rule": candidate.rule,
                        "reason": candidate.reason,
                        "cure": candidate.cure,
                    }
                    for candidate in resolution.passed_over
                ],
            }
        )
    scripts = [
        {
            "path": file,
            "project": found.project,
            "environment": (
                _environment_object(found.environment, view.space.config.root) if found.environment else None
            ),
            "found_by": found.rule,
            "note": found.note,
        }
        for file, found in sorted(view.scripts.items())
    ]
    return json.dumps(
        {"version": 1, "root": str(view.space.config.root), "projects": rows, "scripts": scripts},
        indent=2,
    )


def _libraries(view: EnvironmentsView, environment: Environment | None, project: Project) -> list[dict[str, Any]]:
    """The projects of which a project's environment judges files, besides those that it is the own environment of."""
    if environment is None:
        return []
    found = {each.project.name: len(each.files) for each in view.libraries.away.get(environment.prefix, ())}
    for other, resolution in zip(view.space.projects, view.space.resolutions, strict=True):
        lodges = resolution.rule == DEPENDENT and other is not project
        if lodges and resolution.environment is not None and resolution.environment.prefix == environment.prefix:
            found[other.name] = len(other.files)
    return [{"project": name, "files": files} for name, files in sorted(found.items())]


def _environment_object(environment: Environment, root: Path) -> dict[str, Any]:
    return {
        "name": environment.name,
        "path": shown_path(environment.prefix, root),
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
    told: set[str] = set()  # environments of which it is said what is off
    for project, resolution in zip(view.space.projects, view.space.resolutions, strict=True):
        environment = resolution.environment
        if environment is None:
            missing = "none" if project.checked else "none needed"
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
        more = _details(project, resolution, environment is None or environment.prefix not in told)
        details.append([*more, *view.space.stale.get(project.path, ())])
        told |= {environment.prefix} if environment is not None else set()
    for file, found in sorted(view.scripts.items()):
        own = found.environment
        place = (own.name, found.rule, str(own.python), own.health.value) if own else ("-", "-", "-", "none")
        rows.append(("(script)", file, *place))
        details.append([found.note] if found.note else [])
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row, more in zip(rows, details, strict=True):
        lines.append("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        lines.extend("    " + line for line in more)
    return "\n".join(lines)


def _details(project: Project, resolution: Resolution, first: bool) -> list[str]:
    """What is to be said below a project's row; of an environment only where it is the `first` that has it."""
    environment = resolution.environment
    if environment is None and not project.checked:
        return []  # it needs none
    lines = [*filter(None, [resolution.note]), *resolution.unread]
    if environment is not None and environment.reason and first:
        lines.append(environment.reason + (f"; {environment.cure}" if environment.cure else ""))
    for candidate in resolution.passed_over:
        if candidate.reason in resolution.note:
            continue
        # Where there is none at all, the last line is the cure, unless it takes trust.
        wanted = environment is not None or "--trust" in candidate.cure
        cure = f"; {candidate.cure}" if candidate.cure and wanted else ""
        lines.append(f"passed over {candidate.prefix} ({candidate.rule}): {candidate.reason}{cure}")
    if environment is None and project.checked:
        lines.append(f"create one: `pyfmt envs create {shell_word(project.path)}`")
    return lines
