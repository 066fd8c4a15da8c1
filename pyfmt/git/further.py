"""What a change reaches that no file says: `[tool.pyfmt.affected]`; and what is no change at all."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from pyfmt.core.dependents import Link
from pyfmt.core.errors import ConfigError
from pyfmt.core.model import Config, Project
from pyfmt.projects import is_meant

# What installers and interpreters leave behind, also where nobody has ignored it.
_LEFT_BEHIND = re.compile(
    r"(?:^|/)(?:[^/]+\.(?:egg-info|dist-info|egg-link)|__pycache__|\.eggs|pip-wheel-metadata"
    r"|build/(?:lib|bdist\.[^/]+|temp\.[^/]+))(?:/|$)"
)
_SOURCE = "[tool.pyfmt.affected]"


def is_left_behind(path: str) -> bool:
    """Whether a path is what an installer left, so that it makes no project a changed one."""
    return _LEFT_BEHIND.search(path) is not None


def everywhere(settings: Config, paths: Iterable[str]) -> list[str]:
    """Those of the changed paths that affect every project."""
    return _matching(settings.affected.everywhere, paths)


def further_links(settings: Config, projects: Mapping[str, Project], paths: Iterable[str]) -> list[Link]:
    """Links from projects to what they depend on without a declaration: other projects, and changed files.

    Raises ConfigError where an entry names no project that depends on something.
    """
    links = []
    for entry in settings.affected.edges:
        found = [p.path for p in projects.values() if any(is_meant(p, pattern) for pattern in entry.importers)]
        if not found:
            what = f"affected: edges: {', '.join(entry.importers)} matches no project"
            raise ConfigError(what, str(settings.file or settings.root), "name a project, or a glob of folders")
        targets = [p.path for p in projects.values() for name in entry.targets if name.strip("/") in (p.path, p.name)]
        links += [
            Link(dependent, target, f"depends on it through {_SOURCE}")
            for dependent in found
            for target in (*targets, *_matching(entry.targets, paths))
            if target != dependent
        ]
    return links


def _matching(patterns: tuple[str, ...], paths: Iterable[str]) -> list[str]:
    if not patterns:
        return []
    from pathspec import GitIgnoreSpec  # deferred for start-up time: only where there are any

    return sorted(GitIgnoreSpec.from_lines(patterns).match_files(paths))
