"""Finds the places that a watch session watches: what the walk, the configuration and the environments lead to."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pyfmt import config, disk, projects
from pyfmt.cache.folders import repository_folder
from pyfmt.cache.memory import Memory
from pyfmt.cache.sources import Sources
from pyfmt.cli.watch.places import WatchedPlaces
from pyfmt.core.model import Config, Resolution
from pyfmt.core.request import OutputSpec, Request
from pyfmt.environments.trust import store_file
from pyfmt.git.linked import resolve_here
from pyfmt.projects.walking import index_file, outer_ignore_files, walk

State = frozenset[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Invocation:
    """What stays the same as long as a session lasts: what is asked for, what is written, where, and with which
    variables."""

    request: Request
    outputs: tuple[OutputSpec, ...]
    cwd: Path
    environ: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Observation:
    """The places, with those of the environments, and the state that the environments were in."""

    places: WatchedPlaces
    state: State


def tree_places(invocation: Invocation) -> WatchedPlaces:
    """The places of the checkout, by a walk; raises PyfmtError where the configuration cannot be read."""
    settings = config.load(invocation.request, invocation.cwd)
    root, own = str(settings.root), frozenset(_own(settings, invocation))
    folders, hidden = set(), set()
    for folder in walk(settings.root, settings.exclude):
        path = root if folder.path == "." else f"{root}/{folder.path}"
        if not any(path == place or path.startswith(place + os.sep) for place in own):
            folders.add(path)
            if folder.hidden:
                hidden.add(path)
    index = index_file(settings.root)
    files = {*map(str, outer_ignore_files(settings.root)), *(found.path for found in settings.tool_configs)}
    files |= {str(store_file()), *(str(file) for file in [settings.file] if file)}
    if invocation.request.since is not None and index is not None:  # what a commit or a branch is compared with
        files |= {str(index.with_name("HEAD")), str(index.parent / "logs" / "HEAD")}
    return WatchedPlaces(
        root=root,
        folders=frozenset(folders),
        hidden=frozenset(hidden),
        files=frozenset(files),
        own=own,
        busy=f"{index}.lock" if index else "",
    )


def all_places(invocation: Invocation) -> Observation:
    """The same, and the places of the environments as they are now; raises PyfmtError."""
    settings = config.load(invocation.request, invocation.cwd)
    survey = projects.find_projects(settings)
    # What is remembered of the environments is only read here: a run saves what it has learnt.
    memory = Memory(settings, invocation.request.use_cache)
    try:
        trusted = invocation.request.trust
        found, _ = resolve_here(survey.projects, settings, invocation.environ, memory.memo, trusted=trusted)
        sources = memory.sources(survey.everything)
        outside = {folder for folder in _outside(sources, found) if not disk.is_within(folder, str(settings.root))}
    finally:
        if memory.store is not None:
            memory.store.close()
    places = replace(
        tree_places(invocation), outside=frozenset(outside), environments=frozenset(_environment_folders(found))
    )
    return Observation(places, state_of(found))


def state_of(resolutions: Iterable[Resolution]) -> State:
    """What changes when an environment does, or another one is found: project, prefix, and a text of all the rest."""
    return frozenset(
        (found.project, found.environment.prefix, repr((found.environment.fingerprint, found.environment.search_path)))
        for found in resolutions
        if found.environment is not None
    )


def _own(settings: Config, invocation: Invocation) -> Iterator[str]:
    """What pyfmt writes: reports, and its cache."""
    for output in invocation.outputs:
        if output.file is not None:
            yield os.path.abspath(invocation.cwd / output.file)
    yield str(repository_folder(settings.root, settings.cache_dir))


def _environment_folders(resolutions: Sequence[Resolution]) -> Iterator[str]:
    for found in resolutions:
        if found.environment is not None:
            yield found.environment.prefix
            yield from found.environment.site_packages
        for candidate in found.passed_over:  # broken, or not finished yet
            yield from _inside(Path(candidate.prefix))


def _inside(prefix: Path) -> Iterator[str]:
    """The folders of an environment that cannot be read: whatever mends it happens in one of them."""
    yield str(prefix)
    for pattern in ("bin", "Scripts", "lib", "lib/*", "lib/*/site-packages", "Lib", "Lib/site-packages"):
        yield from (str(path) for path in prefix.glob(pattern) if path.is_dir())


def _outside(sources: Sources, resolutions: Sequence[Resolution]) -> Iterator[str]:
    """All folders of editable installs from beyond the checkout."""
    environments = {
        found.environment.prefix: found.environment for found in resolutions if found.environment is not None
    }
    tops = {
        folder
        for environment in environments.values()
        for folder in sources.visible(environment)
        if os.path.isabs(folder)
    }
    for top in sorted(tops):
        for folder in walk(Path(top)):
            yield top if folder.path == "." else f"{top}/{folder.path}"
