"""Environments in the project's folder, whoever made them: .venv (folder, link or file), .python-envs, venv, env,
..."""

from __future__ import annotations

import os
from collections.abc import Iterator

from pyfmt import disk
from pyfmt.core.model import INHERITED
from pyfmt.environments.managers.place import Found, Monorepo, Place, is_environment

_FOLDERS_BEFORE = (".venv",)
_FOLDERS_AFTER = ("venv", "env", ".conda", ".virtualenv")


def local(place: Place) -> Iterator[Found]:
    """What the project's own folder holds."""
    yield from in_folder(place.folder, place.around)


def inherited(place: Place) -> Iterator[Found]:
    """What the nearest folder above the project holds that holds any, up to the root."""
    for folder in place.ancestors():
        for found in in_folder(folder, place.around):
            shown = os.path.relpath(found.prefix, place.around.root)
            shown = found.prefix if shown.startswith("..") else shown.replace(os.sep, "/")
            yield Found(found.prefix, INHERITED, f"inherited from {shown}", expected=False)


def in_folder(folder: str, around: Monorepo) -> Iterator[Found]:
    """Every environment that `folder` itself holds, in the order of precedence."""
    names = around.names(folder)
    for name in _FOLDERS_BEFORE:
        if name in names:
            yield from _dot_venv(folder, name, around)
    if ".python-envs" in names:
        yield from _python_envs(folder, around)
    for name in _FOLDERS_AFTER:
        path = os.path.join(folder, name)
        # `env` and `venv` may as well be packages or folders of settings: only what has a mark is a candidate.
        if name in names and (is_environment(path) or _dangling(path)):
            yield Found(path, name)
    if ".direnv" in names:
        for name in around.names(os.path.join(folder, ".direnv")):
            path = os.path.join(folder, ".direnv", name)
            if name.startswith("python-") and is_environment(path):
                yield Found(path, "direnv")


def _dangling(path: str) -> bool:
    return disk.is_link(path) and not disk.exists(path)


def _dot_venv(folder: str, name: str, around: Monorepo) -> Iterator[Found]:
    path = os.path.join(folder, name)
    if _dangling(path):
        yield Found(
            path, name, refused=f"a link to {disk.readlink(path)}, which does not exist", cure="remove the link"
        )
    elif disk.is_dir(path):
        yield Found(path, name)  # whatever is in it: reading says what is wrong with it
    elif disk.is_file(path) and (target := redirected(path, around)) != path:
        yield Found(target, ".venv file", cure=f"correct {name}, or create the environment")


def redirected(path: str, around: Monorepo) -> str:
    """What stands for an environment at `path`: what it names where it is a file (PEP 832, Pipenv), else itself."""
    target = _read_line(path, around, last=False) if disk.is_file(path) else ""
    return _named(target, os.path.dirname(path), around) if target else path


def _named(target: str, folder: str, around: Monorepo) -> str:
    """What a `.venv` file means: a path relative to its folder, else a name in WORKON_HOME (Pipenv's rule)."""
    target = around.expand(target)
    if os.path.isabs(target) or "/" in target or os.sep in target or target.startswith("."):
        return os.path.normpath(os.path.join(folder, target))
    for home in workon_homes(around):
        candidate = os.path.join(home, target)
        if disk.is_dir(candidate):
            return candidate
    return os.path.normpath(os.path.join(workon_homes(around)[0], target))


def workon_homes(around: Monorepo) -> tuple[str, ...]:
    """Where virtualenvwrapper and Pipenv keep environments by name."""
    value = around.environ.get("WORKON_HOME")
    if value:
        return (around.expand(os.path.expandvars(value)),)
    return (os.path.join(around.xdg_home("data"), "virtualenvs"), os.path.join(around.home, ".virtualenvs"))


def _python_envs(folder: str, around: Monorepo) -> Iterator[Found]:
    """PEP 832 (draft): a file of paths, the last line counts."""
    target = _read_line(os.path.join(folder, ".python-envs"), around, last=True)
    if target:
        yield Found(os.path.normpath(os.path.join(folder, target)), ".python-envs", cure="correct .python-envs")


def _read_line(path: str, around: Monorepo, last: bool) -> str:
    lines = [line.strip() for line in around.text(path).splitlines() if line.strip()]
    return (lines[-1] if last else lines[0]) if lines else ""
