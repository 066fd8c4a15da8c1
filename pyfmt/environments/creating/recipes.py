"""What is to be installed, in which calls: from the lock where there is one, else as the manifests ask."""

from __future__ import annotations

import configparser
import re
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from pathlib import Path

from pyfmt import disk
from pyfmt.core.parsing import Table, table
from pyfmt.environments.creating.choice import DEVELOPMENT, choose, conflicts_of, extras_of, group_lines, main_lines
from pyfmt.environments.creating.pins import LocalFolder, Pinned, pinned
from pyfmt.environments.creating.values import CreateOptions, CreateRequest, CreationError, projects_of
from pyfmt.environments.creating.writers import Question, Sync, sync_by_manager, sync_by_uv
from pyfmt.projects import locks
from pyfmt.projects.locks.choosing import Choice, Target, chosen
from pyfmt.projects.locks.values import Lock
from pyfmt.projects.names import normalise, requirement_name

_REQUIREMENTS = re.compile(r"(?:requirements(?:[-_.](?P<after>\w+))?|(?P<before>\w+)[-_]requirements)\.txt")
# Build backends that leave the folder which they install from as it was; setuptools writes its *.egg-info there.
_CLEAN_BACKENDS = ("hatchling", "poetry.core", "flit_core", "pdm.backend", "uv_build")


@dataclass(frozen=True, slots=True)
class Step:
    """One call of the installer; all paths are absolute."""

    cwd: Path
    lines: tuple[str, ...] = ()  # of a requirements file
    files: tuple[Path, ...] = ()  # requirements files of the project
    folders: tuple[LocalFolder, ...] = ()
    indexes: tuple[str, ...] = ()
    no_deps: bool = False
    wheels: bool = False  # nothing is built
    sync: Sync | None = None  # the call of a manager, instead of the installer's; `folders` is what it builds
    overrides: tuple[str, ...] = ()  # where distributions come from whoever asks for them: "name @ file:///…"

    @property
    def written_to(self) -> tuple[Path, ...]:
        """Folders that the call writes to besides the environment: two calls at once would get in each other's way."""
        return tuple(sorted({folder.path for folder in self.folders if not _is_clean(folder.path)}))


@dataclass(frozen=True, slots=True)
class Recipe:
    """The calls that fill an environment, in order, and where what they install is said."""

    source: str
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()
    # Distributions of the monorepo that nobody is known to ask for: where one is installed all the same, since a
    # dependency is computed, it is installed again from its folder, editable.
    neighbours: Mapping[str, Path] = field(default_factory=dict)
    expected: frozenset[str] = frozenset()  # distributions that a manager must have installed
    otherwise: Recipe | None = None  # what is done where the manager fails

    @property
    def manager(self) -> str:
        """The manager that installs; "" for the installer itself."""
        return next((step.sync.program for step in self.steps if step.sync is not None), "")


def recipe(
    requests: Sequence[CreateRequest], owner: Path, target: Target, uv: str | None, options: CreateOptions
) -> Recipe:
    """What to install for the projects that share an environment; `owner` is the folder that it belongs to.

    A lock file of the owner is for all of them, any other for its own project. Raises CreationError.
    """
    lock = locks.find(owner)
    local = _local(requests)
    if lock is None:
        return _unlocked(requests, local)
    content = _read_lock(lock)
    manifests = [read_manifest(folder) for folder in dict.fromkeys((owner, *_own_folders(requests)))]
    known = {normalise(extra): names for manifest in manifests for extra, names in extras_of(manifest).items()}
    locked_extras = {extra: known.get(normalise(extra), ()) for extra in content.extras}
    choice, notes = choose(requests, content.groups, locked_extras, content.conflicts)
    asked = Question(owner, requests[0].prefix, content, choice, read_manifest(owner))
    if lock.name == "uv.lock" and uv:
        return Recipe(lock.name, (Step(owner, folders=local, sync=sync_by_uv(uv, asked)),), notes)
    pins = install_list(lock, content, target, choice)
    plain = replace(_locked(lock, pins, local), notes=notes)
    sync, why_not = sync_by_manager(asked, options, requests[0].root, uv)
    foreign = sorted({pin.name for pin in pins.pins} & {_distribution(folder.path) for folder in local})
    if sync is not None and foreign:
        why_not = f"{sync.program} was not asked: it would take {', '.join(foreign)} from an index, not from here"
    if sync is None or foreign:
        return replace(plain, notes=(*notes, *filter(None, [why_not])))
    return _synced(plain, pins, sync, owner)


def _synced(plain: Recipe, pins: Pinned, sync: Sync, owner: Path) -> Recipe:
    """The call of a manager, then what it does not install editable; `plain` is how the lock is read without it."""
    folders = tuple(folder for step in plain.steps for folder in step.folders)
    done = {folder.path for folder in pins.folders if folder.editable} | ({owner} if sync.installs_project else set())
    rest = tuple(folder for folder in folders if folder.editable and folder.path not in done)
    steps = [Step(owner, folders=folders, sync=sync)]
    steps += [Step(owner, folders=rest, no_deps=True)] if rest else []
    expected = frozenset(pin.name for pin in pins.pins)
    return replace(plain, steps=tuple(steps), expected=expected, otherwise=plain)


def _local(requests: Sequence[CreateRequest]) -> tuple[LocalFolder, ...]:
    """The projects, and what they depend on of the monorepo, as far as they can be installed."""
    folders = [requests[0].root / project.path for project in projects_of(requests)]
    return tuple(LocalFolder(folder) for folder in dict.fromkeys(map(Path.resolve, folders)) if is_installable(folder))


def _own_folders(requests: Sequence[CreateRequest]) -> list[Path]:
    return [(request.root / request.project.path).resolve() for request in requests]


def _read_lock(path: Path) -> Lock:
    try:
        return locks.read(path)
    except locks.LockError as error:
        raise CreationError(str(error), "let its manager lock again") from error


def install_list(path: Path, lock: Lock, target: Target, choice: Choice) -> Pinned:
    """What `lock`, which lies at `path`, installs on `target`; raises CreationError where a marker cannot be read."""
    try:
        return pinned(lock, chosen(lock, target, choice), path.parent)
    except locks.LockError as error:
        raise CreationError(f"{path.name} cannot be read: {error}", "let its manager lock again") from error


def _locked(lock: Path, locked: Pinned, local: tuple[LocalFolder, ...]) -> Recipe:
    """The pins with their hashes, then what has none: a call with hashes takes no folders (pip's rule).

    A lock is complete, so nothing is resolved again: a distribution of the monorepo is never looked up on an index.
    """
    known = {folder.path for folder in locked.folders}
    # Projects of the monorepo go in editable whatever the lock says, since their sources are what is linted.
    ours = {folder.path for folder in local}
    folders = [folder if folder.path not in ours else LocalFolder(folder.path) for folder in locked.folders]
    folders += [folder for folder in local if folder.path not in known]
    missing = [str(folder.path) for folder in folders if not folder.path.is_dir()]
    if missing:
        raise CreationError(f"{lock.name} installs from {missing[0]}, which is not there", "let its manager lock again")
    installable = tuple(folder for folder in folders if is_installable(folder.path))
    own = {_distribution(folder.path) for folder in installable} - {""}
    pins = [pin for pin in locked.pins if pin.name not in own]
    hashed = [pin for pin in pins if pin.hashes and not pin.url]
    rest = [pin for pin in pins if pin not in hashed]
    steps = []
    if hashed:
        lines = tuple(f"{p.line} " + " ".join(f"--hash={value}" for value in p.hashes) for p in hashed)
        steps.append(Step(lock.parent, lines, indexes=locked.indexes, no_deps=True))
    if rest or installable:
        lines = tuple(pin.line for pin in rest)
        steps.append(Step(lock.parent, lines, folders=installable, indexes=locked.indexes, no_deps=True))
    return Recipe(lock.name, tuple(steps))


def _unlocked(requests: Sequence[CreateRequest], local: tuple[LocalFolder, ...]) -> Recipe:
    """Requirements files, and the projects with what their manifests ask for; folders go into the same call, so that
    a distribution of the monorepo is never looked up on an index."""
    own = list(dict.fromkeys(_own_folders(requests)))
    manifests = {folder: read_manifest(folder) for folder in own}
    choice, lines, notes = _lines(requests, manifests, {_distribution(folder.path) for folder in local})
    files = [file for folder in own for file in requirements_files(folder)]
    folders = tuple(
        (
            replace(folder, extras=tuple(sorted(choice.extras & set(extras_of(manifests[folder.path])))))
            if folder.path in manifests
            else folder
        )
        for folder in local
    )
    neighbours = _neighbours(requests[0], {folder.path for folder in local})
    overrides = tuple(f"{name} @ {folder.as_uri()}" for name, folder in neighbours.items())
    step = Step(own[0], lines, tuple(files), folders, overrides=overrides)
    manifest = "pyproject.toml" if (own[0] / "pyproject.toml").is_file() else "setup.py"
    source = ", ".join([path.name for path in files] or [manifest])
    if any("--hash" in disk.read_text(path, "replace") for path in files):  # in hash mode pip refuses folders
        return Recipe(source, (Step(own[0], files=tuple(files)), replace(step, files=())), notes, neighbours)
    if not (step.lines or step.files or step.folders):
        where = ", ".join(str(path) for path in own)
        nothing = f"nothing to install: {where} has no lock, no requirements and no build"
        return Recipe("", (), (*notes, nothing))
    return Recipe(source, (step,), notes, neighbours)


def _neighbours(request: CreateRequest, local: Set[Path]) -> dict[str, Path]:
    """The other distributions of the monorepo with their folders."""
    folders = {p.distribution: (request.root / p.path).resolve() for p in request.everyone if p.distribution}
    return {name: folder for name, folder in folders.items() if folder not in local and is_installable(folder)}


def _lines(
    requests: Sequence[CreateRequest], manifests: Mapping[Path, Table], ours: Set[str]
) -> tuple[Choice, tuple[str, ...], tuple[str, ...]]:
    """The groups and extras of the projects with these manifests, the requirements to install beside what the installer
    reads itself, and notes; `ours` are the distributions that come from folders."""
    groups: dict[str, list[str]] = {}
    for data in manifests.values():
        for group, lines in group_lines(data).items():
            groups.setdefault(group, []).extend(lines)
    extras = {extra: names for data in manifests.values() for extra, names in extras_of(data).items()}
    conflicts = [conflict for data in manifests.values() for conflict in conflicts_of(data)]
    choice, notes = choose(requests, groups, extras, conflicts)
    found = [line for group in sorted(choice.groups) for line in groups[group]]
    for folder, data in manifests.items():
        if not is_installable(folder):
            found += main_lines(data, choice)
    return choice, tuple(dict.fromkeys(line for line in found if requirement_name(line) not in ours)), notes


def requirements_files(folder: Path) -> list[Path]:
    """requirements.txt and those for development, sorted with requirements.txt first."""
    found = []
    for path in sorted(
        folder.glob("*requirements*.txt"), key=lambda path: (path.name != "requirements.txt", path.name)
    ):
        match = _REQUIREMENTS.fullmatch(path.name)
        suffix = (match.group("after") or match.group("before")) if match else None
        if match and (suffix is None or suffix.lower() in DEVELOPMENT):
            found.append(path)
    return found


def is_installable(folder: Path) -> bool:
    """Whether pip can install from `folder`: a setup.py, or a pyproject.toml that describes a project to build."""
    if (folder / "setup.py").is_file():
        return True
    data = read_manifest(folder)
    if table(data, "tool", "uv").get("package") is False or table(data, "tool", "poetry").get("package-mode") is False:
        return False
    return bool(table(data, "project") or table(data, "build-system") or table(data, "tool", "poetry"))


def _is_clean(folder: Path) -> bool:
    backend = table(read_manifest(folder), "build-system").get("build-backend")
    return isinstance(backend, str) and backend.startswith(_CLEAN_BACKENDS)


def group_choice(requests: Sequence[CreateRequest], manifests: Mapping[Path, Table]) -> tuple[Choice, tuple[str, ...]]:
    """The groups and extras of the projects with these manifests, and the lines of the groups."""
    choice, lines, _ = _lines(requests, manifests, frozenset())
    return choice, lines


def read_manifest(folder: Path) -> Table:
    """A folder's pyproject.toml, empty where there is none; raises CreationError."""
    try:
        return disk.read_toml(folder / "pyproject.toml")
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise CreationError(f"{folder / 'pyproject.toml'} cannot be read: {error}", "mend it") from error


def _distribution(folder: Path) -> str:
    """The normalised name of what a folder builds, as far as its manifests say it."""
    data = read_manifest(folder)
    name = table(data, "project").get("name") or table(data, "tool", "poetry").get("name")
    if not name and (folder / "setup.cfg").is_file():
        parser = configparser.ConfigParser(interpolation=None)
        try:
            parser.read_string(disk.read_text(folder / "setup.cfg"))
        except (OSError, ValueError, configparser.Error):
            return ""  # the build itself reports it
        name = parser.get("metadata", "name", fallback="")
    return normalise(name) if isinstance(name, str) else ""
