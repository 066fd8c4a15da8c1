"""Small trees of files for tests that need no monorepo with environments."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pyfmt.core.model import Config, Project
from pyfmt.projects import Survey, find_projects

SETUP = "from setuptools import setup\n\nsetup()\n"


def write(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Writes files below `root`; a text's surrogates become the bytes that they stand for."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogateescape"))


def survey(root: Path, *globs: str, exclude: tuple[str, ...] = ()) -> Survey:
    """The projects of a tree."""
    return find_projects(Config(root=root, file=None, projects=globs, exclude=exclude))


def projects(root: Path, *globs: str) -> dict[str, Project]:
    """The projects of a tree by path; fails where something could not be read."""
    found = survey(root, *globs)
    assert not found.failures, found.failures
    return {project.path: project for project in found.projects}


def named(name: str, more: str = "") -> str:
    """A pyproject.toml."""
    return f'[project]\nname = "{name}"\nversion = "1"\n{more}\n'
