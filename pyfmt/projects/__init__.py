"""Folders to Projects: which there are, what they own, where their modules live, and who depends on whom."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from pyfmt.core.errors import ConfigError
from pyfmt.core.files import LOCK_FILES, MANIFESTS
from pyfmt.core.folders import nearest_home, parent
from pyfmt.core.globs import matches, parts_of
from pyfmt.core.listing import some
from pyfmt.core.model import Config, Edge, Failure, Project
from pyfmt.core.similar import nearest
from pyfmt.projects.declarations import declarations
from pyfmt.projects.dependencies import Member, edges
from pyfmt.projects.layout import layout
from pyfmt.projects.manifests import Manifest, read_manifest
from pyfmt.projects.names import normalise, requirement_name
from pyfmt.projects.needs import needs
from pyfmt.projects.tracked import IgnoredButTracked, Tracked
from pyfmt.projects.walking import Folder, leftovers, walk


@dataclass(frozen=True, slots=True)
class Survey:
    """All projects by path, and the manifests and folders that could not be read."""

    projects: tuple[Project, ...]
    failures: tuple[Failure, ...] = ()
    stray: Project = field(default_factory=lambda: Project("", "."))  # the files that belong to no project
    members: tuple[Member, ...] = ()  # what the edges were found from
    checkouts: tuple[str, ...] = ()  # folders below the root that are submodules or other checkouts
    leftovers: tuple[str, ...] = ()  # temporary files of pyfmt's own, relative to the root
    templates: tuple[str, ...] = ()  # folders of which nothing is checked: a template's, whose names are not filled in
    notes: tuple[str, ...] = ()  # what looks like a project and is none
    tracked: frozenset[str] = frozenset()  # files that git tracks although it ignores them

    @property
    def everything(self) -> tuple[Project, ...]:
        """The projects, and the nameless one of the files that belong to none."""
        return (*self.projects, self.stray)


@dataclass(slots=True)
class _Holding:
    """The files that a project owns, its notebooks, and what is hidden (model.Project.hidden)."""

    files: list[str] = field(default_factory=list)
    hidden: list[str] = field(default_factory=list)
    notebooks: list[str] = field(default_factory=list)

    def add(self, folder: Folder, is_hidden: bool) -> None:
        """Take in a folder's files."""
        (self.hidden if is_hidden else self.files).extend(folder.python_files)
        self.hidden.extend(folder.hidden_files)
        self.notebooks.extend(() if is_hidden else folder.notebooks)


def find_projects(config: Config, tracked: Tracked | None = None) -> Survey:
    """Every project of the monorepo; files that belong to none form the project "." (where `projects` is not set).

    `tracked` tells which of the ignored files git has in its index; by default git is asked. Raises ConfigError where a
    glob of `projects` matches no folder, or `environments` names no project.
    """
    folders, added = _folders(config, tracked or IgnoredButTracked(config.root))
    members, templates, modules = _members(config, folders)
    owned, stray = _owned(config, folders, [member.path for member in members], templates)
    if "." in owned and all(member.path != "." for member in members):
        members.insert(0, Member(".", Manifest(), folders["."].other_files))
    problems: dict[str, list[str]] = {}
    found = edges(config.root, members, problems)
    names = _names(members)
    _check_environments(config, names)
    projects = [
        replace(
            _project(member, names[member.path], owned[member.path], found[member.path]),
            needs=needs(config.root, member),
            computed=member.manifest.computed,
        )
        for member in members
    ]
    if config.boundaries is not None:
        declared = declarations(config.root, members)
        projects = [
            replace(
                project,
                declares=declared[project.path].projects,
                declared_names=declared[project.path].names,
            )
            for project in projects
        ]
    failures = [
        Failure("projects", (names[member.path],), "", "; ".join(said), f"in {member.path}")
        for member in members
        if (said := [*filter(None, [member.manifest.problem]), *problems.get(member.path, ())])
    ]
    failures += _unread(folders, names, bool(config.projects))
    rest = Project("", ".", tuple(sorted(stray.files)), hidden=tuple(sorted(stray.hidden)))
    return Survey(
        tuple(projects),
        tuple(failures),
        rest,
        tuple(members),
        tuple(path for path, found in folders.items() if path != "." and ".git" in found.other_files),
        leftovers(folders.values()),
        tuple(templates),
        tuple(_notes(templates, modules, [path for folder in folders.values() for path in folder.outputs])),
        added,
    )


def _folders(config: Config, tracked: Tracked) -> tuple[dict[str, Folder], frozenset[str]]:
    """All folders by path, and the files that git tracks although it ignores them."""
    folders = {folder.path: folder for folder in walk(config.root, config.exclude)}
    ignored = [file for folder in folders.values() for file in folder.ignored_files]
    added = tracked(ignored) if ignored else frozenset()
    if added:
        folders = {folder.path: folder for folder in walk(config.root, config.exclude, added)}
    return folders, added


def _members(config: Config, folders: Mapping[str, Folder]) -> tuple[list[Member], list[str], list[str]]:
    """The projects, and what only looks like one: the folders of templates, and those with a module called setup.py."""
    member = cache(lambda path: _member(config, folders[path]))  # each manifest is read once
    candidates = [member(path) for path in sorted(_project_folders(config, folders, member))]
    chosen = {member.path for member in candidates}
    modules = [f.path for f in folders.values() if f.manifests and not config.projects and f.path not in chosen]
    # What is named, or the monorepo itself, is what somebody wants to see checked.
    named = (".", *config.projects)
    templates = [folder.path for folder in folders.values() if folder.template]
    templates += [each.path for each in candidates if each.manifest.template and each.path not in named]
    return [each for each in candidates if nearest_home(each.path, templates) is None], templates, modules


def _has_manifest(folder: Folder, member: Callable[[str], Member]) -> bool:
    """Whether a folder has one: a setup.py alone may be a module of that name that describes no distribution."""
    if folder.manifests != ("setup.py",):
        return bool(folder.manifests)
    return "__init__.py" not in folder.other_files and member(folder.path).manifest.calls_setup


def _notes(templates: Sequence[str], modules: Sequence[str], outputs: Sequence[str]) -> Iterator[str]:
    if templates:
        yield f"not checked, since they are templates whose names have to be filled in: {some(sorted(templates))}"
    if modules:
        yield f"no project, since setup.py is a module there or calls no `setup()`: {some(modules)}"
    if outputs:
        yield (
            "not checked, since a build puts its output there, beside the manifest; ignore them in .gitignore, or give "
            f"sources another place: {some(outputs)}"
        )


def recount(config: Config, survey: Survey) -> tuple[Project, ...]:
    """The same projects (`Survey.everything`) with the files that they have now."""
    members = survey.everything
    folders = {folder.path: folder for folder in walk(config.root, config.exclude, survey.tracked)}
    owned, stray = _owned(config, folders, [member.path for member in members if member.name], survey.templates)
    holdings = [owned[member.path] if member.name else stray for member in members]
    return tuple(
        replace(member, files=tuple(sorted(holding.files)), hidden=tuple(sorted(holding.hidden)))
        for member, holding in zip(members, holdings)
    )


def _owned(
    config: Config, folders: Mapping[str, Folder], paths: Iterable[str], templates: Sequence[str]
) -> tuple[dict[str, _Holding], _Holding]:
    """The files of each of the projects in `paths`, and those of none; all of `templates` is hidden."""
    owned = {path: _Holding() for path in paths}
    stray = _Holding()
    owners: dict[str, str | None] = {}  # parents come before their folders
    for path, folder in folders.items():
        owner = path if path in owned else owners.get(parent(path))
        owners[path] = owner
        holding = stray if owner is None else owned[owner]
        holding.add(folder, is_hidden=bool(templates) and nearest_home(path, templates) is not None)
    for path in _bare(folders):
        home = owners[path]
        (stray if home is None else owned[home]).hidden.append(path + "/")
    if (stray.files or stray.notebooks) and not config.projects:
        owned["."], stray = stray, _Holding()
    return owned, stray


def _bare(folders: Mapping[str, Folder]) -> Iterator[str]:
    """Folders with nothing to import in or below them, which a tool takes for namespace packages all the same.

    Below an ignored one of them it is data, of which nobody imports anything.
    """
    holding = {"."}
    for path in reversed(list(folders)):
        if path in holding or folders[path].python_files or folders[path].hidden_files:
            holding.add(path)
            holding.add(parent(path))
    for path, folder in folders.items():
        if path not in holding and posixpath.basename(path).isidentifier():
            if not (folder.hidden and folders[parent(path)].hidden and parent(path) not in holding):
                yield path


def _project_folders(config: Config, folders: Mapping[str, Folder], member: Callable[[str], Member]) -> set[str]:
    if not config.projects:
        return {path for path, folder in folders.items() if _has_manifest(folder, member)}
    found: set[str] = set()
    for pattern in config.projects:
        wanted = parts_of(pattern)
        # "**" reaches every subfolder: only those with a manifest are meant.
        chosen = {
            path
            for path, folder in folders.items()
            if not folder.hidden
            and matches(parts_of(path), wanted)
            and ("**" not in pattern or _has_manifest(folder, member))
        }
        if not chosen:
            raise ConfigError(f"projects: {pattern!r} matches no folder", str(config.file or config.root))
        found |= chosen
    return found


def is_below(path: str, pattern: str) -> int:
    """How many parts of `path` a glob of folders matches: the folder itself or one above it; 0 for none."""
    parts, wanted = parts_of(path), parts_of(pattern)
    return next((n for n in range(len(parts), 0, -1) if matches(parts[:n], wanted)), 0)


def is_meant(project: Project, pattern: str) -> bool:
    """Whether a configuration means a project: by its name, its path, or a glob of folders."""
    return pattern in (project.name, project.path) or is_below(project.path, pattern) > 0


def _member(config: Config, folder: Folder) -> Member:
    return Member(folder.path, read_manifest(config.root / folder.path, folder.manifests), folder.other_files)


def _names(members: list[Member]) -> dict[str, str]:
    """A unique name for each: the distribution's, else the folder's; where two would share it, the folder's path."""
    names = {m.path: m.manifest.distribution or posixpath.basename(m.path) for m in members}
    counts = Counter(names.values())
    return {
        path: name if counts[name] == 1 and (name == path or name not in names) else path
        for path, name in names.items()
    }


def _check_environments(config: Config, names: Mapping[str, str]) -> None:
    known = {*names, *names.values()}
    for key, _ in config.environments:
        if (key.rstrip("/").removeprefix("./") or ".") not in known:
            hint = nearest(key, sorted(known))
            raise ConfigError(
                f"environments: no project has the name or path {key!r}{hint}", str(config.file or config.root)
            )


def _unread(folders: Mapping[str, Folder], names: Mapping[str, str], chosen_only: bool) -> list[Failure]:
    """A failure for each folder whose files are not known, since they cannot have been checked."""
    failures = []
    for folder in folders.values():
        owner = nearest_home(folder.path, names)
        if folder.problem and not (owner is None and chosen_only):
            projects = (names[owner],) if owner is not None else ()
            reason = f"folder {folder.path} {folder.problem}"
            failures.append(Failure("projects", projects, "", reason, "its files were not checked; or `exclude` it"))
    return failures


def _project(member: Member, name: str, holding: _Holding, found: tuple[Edge, ...]) -> Project:
    manifest, files = member.manifest, tuple(sorted(holding.files))
    shape = layout(member.path, files, manifest.source_folders)
    manifests = [n for n in (*MANIFESTS, *LOCK_FILES) if n in member.files]
    return Project(
        name=name,
        path=member.path,
        files=files,
        distribution=normalise(manifest.distribution) if manifest.distribution else None,
        requires_python=manifest.requires_python,
        version=manifest.version,
        import_roots=shape.import_roots,
        first_party=shape.first_party,
        depends_on=tuple(edge.target for edge in found),
        hidden=tuple(sorted(holding.hidden)),
        manifests=tuple(manifests),
        build_requires=tuple(sorted({requirement_name(line) for line in manifest.build_requires} - {""})),
        requires=tuple(sorted({name for line in manifest.requirements if (name := requirement_name(line))})),
        edges=found,
        notebooks=tuple(sorted(holding.notebooks)),
    )
