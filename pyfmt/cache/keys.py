"""Keys that hold everything a result can depend on, and no absolute path or time: a restored cache hits anywhere."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pyfmt.model import Environment, Project, ToolConfig, Unit

SCHEMA = 1  # raise it when the meaning of a stored value changes
_PROJECT_CONFIGS = (
    "pyproject.toml",
    "setup.cfg",
    "mypy.ini",
    ".mypy.ini",
)  # per-module sections for mypy come from here


def fold(*parts: object) -> bytes:
    """SHA-256 over values that JSON can hold (bytes count as hexadecimal)."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=_plain)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _plain(value: object) -> object:
    if isinstance(value, bytes):
        return value.hex()
    raise TypeError(type(value).__name__)


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """What all keys of a run are made from; `digest` gives a file's content digest."""

    root: str
    tools: bytes  # versions and code of pyfmt and its tools
    configs: Mapping[str, ToolConfig]
    digest: Callable[[str], bytes]
    visible: Callable[[Environment], Iterable[str]]  # the first-party files that an environment's tools can import
    trusted: Callable[[Environment], bool]
    every_file: Callable[[], Iterable[str]]  # all files of the monorepo

    def config(self, tool: str) -> tuple[object, ...]:
        """A tool's shared configuration: its text, and where it stands, since relative paths in it count from there."""
        found = self.configs[tool]
        inside = found.path.startswith(self.root + "/")
        place = found.path[len(self.root) :] if inside else Path(found.path).name
        return (found.origin, place, self.digest(found.path))

    def files(self, paths: Iterable[str]) -> list[tuple[str, bytes]]:
        """Paths with their digests, in order."""
        return [(path, self.digest(path)) for path in sorted(set(paths))]


def unit_inputs(unit: Unit, facts: KeyFacts) -> dict[str, object]:
    """Everything that a lint unit's outcome can depend on, by a name that a person understands."""
    environment = unit.environment
    assert environment is not None, unit
    trusted = facts.trusted(environment)
    # Plugins may read anything of the checkout.
    seen = set(facts.every_file()) if trusted else set(facts.visible(environment))
    for part in unit.parts:
        seen.update(part.project.files)
        seen.update(part.project.hidden)
    return {
        "pyfmt and its tools": [SCHEMA, facts.tools.hex()],
        f"{unit.tool}'s configuration": list(facts.config(unit.tool)),
        "trust": trusted,
        f"environment {environment.name}": list(_environment(environment, facts.root)),
        "the projects' layout": [list(_project(part.project, facts)) for part in unit.parts],
        "the files to check": [sorted((*part.files, *part.context)) for part in unit.parts],
        **{path: digest.hex()[:32] for path, digest in facts.files(seen)},
    }


def unit_key(unit: Unit, facts: KeyFacts) -> bytes:
    """The key of a lint unit's whole outcome: its tool could see nothing else."""
    return fold("unit", unit.tool, unit_inputs(unit, facts))


def unit_identity(unit: Unit) -> bytes:
    """The key under which the inputs of a unit's last outcome are kept, whatever they were."""
    place = unit.environment.name if unit.environment else ""
    return fold("inputs", unit.tool, place, [part.project.path for part in unit.parts], unit.number)


def changed_inputs(before: Mapping[str, object], now: Mapping[str, object]) -> list[str]:
    """The names of the inputs that differ, "(new)" and "(gone)" where there is only one."""
    plain = json.loads(json.dumps(now, default=_plain))
    names = []
    for name in sorted({*before, *plain}):
        if name not in before:
            names.append(f"{name} (new)")
        elif name not in plain:
            names.append(f"{name} (gone)")
        elif before[name] != plain[name]:
            names.append(name)
    return names


def pack(inputs: Mapping[str, object]) -> bytes:
    """Inputs as the cache keeps them."""
    return json.dumps(inputs, default=_plain).encode("utf-8", "surrogatepass")


def _environment(environment: Environment, root: str) -> tuple[object, ...]:
    python = environment.python
    paths = [portable(path, environment, root) for path in (*environment.search_path, "", *environment.finder_roots)]
    return (environment.name, environment.fingerprint, str(python), paths)


def portable(path: str, environment: Environment, root: str) -> str:
    """A path of an environment without where the checkout, the environment or the interpreter lies."""
    base = str(Path(environment.base_executable).parent.parent)
    for prefix, name in ((environment.prefix, "<environment>"), (root, "<root>"), (base, "<base>")):
        if path == prefix or path.startswith(prefix.rstrip("/") + "/"):
            return name + path[len(prefix) :]
    return path


def _project(project: Project, facts: KeyFacts) -> tuple[object, ...]:
    folder = "" if project.path == "." else project.path + "/"
    configs = [(name, facts.digest(folder + name)) for name in _PROJECT_CONFIGS]
    return (project.name, project.path, project.requires_python, project.import_roots, configs)


def format_key(project: Project, files: Iterable[str], facts: KeyFacts, listing: Iterable[str]) -> bytes:
    """The key under which files of a project are known to be formatted.

    `listing` holds the names in the project's folder and source folders: isort's first party depends on them.
    """
    configs = [facts.config(tool) for tool in sorted(facts.configs)]
    layout = (project.path, project.requires_python, project.import_roots, project.first_party, sorted(listing))
    return fold("format", SCHEMA, facts.tools, configs, layout, facts.files(files))
