"""`pyfmt doctor`: one page to paste into a bug report; every part is told even where another cannot be read."""

from __future__ import annotations

import argparse
import contextlib
import importlib.metadata
import locale
import os
import platform
import re
import shutil
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pyfmt
from pyfmt import config
from pyfmt.cache.folders import repository_folder
from pyfmt.cache.store import Store
from pyfmt.cli.output import print_text
from pyfmt.cli.request import plain_request
from pyfmt.core.errors import EXIT_CLEAN, EXIT_FINDINGS, PyfmtError
from pyfmt.core.listing import count, some
from pyfmt.core.model import Config, Environment, Health
from pyfmt.core.request import Request
from pyfmt.git.repository import Unknown, version
from pyfmt.reports.escaping import printable
from pyfmt.run.workspace import open_workspace, with_chosen_releases
from pyfmt.tools.registry import TOOLS
from pyfmt.tools.versions import tool_versions

DISTRIBUTION = "pyfmt-monorepo"
_MANAGERS = ("uv", "poetry", "pdm", "hatch", "pipenv", "pyenv")
# What changes how pyfmt runs or looks; no other variable is shown, since some hold secrets.
_VARIABLES = (
    *("VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT", "WORKON_HOME", "PYTHONPATH", "PYTHONHOME", "MYPYPATH"),
    *(
        "PYFMT_NO_FORK",
        "PYFMT_SERVER",
        "XDG_CACHE_HOME",
        "CI",
        "GITHUB_ACTIONS",
        "GITLAB_CI",
        "TF_BUILD",
        "TERM",
        "COLUMNS",
    ),
    *("NO_COLOR", "FORCE_COLOR", "LANG", "LC_ALL", "PRE_COMMIT"),
)
_UNUSED = ("PYTHONPATH", "PYTHONHOME", "MYPYPATH")
_PYLINT_PYTHONS = ((3, 10), (3, 13))
_LITTLE_SPACE = 1 << 30  # bytes


EXAMPLES = (("pyfmt doctor", "exit code 1 where there is a problem"),)


def add_arguments(_parser: argparse.ArgumentParser) -> None:
    """None of its own."""


def run(options: argparse.Namespace) -> int:
    """Print the page; 1 where there is a problem."""
    text, problems = page(plain_request(options), Path.cwd(), os.environ)
    print_text(text + "\n")
    return EXIT_FINDINGS if problems else EXIT_CLEAN


@dataclass(frozen=True, slots=True)
class Doctor:
    """What is asked, and the problems that were found on the way."""

    request: Request
    cwd: Path
    environ: Mapping[str, str]
    problems: list[str] = field(default_factory=list)

    def hidden(self, text: str) -> str:
        """`text` on one line, without the user's home folder: a bug report is public."""
        home = self.environ.get("HOME", "").rstrip("/")
        shown = printable(" ".join(text.split("\n")))
        return re.sub(re.escape(home) + r"(?=[/\s:;,)'\"]|$)", "~", shown) if home else shown


def page(request: Request, cwd: Path, environ: Mapping[str, str]) -> tuple[str, bool]:
    """The page as Markdown, and whether there are problems."""
    doctor = Doctor(request, cwd, environ)
    parts: list[tuple[str, Callable[[Doctor], Iterator[str]]]] = [
        ("versions", _versions),
        ("machine", _machine),
        ("configuration", _configuration),
        ("environments", _environments),
        ("cache", _cache),
    ]
    lines = ["## pyfmt doctor"]
    for title, facts in parts:
        lines += ["", f"### {title}", ""]
        try:
            for line in facts(doctor):
                lines.append(f"- {doctor.hidden(line)}")
        except (PyfmtError, OSError) as error:
            lines.append("- unknown, see below")
            doctor.problems.append(f"{title}: {error}")
    problems = [f"- {doctor.hidden(line)}" for line in dict.fromkeys(doctor.problems)]
    return "\n".join([*lines, "", "### problems", "", *(problems or ["- none"])]), bool(problems)


def _versions(doctor: Doctor) -> Iterator[str]:
    with contextlib.suppress(PyfmtError):  # which the configuration's part tells
        with_chosen_releases(_settings(doctor))
    chosen = {tool.distributions[0] for tool in TOOLS.values() if tool.version}
    versions = tool_versions()
    yield f"pyfmt {versions.pop('pyfmt')} in {Path(pyfmt.__file__).parent}"
    yield f"python {versions.pop('python')} ({platform.python_implementation()}) as {sys.executable}"
    pins = _pins()
    for name, version in versions.items():
        yield f"{name} {version}" + " (as [tool.pyfmt.versions] chooses)" * (name in chosen)
        wanted = pins.get(name, version)
        if version != wanted and name not in chosen:
            doctor.problems.append(f"{name} is {version}, but this pyfmt was made for {wanted}: install pyfmt again")
    command = shutil.which("pyfmt", path=doctor.environ.get("PATH"))
    if command is not None and Path(command).resolve().parent != Path(sys.executable).resolve().parent:
        own = Path(sys.prefix, "bin", "pyfmt")
        if Path(command).resolve() != own.resolve():
            doctor.problems.append(f"`pyfmt` on the PATH is {command}, which is not the one that runs now ({own})")


def _pins() -> dict[str, str]:
    try:
        lines = importlib.metadata.requires(DISTRIBUTION) or []
    except importlib.metadata.PackageNotFoundError:
        return {}
    matches = (re.match(r"([A-Za-z0-9_.-]+)==([^;\s]+)", line) for line in lines)
    return {match[1]: match[2] for match in matches if match}


def _machine(doctor: Doctor) -> Iterator[str]:
    yield f"system {platform.platform()}"
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    yield f"processors {processors}"
    encoding = locale.getpreferredencoding(False)
    yield f"encoding {encoding} (standard output: {sys.stdout.encoding}), terminal: {sys.stdout.isatty()}"
    if encoding.lower().replace("-", "") not in ("utf8", "ascii"):
        doctor.problems.append(f"the system's encoding is {encoding}: names beyond ASCII may be shown wrong")
    yield f"git {_git_version(doctor)}"
    found = [name for name in _MANAGERS if shutil.which(name, path=doctor.environ.get("PATH"))]
    yield f"managers on the PATH: {', '.join(found) or 'none'}"
    for name in _VARIABLES:
        if doctor.environ.get(name):
            yield f"${name} = {doctor.environ[name]}"
            if name in _UNUSED:
                doctor.problems.append(f"${name} is set: pyfmt's linters do not see it, other tools do")


def _git_version(doctor: Doctor) -> str:
    try:
        return version(doctor.cwd) or "answers nothing"
    except Unknown as error:
        doctor.problems.append("git cannot be run: all files count, also those that .gitignore names")
        return f"cannot be run: {error}"


def _settings(doctor: Doctor) -> Config:
    return config.load(doctor.request, doctor.cwd)


def _configuration(doctor: Doctor) -> Iterator[str]:
    settings = _settings(doctor)
    yield f"root {settings.root}"
    yield f"file {settings.file or 'none'}"
    if not (settings.root / ".git").exists():
        doctor.problems.append(f"{settings.root} is not the root of a git repository")
    given = [f"{key} (from {origin})" for key, origin in settings.origins if origin != "default"]
    yield f"set: {', '.join(given) or 'nothing, all defaults'}"
    yield f"tools: {', '.join(settings.tools)}; jobs: {settings.jobs}; timeout: {settings.timeout:g} s"
    for tool_config in settings.tool_configs:
        yield f"{tool_config.tool} is configured by {tool_config.path} ({tool_config.origin})"


def _environments(doctor: Doctor) -> Iterator[str]:
    space = open_workspace(doctor.request, doctor.cwd, doctor.environ)
    files = sum(len(project.checked) for project in space.projects)
    yield f"{count(len(space.projects), 'project')} with {count(files, 'file')}"
    users: dict[str, list[str]] = {}
    known: dict[str, tuple[Environment, str]] = {}
    for project, found in zip(space.projects, space.resolutions, strict=True):
        if found.environment is not None:
            users.setdefault(found.environment.prefix, []).append(project.name)
            known.setdefault(found.environment.prefix, (found.environment, found.rule))
        elif project.checked:
            doctor.problems.append(f"{project.name} has no environment: `pyfmt envs create {project.path}` makes one")
        for candidate in found.passed_over:
            cure = f" ({candidate.cure})" if candidate.cure else ""
            doctor.problems.append(f"{project.name}: passed over {candidate.prefix}: {candidate.reason}{cure}")
    for prefix, (environment, rule) in known.items():
        yield (
            f"{environment.name}: Python {environment.python} (base {environment.base_executable}), found by {rule}, "
            f"{environment.health.value}, {count(len(environment.distributions), 'package')}, for {some(users[prefix])}"
        )
        doctor.problems.extend(_environment_problems(environment))
    for failure in space.survey.failures:
        doctor.problems.append(f"{', '.join(failure.projects) or failure.tool}: {failure.reason}")


def _environment_problems(environment: Environment) -> Iterator[str]:
    if environment.health is not Health.OK:
        cure = f" ({environment.cure})" if environment.cure else ""
        yield f"environment {environment.name}: {environment.reason}{cure}"
    version = (environment.python.major, environment.python.minor)
    if not _PYLINT_PYTHONS[0] <= version <= _PYLINT_PYTHONS[1]:
        yield f"environment {environment.name}: pylint is tested with Python 3.10 to 3.13, it has {environment.python}"


def _cache(doctor: Doctor) -> Iterator[str]:
    settings = _settings(doctor)
    folder = repository_folder(settings.root, settings.cache_dir)
    if not folder.is_dir():
        yield f"folder {folder}: not there yet"
        return
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    yield f"folder {folder}: {len(sizes)} files, {sum(sizes) / 1e6:.1f} MB"
    free = shutil.disk_usage(folder).free
    yield f"free space {free / 1e9:.1f} GB"
    if free < _LITTLE_SPACE:
        doctor.problems.append(f"only {free / 1e6:.0f} MB are free where the cache is ({folder})")
    store = Store(folder)
    try:
        store.get([b""])
    finally:
        store.close()
    yield f"results {'cannot be used' if store.trouble else 'can be read'}"
    if store.trouble:
        doctor.problems.append(store.trouble)
