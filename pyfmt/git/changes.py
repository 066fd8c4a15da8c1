"""Finds out what `--since` leaves to do: from changed paths to projects, and to all that depends on them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt import disk
from pyfmt.core import dependents, parsing
from pyfmt.core.files import MANIFESTS, PROJECT_WIDE
from pyfmt.core.folders import nearest_home
from pyfmt.core.listing import count, some
from pyfmt.core.model import Config, Edge, Project
from pyfmt.git import repository as git
from pyfmt.git.further import everywhere, further_links, is_left_behind
from pyfmt.git.lock_changes import LockChange, LockChanges
from pyfmt.git.merge_base import find_base
from pyfmt.git.scope import Files, Scope, everything
from pyfmt.git.shared_files import shared_files
from pyfmt.imports.graph import Home, ImportGraph
from pyfmt.imports.index import modules_of
from pyfmt.imports.parse import Read, read_module
from pyfmt.projects import Survey
from pyfmt.projects.dependencies import Member, edges
from pyfmt.projects.layout import top_names
from pyfmt.projects.locks.requirements import is_requirements
from pyfmt.projects.manifests import Manifest
from pyfmt.projects.names import is_placeholder
from pyfmt.projects.walking import PYTHON_SUFFIXES

if TYPE_CHECKING:
    from pyfmt.git.index import GitIndex

_COMPILED = (".so", ".pyd")
_ASKED = 200  # files of which git is asked what they held


@dataclass(frozen=True, slots=True)
class Comparison:
    """What `--since` compares: the merge base with a revision, and the work tree or what is staged."""

    since: str  # a revision, or "auto"
    environ: Mapping[str, str]
    # The monorepo's root in the work tree, and the index: then the configuration is that of the index's contents.
    staged: tuple[Path, GitIndex] | None = None


def find_scope(settings: Config, survey: Survey, compared: Comparison, read: Read) -> Scope:
    """What a comparison means for a monorepo; `read` gives a file's imports.

    Raises UsageError for a revision that does not exist. Where git cannot tell, everything counts, and a note says why.
    """
    try:
        root, index = compared.staged or (settings.root, None)
        repository = replace(git.find_repository(root), index=index)
        base = find_base(repository, compared.since, compared.environ)
        changes: dict[git.Change, None] = {}
        for commit in base.commits:
            changes |= dict.fromkeys(repository.changes(commit))
    except git.Unknown as error:
        return everything(survey, compared.since, str(error))
    diff = _Diff(settings, survey, repository, base.commits, tuple(changes))
    return _Attribution(diff, read).scope(base.said)


@dataclass(frozen=True, slots=True)
class _Diff:
    """What there is to attribute to projects."""

    settings: Config
    survey: Survey
    repository: git.Repository
    bases: tuple[str, ...]
    changes: tuple[git.Change, ...]

    @property
    def paths(self) -> frozenset[str]:
        """Every path that changed, came or went."""
        return frozenset(path for change in self.changes for path in (change.path, change.was) if path is not None)


@dataclass(slots=True)
class _ProjectChanges:
    """What changed in one project's folder."""

    paths: list[str] = field(default_factory=list)  # all but lock files
    python: list[str] = field(default_factory=list)
    moved: list[str] = field(default_factory=list)  # those that came or went
    facts: list[str] = field(default_factory=list)
    locks: list[LockChange] = field(default_factory=list)  # that make a difference


class _Attribution:
    """Goes from changed paths to projects, and from there to all that depends on them."""

    def __init__(self, diff: _Diff, read: Read) -> None:
        self._diff = diff
        self._read = read
        self._projects = {project.path: project for project in diff.survey.projects}
        self._known = {file for project in self._projects.values() for file in modules_of(project)}
        self._gone = _gone_members(diff, self._projects)
        self._homes = {*self._projects, *(member.path for member in self._gone)}
        self._edges = self._find_edges()
        self._locks = LockChanges(
            diff.settings.root, diff.repository, (diff.bases, diff.paths), self._projects.values()
        )
        self._touched: dict[str, _ProjectChanges] = {}
        self._strays: list[str] = []  # changed Python files of no project
        for change in diff.changes:
            self._sort_in(change)
        for path, relocked in self._locks.differing():
            touched = self._touched.setdefault(path, _ProjectChanges())
            touched.locks.append(relocked)
            if relocked.own and self._is_manifest(path, relocked.lock):
                self._sort_in_file(relocked.lock, touched, "pyproject.toml")

    def _find_edges(self) -> dict[str, tuple[Edge, ...]]:
        if not self._gone:
            return {path: project.edges for path, project in self._projects.items()}
        return edges(self._diff.settings.root, [*self._diff.survey.members, *self._gone])

    def _sort_in(self, change: git.Change) -> None:
        for path in (change.path, change.was):
            if path is None or path == ".." or path.startswith("../") or is_left_behind(path):
                continue
            if change.folder:
                self._sort_in_folder(path)
                continue
            owner = nearest_home(path, self._homes)
            if owner is None:
                self._strays += [path] if path.endswith(PYTHON_SUFFIXES) else []
                continue
            if not self._locks.is_lock(path):
                touched = self._touched.setdefault(owner, _ProjectChanges())
                self._sort_in_file(path, touched, posixpath.basename(path))
                if change.kind != "modified" and path.endswith(PYTHON_SUFFIXES):
                    touched.moved.append(path)

    def _is_manifest(self, project: str, lock: str) -> bool:
        """Whether a project's requirements file is what its metadata are made from (setuptools' dynamic metadata)."""
        texts = (disk.text_or_none(self._diff.settings.root / project / name) or "" for name in MANIFESTS)
        return is_requirements(lock) and any(posixpath.basename(lock) in text for text in texts)

    def _sort_in_file(self, path: str, touched: _ProjectChanges, name: str) -> None:
        touched.paths.append(path)
        if path.endswith(PYTHON_SUFFIXES):
            touched.python.append(path)
        if name in PROJECT_WIDE or name.endswith(_COMPILED):
            touched.facts.append(path)

    def _sort_in_folder(self, folder: str) -> None:
        """A submodule: all that is known below it."""
        inside = [path for path in self._projects if path == folder or path.startswith(folder + "/")]
        owner = nearest_home(folder, self._projects)
        for path in {*inside, *([owner] if owner is not None else [])}:
            touched = self._touched.setdefault(path, _ProjectChanges())
            touched.paths.append(folder)
            touched.facts.append(folder)

    def scope(self, said: str) -> Scope:
        """The whole answer."""
        shared = self._shared_files()
        importers = {} if shared else self._importers()
        every = {path: project.checked for path, project in self._projects.items()}
        changed = {path: self._why_changed(path) for path in sorted(self._touched) if path in self._projects}
        changed = {path: why for path, why in changed.items() if why}
        touched = self._affected(importers, shared)
        return Scope(
            since=said,
            known=True,
            bases=self._diff.bases,
            notes=self._notes(said, shared),
            paths=self._diff.paths,
            changed=changed,
            affected={path: touched[path] for path in sorted(touched) if path not in changed and path in every},
            format=every if shared else self._to_format(),
            lint=every if shared else self._to_lint(importers),
            relocked=frozenset(path for path, found in self._touched.items() if found.locks),
            gained=frozenset(self._gained()),
        )

    def _gained(self) -> Iterator[str]:
        """The changed files with a new import: with it a library may be reached that was not before.

        Where there are many, all are taken for such: git is asked for each.
        """
        changed = [path for touched in self._touched.values() for path in touched.python if path in self._known]
        for path in changed:
            now = {text for text in self._read(path) if not text.startswith("@")}
            if now and (len(changed) > _ASKED or now - self._imported_before(path)):
                yield path

    def _imported_before(self, path: str) -> set[str]:
        """What a file imported at all of the bases; nothing where that is not known."""
        try:
            texts = [self._diff.repository.read(base, path) or b"" for base in self._diff.bases]
        except git.Unknown:
            return set()
        return set.intersection(*(set(read_module(text).content.imports) for text in texts)) if texts else set()

    def _notes(self, said: str, shared: Sequence[str]) -> tuple[str, ...]:
        bases = ", ".join(base[:12] for base in self._diff.bases)
        number = len(self._diff.changes)
        notes = [f"since {said}, at {bases}: {count(number, 'changed file') if number else 'no changed files'}"]
        notes += [f"{path} changed, which all projects share: everything counts" for path in shared]
        notes += [f"{path} changed, but installs the same packages" for path in self._locks.same()]
        return tuple(notes)

    def _shared_files(self) -> list[str]:
        folders = [change.path for change in self._diff.changes if change.folder]
        return shared_files(self._diff.settings, self._diff.paths, folders)

    def _importers(self) -> dict[str, str]:
        """Files that import what changed, with what they import."""
        changed = {path for touched in self._touched.values() for path in touched.python} | set(self._strays)
        for path, touched in self._touched.items():
            if touched.facts and path in self._projects:
                changed.update(self._projects[path].files)
        if not changed:
            return {}
        homes = []
        for path, project in self._projects.items():
            gone = [file for file in self._python_of(path) if file not in self._known]
            roots = (*project.import_roots, *_likely(path))
            homes.append(Home(path, (*modules_of(project), *gone), roots, project.notebooks))
        for member in self._gone:
            homes.append(Home(member.path, tuple(self._python_of(member.path)), (member.path, *_likely(member.path))))
        files = dict.fromkeys((*modules_of(self._diff.survey.stray), *self._strays))
        homes.append(Home("", tuple(files), (".",)))
        return ImportGraph(homes, self._read).importers(changed)

    def _python_of(self, path: str) -> list[str]:
        touched = self._touched.get(path)
        return list(dict.fromkeys(touched.python)) if touched else []

    def _why_changed(self, path: str) -> tuple[str, ...]:
        touched = self._touched[path]
        paths = sorted(dict.fromkeys(touched.paths))
        why = [f"{some(paths)} changed"] if paths else []
        return (*why, *(change.text for change in touched.locks if change.own))

    def _affected(self, importers: Mapping[str, str], shared: Sequence[str]) -> dict[str, tuple[str, ...]]:
        """Projects that a change reaches from elsewhere, with the reasons."""
        names = {path: project.name for path, project in self._projects.items()}
        names |= {member.path: member.path for member in self._gone}
        reasons: dict[str, list[str]] = {path: [] for path in self._projects}
        for path in shared:
            for said in reasons.values():
                said.append(f"{path} changed, which all projects share")
        for path in everywhere(self._diff.settings, self._diff.paths):
            for said in reasons.values():
                said.append(f"{path} changed, which affects every project")
        for path, touched in self._touched.items():
            if path in reasons:
                reasons[path] += [change.text_for(names[path]) for change in touched.locks if not change.own]
        further = further_links(self._diff.settings, self._projects, self._diff.paths)
        seeds = [*(path for path, touched in self._touched.items() if touched.paths), *self._strays]
        seeds += [link.target for link in further if link.target not in self._projects]  # files
        found = [*dependents.links(self._edges), *self._import_links(importers), *further]
        for path, chain in dependents.spread(seeds, found).items():
            if path in reasons:
                reasons[path].append(dependents.described(chain, names))
        return {path: tuple(said) for path, said in reasons.items() if said}

    def _node(self, file: str) -> str:
        """The project of a file; where it has none, the file stands for itself."""
        return nearest_home(file, self._homes) or file

    def _import_links(self, importers: Mapping[str, str]) -> list[dependents.Link]:
        """Imports from one project into another that no manifest or lock declares."""
        known = {(path, edge.target) for path, found in self._edges.items() for edge in found}
        found = []
        for file, target in importers.items():
            pair = (self._node(file), self._node(target))
            if pair[0] != pair[1] and pair not in known:
                known.add(pair)
                found.append(dependents.Link(*pair, f"imports it ({file})"))
        return found

    def _to_format(self) -> Files:
        chosen: dict[str, set[str]] = {}
        for path, touched in self._touched.items():
            project = self._projects.get(path)
            if project is None:
                continue
            mine = set(touched.python) | self._unhidden(project)
            # Its Python version, or its first-party names: then any of its files may be formatted otherwise.
            if touched.facts or _renames_top(project, touched.moved):
                mine |= {*project.checked}
            chosen[path] = mine
        return self._files(chosen)

    def _to_lint(self, importers: Mapping[str, str]) -> Files:
        chosen = {path: self._unhidden(project) for path, project in self._projects.items()}
        seeds = []
        for path, touched in self._touched.items():
            if touched.python or touched.facts:
                seeds.append(path)
            if path in chosen:
                everything = touched.facts or touched.locks
                chosen[path].update(self._projects[path].checked if everything else touched.python)
        for path in dependents.spread(seeds, dependents.links(self._edges)):
            if path in chosen:
                chosen[path].update(self._projects[path].checked)
        for file in importers:
            owner = self._node(file)
            if owner in chosen:
                chosen[owner].add(file)
        return self._files(chosen)

    def _files(self, chosen: Mapping[str, set[str]]) -> Files:
        found = {path: tuple(f for f in self._projects[path].checked if f in mine) for path, mine in chosen.items()}
        return {path: files for path, files in sorted(found.items()) if files}

    def _unhidden(self, project: Project) -> set[str]:
        """Files that a changed .gitignore may have brought into sight."""
        folders = {posixpath.dirname(path) for path in self._diff.paths if posixpath.basename(path) == ".gitignore"}
        return {file for file in project.checked for folder in folders if not folder or file.startswith(folder + "/")}


def _renames_top(project: Project, moved: Iterable[str]) -> bool:
    """Whether a top-level name of a project comes or goes with its files: isort knows first party by these."""
    changed = set(moved)
    kept = [file for file in project.files if file not in changed]
    for root in project.import_roots:
        if top_names(root, changed) - top_names(root, kept):
            return True
    return False


def _likely(path: str) -> tuple[str, ...]:
    """Where sources of a project may have been that has none there any more."""
    return (posixpath.normpath(posixpath.join(path, "src")),)


def _gone_members(diff: _Diff, projects: Mapping[str, Project]) -> tuple[Member, ...]:
    """Projects that were there: their manifest is deleted or has moved."""
    found: dict[str, Member] = {}
    for path in sorted(diff.paths):
        folder, name = posixpath.split(path)
        folder = folder or "."
        if (
            name not in MANIFESTS
            or folder in projects
            or path.startswith("../")
            or is_placeholder(folder)
            or disk.exists(diff.settings.root / path)
        ):
            continue
        text = diff.repository.read(diff.bases[0], path)
        distribution = _distribution(text or b"") if name == "pyproject.toml" else None
        if folder not in found or distribution:
            found[folder] = Member(folder, Manifest(distribution=distribution), frozenset())
    return tuple(found.values())


def _distribution(pyproject: bytes) -> str | None:
    try:
        data = parsing.parse_toml(pyproject.decode("utf-8"))
        name = data.get("project", {}).get("name") or data.get("tool", {}).get("poetry", {}).get("name")
    except (ValueError, AttributeError):
        return None
    return name if isinstance(name, str) else None
