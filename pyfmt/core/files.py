"""The one table of files that decide about a project by their names: a new manager's file is added here alone.

Watching, `--since`, the cache's keys and the search for projects ask it; a test holds every manager to it.
"""

from __future__ import annotations

# What a file decides. "manifest": that its folder is a project; "lock": what is installed; "environment": which Python
# or environment a project has; "types": how mypy sees a project, even in its own folder; "tool": how a tool works.
_ROLES = {
    "pyproject.toml": "manifest types",
    "setup.cfg": "manifest types",
    "setup.py": "manifest",
    "uv.lock": "lock",
    "poetry.lock": "lock",
    "pdm.lock": "lock",
    "Pipfile.lock": "lock",
    "pylock.toml": "lock",
    "Pipfile": "environment",
    "uv.toml": "environment",
    "poetry.toml": "environment",
    "pdm.toml": "environment",
    "hatch.toml": "environment",
    "pixi.toml": "environment",
    "pixi.lock": "environment",
    "environment.yml": "environment",
    "environment.yaml": "environment",
    ".python-version": "environment",
    ".pdm-python": "environment",
    ".python-envs": "environment",
    "py.typed": "types",
    "mypy.ini": "types tool",
    ".mypy.ini": "types tool",
    ".isort.cfg": "tool",
    ".pylintrc": "tool",
    "pylintrc": "tool",
    "tox.ini": "tool",
}


def names(*roles: str) -> tuple[str, ...]:
    """The files that have one of `roles`; in the order of the table, which is that of precedence."""
    return tuple(name for name, found in _ROLES.items() if not set(roles).isdisjoint(found.split()))


MANIFESTS = names("manifest")
LOCK_FILES = names("lock")  # a manager's own before an exported one
# Files of a project that linters, or the choice of its Python, depend on as a whole.
PROJECT_WIDE = frozenset(names("manifest", "environment", "types"))
# Where mypy finds sections for single modules of a project.
MYPY_CONFIGS = tuple(name for name in names("types") if name != "py.typed")
SETTINGS = frozenset(_ROLES)
