"""`pyfmt affected`: the projects that changed since a commit, and those that depend on them."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pyfmt import config, projects
from pyfmt.cache.import_lists import ImportLists
from pyfmt.cache.memory import Memory
from pyfmt.cli.job_rows import as_github_matrix, as_gitlab_pipeline, is_deployed
from pyfmt.cli.output import print_text
from pyfmt.cli.request import plain_request
from pyfmt.core.errors import EXIT_CLEAN, UsageError
from pyfmt.core.model import Project
from pyfmt.core.request import Request
from pyfmt.environments.stale import lock_facts
from pyfmt.git.changes import Comparison, find_scope
from pyfmt.git.scope import Scope
from pyfmt.projects.pipeline_values import pipeline_values
from pyfmt.reports.escaping import printable_text
from pyfmt.run.boundaries.kinds import ProjectKind, kind_of

EXAMPLES = (
    ("pyfmt affected", "what a branch touches, and why"),
    ("pyfmt affected --since origin/main --paths", "for a script: one folder a line"),
    ("pyfmt affected --github-matrix", "for a job of GitHub Actions"),
    ("pyfmt affected --github-matrix --deploy", "of these, what is to be deployed"),
    ("pyfmt affected --gitlab-pipeline > jobs.yml", "for a child pipeline of GitLab"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Since when, and in which shape."""
    parser.add_argument("--since", metavar="REV", default="auto", help="as for check (default: auto)")
    shapes = parser.add_mutually_exclusive_group()
    shapes.add_argument("--json", action="store_true", help="as JSON, with the files to format and to lint")
    shapes.add_argument("--github-matrix", action="store_true", help="as a matrix for a job of GitHub Actions")
    shapes.add_argument(
        "--gitlab-pipeline", action="store_true", help="as a child pipeline of GitLab, with a job for each project"
    )
    shapes.add_argument(
        "--paths", action="store_true", dest="only_paths", help="only the projects' folders, one a line"
    )
    parser.add_argument(
        "--deploy",
        action="store_true",
        help="with --github-matrix: only what is to be deployed, and has a value `deploy`",
    )


def run(options: argparse.Namespace) -> int:
    """Show them."""
    if options.deploy and not options.github_matrix:
        raise UsageError("goes with --github-matrix", "--deploy")
    result = find(replace(plain_request(options), since=options.since), Path.cwd(), os.environ)
    # The other shapes have them among their output.
    if options.github_matrix or options.gitlab_pipeline or options.only_paths:
        for note in result.scope.notes:
            print(printable_text(f"pyfmt: note: {note}"), file=sys.stderr)
    if options.json:
        print_text(as_json(result) + "\n")
    elif options.github_matrix:
        print_text(as_github_matrix([row for row in rows(result) if is_deployed(row) or not options.deploy]) + "\n")
    elif options.gitlab_pipeline:
        print_text(as_gitlab_pipeline(rows(result)) + "\n")
    elif options.only_paths:
        print_text("".join(f"{path}\n" for path in paths(result)))
    else:
        print_text(printable_text(as_text(result)) + "\n")
    return EXIT_CLEAN


@dataclass(frozen=True, slots=True)
class AffectedProjects:
    """A scope, with the projects that it is about."""

    root: Path
    projects: tuple[Project, ...]
    scope: Scope
    kinds: Mapping[str, ProjectKind]  # by path
    stale: tuple[str, ...] = ()  # locks of theirs that the manifests have left behind
    schema: str | None = None  # of what projects say to pipelines


def find(request: Request, cwd: Path, environ: Mapping[str, str]) -> AffectedProjects:
    """Find out what `request.since` touches; environments are not read. Raises PyfmtError."""
    settings = config.load(request, cwd)
    with closing(Memory(settings, request.use_cache)) as memory:
        survey = projects.find_projects(settings)
        read = ImportLists(memory.imports, memory.table, survey.everything)
        scope = find_scope(settings, survey, Comparison(request.since or "auto", environ), read)
        stale = lock_facts(settings.root, survey.projects, (), memory.memo).stale
        lines = [line for path in {**scope.changed, **scope.affected} for line in stale.get(path, ())]
        kinds = kind_of(settings, survey.projects)
        told = tuple(dict.fromkeys(lines))
        return AffectedProjects(settings.root, survey.projects, scope, kinds, told, settings.project_schema)


def paths(result: AffectedProjects) -> list[str]:
    """The folders of all projects that are changed or affected."""
    return sorted({*result.scope.changed, *result.scope.affected})


def as_text(result: AffectedProjects) -> str:
    """For people: changed projects, then affected ones, each with the reasons."""
    names = {project.path: project.name for project in result.projects}
    lines = list(result.scope.notes)
    for title, found in (("changed", result.scope.changed), ("affected", result.scope.affected)):
        lines += ["", f"{title}: {len(found) or 'none'}"]
        for path, why in found.items():
            lines.append(f"  {names[path]}" + (f" ({path})" if names[path] != path else ""))
            lines += [f"    {reason}" for reason in why]
    lines += ["", *result.stale] if result.stale else []
    return "\n".join(lines)


def as_json(result: AffectedProjects) -> str:
    """For programs; `known` is false where git could not tell, and everything counts as changed."""
    names = {project.path: project.name for project in result.projects}
    scope = result.scope

    def rows(found: Mapping[str, tuple[str, ...]]) -> list[dict[str, object]]:
        return [
            {"project": names[path], "path": path, "kind": result.kinds[path].value, "why": list(why)}
            for path, why in found.items()
        ]

    def flat(found: Mapping[str, tuple[str, ...]]) -> list[str]:
        return sorted(file for files in found.values() for file in files)

    return json.dumps(
        {
            "version": 1,
            "root": str(result.root),
            "since": scope.since,
            "bases": list(scope.bases),
            "known": scope.known,
            "notes": list(scope.notes),
            "stale": list(result.stale),
            "changed": rows(scope.changed),
            "affected": rows(scope.affected),
            "files": {"format": flat(scope.format), "lint": flat(scope.lint)},
        },
        indent=2,
    )


def rows(result: AffectedProjects) -> list[dict[str, Any]]:
    """For pipelines: each project that is changed or affected, with its values.

    `deploy` is true for what is deployed and has changed itself: no library, and nothing that a change only reaches.
    Raises ConfigError for values that cannot be read or do not fit the schema, of any project.
    """
    names = {project.path: project.name for project in result.projects}
    values = pipeline_values(result.root, result.projects, result.schema)
    found = []
    for path in paths(result):
        kind, changed = result.kinds[path], path in result.scope.changed
        row = {"project": names[path], "path": path, "changed": changed, "kind": kind.value}
        found.append({**row, "deploy": changed and kind is ProjectKind.PROJECT, "values": values[path]})
    return found
