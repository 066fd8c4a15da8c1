"""Says of each environment how it differs from the lock file that it was installed from, and what leads elsewhere in
it."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from pyfmt import disk
from pyfmt.core import parsing
from pyfmt.core.folders import above
from pyfmt.core.memo import TextMemo
from pyfmt.core.model import BORROWED, Environment, Health, Project, Resolution
from pyfmt.core.planning import shell_word
from pyfmt.environments.foreign import foreign
from pyfmt.projects import locks

_MANAGERS = ("uv", "pdm", "poetry", "pipenv", "hatch")


def with_drift(
    resolutions: Sequence[Resolution], projects: Sequence[Project], root: Path, memo: TextMemo
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
    base = disk.realpath(root)
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
                _drift_or_why_not(root, by_path[resolution.project], environment, own, memo),
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


def _drift_or_why_not(root: Path, project: Project, environment: Environment, own: list[str], memo: TextMemo) -> str:
    try:
        return _drift(root, project, environment, own, memo)
    except Exception as error:  # pylint: disable=broad-exception-caught  # one project's lock is no other's
        return f"its lock file cannot be compared with it: {parsing.why(error)}"


def _drift(root: Path, project: Project, environment: Environment, own: list[str], memo: TextMemo) -> str:
    """How `environment` differs from the lock of the project, or of the nearest folder above that has one."""
    lock = locks.find(root / project.path, "requirements.txt")
    # A workspace's lock lies at its owner, whose environment it is.
    for inside, folder in pairwise((project.path, *above(project.path)) if lock is None else ()):
        if Path(environment.prefix).is_relative_to(root / inside):
            break
        if (lock := locks.find(root / folder, "requirements.txt")) is not None:
            break
    if lock is None:
        return ""

    def compared() -> str:
        from pyfmt.environments import drift  # deferred for start-up time: not where all is known

        return drift.drift(lock, environment, own)

    inputs = {"what is installed": environment.fingerprint, "the projects in it": sorted(own)}
    try:
        inputs[lock.name] = locks.digest(lock)
    except locks.LockError as error:
        return str(error)
    return memo.recall(f"how {environment.name} differs from its lock", inputs, compared)
