"""Says of each environment how it differs from the lock file that it was installed from, and what leads elsewhere in
it."""

from __future__ import annotations

import hashlib
import os
import posixpath
from collections.abc import MutableMapping, Sequence
from dataclasses import replace
from pathlib import Path

from pyfmt import disk
from pyfmt.core import parsing
from pyfmt.core.model import BORROWED, Environment, Health, Project, Resolution
from pyfmt.core.planning import shell_word
from pyfmt.environments.foreign import foreign

_MANAGERS = ("uv", "pdm", "poetry", "pipenv", "hatch")


def with_drift(
    resolutions: Sequence[Resolution],
    projects: Sequence[Project],
    root: Path,
    memo: MutableMapping[str, str] | None = None,
) -> tuple[Resolution, ...]:
    """The same resolutions, where a sound environment that differs from its lock, or holds an editable install of a
    folder that is not here, has a warning that says so.

    `memo` keeps answers by the lock's content and the environment's fingerprint. A project that merely borrows an
    environment says nothing about what belongs into it.
    """
    by_path = {project.path: project for project in projects}
    users: dict[str, list[Project]] = {}
    for resolution in resolutions:
        if resolution.environment is not None:
            users.setdefault(resolution.environment.prefix, []).append(by_path[resolution.project])
    base = os.path.realpath(root)
    homes = {
        project.distribution: os.path.normpath(os.path.join(base, project.path))
        for project in projects
        if project.distribution
    }
    known: dict[str, Environment] = {}
    for resolution in resolutions:
        environment = resolution.environment
        owns = resolution.rule not in BORROWED
        if environment is not None and environment.health is Health.OK and owns and environment.prefix not in known:
            own = [user.distribution for user in users[environment.prefix] if user.distribution]
            lines = [
                _drift_or_why_not(root, by_path[resolution.project], environment, (own, memo)),
                foreign(environment, base, homes),
            ]
            if any(lines):
                made = f"`pyfmt envs create {shell_word(resolution.project)} --recreate` makes {environment.name} again"
                cure = made if is_own(resolution, base) and not resolution.named else "install into it again"
                reason = "; ".join(line for line in lines if line)
                known[environment.prefix] = replace(environment, health=Health.WARNING, reason=reason, cure=cure)
    return tuple(
        (
            replace(found, environment=known.get(found.environment.prefix, found.environment))
            if found.environment
            else found
        )
        for found in resolutions
    )


def is_own(resolution: Resolution, root: str) -> bool:
    """Whether a project's environment is its own, so that making it again changes nobody else's: it lies in the
    project's folder below `root` (a real path), or its manager has put it elsewhere. One that the checkout has `named`
    may be anybody's all the same."""
    environment = resolution.environment
    if environment is None or resolution.rule in (*BORROWED, "setting"):
        return False
    inside = os.path.join(os.path.normpath(os.path.join(root, resolution.project)), "")
    return environment.prefix.startswith(inside) or resolution.rule.partition(" ")[0] in _MANAGERS


def _drift_or_why_not(
    root: Path, project: Project, environment: Environment, more: tuple[list[str], MutableMapping[str, str] | None]
) -> str:
    try:
        return _drift(root, project, environment, more)
    except Exception as error:  # pylint: disable=broad-exception-caught  # one project's lock is no other's
        return f"its lock file cannot be compared with it: {parsing.why(error)}"


def _drift(
    root: Path, project: Project, environment: Environment, more: tuple[list[str], MutableMapping[str, str] | None]
) -> str:
    """How `environment` differs from the lock of the project, or of the nearest folder above that has one."""
    from pyfmt.environments import drift  # deferred for start-up time

    own, memo = more
    folders = [root / project.path]
    parent = project.path
    # A workspace's lock lies at its owner, whose environment it is.
    while parent not in (".", "") and not Path(environment.prefix).is_relative_to(folders[-1]):
        parent = posixpath.dirname(parent) or "."
        folders.append(root / parent)
    lock = drift.find_lock(folders)
    if lock is None:
        return ""
    if memo is None:
        return drift.drift(lock, environment, own)
    try:
        content = disk.read_bytes(lock)
    except OSError as error:
        return f"{lock.name} cannot be read: {parsing.why(error)}"
    key = hashlib.sha256(repr(("drift", content, environment.fingerprint, sorted(own))).encode()).hexdigest()
    if key not in memo:
        memo[key] = drift.drift(lock, environment, own)
    return memo[key]
