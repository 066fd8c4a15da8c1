"""What a project needs where it runs: the requirements of its main group, as PEP 508 lines."""

from __future__ import annotations

import re
from pathlib import Path

from pyfmt import disk
from pyfmt.projects.dependencies import Member, requirements_lines
from pyfmt.projects.manifests import poetry_lines


def needs(root: Path, member: Member) -> tuple[str, ...]:
    """The requirements of the manifests; where these name none, of a Pipfile or a requirements.txt.

    Lines that are no requirement by name (`-e ../lib`, an option, a URL alone) are left out.
    """
    folder = root / member.path
    lines = list(member.manifest.needs)
    if not lines and "Pipfile" in member.files:
        lines = _pipfile(folder / "Pipfile")
    files = member.manifest.requirements_files or (("requirements.txt",) if "requirements.txt" in member.files else ())
    if not lines:
        lines = [line for file in files for line in requirements_lines(folder / file)]
    plain = (re.sub(r"\s+--?\w.*$", "", line) for line in lines)  # without `--hash` and its like
    return tuple(dict.fromkeys(line for line in plain if re.match(r"[A-Za-z0-9][\w.-]*\s*($|[\[<>=!~;@(])", line)))


def _pipfile(path: Path) -> list[str]:
    """Of a damaged one nothing: Pipenv refuses it."""
    packages = disk.toml_or_empty(path).get("packages")
    return poetry_lines(packages) if isinstance(packages, dict) else []
