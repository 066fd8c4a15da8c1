"""Keys that hold everything a result can depend on, and no absolute path or time: a restored cache hits anywhere."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from pyfmt.cache.observed import PortablePaths
from pyfmt.cache.sources import Sources
from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.core.model import Environment, Part, Project, ToolConfig, Unit
from pyfmt.core.tool_values import EVERYTHING

SOURCES = "sources in "  # begins the name of an input that is a folder


def fold(*parts: object) -> bytes:
    """SHA-256 over values that JSON can hold (bytes count as hexadecimal)."""
    text = json.dumps(parts, sort_keys=True, separators=(",", ":"), default=plain)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def plain(value: object) -> object:
    """What JSON does not hold by itself, as it can; for the `default` of json.dumps."""
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
    sources: Sources
    roots: Mapping[str, tuple[str, ...]]  # environment's prefix -> absolute first-party folders on its search path
    trusted: Callable[[Environment], bool]
    own_configs: Callable[[str, str], list[list[str]]]  # by tool and project path: what its own files say to the tool
    # Environments by prefix, for `_environment` alone
    told: dict[str, tuple[object, ...]] = field(default_factory=dict)
    # By tool: what else its configuration makes it import from, as `Sources.below` takes it.
    further: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    options: tuple[str, ...] = ()  # of the command line, where they change what linters say

    def places(self, unit: Unit, part: Part | None = None) -> PortablePaths:
        """Where the paths lie that a unit's tool asks for, those of a part of it alone where one is given."""
        projects = [each.project for each in ((part,) if part else unit.parts)]
        roots = [folder for project in projects for folder in (project.path, *project.import_roots)]
        if unit.environment is not None:
            roots += self.roots.get(unit.environment.prefix, ())
        return PortablePaths.of(unit.environment, self.root, roots)

    def config(self, tool: str) -> tuple[object, ...]:
        """A tool's shared configuration: its text, and where it stands, since relative paths in it count from there."""
        found = self.configs[tool]
        inside = found.path.startswith(self.root + "/")
        place = found.path[len(self.root) :] if inside else os.path.basename(found.path)
        follows = self.digest(found.follows) if found.follows else b""
        chosen = (found.release.version, found.release.pins) if found.release else ()
        return (found.origin, place, self.digest(found.path), follows, *chosen)


def seen_sources(unit: Unit, facts: KeyFacts) -> tuple[str, ...]:
    """The folders whose sources a unit's tool can see; plugins may read anything of the checkout."""
    environment = unit.environment
    seen = {part.project.path for part in unit.parts}
    # What of it lies inside is part of EVERYTHING.
    seen.update(each for each in facts.further.get(unit.tool, ()) if not each.startswith(f"{facts.root}/"))
    if environment is not None:
        seen.update(facts.sources.visible(environment))
        if facts.trusted(environment):
            seen.add(EVERYTHING)
    if EVERYTHING in seen:
        seen = {EVERYTHING, *filter(os.path.isabs, seen)}
    return tuple(sorted(seen))


def unit_inputs(unit: Unit, facts: KeyFacts, below: Callable[[str], bytes] | None = None) -> dict[str, object]:
    """Everything that a lint unit's outcome can depend on, by a name that a person understands.

    `below` tells the sources in a folder apart; by default, by their contents.
    """
    below = below or facts.sources.below
    environment, further = unit.environment, facts.further.get(unit.tool, ())
    installed: dict[str, object] = {}
    if environment is not None:
        installed["trust"] = facts.trusted(environment)
        installed[f"environment {environment.name}"] = list(_environment(environment, facts))
    return {
        "pyfmt and its tools": facts.tools.hex(),
        f"{unit.tool}'s configuration": list(facts.config(unit.tool)),
        **installed,
        "the projects' layout": [[*_project(part.project), part.project.first_party] for part in unit.parts],
        f"what projects say to {unit.tool}": [facts.own_configs(unit.tool, part.project.path) for part in unit.parts],
        "the files to check": [[part.home, sorted((*part.files, *part.context))] for part in unit.parts],
        **{
            SOURCES + portable(folder, environment, facts.root): below(folder).hex()
            for folder in seen_sources(unit, facts)
        },
        **notebook_inputs(unit.files, facts),
        **({"folders that it names": [portable(each, environment, facts.root) for each in further]} if further else {}),
        **({"options": list(facts.options)} if facts.options else {}),
    }


def notebook_inputs(files: Iterable[str], facts: KeyFacts) -> dict[str, object]:
    """What answers about notebooks depend on: their contents, and the versions of what reads their magics."""
    notebooks = sorted(file for file in files if file.endswith(NOTEBOOK_SUFFIX))
    if not notebooks:
        return {}
    from pyfmt.tools.versions import notebook_versions  # deferred: reads metadata, only where there are any

    found: dict[str, object] = {file: facts.digest(file).hex() for file in notebooks}
    return {**found, "what reads notebooks": notebook_versions()}


def part_inputs(unit: Unit, part: Part, facts: KeyFacts) -> list[object]:
    """What the messages about a project's files depend on besides sources: the key of its record of files.

    First-party names are not among them: they are those of sources.
    """
    environment = unit.environment
    assert environment is not None, unit
    return [
        facts.tools.hex(),
        list(facts.config(unit.tool)),
        facts.trusted(environment),
        list(_searched(environment, facts)),
        list(_project(part.project)),
        facts.own_configs(unit.tool, part.project.path),
        part.home,
        list(facts.options),
    ]


def unit_identity(unit: Unit) -> bytes:
    """The key under which the inputs of a unit's last outcome are kept, whatever they were."""
    place = unit.environment.name if unit.environment else ""
    return fold("inputs", unit.tool, place, [part.project.path for part in unit.parts], unit.number)


def _environment(environment: Environment, facts: KeyFacts) -> tuple[object, ...]:
    if environment.prefix not in facts.told:
        found = (*environment.search_path, "", *environment.finder_roots, "", *facts.roots.get(environment.prefix, ()))
        paths = [portable(path, environment, facts.root) for path in found]
        what = (environment.name, environment.fingerprint, str(environment.python), paths)
        facts.told[environment.prefix] = what
    return facts.told[environment.prefix]


def _searched(environment: Environment, facts: KeyFacts) -> tuple[object, ...]:
    """How an environment's modules are found, whatever is installed: what a file has asked of that is kept with it."""
    name, fingerprint, python, paths = _environment(environment, facts)
    return (name, python, paths, fingerprint if has_hooks(environment) else "")


def has_hooks(environment: Environment) -> bool:
    """Whether import hooks provide modules in it: which, pylint's worker reads by itself."""
    return bool(environment.finder_roots or environment.remapped)


def portable(path: str, environment: Environment | None, root: str) -> str:
    """A path of an environment without where the checkout, the environment or the interpreter lies."""
    if not path.startswith("/") or environment is None:
        return path  # a folder of the monorepo
    base = os.path.dirname(os.path.dirname(environment.base_executable))
    for prefix, name in ((environment.prefix, "<environment>"), (root, "<root>"), (base, "<base>")):
        if path == prefix or path.startswith(prefix.rstrip("/") + "/"):
            return name + path[len(prefix) :]
    return path


def _project(project: Project) -> tuple[object, ...]:
    return (project.name, project.path, project.requires_python, project.import_roots)


def format_inputs(project: Project, facts: KeyFacts, listing: Iterable[str]) -> dict[str, object]:
    """All that the formatters' answer for a project's files depends on besides their content, by a plain name.

    `listing` holds the names in the project's folder and source folders: isort's first party depends on them.
    """
    return {
        "pyfmt and its tools": facts.tools.hex(),
        **{f"{tool}'s configuration": list(facts.config(tool)) for tool in sorted(facts.configs)},
        "the project's layout": [project.path, project.requires_python, project.import_roots, project.first_party],
        "the modules beside it": sorted(listing),
    }


def format_key(project: bytes, files: Iterable[str], facts: KeyFacts) -> bytes:
    """The key under which files of a project are known to be formatted; `project` is the digest of `format_inputs`."""
    total = hashlib.sha256(project)
    files = sorted(files)
    if reading := notebook_inputs(files, facts):
        total.update(fold(reading))
    for file in files:
        total.update(b"%b\0%b\n" % (file.encode("utf-8", "surrogateescape"), facts.digest(file)))
    return total.digest()
