"""Small monorepos for the tests of creation, and what is installed in what was made."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pyfmt.core.graphs import closure
from pyfmt.core.model import Config
from pyfmt.environments.creating import CreateOptions, CreateRequest, Creation, create, new_prefix
from pyfmt.projects import find_projects

EXAMPLE = Path(__file__).resolve().parents[3] / "examples" / "monorepo"

# A build backend of the checkout itself: it needs no network, and waits while a file named `wait` is there.
BACKEND = """
import os, time, zipfile
from pathlib import Path

def get_requires_for_build_editable(config_settings=None):
    return []

def build_editable(folder, config_settings=None, metadata_directory=None):
    here = Path.cwd()
    if (here / "wait").exists():
        (here / "waiting").write_text(str(os.getpid()))
        while (here / "wait").exists():
            time.sleep(0.02)
    name = here.name
    wheel = f"{name}-1.0-py3-none-any.whl"
    info = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(Path(folder, wheel), "w") as archive:
        archive.writestr(f"{name}.pth", str(here) + "\\n")
        archive.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\\nName: {name}\\nVersion: 1.0\\n")
        kind = "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n"
        archive.writestr(f"{info}/WHEEL", kind)
        archive.writestr(f"{info}/RECORD", "")
    return wheel

build_wheel = build_editable
"""


def own_build(name: str, *dependencies: str, requires: str = ">=3.10") -> dict[str, str]:
    """A project in a folder of its name, built by BACKEND."""
    listed = ", ".join(f'"{item}"' for item in dependencies)
    return {
        f"{name}/pyproject.toml": (
            '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
            f'[project]\nname = "{name}"\nversion = "1.0"\nrequires-python = "{requires}"\ndependencies = [{listed}]\n'
        ),
        f"{name}/backend.py": BACKEND,
        f"{name}/{name}.py": '"""A module."""\n',
    }


def write(root: Path, files: Mapping[str, str]) -> Path:
    """Write a tree and give its root."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return root.resolve()


def copy_example(root: Path) -> Path:
    """The example monorepo in a scratch folder."""
    shutil.copytree(EXAMPLE, root)
    return root.resolve()


def requests_for(root: Path, *wanted: str) -> list[CreateRequest]:
    """A request for each of the projects at `wanted`, with everything that it depends on."""
    projects = find_projects(Config(root=root, file=None)).projects
    by_path = {project.path: project for project in projects}
    edges = {project.path: project.depends_on for project in projects}
    return [
        CreateRequest(
            by_path[path],
            tuple(by_path[other] for other in closure([path], edges)),
            root,
            new_prefix(by_path[path], projects, root, {}),
            projects,
        )
        for path in wanted
    ]


def make(root: Path, *wanted: str, options: CreateOptions | None = None) -> tuple[Creation, ...]:
    """Create the environments of the projects at `wanted`; with uv where nothing else is said."""
    chosen = options or CreateOptions(installer="uv")
    environ = {key: value for key, value in os.environ.items() if not key.startswith(("VIRTUAL_ENV", "UV_PROJECT"))}
    return create(requests_for(root, *wanted), replace(chosen, environ=environ), lambda line: None)


def installed(prefix: Path) -> dict[str, str]:
    """Name to version of everything installed, pip aside."""
    found = {}
    for path in prefix.glob("lib/python*/site-packages/*.dist-info"):
        name, _, version = path.name.removesuffix(".dist-info").rpartition("-")
        found[re.sub(r"[-_.]+", "-", name).lower()] = version
    found.pop("pip", None)
    return found


def editable_folders(prefix: Path) -> set[str]:
    """The folders that are installed editable (PEP 610)."""
    found = set()
    for path in prefix.glob("lib/python*/site-packages/*.dist-info/direct_url.json"):
        data = json.loads(path.read_text("utf-8"))
        if data.get("dir_info", {}).get("editable"):
            found.add(data["url"].removeprefix("file://"))
    return found
