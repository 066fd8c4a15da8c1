"""Drift: how what is installed differs from the lock file, in one line instead of hundreds of import errors."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from pyfmt.core.model import Distribution, Environment
from pyfmt.environments import locks

_SHOWN = 5  # names of each kind; the rest is counted


def drift(folders: Sequence[Path], environment: Environment, own: Sequence[str] = ()) -> str:
    """One line on how `environment` differs from the lock in the first of `folders` (absolute) that has one; "" if it does not.

    `own` are the PEP 503 names of the projects that use it: they are no extras. Missing is only what the lock surely requires
    here (main group, marker holds); a wrong version is any that no entry of the lock has; extra are editable installs of
    other folders. An unreadable lock is said, too.
    """
    file = next((found for found in map(locks.find, folders) if found is not None), None)
    if file is None:
        return ""
    try:
        lock = locks.read(file, _marker(environment))
    except locks.LockError as error:
        return str(error)
    installed = {item.name: item for item in environment.distributions}
    missing = [item.name for item in lock.items.values() if item.required and item.name not in installed]
    missing = [_pinned(name, lock) for name in sorted(set(missing) - set(own))]
    wrong = [_wrong(installed[name], item) for name, item in sorted(lock.items.items()) if name in installed]
    extra = [
        item.name
        for item in environment.distributions
        if item.editable and lock.items and item.name not in lock.items and item.name not in own
    ]
    if file.suffix == ".txt":
        extra = []  # requirements name folders only relative to whoever runs pip
    kinds = (("missing", missing), ("other version", [text for text in wrong if text]), ("extra editable", extra))
    parts = [f"{kind}: {_some(names)}" for kind, names in kinds if names]
    return f"differs from {file.name}: {'; '.join(parts)}" if parts else ""


def _pinned(name: str, lock: locks.Lock) -> str:
    versions = sorted(lock.items[name].versions)
    return f"{name} {versions[0]}" if len(versions) == 1 else name


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_SHOWN])
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"


def _wrong(installed: Distribution, locked: locks.Locked) -> str:
    """How a version differs, "" where it does not; an editable install counts as whatever version it is."""
    if not locked.versions or locked.local or installed.editable or not installed.version:
        return ""
    if any(_equal(installed.version, version) for version in locked.versions):
        return ""
    return f"{installed.name} {installed.version} (locked {' or '.join(sorted(locked.versions))})"


def _equal(one: str, other: str) -> bool:
    if one == other:
        return True
    # Deferred: it costs 35 ms, and most versions are spelled alike.
    from packaging.version import InvalidVersion, Version  # pylint: disable=import-outside-toplevel

    try:
        return Version(one.replace("_", "-")) == Version(other)
    except InvalidVersion:
        return False


def _marker(environment: Environment) -> locks.Marker:
    """Judges markers for the environment's Python on this machine."""
    python = environment.python

    def holds(text: str) -> bool:
        # Deferred: it costs 35 ms, and many locks have no marker.
        from packaging.markers import (  # pylint: disable=import-outside-toplevel
            InvalidMarker,
            Marker,
            UndefinedComparison,
            UndefinedEnvironmentName,
        )

        values = {
            "python_version": python.short,
            "python_full_version": f"{python.short}.{python.micro}",
            "implementation_name": python.implementation.lower(),
            "platform_python_implementation": python.implementation,
            "implementation_version": f"{python.short}.{python.micro}",
            "os_name": os.name,
            "extra": "",
        }
        try:
            return Marker(text).evaluate(values)
        except (InvalidMarker, UndefinedComparison, UndefinedEnvironmentName):
            return False  # cannot be judged: then the package is not surely required

    return holds
