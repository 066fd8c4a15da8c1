"""What a project's manifests say of it, read without running anything: name, Python, source folders, dependencies."""

from __future__ import annotations

import configparser
import posixpath
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from pyfmt import disk
from pyfmt.core import parsing
from pyfmt.core.parsing import Table, strings, table
from pyfmt.projects.names import is_placeholder, normalise
from pyfmt.projects.setup_py import arguments

_TEMPLATE_LINE = re.compile(r"(?m)^[ \t]*(?:\{[%{#]|name[ \t]*=[ \t]*[\"']?(?:\{[%{]|\$|<))")


@dataclass(frozen=True, slots=True)
class Manifest:
    """The facts of a project's pyproject.toml, setup.cfg and setup.py, in this order of precedence."""

    distribution: str | None = None  # as written
    requires_python: str | None = None
    version: str | None = None  # where it is written there
    source_folders: tuple[str, ...] = ()  # relative to the project: "src", "lib/python"
    requirements: tuple[str, ...] = ()  # PEP 508 lines of every group
    needs: tuple[str, ...] = ()  # PEP 508 lines of the main group
    path_dependencies: tuple[str, ...] = ()  # relative to the project, or absolute
    workspace_dependencies: tuple[str, ...] = ()  # names that come from the uv workspace
    requirements_files: tuple[str, ...] = ()  # that setuptools is told to read them from, relative to the project
    computed: bool = False  # (some) dependencies are computed when the project is built: they are not all known
    problem: str = ""  # why a manifest could not be read
    build_requires: tuple[str, ...] = ()  # PEP 508 lines of what there is where it is built
    template: bool = False  # it is a template's: its name has still to be filled in
    calls_setup: bool = True  # False: of a setup.py that makes no distribution
    # What each file alone says: the same again, by its origin.
    parts: tuple[tuple[str, Manifest], ...] = field(default=(), compare=False)


def read_manifest(folder: Path, names: tuple[str, ...]) -> Manifest:
    """Read the manifests called `names` in `folder`; what cannot be read is told in `problem`."""
    readers = {"pyproject.toml": _read_pyproject, "setup.cfg": _read_setup_cfg, "setup.py": _read_setup_py}
    parts: list[Manifest] = []
    named: list[tuple[str, Manifest]] = []
    problems = []
    computed = template = False
    for name, reader in readers.items():
        if name not in names:
            continue
        try:
            parts.append(reader(folder / name))
            named.append((name, parts[-1]))
            # What a pyproject.toml calls dynamic is setup.py's or setup.cfg's business, where there are any.
            computed |= parts[-1].computed and (name != "pyproject.toml" or names == (name,))
        except Exception as error:  # pylint: disable=broad-exception-caught  # one manifest's error is no other's
            problems.append(f"{name} cannot be read: {parsing.why(error)}")
            template |= _is_template(folder / name)
    distribution = next((part.distribution for part in parts if part.distribution), None)
    return Manifest(
        distribution=distribution,
        requires_python=next((part.requires_python for part in parts if part.requires_python), None),
        version=next((part.version for part in parts if part.version), None),
        source_folders=_unique(part.source_folders for part in parts),
        requirements=_unique(part.requirements for part in parts),
        needs=_unique(part.needs for part in parts),
        path_dependencies=_unique(part.path_dependencies for part in parts),
        workspace_dependencies=_unique(part.workspace_dependencies for part in parts),
        requirements_files=_unique(part.requirements_files for part in parts),
        computed=computed,
        # Without a pyproject.toml that says otherwise, setuptools is there (PEP 517).
        build_requires=_unique(part.build_requires for part in parts) or ("setuptools",),
        problem="; ".join(problems),
        template=template or any(part.template for part in parts) or is_placeholder(distribution or ""),
        calls_setup=any(part.calls_setup for part in parts) or not parts,
        parts=tuple(named),
    )


def _is_template(path: Path) -> bool:
    """Whether a manifest that cannot be parsed is a template: by its name, or a line that begins with a mark."""
    try:
        return _TEMPLATE_LINE.search(disk.read_text(path)) is not None
    except (OSError, ValueError):
        return False


def _legacy(setup_requires: list[str]) -> tuple[str, ...]:
    return ("setuptools", *setup_requires) if setup_requires else ()


def _unique(groups: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(item for group in groups for item in group))


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return list(strings(value))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _read_pyproject(path: Path) -> Manifest:
    data = disk.read_toml(path)
    project, poetry = table(data, "project"), table(data, "tool", "poetry")
    uv, pdm = table(data, "tool", "uv"), table(data, "tool", "pdm")
    requirements = _texts(project.get("dependencies")) + _texts(uv.get("dev-dependencies"))
    groups = (
        table(project, "optional-dependencies"),
        table(data, "dependency-groups"),
        table(pdm, "dev-dependencies"),
    )
    for each in groups:
        for group in each.values():
            requirements += _texts(group)
    paths = [found for line in requirements if (found := direct_path(line))]
    workspace = []
    for name, source in table(uv, "sources").items():
        for entry in _list(source):
            if isinstance(entry, dict) and isinstance(entry.get("path"), str):
                paths.append(entry["path"])
            elif isinstance(entry, dict) and entry.get("workspace") is True:
                workspace.append(normalise(name))
    asked = _poetry_requirements(poetry)
    files = _texts(table(data, "tool", "setuptools", "dynamic", "dependencies").get("file"))
    dynamic = "dependencies" in _texts(project.get("dynamic"))
    return Manifest(
        distribution=_text(project.get("name")) or _text(poetry.get("name")),
        requires_python=_text(project.get("requires-python")) or poetry_range(asked.python),
        version=_text(project.get("version")) or _text(poetry.get("version")),
        source_folders=tuple(_pyproject_sources(data)),
        requirements=(*requirements, *asked.names),
        needs=(*_texts(project.get("dependencies")), *poetry_lines(table(poetry, "dependencies"))),
        path_dependencies=(*paths, *asked.paths),
        build_requires=tuple(_texts(table(data, "build-system").get("requires"))),
        workspace_dependencies=tuple(workspace),
        requirements_files=tuple(files) if dynamic else (),
        computed=dynamic and not files and not table(poetry, "dependencies"),
    )


@dataclass(frozen=True, slots=True)
class _PoetryRequirements:
    """What Poetry's own tables of dependencies say."""

    python: str | None
    names: tuple[str, ...]  # with their ranges, without markers
    paths: tuple[str, ...]


def _poetry_requirements(poetry: Table) -> _PoetryRequirements:
    """Every table of dependencies that Poetry knows, the old dev one included."""
    tables = [table(poetry, "dependencies"), table(poetry, "dev-dependencies")]
    tables += [table(group, "dependencies") for group in table(poetry, "group").values()]
    python, names, paths = None, [], []
    for each in tables:
        for name, constraint in each.items():
            if name.lower() == "python":
                python = _text(constraint) or python
                continue
            for entry in _list(constraint):
                options = entry if isinstance(entry, dict) else {"version": entry}
                local = options.get("path", options.get("file"))
                if isinstance(local, str):
                    paths.append(local)
                elif not {"git", "url"} & set(options):
                    names.append(f"{name}{poetry_range(_text(options.get('version'))) or ''}")
    return _PoetryRequirements(python, tuple(names), tuple(paths))


def poetry_lines(dependencies: Table) -> list[str]:
    """A table of dependencies as Poetry and Pipenv write it, as PEP 508 lines; optional ones are left out."""
    lines = []
    for name, constraint in dependencies.items():
        for entry in _list(constraint) if name.lower() != "python" else ():
            options = entry if isinstance(entry, dict) else {"version": entry}
            if options.get("optional"):
                continue
            python = poetry_range(_text(options.get("python")))
            clauses = re.findall(r"([<>=!~]+)([\d.*]+)", python or "")
            markers = [f"python_full_version {operator} '{version}'" for operator, version in clauses]
            markers += [f"({options['markers']})"] if _text(options.get("markers")) else []
            marker = f"; {' and '.join(markers)}" if markers else ""
            lines.append(f"{name}{poetry_range(_text(options.get('version'))) or ''}{marker}")
    return lines


def poetry_range(constraint: str | None) -> str | None:
    """Poetry's caret and tilde ranges as PEP 440 specifiers ("^3.10" is ">=3.10,<4"); None where it is something else.

    Source: Poetry's documentation, "Dependency specification".
    """
    if constraint is None:
        return None
    clauses = []
    # Both commas and blanks stand between clauses; a blank may also stand behind an operator.
    for clause in re.sub(r"([<>=!~^])\s+", r"\1", constraint).replace(",", " ").split():
        match = re.fullmatch(r"([\^~]?)(\d+)(?:\.(\d+))?(?:\.(\d+))?", clause)
        if match is None:
            if not re.fullmatch(r"(?:[<>]=?|[!=]=|~=)\d[\d.]*(?:\.\*)?", clause):
                return None
            clauses.append(clause)
            continue
        mark, major, minor, micro = match.groups()
        lower = clause.lstrip("^~")
        if mark == "^":
            clauses += [f">={lower}", f"<{int(major) + 1}"]
        elif mark == "~":
            upper = f"{major}.{int(minor) + 1}" if minor else f"{int(major) + 1}"
            clauses += [f">={lower}", f"<{upper}"]
        else:
            clauses.append(f"=={lower}" + ("" if micro else ".*"))
    return ",".join(clauses) or None


def direct_path(line: str) -> str | None:
    """The folder of a direct reference: `name @ file:///…`, PDM's `-e file:///${PROJECT_ROOT}/../lib#egg=name`, Hatch's
    `name @ {root:parent:uri}/lib`."""
    hatch = re.search(r"@\s*\{root((?::parent)*):(?:uri|real)\}/?([^#;]*)", line)
    if hatch is not None:
        return "../" * hatch.group(1).count(":parent") + (hatch.group(2).strip() or ".")
    match = re.search(r"file:(?://(?:localhost(?=/))?)?([^#;]*)", line)
    if match is None:
        return None
    return unquote(re.sub(r"^/?\$\{PROJECT_ROOT\}/", "", match.group(1).strip())) or None


def _pyproject_sources(data: Table) -> list[str]:
    """Folders that packages are taken from, as each build backend says it."""
    sources = []
    for package in _list(table(data, "tool", "poetry").get("packages")):
        if isinstance(package, dict):
            sources += _texts(package.get("from"))
    setuptools = table(data, "tool", "setuptools")
    sources += _texts(table(setuptools, "package-dir").get(""))
    sources += _texts(table(setuptools, "packages", "find").get("where"))
    sources += _texts(table(data, "tool", "pdm", "build").get("package-dir"))
    sources += _texts(table(data, "tool", "uv", "build-backend").get("module-root"))
    sources += _texts(table(data, "tool", "maturin").get("python-source"))
    wheel = table(data, "tool", "hatch", "build", "targets", "wheel")
    sources += _texts(wheel.get("sources"))
    # Hatch ships the last part of such a path under its own name ("packages" in its manual).
    sources += [posixpath.dirname(package.rstrip("/")) for package in _texts(wheel.get("packages"))]
    return _folders(sources)


def _folders(sources: Iterable[str]) -> list[str]:
    """Source folders in one spelling, without the project's own."""
    spelled = [posixpath.normpath(source.strip().replace("\\", "/").strip("/") or ".") for source in sources]
    return [source for source in spelled if source != "."]


def _read_setup_cfg(path: Path) -> Manifest:
    parser = configparser.ConfigParser(interpolation=None)
    parser.read_string(disk.read_text(path))

    def lines(section: str, key: str) -> list[str]:
        return [line.strip() for line in parser.get(section, key, fallback="").splitlines() if line.strip()]

    sources = [line.partition("=")[2].strip() for line in lines("options", "package_dir") if line.startswith("=")]
    sources += lines("options.packages.find", "where")
    requirements = lines("options", "install_requires")
    if parser.has_section("options.extras_require"):
        for key in parser.options("options.extras_require"):
            requirements += lines("options.extras_require", key)
    return Manifest(
        distribution=_text(parser.get("metadata", "name", fallback="").strip()),
        requires_python=_text(parser.get("options", "python_requires", fallback="").strip()),
        source_folders=tuple(_folders(sources)),
        requirements=tuple(requirements),
        needs=tuple(lines("options", "install_requires")),
        build_requires=_legacy(lines("options", "setup_requires")),
        path_dependencies=tuple(found for line in requirements if (found := direct_path(line))),
    )


def _read_setup_py(path: Path) -> Manifest:
    """The arguments of the call of `setup`, as far as they can be read without running it.

    What cannot be parsed says nothing here: it is a Python file, and the tools say what is wrong with it.
    """
    try:
        tree = parsing.parse_python(disk.read_bytes(path))
    except (SyntaxError, ValueError):
        return Manifest(computed=True, template=_is_template(path))
    found = arguments(tree)
    values = found.values
    sources = _texts(table(values, "package_dir").get(""))
    needs = _texts(values.get("install_requires"))
    requirements = needs + [line for extra in table(values, "extras_require").values() for line in _texts(extra)]
    files = [file for file in found.files.get("install_requires", ()) if disk.is_file(path.parent / file)]
    return Manifest(
        distribution=_text(values.get("name")),
        requires_python=_text(values.get("python_requires")),
        version=_text(values.get("version")),
        source_folders=tuple(_folders(sources)),
        requirements=tuple(requirements),
        needs=tuple(needs),
        build_requires=_legacy(_texts(values.get("setup_requires"))),
        path_dependencies=tuple(local for line in requirements if (local := direct_path(line))),
        requirements_files=tuple(files),
        computed=not found.computed.isdisjoint(("install_requires", "extras_require", "**")),
        calls_setup=found.called,
    )
