"""`pyfmt graph`: which project depends on which, and the file that declares it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from pyfmt import config, projects
from pyfmt.cli.output import print_text
from pyfmt.cli.request import plain_request
from pyfmt.core import dependents
from pyfmt.core.errors import EXIT_CLEAN
from pyfmt.core.model import Project
from pyfmt.reports.escaping import printable_text

EXAMPLES = (
    ("pyfmt graph", "every dependency between projects, with the file that declares it"),
    ("pyfmt graph --mermaid", "a flowchart for a README"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """In which shape."""
    shapes = parser.add_mutually_exclusive_group()
    shapes.add_argument("--json", action="store_true", help="as JSON")
    shapes.add_argument("--mermaid", action="store_true", help="as a Mermaid flowchart")


def run(options: argparse.Namespace) -> int:
    """Show the graph."""
    found = projects.find_projects(config.load(plain_request(options), Path.cwd())).projects
    show = _as_json if options.json else _as_mermaid if options.mermaid else _as_text
    text = show(found)
    print_text((text if options.json else printable_text(text)) + "\n")
    return EXIT_CLEAN


def _as_text(found: tuple[Project, ...]) -> str:
    names = {project.path: project.name for project in found}
    lines = []
    for project in found:
        lines.append(project.name + (f" ({project.path})" if project.name != project.path else ""))
        for edge in project.edges:
            lines.append(f"  → {names[edge.target]}, through {' and '.join(dependents.shown(edge.through))}")
    lines += [f"in a circle: {', '.join(names[path] for path in group)}" for group in dependents.cycles(found)]
    return "\n".join(lines) or "no projects"


def _as_json(found: tuple[Project, ...]) -> str:
    return json.dumps(
        {
            "version": 1,
            "projects": [{"project": project.name, "path": project.path} for project in found],
            "edges": [
                {"from": project.path, "to": edge.target, "through": dependents.shown(edge.through)}
                for project in found
                for edge in project.edges
            ],
            "cycles": [list(group) for group in dependents.cycles(found)],
        },
        indent=2,
    )


def _as_mermaid(found: tuple[Project, ...]) -> str:
    nodes = {project.path: f"p{number}" for number, project in enumerate(found)}
    lines = ["flowchart LR"]
    lines += [f'    {nodes[project.path]}["{_quoted(project.name)}"]' for project in found]
    for project in found:
        for edge in project.edges:
            label = _quoted(", ".join(dependents.shown(edge.through)))
            lines.append(f'    {nodes[project.path]} -->|"{label}"| {nodes[edge.target]}')
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """Mermaid takes a character by its number where it would mean something in a quoted label."""
    return "".join(f"#{ord(character)};" if character in '"#&<>;\\`' else character for character in text)
