"""PURE but for looking at the named paths: which files of which projects a run reports on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pyfmt import disk
from pyfmt.core.errors import UsageError
from pyfmt.core.folders import nearest_home, parent
from pyfmt.core.model import Project
from pyfmt.projects.names import is_placeholder
from pyfmt.projects.tracked import IgnoredButTracked
from pyfmt.projects.walking import CHECKED_SUFFIXES, is_taken

# What hooks hand over as Python besides (the tags of `identify`, by which pre-commit and prek choose): where named,
# it is checked as a script.
SCRIPT_SUFFIXES = (".pyw", ".wsgi", ".tac", ".pyt", ".gyp", ".gypi")
_SCRIPT_NAMES = ("wscript",)
_COMMANDS_FOR_PDB = ".pdbrc"  # is tagged as Python, too


@dataclass(frozen=True, slots=True)
class Selection:
    """The projects (with explicitly named scripts added to them), the chosen files by project path, and remarks."""

    projects: tuple[Project, ...]
    files: dict[str, tuple[str, ...]]
    notes: tuple[str, ...] = ()


def select(
    projects: Sequence[Project], paths: Sequence[str], root: Path, cwd: Path, exclude: tuple[str, ...] = ()
) -> Selection:
    """What `paths` (files or folders, relative to `cwd`) mean; none means everything.

    A named file that is not to be checked (excluded, ignored, in no project) is told in the notes: a hook is given such
    files too. Raises UsageError for a path that does not exist, lies outside the root, or is a file but no Python.
    """
    if not paths:
        return Selection(tuple(projects), {project.path: project.checked for project in projects})
    choice = _Selector(projects, root, exclude)
    for path in paths:
        if not disk.lexists(cwd / path):
            raise UsageError("no such file or folder", path, _meant(path, choice, root, cwd))
        relative = inside(path, root, cwd)
        _check_kind(path, root / relative)
        if disk.is_dir(root / relative):
            choice.take_folder(relative)
        else:
            choice.take_file(relative)
    files = {path: tuple(sorted(found)) for path, found in choice.chosen.items()}
    return Selection(tuple(choice.extended[project.path] for project in projects), files, tuple(choice.notes))


class _Selector:
    """The files that named paths lead to."""

    def __init__(self, projects: Sequence[Project], root: Path, exclude: tuple[str, ...]) -> None:
        self._root = root
        self._exclude = exclude
        self.known = {file: project.path for project in projects for file in project.checked}
        self.extended = {project.path: project for project in projects}
        self.chosen: dict[str, set[str]] = {}
        self.notes: list[str] = []

    def take_folder(self, relative: str) -> None:
        """All files below a folder."""
        prefix = "" if relative == "." else relative + "/"
        inside = [file for file in self.known if file.startswith(prefix)]
        if not inside:
            self.notes.append(
                f"{relative}: no Python files there (or they are excluded, or ignored by git and not tracked)"
            )
        for file in inside:
            self.chosen.setdefault(self.known[file], set()).add(file)

    def take_file(self, relative: str) -> None:
        """One file; a script without a Python suffix joins its project, since it was named."""
        if relative not in self.known:
            project = owner(relative, tuple(self.extended.values()))
            why = self._why_not(relative, project)
            if why or project is None:
                self.notes.append(f"{relative}: not checked, since it {why}")
                return
            files = tuple(sorted({*project.files, relative}))
            self.extended[project.path] = replace(project, files=files)
            self.known[relative] = project.path
        self.chosen.setdefault(self.known[relative], set()).add(relative)

    def _why_not(self, relative: str, project: Project | None) -> str:
        """Why a file is not taken although it is named; "" for a script that is."""
        path = self._root / relative
        if disk.is_link(path):
            return "is a symbolic link"
        if path.name == _COMMANDS_FOR_PDB:
            return "holds commands of pdb, not Python"
        if is_placeholder(os.path.dirname(relative)):
            return "is part of a template"
        if not is_taken(self._root, relative, self._exclude) and not self._is_added(relative):
            return "is excluded (by `exclude` or .gitignore)"
        if project is None:
            return "belongs to no project (see `projects` in [tool.pyfmt])"
        return (
            "is where no sources are looked for, or part of a template" if relative.endswith(CHECKED_SUFFIXES) else ""
        )

    def _is_added(self, relative: str) -> bool:
        """Whether git tracks a file that only .gitignore leaves out."""
        tracked = IgnoredButTracked(self._root)([relative])
        return bool(tracked) and is_taken(self._root, relative, self._exclude, tracked)


def _check_kind(path: str, file: Path) -> None:
    """Raises UsageError, with the path as it was named, for a file that is no Python source or script."""
    if disk.is_dir(file) or disk.is_link(file) or file.name.endswith((*CHECKED_SUFFIXES, *SCRIPT_SUFFIXES)):
        return
    if file.name in (*_SCRIPT_NAMES, _COMMANDS_FOR_PDB) or _is_python_script(file):
        return
    raise UsageError(
        "is not a Python file",
        path,
        "name folders, .py, .pyi or .ipynb files, or scripts whose first line calls python",
    )


def inside(path: str, root: Path, cwd: Path) -> str:
    """A path that was given in `cwd`, relative to the root; UsageError where it is outside of that.

    Only the folder is resolved: a link that is named itself stays what it is.
    """
    absolute = cwd / path
    folder = absolute if disk.is_dir(absolute) else absolute.parent
    absolute = Path(disk.realpath(folder), absolute.relative_to(folder))
    try:
        return absolute.relative_to(root).as_posix()
    except ValueError:
        raise UsageError(f"is outside the monorepo {root}", path, "name its root with --root") from None


def _meant(path: str, choice: _Selector, root: Path, cwd: Path) -> str:
    """The file, project or folder of sources that a wrong path probably means, as a question; "" for none."""
    import difflib  # deferred for start-up time: only errors need it

    files = choice.known if path.endswith(CHECKED_SUFFIXES) else {os.path.dirname(file) for file in choice.known}
    near = [os.path.relpath(root / place, cwd) for place in {*files, *choice.extended}]
    close = difflib.get_close_matches(os.path.normpath(path), near, 1, 0.7)
    return f"did you mean {close[0]}?" if close else ""


def _is_python_script(path: Path) -> bool:
    """Whether the first line calls a Python, as for a program without a suffix."""
    if not disk.is_file(path):
        return False
    try:
        first, second, *_ = [*disk.read_start(path, 400).split(b"\n", 2), b""]
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror}", str(path)) from error
    # nix-shell is told the interpreter in a second line.
    return first.startswith(b"#!") and b"python" in (first + second if b"nix-shell" in first else first)


def owner(relative: str, projects: Sequence[Project]) -> Project | None:
    """The project whose folder is the nearest at or above a file, whether the file exists or not."""
    by_path = {project.path: project for project in projects}
    found = nearest_home(parent(relative), by_path)
    return by_path[found] if found is not None else None
