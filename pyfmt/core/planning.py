"""PURE: projects x environments x tools to units.

Projects that share an environment are linted together, except where that would change an answer: two files that claim
one module name (mypy aborts, pylint answers wrongly without a word), or a project whose files import a name that only
the neighbour's uninstalled folders provide (the import error would be lost). Units are always cut from the projects'
full sets of files, so that a partial run reports exactly the share of a whole one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pyfmt.core.away import Away, Libraries
from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.core.folders import parent
from pyfmt.core.model import Environment, Health, Part, Project, Resolution, Skip, Unit

FORMAT = "format"  # the tool of a unit that applies the formatters


@dataclass(frozen=True, slots=True)
class Plan:
    """The units of a run in a stable order, and what cannot be run."""

    format_units: tuple[Unit, ...] = ()
    lint_units: tuple[Unit, ...] = ()
    skips: tuple[Skip, ...] = ()


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to plan: `selected` are the files to report on, by project path."""

    projects: tuple[Project, ...]
    selected: Mapping[str, tuple[str, ...]]
    resolutions: Mapping[str, Resolution]  # by project path
    formatters: tuple[str, ...]
    linters: tuple[str, ...]
    formatted: Mapping[str, tuple[str, ...]] | None = None  # the files to format, where these are not the same
    libraries: Libraries = field(default_factory=Libraries)  # what is judged away from home
    chosen: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # tools by project path, where any sets its own
    strict: bool = True  # what is not judged for a dependent that nobody named is a skip; False: a note is enough
    apart: Mapping[str, Resolution] = field(default_factory=dict)  # files whose environment is not their project's

    def missed(self, library: Project) -> set[str]:
        """The paths of the dependents without a usable environment for which it is a skip that none judges a
        library; what is selected of them is a skip of theirs."""
        dependents = self.libraries.blind.get(library.path, ()) if self.strict else ()
        return {path for path in dependents if not self.selected.get(path)}

    @property
    def home(self) -> tuple[Project, ...]:
        """The projects with the files that their own environments judge."""
        if not self.apart:
            return self.projects
        return tuple(
            replace(project, files=self._left(project.files), notebooks=self._left(project.notebooks))
            for project in self.projects
        )

    def _left(self, files: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(file for file in files if file not in self.apart)

    def reported(self, tool: str, project: str) -> tuple[str, ...]:
        """The files of a project that a tool is to report on."""
        return self.selected.get(project, ()) if tool in self.chosen.get(project, (tool,)) else ()


@dataclass(frozen=True, slots=True)
class Facts:
    """Facts of tools and files that planning asks for, only where it must."""

    module_name: Callable[[str, str, Project], str]  # tool, file, project; "" where the tool does not take the file
    imports: Callable[[str], frozenset[str]]  # file -> top-level names that it imports
    alone: Callable[[str], bool]  # whether a tool must be run for each project by itself
    reads_environment: Callable[[str], bool] = lambda _tool: True


@dataclass(frozen=True, slots=True)
class _Packed:
    """The files of a project in a unit; `home` as in `Part`."""

    project: Project
    files: tuple[str, ...]
    home: bool = True
    library: str = ""  # its path, where a tool is asked about all of its files together


@dataclass
class _Pack:
    """Projects that go into one unit; `names` are the module names taken."""

    members: list[_Packed] = field(default_factory=list)
    names: set[str] = field(default_factory=set)


def plan(work: Work, facts: Facts) -> Plan:
    """All units: one for each project to format, then for each linter the packs of each environment."""
    chosen = [project for project in work.projects if work.selected.get(project.path)]
    to_format = work.selected if work.formatted is None else work.formatted
    formatting = (
        tuple(
            Unit(FORMAT, None, (Part(p, to_format[p.path]),))
            for p in work.projects
            if to_format.get(p.path) and not {*work.formatters}.isdisjoint(work.chosen.get(p.path, work.formatters))
        )
        if work.formatters
        else ()
    )
    units: list[Unit] = []
    groups = _groups(work) if chosen else []
    for tool in work.linters if chosen else ():
        if not facts.reads_environment(tool):
            units.extend(_environmentless(tool, work))
            continue
        for environment, members in groups:
            packs = _pack(tool, environment, members, (facts, work.libraries.away.get(environment.prefix, ())))
            units.extend(_units(tool, environment, packs, work))
            units.extend(_notebook_units(tool, environment, members, (len(packs), work)))
    reading = tuple(filter(facts.reads_environment, work.linters))
    return Plan(formatting, tuple(units), _skips(chosen, replace(work, linters=reading)))


def _environmentless(tool: str, work: Work) -> list[Unit]:
    """A unit for each project that has something to report."""
    parts = (_part(tool, None, _Packed(project, project.files), work) for project in work.projects)
    return [Unit(tool, None, (part,), number) for number, part in enumerate(parts) if part.files]


def cure_for(project: Project, resolution: Resolution | None) -> str:
    """Why a project has no usable environment, and the command that mends it."""
    reason = next((found.reason for found in resolution.passed_over if found.reason), "") if resolution else ""
    cure = next((found.cure for found in resolution.passed_over if found.reason), "") if resolution else ""
    said = f"no usable environment: {reason}" if reason else "no environment found"
    create = f"`pyfmt envs create {shell_word(project.path)}`"
    if "pyfmt envs create" in cure:
        return f"{said}; {cure}"
    return f"{said}; run {create}" + (f" (or {cure})" if cure else "")


def shell_word(text: str) -> str:
    """`text` as it can be pasted into a command line."""
    return text if re.fullmatch(r"[\w@%+=:,./-]+", text, re.ASCII) else "'" + text.replace("'", "'\"'\"'") + "'"


def _skips(chosen: Sequence[Project], work: Work) -> tuple[Skip, ...]:
    projects = {project.path: project for project in work.projects}
    reasons: list[tuple[Project, str]] = []  # each with the project that is not checked
    for project in chosen:
        selected = work.selected[project.path]
        apart = [(file, work.apart[file]) for file in selected if file in work.apart]
        reasons += [(project, f"{file}: {found.note}") for file, found in apart if found.environment is None]
        if len(apart) < len(selected):
            reasons.append((project, _unusable(project, work)))
        for dependent in (projects[path] for path in sorted(work.missed(project))):
            reasons.append((project, f"not judged for {dependent.name}: {_unusable(dependent, work)}"))
    return tuple(
        Skip(project.name, tool, reason)
        for project, reason in reasons
        if reason
        for tool in work.linters
        if work.reported(tool, project.path)
    )


def _unusable(project: Project, work: Work) -> str:
    """Why a project's environment cannot be used, with the cure; "" where it can."""
    resolution = work.resolutions.get(project.path)
    environment = resolution.environment if resolution else None
    if environment is None:
        return cure_for(project, resolution)
    if environment.health is not Health.BROKEN:
        return ""
    cure = environment.cure or f"`pyfmt envs create {shell_word(project.path)} --recreate`"
    return f"environment {environment.name} is broken: {environment.reason}; run {cure}"


def _groups(work: Work) -> list[tuple[Environment, list[Project]]]:
    """Usable environments with the projects that have them, in the order of the environments' names."""
    groups: dict[str, tuple[Environment, list[Project]]] = {}
    members = [(project, work.resolutions.get(project.path)) for project in work.home]
    for project in work.projects if work.apart else ():
        members += [(_alone(project, file), work.apart[file]) for file in project.checked if file in work.apart]
    for project, resolution in members:
        environment = resolution.environment if resolution else None
        if environment is not None and environment.health is not Health.BROKEN and project.checked:
            groups.setdefault(environment.prefix, (environment, []))[1].append(project)
    return sorted(groups.values(), key=lambda group: (group[0].name, group[0].prefix))


def _alone(project: Project, file: str) -> Project:
    """A project with nothing but a file that its environment does not judge."""
    is_notebook = file.endswith(NOTEBOOK_SUFFIX)
    files, notebooks = ((), (file,)) if is_notebook else ((file,), ())
    return replace(project, files=files, notebooks=notebooks, import_roots=(parent(file),))


def _pack(
    tool: str, environment: Environment, members: list[Project], given: tuple[Facts, Sequence[Away]]
) -> list[_Pack]:
    """Packs without a clash, first fit in the order of the projects' paths; libraries whose home is elsewhere last."""
    facts, away = given
    ordered = sorted(members, key=lambda member: member.path)
    if facts.alone(tool):
        covered = ((p, tuple(file for file in p.files if facts.module_name(tool, file, p))) for p in ordered)
        return [_Pack([_Packed(project, files, library=project.path)]) for project, files in covered] + [
            _Pack([_covered(tool, each, facts)]) for each in away
        ]
    packs: list[_Pack] = []
    leaks = _Leaks(environment, facts)
    layers = [(project, layer, True) for project in ordered for layer in _layers(tool, project, project.files, facts)]
    # Not the files that it is not asked about: what mypy only follows costs it a third.
    further = [(a.project, layer, False) for a in away for layer in _layers(tool, a.project, sorted(a.asked), facts)]
    for project, layer, home in (*layers, *further):
        names = set(layer)
        for pack in packs:
            if not names & pack.names and not any(leaks.between(project, other.project) for other in pack.members):
                break
        else:
            pack = _Pack()
            packs.append(pack)
        pack.members.append(_Packed(project, tuple(sorted(layer.values())), home))
        pack.names |= names
    return packs


def _covered(tool: str, away: Away, facts: Facts) -> _Packed:
    """What a tool that lints each project by itself is asked about."""
    asked = sorted(away.files) if away.as_whole else ()
    files = tuple(file for file in asked if facts.module_name(tool, file, away.project))
    return _Packed(away.project, files, False, away.project.path)


def _layers(tool: str, project: Project, files: Iterable[str], facts: Facts) -> list[dict[str, str]]:
    """Files of a project by module name, in as few layers as possible so that no layer has a name twice."""
    layers: list[dict[str, str]] = []
    for file in files:
        name = facts.module_name(tool, file, project)
        if not name:
            continue  # the tool itself would not look at it
        for layer in layers:
            if name not in layer:
                layer[name] = file
                break
        else:
            layers.append({name: file})
    return layers


@dataclass(frozen=True, slots=True)
class _Names:
    """Top-level names that can be imported from a project's folders."""

    # Modules and regular packages: nothing of another project is found under such a name. A folder without `__init__`
    # is none of them: it is a namespace that others may add to.
    own: frozenset[str]
    leaking: frozenset[str]  # names of either kind that only the tool's search path gives, not the environment


class _Leaks:
    """Whether one project would see modules of another only because they are linted together."""

    def __init__(self, environment: Environment, facts: Facts) -> None:
        self._visible = tuple({*environment.search_path, *environment.finder_roots})
        self._facts = facts
        self._imports: dict[str, frozenset[str]] = {}
        self._names: dict[str, _Names] = {}

    def between(self, one: Project, other: Project) -> bool:
        """True where linting the two together could hide an import error of either."""
        if one.path == other.path:
            return False
        return self._leaks(one, other) or self._leaks(other, one)

    def _leaks(self, importer: Project, provider: Project) -> bool:
        foreign = self._provided(provider).leaking - self._provided(importer).own
        return bool(foreign and foreign & self._imported(importer))

    def _provided(self, project: Project) -> _Names:
        if project.path not in self._names:
            visible: set[str] = set()
            hidden: set[str] = set()
            own: set[str] = set()
            for root in project.import_roots:
                names = _top_level(root, project.files)
                own |= {name for name, regular in names.items() if regular}
                (visible if self._is_visible(root) else hidden).update(names)
            self._names[project.path] = _Names(frozenset(own), frozenset(hidden - visible))
        return self._names[project.path]

    def _is_visible(self, root: str) -> bool:
        """Whether the environment itself has an import root, as an editable installation gives it.

        Its search path is absolute and `root` relative: by the tail, since this is pure.
        """
        return root != "." and any(path.replace("\\", "/").endswith("/" + root) for path in self._visible)

    def _imported(self, project: Project) -> frozenset[str]:
        if project.path not in self._imports:
            found = (self._facts.imports(file) for file in project.files)
            self._imports[project.path] = frozenset().union(*found)
        return self._imports[project.path]


def _top_level(root: str, files: Iterable[str]) -> dict[str, bool]:
    """What can be imported from `root`: each name with whether it is a module or regular package."""
    prefix = "" if root == "." else root + "/"
    names: dict[str, bool] = {}
    for file in files:
        if file.startswith(prefix):
            top, slash, rest = file[len(prefix) :].partition("/")
            regular = not slash or rest in ("__init__.py", "__init__.pyi")
            name = top if slash else top.rpartition(".")[0]
            names[name] = names.get(name, False) or regular
    return names


def _units(tool: str, environment: Environment, packs: list[_Pack], work: Work) -> list[Unit]:
    """Units of the packs that have something to report; what is not selected becomes context."""
    units = []
    for number, pack in enumerate(packs):
        parts = tuple(_part(tool, environment, member, work) for member in pack.members)
        if any(part.files for part in parts):
            units.append(Unit(tool, environment, parts, number))
    return units


def _notebook_units(
    tool: str, environment: Environment, members: list[Project], given: tuple[int, Work]
) -> Iterator[Unit]:
    """A unit for each project's notebooks: nothing imports one, so that no other file's answer depends on them."""
    first, work = given
    for number, project in enumerate(sorted(members, key=lambda member: member.path), first):
        wanted = set(work.reported(tool, project.path))
        files = tuple(file for file in project.notebooks if file in wanted)
        if files:
            yield Unit(tool, environment, (Part(project, files),), number)


def _part(tool: str, environment: Environment | None, member: _Packed, work: Work) -> Part:
    wanted = set(work.reported(tool, member.project.path))
    report = tuple(file for file in member.files if file in wanted)
    return Part(
        member.project,
        report,
        tuple(file for file in member.files if file not in wanted),
        home=member.home,
        answers_for=work.libraries.answered_by(environment, report, member.library) if environment else (),
    )
