"""`pyfmt envs --vscode`: tells VS Code's Python Environments extension which folders are projects, and who manages the
environment of each."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from pyfmt import disk
from pyfmt.core.errors import UsageError
from pyfmt.core.model import Resolution
from pyfmt.runner import edits

KEY = "python-envs.pythonProjects"
_FILE = Path(".vscode/settings.json")
# By the rule that has found an environment: the extension's manager of it, and of its packages. It keeps no paths.
_MANAGERS = {"poetry": ("poetry", "poetry"), "pipenv": ("pipenv", "pip"), "conda": ("conda", "conda")}


def projects(resolutions: Iterable[Resolution]) -> list[dict[str, str]]:
    """The setting's value: each project that has an environment of its own or another's."""
    found = []
    for each in resolutions:
        if each.environment is not None and not each.environment.standalone:
            manager, packages = _MANAGERS.get(each.rule.split(" ", maxsplit=1)[0], ("venv", "pip"))
            found.append(
                {
                    "path": each.project,
                    # Both: the extension fails over an entry that has its path alone (its issue 1666).
                    "envManager": f"ms-python.python:{manager}",
                    "packageManager": f"ms-python.python:{packages}",
                }
            )
    return found


def write(root: Path, resolutions: Iterable[Resolution]) -> str:
    """Write the setting, and say so; raises UsageError where the file cannot be rewritten without losing something."""
    file, value = root / _FILE, projects(resolutions)
    if not os.path.lexists(file):
        file.parent.mkdir(exist_ok=True)
        edits.put(file, _text({KEY: value}))
        return f"{_FILE}: made, with {len(value)} projects"
    try:
        before = disk.read_bytes(file)
        settings = json.loads(before)
        if not isinstance(settings, dict):
            raise ValueError("it is no object")
    except (OSError, ValueError) as error:
        piece = json.dumps({KEY: value}, indent=4)
        raise UsageError(
            f"is left as it is, since it cannot be read as JSON without comments ({error})",
            str(_FILE),
            f"put this in:\n{piece}",
        ) from error
    after = _text({**settings, KEY: value})
    if settings.get(KEY) == value:
        return f"{_FILE}: nothing to change, {len(value)} projects"
    edits.write(file, before, after, root)
    return f"{_FILE}: written, with {len(value)} projects"


def _text(settings: dict[str, object]) -> bytes:
    return (json.dumps(settings, indent=4, ensure_ascii=False) + "\n").encode("utf-8", "surrogatepass")
