"""The Python that a new environment is based on."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from pyfmt import disk
from pyfmt.core.model import Project
from pyfmt.environments.creating.values import CreateOptions, CreationError

if TYPE_CHECKING:
    from python_discovery import PythonInfo


def choose_interpreter(projects: Iterable[Project], folder: Path, options: CreateOptions) -> PythonInfo:
    """The base interpreter for an environment of `projects`: what `--python` asks for, else what a `.python-version` in
    `folder` asks for, else pyfmt's own, else the highest that every requires-python admits. Raises CreationError."""
    admitted, said = _admitted(projects)
    if options.python is not None:
        if not re.fullmatch(r"\d+(\.\d+){1,2}t?", options.python):
            raise CreationError(f"{options.python!r} is no Python version", "write it like --python 3.12")
        found = _find(options.python, SpecifierSet(), options)
        if found is None:
            raise _none_found(f"Python {options.python}", options.python)
        if not _admits(admitted, found):
            raise CreationError(
                f"Python {_version(found)} is not what requires-python asks for: {said}", "choose another --python"
            )
        return found
    pinned = version_file(folder)
    if pinned:
        found = _find(pinned, admitted, options)
        if found is not None:
            return found
    own = _own(options)
    if _admits(admitted, own):
        return own
    found = _find("", admitted, options)
    if found is None:
        raise _none_found(f"Python that {said} admits", "X.Y")
    return found


def _version(info: PythonInfo) -> str:
    return ".".join(str(part) for part in info.version_info[:3])


def describe(info: PythonInfo) -> str:
    """ "3.11.7", or "PyPy 3.10.14"."""
    return _version(info) if info.implementation == "CPython" else f"{info.implementation} {_version(info)}"


def _none_found(what: str, version: str) -> CreationError:
    return CreationError(
        f"no {what} was found (on PATH, under pyenv, of uv)",
        f"install it, for example `uv python install {version}` or `pyenv install {version}`",
    )


def _admitted(projects: Iterable[Project]) -> tuple[SpecifierSet, str]:
    """What every project's requires-python admits, and how to say it."""
    admitted, said = SpecifierSet(), []
    for project in projects:
        if project.requires_python:
            try:
                admitted &= SpecifierSet(project.requires_python)
            except InvalidSpecifier as error:
                cure = "write it as PEP 440 has it, like >=3.11"
                raise CreationError(f"requires-python of {project.name} cannot be read: {error}", cure) from error
            said.append(f"{project.requires_python} ({project.name})")
    return admitted, ", ".join(said) or "any"


def _admits(admitted: SpecifierSet, info: PythonInfo) -> bool:
    return admitted.contains(_version(info), prereleases=True)


def version_file(folder: Path) -> str | None:
    """X.Y, or X.Yt, of a `.python-version`, as pyenv, uv and PDM read it; None for anything else that stands there."""
    try:
        first = disk.read_text(folder / ".python-version").split()
    except (OSError, ValueError):
        return None
    match = re.match(r"(?:cpython-|python)?(\d+\.\d+)[\d.]*(t?)", first[0]) if first else None
    return match[1] + match[2] if match else None


def _own(options: CreateOptions) -> PythonInfo:
    from python_discovery import PythonInfo  # deferred: only where an environment is made

    return PythonInfo.current_system(_cache(options))


def _find(version: str, admitted: SpecifierSet, options: CreateOptions) -> PythonInfo | None:
    """The first interpreter that is `version` ("3.12", "3.12.1", "3.14t": free-threaded, "": any) and admitted.

    `python_discovery` looks on PATH and where uv keeps its own. pyenv's are named to it, highest first: its shims on
    PATH run only the versions that are switched on.
    """
    from python_discovery import get_interpreter  # deferred: only where an environment is made

    plain, threaded = version.rstrip("t"), version.endswith("t")
    asked = f"=={plain}" + ".*" * (plain.count(".") < 2) if plain else ""
    both = SpecifierSet(asked) & admitted
    candidates = [str(path) for known, path in pyenv_pythons(options) if both.contains(known, prereleases=True)]
    return get_interpreter(
        ">=3.0",
        try_first_with=candidates,
        cache=_cache(options),
        env=options.environ,
        predicate=lambda info: bool(info.free_threaded) == threaded and _admits(both, info),
    )


def pyenv_pythons(options: CreateOptions) -> list[tuple[str, Path]]:
    """CPython versions that pyenv has installed, highest first, with their interpreters."""
    root = options.environ.get("PYENV_ROOT") or os.path.join(options.environ.get("HOME", ""), ".pyenv")
    found = []
    for name in disk.names_in(os.path.join(root, "versions")):
        path, plain = Path(root, "versions", name, "bin", "python"), name.removesuffix("t")  # free-threaded
        if re.fullmatch(r"\d+\.\d+\.\d+", plain) and path.exists():
            found.append((tuple(int(part) for part in plain.split(".")), plain, path))
    return [(name, path) for _, name, path in sorted(found, reverse=True)]


def find_version(specifier: str, options: CreateOptions) -> PythonInfo | None:
    """A CPython that a specifier admits, pyenv's highest first."""
    found = _find("", SpecifierSet(specifier), options)
    return found if found is not None and found.implementation == "CPython" else None


def _cache(options: CreateOptions):  # type: ignore[no-untyped-def]
    from python_discovery import DiskCache  # deferred: only where an environment is made

    return DiskCache(options.cache_dir / "python-discovery") if options.cache_dir else None
