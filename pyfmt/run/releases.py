"""Which releases of tools run: what `[tool.pyfmt.versions]` chooses, with the hashes that the root's lock has.

A lock is a file of the checkout, and what is installed runs: where nobody has given trust it names no index, nothing
that the tool does not ask for, and no line of its own.
"""

from __future__ import annotations

import re
from dataclasses import replace
from importlib import metadata
from pathlib import Path

from pyfmt import disk
from pyfmt.config.values import FROM_LOCK, RELEASE
from pyfmt.core.errors import ConfigError
from pyfmt.core.graphs import reached
from pyfmt.core.model import Config
from pyfmt.core.release import ToolRelease
from pyfmt.environments.creating.pins import Pin, pinned
from pyfmt.environments.creating.values import CreationError
from pyfmt.environments.trust import is_stored
from pyfmt.projects import locks
from pyfmt.projects.locks.choosing import reachable
from pyfmt.projects.locks.values import Lock
from pyfmt.projects.names import normalise
from pyfmt.tools import registry
from pyfmt.tools.versions import brought

_VERSION, _HASH = r"[0-9][\w.!+-]*", r"\w+:\w+"


def with_releases(settings: Config) -> Config:
    """The configuration with the release of each tool that is not the one which pyfmt brings; the registry knows them
    from now on. Raises ConfigError where the version is to be that of a lock, and none has it."""
    path = locks.find(settings.root)
    lock = None
    if path is not None:
        try:
            lock = locks.read(path)
        except locks.LockError:
            lock = None  # which is told where it is used
    found: dict[str, ToolRelease] = {}
    for tool, asked in settings.versions:
        version = _locked(tool, lock, settings) if asked == FROM_LOCK else asked
        oldest = registry.TOOLS[tool].oldest
        if _numbers(version) < _numbers(oldest):
            what = f"versions: {tool} {version} is too old: pyfmt runs {tool} {oldest} and later"
            raise ConfigError(what, str(settings.file), f"choose a later one, or leave {tool} out")
        if version != brought(tool):
            pins = _pins(tool, version, lock, path.parent) if lock is not None and path is not None else ()
            found[tool] = ToolRelease(version, pins)
    registry.choose({tool: release.version for tool, release in found.items()})
    configs = tuple(replace(each, release=found.get(each.tool)) for each in settings.tool_configs)
    return replace(settings, tool_configs=configs)


def _numbers(version: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", version)]


def _locked(tool: str, lock: Lock | None, settings: Config) -> str:
    versions = {package.version for package in lock.packages if package.name == tool} if lock else set()
    if len(versions) == 1:
        version = versions.pop()
        if not re.fullmatch(RELEASE, version):
            raise ConfigError(
                f"versions: the root's lock says {version!r} of {tool}, which is no release", str(settings.file)
            )
        return version
    why = f"{lock.file} has {len(versions) or 'no'} versions of it" if lock else f"{settings.root} has no lock"
    what = f"versions: {tool} is to have the version of the root's lock, and {why}"
    raise ConfigError(what, str(settings.file), f'name the version: `{tool} = "{brought(tool)}"`')


def _pins(tool: str, version: str, lock: Lock, folder: Path) -> tuple[str, ...]:
    """Lines for an installer that hold the tool and all that it needs, as they are locked; none where the lock has
    another version of it, does not say what it needs, or lacks a hash."""
    roots = [package for package in lock.packages if package.name == tool and package.version == version]
    packages = reachable(lock, roots)
    names = {package.name for package in packages}
    if not packages or len(names) < len(packages) or any(package.source.direct for package in packages):
        return ()
    if len(packages) == 1 and not any(package.dependencies for package in lock.packages):
        return ()  # of a format that has no edges
    try:
        found = pinned(lock, packages, folder)
    except CreationError:
        return ()
    if not all(pin.hashes and _is_plain(pin) for pin in found.pins) or not names <= reached([tool], _needs).keys():
        return ()
    # What another index has under these names and hashes may be anything: the lock names the hashes, too.
    trusted = bool(found.indexes) and is_stored(disk.resolved(folder))
    indexes = [f"--extra-index-url {index}" for index in found.indexes if trusted and not re.search(r"\s", index)]
    return (*indexes, *(" ".join([pin.line, *(f"--hash={value}" for value in pin.hashes)]) for pin in found.pins))


def _is_plain(pin: Pin) -> bool:
    """Whether it is one line of a requirements file, and says nothing else there."""
    return bool(re.fullmatch(_VERSION, pin.version)) and all(re.fullmatch(_HASH, value) for value in pin.hashes)


def _needs(name: str) -> set[str]:
    """What a distribution can ask for, on any system, as the release says that is installed with pyfmt."""
    try:
        lines = metadata.requires(name) or []
    except metadata.PackageNotFoundError:
        return set()  # for another system, or an extra
    return {normalise(match[0]) for line in lines if (match := re.match(r"[\w.-]+", line))}
