"""mypy as pyfmt runs it: pyfmt's own pinned mypy, told where the environment's packages are.

Nothing of the environment is started. `payload` reads the configuration files (the shared one and those of the unit's
projects, for their per-module sections), so that the payload holds all that the answer depends on but the sources.
"""

from __future__ import annotations

import functools
import os
import posixpath
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pyfmt import disk
from pyfmt.core.cells import NOTEBOOK_SUFFIX, module_name
from pyfmt.core.errors import ConfigError
from pyfmt.core.model import Environment, Failure, Finding, Part, Project, Severity, ToolConfig, Unit
from pyfmt.tools.mypy import config, plugins
from pyfmt.tools.mypy.config import Settings
from pyfmt.tools.protocol import JsonObject, LintContext, Reading, ToolNeed

_OLDEST = (3, 10)  # mypy 2.4 checks for no older Python
_STUB = ".pyi"
_SUFFIXES = (".py", _STUB)


@dataclass(frozen=True, slots=True)
class Mypy:
    """The Linter of mypy; see pyfmt.tools.protocol."""

    worker: str = "mypy"
    stays_warm: bool = True

    def interpreter(self, environment: Environment | None) -> str:
        """pyfmt's own: mypy checks for any Python from 3.10 on, whatever it runs in."""
        del environment
        return sys.executable

    def payload(self, unit: Unit, context: LintContext) -> JsonObject:
        """What `worker/task.py`'s run takes; a configuration that cannot be used becomes a failure in its answer."""
        environment = unit.environment
        assert environment is not None, unit
        runs: list[JsonObject] = []
        notes: list[str] = list(_version_notes(environment))
        failures: list[JsonObject] = []
        mypy_path: list[str] = []
        try:
            shared = _read(Path(context.config.path), context.config.path)
            if context.unused_ignores:
                shared = config.with_unused_ignores(shared)
            known = {part.project.path: _overrides_or_failure(part, context) for part in unit.parts}
            failures += [found for found in known.values() if isinstance(found, dict) and found["projects"]]
            for parts, settings in _same_overrides(unit, known, shared):
                folders = [_absolute(context.root, part.project.path) for part in parts]
                derived = config.derive(shared, settings, folders)
                runs.append(_run(parts, derived, context))
                notes += derived.notes
                mypy_path += derived.mypy_path
        except ConfigError as error:
            runs = []
            failures.append({"reason": f"{error.where}: {error.what}", "detail": error.cure})
        roots = [
            *mypy_path,
            *(_absolute(context.root, root) for part in unit.parts for root in part.project.import_roots),
        ]
        roots += [*context.import_roots, *environment.finder_roots, *_of_the_monorepo(environment, context.root)]
        return {
            "root": context.root,
            "environment": environment.name,
            "python": list(max((environment.python.major, environment.python.minor), _OLDEST)),
            "plugins_python": [environment.python.implementation, environment.python.major, environment.python.minor],
            "search_path": list(environment.search_path),
            "site_packages": list(environment.site_packages),
            "import_roots": _outside(dict.fromkeys(roots), environment.site_packages),
            "notebooks": {_absolute(context.root, file): text for file, text in context.notebooks.items()},
            "remapped": [list(pair) for pair in environment.remapped],
            "shared_config": context.config.path,
            "runs": runs,
            "tool_paths": list(context.tool_paths),
            "cache_dir": context.cache_dir,
            "trusted": context.trusted,
            "notes": notes,
            "failures": failures,
        }

    def need(self, environment: Environment | None, payload: JsonObject) -> ToolNeed | None:
        """A tool environment of the environment's Python, where it has a plugin that pyfmt's own Python may not
        load."""
        assert environment is not None, "mypy reads an environment"
        return plugins.need(environment, payload) if payload["trusted"] else None

    def parse(self, unit: Unit, answer: Mapping[str, Any]) -> Reading:
        """Findings in the order of the files; paths in the answer are relative to the root already."""
        owners = {file: part.project.name for part in unit.parts for file in part.files}
        environment = unit.environment.name if unit.environment else ""
        findings = [
            finding(item, owners[item["path"]], environment) for item in answer["findings"] if item["path"] in owners
        ]
        failures = [
            Failure(
                "mypy", tuple(item.get("projects", unit.projects)), environment, item["reason"], item.get("detail", "")
            )
            for item in answer["failures"]
        ]
        return Reading(tuple(findings), tuple(failures), tuple(answer["notes"]), asked=tuple(answer["asked"]))

    def module_name(self, file: str, project: Project) -> str:
        """The name by mypy's --explicit-package-bases rule; "" for a source that mypy passes over for its stub.

        From mypy/find_sources.py: a folder walk takes `a.pyi` and not `a.py` beside it, and a package before a module.
        """
        names = _names(project.files, project.import_roots)
        return names.module(file)


class _SourceFinder:
    """mypy's SourceFinder over a list of files instead of a disk; folders are root-relative, "." is the root."""

    def __init__(self, files: Sequence[str], bases: Iterable[str]) -> None:
        self._files = frozenset(files)
        self._bases = frozenset(bases)
        self._parents: dict[str, str] = {}

    def module(self, file: str) -> str:
        if file.endswith(NOTEBOOK_SUFFIX):
            return module_name(file)
        if not file.endswith(_SUFFIXES):
            return "__main__"  # a script: mypy takes one in a run, and nobody can import it
        stem, _, suffix = file.rpartition(".")
        if suffix == "py" and stem + _STUB in self._files:
            return ""
        folder, _, name = stem.rpartition("/")
        if name != "__init__" and self._is_package(stem):
            return ""
        if folder not in self._parents:
            self._parents[folder] = self._crawl(folder or ".") or ""
        parent = self._parents[folder]
        if name == "__init__":
            return parent
        return f"{parent}.{name}" if parent else name

    def _is_package(self, folder: str) -> bool:
        prefix = "" if folder == "." else folder + "/"
        return prefix + "__init__.py" in self._files or prefix + "__init__.pyi" in self._files

    def _crawl(self, folder: str) -> str | None:
        """The package that `folder` is, "" for a base, None for no part of a package."""
        if folder in self._bases:
            return ""
        parent, name = posixpath.dirname(folder) or ".", posixpath.basename(folder).removesuffix("-stubs")
        if folder == "." or (not name.isidentifier() and not self._is_package(folder)):
            return None
        above = self._crawl(parent)
        if self._is_package(folder):
            above = above or ""
        if above is None:
            return None
        return f"{above}.{name}" if above else name


@functools.lru_cache(maxsize=8)
def _names(files: tuple[str, ...], bases: tuple[str, ...]) -> _SourceFinder:
    return _SourceFinder(files, bases)


def _version_notes(environment: Environment) -> Iterable[str]:
    python = environment.python
    if python.implementation != "CPython" or (python.major, python.minor) < _OLDEST:
        checked = max((python.major, python.minor), _OLDEST)
        yield f"{environment.name} has Python {python}: mypy checks it as CPython {checked[0]}.{checked[1]}"


def _read(path: Path, shown: str) -> Settings:
    try:
        text = disk.read_text(path, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"mypy's configuration cannot be read: {error}", shown) from error
    return config.parse(shown, str(path.parent), text)


def own_sections(shared: ToolConfig, name: str, text: str) -> str:
    """What a call of mypy takes from a project's own file, and what its reader says of it; "" where that is nothing.

    What it takes for the plugins depends on the shared configuration; where that cannot be read it is the whole text.
    """
    try:
        settings = config.parse(name, "", text)
    except ConfigError as error:
        return error.what
    try:
        given = _read(Path(shared.path), shared.path)
    except ConfigError:
        return text
    tables = config.plugin_tables(settings, given)
    # Where one file is mypy's own, the next one does not count.
    return repr((settings.own, list(settings.modules.items()), tables)) if settings.own or tables else ""


def _overrides(project: Project, root: str, shared: str) -> Settings | None:
    """The first file of a project that mypy would take its configuration from, unless that is the shared one, with the
    tables of plugins that stand in its pyproject.toml."""
    found: Settings | None = None
    for name in config.FILE_NAMES:
        path = Path(root, project.path, name)
        if str(path) == shared or not disk.is_file(path) or (found and found.own and name != "pyproject.toml"):
            continue
        settings = _read(path, posixpath.normpath(posixpath.join(project.path, name)))
        if found is None or not found.own:
            found, settings = settings, found or settings
        found = replace(found, extra={**settings.extra, **found.extra})
    return found


def _overrides_or_failure(part: Part, context: LintContext) -> Settings | JsonObject | None:
    """A project's own sections; where they cannot be read the failure, which is that project's alone.

    It names the project only if it was asked for.
    """
    try:
        return _overrides(part.project, context.root, context.config.path)
    except ConfigError as error:
        projects = [part.project.name] if part.files else []
        return {"reason": f"{error.where}: {error.what}", "detail": error.cure, "projects": projects}


def _same_overrides(
    unit: Unit, known: Mapping[str, Settings | JsonObject | None], shared: Settings | None
) -> list[tuple[list[Part], list[Settings]]]:
    """Parts that one run of mypy can serve: a project's sections must not change what its companions are told.

    Sections about a project's own modules concern nobody else; of the others (`[[tool.mypy.overrides]] module =
    "pandas.*"`) and of the tables of plugins (`[tool.django-stubs]`) all parts of a run must have the same. `known`
    gives each project's; one with a failure has no part. A library that is judged away from home without such a table
    has that of the project whose environment it is.
    """
    runs: dict[str, tuple[list[Part], list[Settings]]] = {}
    of_home: Settings | None = None
    for part in sorted(unit.parts, key=lambda each: not each.home):
        settings = known[part.project.path]
        if isinstance(settings, dict):
            continue
        tables = config.plugin_tables(settings, shared)
        if part.home and tables:
            of_home = of_home or settings
        borrowed = None if part.home or tables or of_home is None else replace(of_home, modules={})
        tables = config.plugin_tables(borrowed, shared) if borrowed else tables
        others = [name for other in unit.parts if other is not part for name in other.project.first_party]
        public = {
            pattern: options
            for pattern, options in (settings.modules.items() if settings else ())
            if not config.private_to(pattern, part.project.first_party, others)
        }
        parts, found = runs.setdefault(repr((public, tables)), ([], []))
        parts.append(part)
        found += filter(None, (settings, borrowed))
    return list(runs.values())


def _run(parts: Sequence[Part], derived: config.Derived, context: LintContext) -> JsonObject:
    """One call of mypy: absolute files to report and further ones, each with its module's name."""
    files: dict[str, str] = {}
    reported: list[str] = []
    for part in parts:
        names = _names(part.project.files, part.project.import_roots)
        bases = (".", part.project.path)
        for file in (*part.files, *part.context):
            name = names.module(file)
            if name and not config.excluded(file, bases, derived.exclude):
                files[_absolute(context.root, file)] = name
        reported += [_absolute(context.root, file) for file in part.files]
    return {
        "projects": [part.project.name for part in parts if part.files],
        "config": derived.text,
        "toml": derived.toml,
        "plugins": list(derived.plugins),
        "follow_imports": derived.follow_imports,
        "origins": dict(derived.origins),
        "files": dict(sorted(files.items())),
        "reported": [file for file in reported if file in files],
    }


def _absolute(root: str, path: str) -> str:
    return os.path.normpath(os.path.join(root, path))


def _of_the_monorepo(environment: Environment, root: str) -> list[str]:
    """The monorepo's folders that the environment imports from: first party, whether they have `py.typed` or not."""
    inside, own = root.rstrip(os.sep) + os.sep, environment.prefix.rstrip(os.sep) + os.sep
    found = (path for path in environment.search_path if path.startswith(inside) and not path.startswith(own))
    return [path for path in found if disk.is_dir(path) and not disk.is_file(os.path.join(path, "os.py"))]


def _outside(roots: Iterable[str], site_packages: Sequence[str]) -> list[str]:
    """Without folders in site-packages, which mypy refuses as import roots (and finds by itself)."""
    return [
        root
        for root in roots
        if not any(root == site or root.startswith(site.rstrip(os.sep) + os.sep) for site in site_packages)
    ]


def finding(item: Mapping[str, Any], project: str, environment: str) -> Finding:
    """The finding of one of the worker's items."""
    rule = item["rule"]
    return Finding(
        path=item["path"],
        line=item["line"],
        column=item["column"],
        end_line=item["end_line"],
        end_column=item["end_column"],
        tool="mypy",
        rule=rule,
        symbol=rule,
        severity=Severity(item["severity"]),
        message=item["message"],
        project=project,
        environments=(environment,),
        notes=tuple(item["notes"]),
        syntax=item["syntax"],
    )
