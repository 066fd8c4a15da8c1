"""One walk over the monorepo: its folders, their manifests and Python files, without what git ignores."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from pyfmt import disk
from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.core.files import MANIFESTS
from pyfmt.projects.ignoring import IgnoreFile, as_bytes, ignore_lines
from pyfmt.projects.names import is_placeholder

PYTHON_SUFFIXES = (".py", ".pyi")
CHECKED_SUFFIXES = (*PYTHON_SUFFIXES, NOTEBOOK_SUFFIX)

# What else can be imported, or says how (PEP 561); links to Python files end up here as well.
IMPORTABLE = (*PYTHON_SUFFIXES, ".so", ".pyd", ".pyc", "py.typed")

# What black excludes by default, and what can only be a tool's own: never a place for a user's sources.
SKIPPED_NAMES = frozenset(
    ".git .hg .svn .tox .nox .venv .eggs .direnv .mypy_cache .pytest_cache .ruff_cache .ipynb_checkpoints .vscode "
    ".pixi .conda .cache __pycache__ __pypackages__ node_modules site-packages".split()
)
# Build outputs only beside a manifest: `src/build/` may well be somebody's package.
_BUILD_NAMES = frozenset({"build", "dist", "_build", "buck-out"})


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of the tree; `path` is relative to the root, `names` are its files that matter."""

    path: str
    manifests: tuple[str, ...]
    python_files: tuple[str, ...]  # paths relative to the root
    other_files: frozenset[str]  # names of all that it holds
    hidden_files: tuple[str, ...] = ()  # what else can be imported, see model.Project.hidden
    ignored_files: tuple[str, ...] = ()  # Python files and manifests that git ignores unless it tracks them
    hidden: bool = False  # ignored or excluded itself
    template: bool = False  # hidden since its name is one that a template's user has to fill in
    problem: str = ""  # why it could not be read: then nothing is known of what it holds
    notebooks: tuple[str, ...] = ()  # paths relative to the root
    outputs: tuple[str, ...] = ()  # folders with Python files that are taken for what a build made, and are not ignored


@dataclass(frozen=True, slots=True)
class _Rules:
    """The ignore files that apply in a folder, nearest last.

    With each the number of characters to take off a path below the root, or, for a file from above the root, what to
    put before it.
    """

    files: tuple[tuple[int, str, IgnoreFile], ...] = ()
    everything: bool = False  # the folder itself is ignored

    def ignores(self, path: str, name: str, is_folder: bool) -> bool:
        """Whether git would ignore `path`: the last file that says anything decides."""
        if self.everything:
            return True
        for cut, before, file in reversed(self.files):
            verdict = file.verdict(before + path if before else path[cut:], name, is_folder)
            if verdict is not None:
                return verdict
        return False

    def with_file(self, file: str, cut: int = 0, before: str = "") -> _Rules:
        """These rules and those of another ignore file; an unreadable one counts as empty, as for git."""
        try:
            lines = ignore_lines(disk.read_bytes(file).decode("utf-8", "surrogateescape"))
        except OSError:
            return self
        return _Rules((*self.files, (cut, before, IgnoreFile(lines))), self.everything)


class _Gate:
    """What of a folder's entries is to be checked: what is not excluded, nor ignored unless git tracks it."""

    def __init__(self, root: Path, exclude: tuple[str, ...], tracked: Iterable[str] = ()) -> None:
        self._root = str(root)
        self._excluded = IgnoreFile(exclude) if exclude else None
        self._tracked = set(tracked)
        for path in tracked:
            while path := os.path.dirname(path):
                self._tracked.add(path)

    def excludes(self, path: str, name: str, is_folder: bool) -> bool:
        """Whether `exclude` names `path`, relative to the root."""
        return self._excluded is not None and bool(self._excluded.verdict(as_bytes(path), as_bytes(name), is_folder))

    def ignores(self, path: str, name: str, is_folder: bool, rules: _Rules) -> bool:
        """Whether git leaves `path` alone: it ignores it, and has nothing of it."""
        return rules.ignores(as_bytes(path), as_bytes(name), is_folder) and path not in self._tracked

    def passes(self, path: str, name: str, is_folder: bool, rules: _Rules) -> bool:
        """Whether `path`, relative to the root, is to be checked, where its folder is."""
        return not self.excludes(path, name, is_folder) and not self.ignores(path, name, is_folder, rules)

    def hides(self, prefix: str, rules: _Rules | None) -> bool:
        """Whether nothing in a folder is to be checked."""
        return rules is None or rules.everything and prefix.rstrip("/") not in self._tracked

    def rules_in(self, prefix: str, rules: _Rules) -> _Rules:
        """The rules that hold in a folder with a .gitignore; `prefix` is its path with a "/" at the end."""
        return rules.with_file(os.path.join(self._root, prefix, ".gitignore"), len(as_bytes(prefix)))


def _outer_rules(root: Path) -> _Rules:
    """Rules from outside the walk: `.git/info/exclude` and the .gitignore files between the git root and `root`."""
    rules = _Rules()
    for file in outer_ignore_files(root):
        # For `.git/info/exclude` of a linked work tree, too, the work tree's top is what its patterns are relative to.
        top = file.parent if file.name == ".gitignore" else git_top(root) or root
        inside = root.relative_to(top).as_posix()
        rules = rules.with_file(str(file), 0, "" if inside == "." else as_bytes(inside) + "/")
    return rules


def outer_ignore_files(root: Path) -> tuple[Path, ...]:
    """The ignore files from outside the walk, those that count least first; they need not exist."""
    top = git_top(root)
    if top is None:
        return ()
    between = [folder / ".gitignore" for folder in root.parents if folder.is_relative_to(top)]
    return (git_folder(top) / "info" / "exclude", *reversed(between))


def git_top(root: Path) -> Path | None:
    """The work tree around `root`."""
    return next((folder for folder in (root, *root.parents) if disk.exists(folder / ".git")), None)


def git_folder(work_tree: Path) -> Path:
    """The repository's own folder, that of the main work tree for a linked one (gitrepository-layout(5))."""
    place = work_tree / ".git"
    try:
        place = _own_folder(work_tree)
        common = disk.read_text(place / "commondir", "surrogateescape").strip()
        return place / common if disk.is_name(common) else place
    except OSError:
        return place


def _own_folder(work_tree: Path) -> Path:
    """`.git`, or where that leads as a file; raises OSError where it cannot be read, or makes no sense."""
    place = work_tree / ".git"
    if not disk.is_file(place):
        return place
    named = disk.read_text(place, "surrogateescape").removeprefix("gitdir:").strip()
    if not disk.is_name(named):
        raise OSError(errno.EINVAL, "no file can have the name that it holds", str(place))
    return work_tree / named


def _is_environment(names: frozenset[str]) -> bool:
    return "pyvenv.cfg" in names or "conda-meta" in names


@dataclass(frozen=True, slots=True)
class _PendingFolder:
    """A folder to look into: its path with a "/" at the end, and its rules; None where it is hidden for good."""

    prefix: str
    rules: _Rules | None
    template: bool = False


def index_file(root: Path) -> Path | None:
    """The index of the work tree around `root`; None where there is none."""
    top = git_top(root)
    try:
        return _own_folder(top) / "index" if top else None
    except OSError:
        return None


def walk(root: Path, exclude: tuple[str, ...] = (), tracked: Iterable[str] = ()) -> Iterator[Folder]:
    """All folders below `root` in a stable order, pruned of environments, caches and build outputs.

    What git or `exclude` ignore is hidden, as is a template: such a folder has no manifests. Symbolic links are not
    followed: what they point to inside the tree is seen at its own place. A folder that cannot be read comes with its
    `problem`. Of the ignored files `tracked` are none.
    """
    gate = _Gate(root, exclude, tracked)
    stack = [_PendingFolder("", _outer_rules(root))]
    while stack:
        step = stack.pop()
        try:
            with disk.scandir(f"{root}/{step.prefix}") as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError as error:
            # One that vanished since its parent was listed, or that nobody asked to check, is no loss.
            if not gate.hides(step.prefix, step.rules) and not isinstance(error, FileNotFoundError):
                place = step.prefix.rstrip("/") or "."
                yield Folder(place, (), (), frozenset(), problem=f"cannot be read: {error.strerror}")
            continue
        names = frozenset(entry.name for entry in entries)
        if not step.prefix or not _is_environment(names):
            folder, below = _look(gate, step, entries, names)
            stack.extend(reversed(below))
            yield folder


def _look(
    gate: _Gate, step: _PendingFolder, entries: list[os.DirEntry[str]], names: frozenset[str]
) -> tuple[Folder, list[_PendingFolder]]:
    """What a folder holds, and the folders in it that are to be looked into."""
    prefix, rules = step.prefix, step.rules
    if rules is not None and ".gitignore" in names:
        rules = gate.rules_in(prefix, rules)
    manifests = tuple(name for name in MANIFESTS if name in names)
    ignored = [prefix + name for name in manifests if rules and rules.everything]
    files: list[str] = []
    hidden: list[str] = []
    notebooks: list[str] = []
    outputs: list[str] = []
    below = []
    for entry in entries:
        name = entry.name
        if name.endswith(CHECKED_SUFFIXES) and entry.is_file(follow_symlinks=False):
            taken = rules is not None and gate.passes(prefix + name, name, False, rules)
            # What nobody imports is not hidden either.
            kinds = (notebooks, []) if name.endswith(NOTEBOOK_SUFFIX) else (files, hidden)
            kinds[0 if taken else 1].append(prefix + name)
            if not taken and rules is not None and not gate.excludes(prefix + name, name, False):
                ignored.append(prefix + name)
        elif name.endswith(IMPORTABLE) and _leads_to_file(entry):
            hidden.append(prefix + name)
        elif name not in SKIPPED_NAMES and entry.is_dir(follow_symlinks=False):
            if manifests and name in _BUILD_NAMES and not disk.exists(f"{entry.path}/__init__.py"):
                hidden.append(f"{prefix}{name}/")
                found_rules = _pending(gate, prefix, name, rules).rules
                if found_rules is not None and not found_rules.everything and _holds_python(entry.path):
                    outputs.append(prefix + name)
            elif not name.endswith(".egg-info"):
                below.append(_pending(gate, prefix, name, rules))
        elif name.isidentifier() and name not in SKIPPED_NAMES and entry.is_symlink():
            hidden += _linked(entry.path, prefix + name)
    place = prefix.rstrip("/") or "."
    found = Folder(
        place,
        (),
        tuple(files),
        names,
        tuple(hidden),
        tuple(ignored),
        template=step.template,
        notebooks=tuple(notebooks),
        outputs=tuple(outputs),
    )
    if gate.hides(prefix, rules):
        return replace(found, hidden=True), below
    if ignored and rules is not None and rules.everything:
        manifests = tuple(name for name in manifests if not gate.ignores(prefix + name, name, False, rules))
    return replace(found, manifests=manifests), below


def _pending(gate: _Gate, prefix: str, name: str, rules: _Rules | None) -> _PendingFolder:
    """A folder in one with these rules."""
    path = prefix + name
    if rules is None or gate.excludes(path, name, True):
        return _PendingFolder(path + "/", None)
    ignored = rules.ignores(as_bytes(path), as_bytes(name), True)
    if is_placeholder(name):
        return _PendingFolder(path + "/", None, template=not ignored)
    return _PendingFolder(path + "/", _Rules(everything=True) if ignored else rules)


def _leads_to_file(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_file()
    except OSError:
        return False  # a link to itself


def leftovers(folders: Iterable[Folder]) -> tuple[str, ...]:
    """Paths of what may be temporary files of pyfmt's own, see `runner.edits`."""
    return tuple(
        f"{folder.path}/{name}" for folder in folders for name in folder.other_files if name.startswith(".pyfmt-")
    )


def _linked(link: str, path: str) -> list[str]:
    """What can be imported through a link to a folder, which is not checked here: it is in the folder's own place."""
    target, here = disk.realpath(link), disk.realpath(os.path.dirname(link))
    if not disk.is_dir(target) or f"{here}/".startswith(f"{target}/"):
        return []  # a link upwards would have no end
    found = [path + "/"]
    root = link.removesuffix(path)
    if not target.startswith(disk.realpath(root) + os.sep):
        # Somebody's data may lie there: a whole disk is not searched for modules.
        try:
            if not any(name.endswith(PYTHON_SUFFIXES) for name in disk.listdir(target)):
                return found
        except OSError:
            return found  # the tools cannot read it either
    for where, folders, names in disk.walk(link):
        folders[:] = [name for name in folders if name not in SKIPPED_NAMES]
        if _is_environment(frozenset(names)) or "conda-meta" in folders:
            folders.clear()
            continue
        inside = path + where[len(link) :]
        found += [f"{inside}/{name}" for name in names if name.endswith((*PYTHON_SUFFIXES, *IMPORTABLE))]
    return found


def is_taken(root: Path, path: str, exclude: tuple[str, ...] = (), tracked: Iterable[str] = ()) -> bool:
    """Whether a walk would take the file `path` (relative to `root`) if it had a Python suffix."""
    gate, rules, prefix = _Gate(root, exclude, tracked), _outer_rules(root), ""
    *parents, last = path.split("/")
    for name in parents:
        rules = gate.rules_in(prefix, rules)
        if name in SKIPPED_NAMES or is_placeholder(name) or not gate.passes(prefix + name, name, True, rules):
            return False
        prefix += name + "/"
    return gate.passes(path, last, False, gate.rules_in(prefix, rules))


def _holds_python(folder: str) -> bool:
    return any(name.endswith(PYTHON_SUFFIXES) for _, _, names in disk.walk(folder) for name in names)
