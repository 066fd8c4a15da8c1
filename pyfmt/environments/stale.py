"""Locks that the manifests have left behind, and ranges that the monorepo's own libraries do not meet."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from pyfmt import disk
from pyfmt.core.graphs import closure
from pyfmt.core.listing import some
from pyfmt.core.memo import TextMemo
from pyfmt.core.model import Project
from pyfmt.projects import locks
from pyfmt.projects.names import requirement, requirement_name

if TYPE_CHECKING:
    from packaging.requirements import Requirement

_CURES = {"uv.lock": "uv lock", "poetry.lock": "poetry lock", "pdm.lock": "pdm lock", "Pipfile.lock": "pipenv lock"}
_EVERYTHING = "uv.lock"  # one for all members of a workspace, which depend on nothing by themselves


class LockedTool(NamedTuple):
    """A version of a tool that a project's lock holds."""

    project: str  # its path
    lock: str  # relative to the root
    tool: str  # its distribution, as PEP 503 has it
    version: str


class LockFacts(NamedTuple):
    """What the locks in the projects' folders say."""

    # By project path one line for each lock that does not hold what its project, or a folder that it installs from,
    # asks for by now, and for each range that a library of the monorepo does not meet.
    stale: Mapping[str, tuple[str, ...]]
    tools: tuple[LockedTool, ...]


def lock_facts(root: Path, projects: Sequence[Project], tools: Iterable[str], memo: TextMemo) -> LockFacts:
    """Which locks are stale, in their main groups, and which versions of the distributions called `tools` they hold.

    Each lock is read once. `memo` keeps answers by its content and what the manifests say. A lock that cannot be read
    is told elsewhere.
    """
    wanted = sorted(tools)
    by_path = {project.path: project for project in projects}
    depends_on = {project.path: project.depends_on for project in projects}
    stale: dict[str, tuple[str, ...]] = {}
    locked: list[LockedTool] = []
    for project in projects:
        libraries = [by_path[path] for path in project.depends_on if by_path[path].version]
        facts = [(library.path, library.distribution, library.version) for library in libraries]
        inputs: dict[str, object] = {"what the project asks for": project.needs, "the versions of libraries": facts}
        what = f"ranges of libraries that {project.path} asks for"
        lines = _lines(memo, what, inputs, partial(_ranges, project, libraries)) if facts else []
        lock = locks.find(root / project.path)
        if lock is not None:
            paths = by_path if lock.name == _EVERYTHING else closure([project.path], depends_on)
            asking = [project, *(by_path[path] for path in paths)]
            with suppress(locks.LockError):
                left_behind, held = _of_lock(memo, root, lock, asking, wanted)
                lines += left_behind
                locked += _tools(held, project.path, lock.relative_to(root).as_posix())
        if lines:
            stale[project.path] = tuple(dict.fromkeys(lines))
    return LockFacts(stale, tuple(locked))


def _of_lock(
    memo: TextMemo, root: Path, lock: Path, asking: Sequence[Project], tools: Sequence[str]
) -> tuple[list[str], list[str]]:
    """What a lock does not hold of what projects ask for, and its versions of tools; raises LockError."""
    content: dict[str, object] = {lock.name: locks.digest(lock)}
    shown = lock.relative_to(root).as_posix()
    inputs = {**content, "what projects ask for": sorted({(each.path, each.needs) for each in asking})}
    lines = _lines(memo, f"whether {shown} is stale", inputs, partial(_stale, lock, root, asking))
    inputs, what = {**content, "tools": tools}, f"versions of tools in {shown}"
    return lines, _lines(memo, what, inputs, partial(_versions, lock, tools)) if tools else []


def _lines(memo: TextMemo, what: str, inputs: Mapping[str, object], answer: Callable[[], Iterable[str]]) -> list[str]:
    return memo.recall(what, inputs, lambda: "\n".join(answer())).splitlines()


def _versions(lock: Path, names: Sequence[str]) -> Iterable[str]:
    """The distributions called `names` in a lock, "name version"."""
    try:
        return sorted({f"{each.name} {each.version}" for each in locks.read(lock).packages if each.name in names})
    except locks.LockError:
        return ()


def _tools(held: Iterable[str], project: str, lock: str) -> Iterator[LockedTool]:
    for tool, _, version in (line.partition(" ") for line in held):
        if version:
            yield LockedTool(project, lock, tool, version)


def other_versions(locked: Iterable[LockedTool], ours: Mapping[str, str]) -> str:
    """One line on the tools of which locks hold another version than runs; "" where there is none."""
    places: dict[tuple[str, str], list[str]] = {}
    for each in locked:
        if each.tool in ours and each.version != ours[each.tool]:
            places.setdefault((each.tool, each.version), []).append(each.lock)
    if not places:
        return ""
    said = [f"{some(files)}: {tool} {version}" for (tool, version), files in sorted(places.items())]
    used = [f"{tool} {ours[tool]}" for tool in sorted({tool for tool, _ in places})]
    return f"locks say other versions of tools than those that pyfmt uses ({', '.join(used)}): {'; '.join(said)}"


def _ranges(project: Project, libraries: Iterable[Project]) -> Iterator[str]:
    """What a project asks of the libraries that it has from their folders, and they are not."""
    targets = {library.distribution: library for library in libraries}
    for line in project.needs:
        library = targets.get(requirement_name(line))
        asked = requirement(line) if library is not None else None
        if library is not None and asked is not None and not _meets(asked, [library.version or ""]):
            yield f"{project.path} asks for {asked}, and {library.path} is {library.version}"


def _stale(lock: Path, root: Path, projects: Sequence[Project]) -> Iterator[str]:
    """A line for each folder that the lock installs from whose manifest asks for what it does not hold."""
    try:
        found = locks.read(lock)
    except locks.LockError:
        return
    versions: dict[str, set[str]] = {}
    for package in found.packages:
        versions.setdefault(package.name, set()).add("" if package.source.direct else package.version)
    places = {disk.realpath(root / project.path): project for project in projects}
    folders = [p.source.place for p in found.packages if p.source.kind in ("folder", "virtual")]
    members = dict.fromkeys(places.get(disk.realpath(lock.parent / place)) for place in folders)
    shown = lock.relative_to(root).as_posix()
    cure = f"`{_CURES[lock.name]}`" if lock.name in _CURES else "lock again"
    for project in (projects[0], *(member for member in members if member not in (None, projects[0]))):
        if project is not None and (lacking := list(_lacking(project, versions, project is not projects[0]))):
            yield f"{shown} is stale: {project.path} asks for {some(lacking)}; {cure} in {projects[0].path}"


def _lacking(project: Project, versions: Mapping[str, set[str]], inner: bool) -> Iterator[str]:
    """What a project asks for and no locked version meets; with `inner` also what is not locked at all.

    Of several lines for one distribution, which markers tell apart, one that is met is enough.
    """
    asked: dict[str, list[Requirement]] = {}
    for line in project.needs:
        found = requirement(line)
        if found is not None and found.url is None:
            asked.setdefault(requirement_name(line), []).append(found)
    for name, requirements in asked.items():
        locked = versions.get(name)
        if locked is None and inner and all(each.marker is None for each in requirements):
            yield f"{requirements[0]}, which is not locked"
        elif locked and not any(_meets(each, locked) for each in requirements):
            yield f"{requirements[0]}, locked is {' and '.join(sorted(locked))}"


def _meets(asked: Requirement, versions: Iterable[str]) -> bool:
    """Whether any version is in the range; one that is not known, or spelled oddly, is taken to be."""
    from packaging.version import InvalidVersion  # deferred: it costs 35 ms

    try:
        return any(not each or asked.specifier.contains(each, prereleases=True) for each in versions)
    except InvalidVersion:
        return True
