"""A lock's best reader is its writer: how each manager installs from its lock into an environment that is already
there, and why one is not asked."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from pyfmt import disk
from pyfmt.core.parsing import Table, table
from pyfmt.environments.creating.values import CreateOptions
from pyfmt.environments.layout import new_interpreter
from pyfmt.projects.locks.choosing import Choice
from pyfmt.projects.locks.values import Lock


class Sync(NamedTuple):
    """One call of a manager: it installs what its lock holds."""

    program: str  # its name
    command: tuple[str, ...]
    environ: tuple[tuple[str, str], ...]  # beside that of whoever started pyfmt
    installs_project: bool  # also the project itself, editable


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be installed: `choice` of the `lock` in the folder `owner`, into the environment at `prefix`."""

    owner: Path
    prefix: Path
    lock: Lock
    choice: Choice
    manifest: Table  # the pyproject.toml beside the lock

    @property
    def left_out(self) -> list[str]:
        """The groups that are not wanted."""
        return sorted({*self.lock.groups} - self.choice.groups)


def _uv(asked: Question) -> list[str]:
    call = ["sync", "--frozen", "--all-packages", "--inexact", "--no-progress", "--no-python-downloads"]
    call += ["--no-default-groups", *_each("--group", asked.choice.groups), *_each("--extra", asked.choice.extras)]
    return [*call, "--python", str(new_interpreter(asked.prefix)), "--directory", str(asked.owner)]


def _poetry(asked: Question) -> list[str]:
    # It would install the project by its own rules, whatever the build backend is.
    call = ["install", "--no-root", "--no-interaction", "--no-ansi", *_each("--with", asked.choice.groups)]
    return [*call, *_each("--without", asked.left_out), *_each("--extras", asked.choice.extras)]


def _pdm(asked: Question) -> list[str]:
    call = ["sync", "--project", str(asked.owner), "--skip", ":all"]  # the project's own hooks
    extras = {*asked.lock.extras} - asked.choice.extras
    return [
        *(*call, *_each("--group", asked.choice.groups | asked.choice.extras)),
        *_each("--without", {*asked.left_out, *extras}),
    ]


def _pipenv(asked: Question) -> list[str]:
    wanted = ["dev-packages" if group == "develop" else group for group in sorted(asked.choice.groups)]
    return ["sync", "--categories", " ".join(["packages", *wanted])]


def _each(option: str, names: Iterable[str]) -> list[str]:
    return [word for name in sorted(names) for word in (option, name)]


class _Writer(NamedTuple):
    program: str
    package: str  # on the index
    arguments: Callable[[Question], list[str]]
    environ: Mapping[str, str]  # what is in braces is filled in
    # What of a checkout decides which code the manager runs, or where it installs: entries of the folder, and tables of
    # its pyproject.toml.
    files: tuple[str, ...] = ()
    tables: tuple[tuple[str, ...], ...] = ()
    installs_project: bool = True


_WRITERS = {
    "uv.lock": _Writer("uv", "uv", _uv, {"UV_PROJECT_ENVIRONMENT": "{prefix}"}),
    "poetry.lock": _Writer(
        "poetry",
        "poetry",
        _poetry,
        # What `poetry env use` has chosen counts for more than the active environment, but not than one in the project.
        {"POETRY_VIRTUALENVS_IN_PROJECT": "{in_project}", "POETRY_VIRTUALENVS_CREATE": "true"},
        (".poetry",),
        (("tool", "poetry", "requires-plugins"),),
        installs_project=False,
    ),
    "pdm.lock": _Writer(
        "pdm",
        "pdm[locked]",  # with the versions of its own dependencies that it was tried with
        _pdm,
        {"PDM_IGNORE_SAVED_PYTHON": "1", "PDM_USE_VENV": "1", "PDM_CHECK_UPDATE": "0"},
        (".pdm-plugins", "pdm.toml", ".pdm.toml"),  # the settings may say where plugins are
        (("tool", "pdm", "options"),),
    ),
    "Pipfile.lock": _Writer(
        "pipenv",
        "pipenv",
        _pipenv,
        {
            "PIPENV_PIPFILE": "{owner}/Pipfile",
            "PIPENV_VENV_IN_PROJECT": "1",
            "PIPENV_DONT_LOAD_ENV": "1",
            "PIPENV_NOSPIN": "1",
            "PIPENV_YES": "1",
        },
        installs_project=False,
    ),
}


def sync_by_uv(uv: str, asked: Question) -> Sync:
    """uv comes with pyfmt, and knows no plugins."""
    return _sync((uv,), _WRITERS["uv.lock"], asked)


def sync_by_manager(asked: Question, options: CreateOptions, root: Path, uv: str | None) -> tuple[Sync | None, str]:
    """The call of a lock's own manager where that is installed, or is to be fetched by `uv`; else None, and why not
    where there is something to say.

    Never one that lies in the checkout at `root`; and none that would run code which the checkout chooses, unless
    the user trusts it.
    """
    writer = _WRITERS.get(asked.lock.file)
    if writer is None or options.installer != "auto":
        return None, ""
    program = _on_path(writer.program, root, options.environ)
    if program is None and not (options.fetch_managers and uv):
        return None, ""
    reasons = [name for name in writer.files if os.path.lexists(asked.owner / name)]
    reasons += [f"[{'.'.join(keys)}]" for keys in writer.tables if table(asked.manifest, *keys)]
    if reasons and not options.trusted:
        said = f"{', '.join(reasons)} would have {writer.program} run what the checkout chooses"
        return None, f"{asked.lock.file} was read by pyfmt itself: {said} (`pyfmt trust` allows it)"
    # uv keeps it in its cache; for a tool it reads no settings of a checkout.
    fetched = (uv or "", "tool", "run", "--no-progress", "--python", sys.executable, "--from", writer.package)
    return _sync((program,) if program else (*fetched, writer.program), writer, asked), ""


def _sync(program: tuple[str, ...], writer: _Writer, asked: Question) -> Sync:
    in_project = "true" if asked.prefix.parent == asked.owner else "false"
    places = {"prefix": asked.prefix, "owner": asked.owner, "in_project": in_project}
    environ = tuple((name, value.format_map(places)) for name, value in writer.environ.items())
    return Sync(writer.program, (*program, *writer.arguments(asked)), environ, writer.installs_project)


def _on_path(program: str, root: Path, environ: Mapping[str, str]) -> str | None:
    """A program on PATH that does not lie in the checkout, not even by a link."""
    inside = os.path.realpath(root)
    folders = environ.get("PATH", os.defpath).split(os.pathsep)
    outside = [each for each in folders if os.path.isabs(each) and not disk.is_within(os.path.realpath(each), inside)]
    found = shutil.which(program, path=os.pathsep.join(outside)) if outside else None
    return found if found and not disk.is_within(os.path.realpath(found), inside) else None
