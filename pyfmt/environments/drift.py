"""Drift: how what is installed differs from the lock file, in one line instead of hundreds of import errors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pyfmt.core.listing import some
from pyfmt.core.model import Distribution, Environment
from pyfmt.environments.markers import target
from pyfmt.projects import locks
from pyfmt.projects.locks.choosing import Choice, chosen
from pyfmt.projects.locks.values import Lock

_SHOWN = 5  # names of each kind; the rest is counted


def drift(file: Path, environment: Environment, own: Sequence[str] = ()) -> str:
    """One line on how `environment` differs from the lock at `file`; "" if it does not.

    `own` are the PEP 503 names of the projects that use it: they are no extras. Missing is only what the lock surely
    requires here (main group, marker holds); a wrong version is any that no entry of the lock has; extra are editable
    installs of other folders. An unreadable lock is said, too.
    """
    try:
        lock = locks.read(file)
    except locks.LockError as error:
        return str(error)
    versions = _versions(lock)
    installed = {item.name: item for item in environment.distributions}
    absent = {*_required(lock, environment)} - installed.keys() - {*own}
    missing = [f"{name} {versions[name][0]}" if len(versions[name]) == 1 else name for name in sorted(absent)]
    wrong = [_wrong(installed[name], known) for name, known in sorted(versions.items()) if name in installed]
    extra = [
        item.name
        for item in environment.distributions
        if item.editable and versions and item.name not in versions and item.name not in own
    ]
    if file.suffix == ".txt":
        extra = []  # requirements name folders only relative to whoever runs pip
    kinds = (("missing", missing), ("other version", [text for text in wrong if text]), ("extra editable", extra))
    parts = [f"{kind}: {some(names, _SHOWN)}" for kind, names in kinds if names]
    return f"differs from {file.name}: {'; '.join(parts)}" if parts else ""


def _required(lock: Lock, environment: Environment) -> set[str]:
    """What the main group needs here. Of a workspace whose root is a project itself, its manager installs only that."""
    roots = [root for root in lock.roots if root.source.place == "."] or lock.roots
    found = chosen(lock, target(environment), Choice(), roots)
    return {package.name for package in found if package.source.kind != "virtual"}


def _versions(lock: Lock) -> dict[str, list[str]]:
    """The versions that a lock has of each distribution; none where one of them comes from no index: it may be any."""
    found: dict[str, set[str]] = {}
    anything = {package.name for package in lock.packages if package.source.direct}
    for package in lock.packages:
        known = {package.version} - {""} if package.name not in anything else set()
        found.setdefault(package.name, set()).update(known)
    return {name: sorted(known) for name, known in found.items()}


def _wrong(installed: Distribution, locked: Sequence[str]) -> str:
    """How a version differs, "" where it does not; an editable install counts as whatever version it is."""
    if not locked or installed.editable or not installed.version:
        return ""
    if any(_equal(installed.version, version) for version in locked):
        return ""
    return f"{installed.name} {installed.version} (locked {' or '.join(locked)})"


def _equal(one: str, other: str) -> bool:
    if one == other:
        return True
    # Deferred: it costs 35 ms, and most versions are spelled alike.
    from packaging.version import InvalidVersion, Version  # pylint: disable=import-outside-toplevel

    try:
        return Version(one.replace("_", "-")) == Version(other)
    except InvalidVersion:
        return False
