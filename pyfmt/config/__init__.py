"""[tool.pyfmt] to Config: where the root is, what each key says and where it comes from."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pyfmt import disk
from pyfmt.config.own import own_configs
from pyfmt.config.plain import kind
from pyfmt.config.values import KEYS, EnvironmentSettings, count, seconds, tools
from pyfmt.core.errors import ConfigError, UsageError
from pyfmt.core.model import Config, Severity, ToolConfig
from pyfmt.core.request import Request
from pyfmt.core.rules import TOOL as OWN_RULES
from pyfmt.core.similar import nearest
from pyfmt.tools import registry

__all__ = ["DEFAULT_TIMEOUT", "configs_folder", "find_root", "load", "read_toml"]

DEFAULT_TIMEOUT = 600.0  # seconds for one unit

Table = Mapping[str, Any]

# What a file that is no TOML shows of being meant as pyfmt's configuration.
_HEADER = re.compile(rb"^\s*\[+\s*tool\s*\.\s*[\"']?pyfmt\b", re.MULTILINE)


def read_toml(path: Path) -> dict[str, Any]:
    """The file's content; ConfigError names the place where it is not TOML or cannot be read."""
    try:
        return disk.read_toml(path)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", str(path)) from error
    except ValueError as error:
        raise ConfigError(f"is not valid TOML: {error}", str(path)) from error


def _section(path: Path, data: dict[str, Any]) -> dict[str, Any] | None:
    """The pyfmt section of a file's data: `[tool.pyfmt]`, or the whole of a pyfmt.toml; None where it has none."""
    tool = data.get("tool", {})
    section = tool.get("pyfmt") if isinstance(tool, dict) else None
    if path.name != "pyproject.toml" and (section is None or path.name == "pyfmt.toml" and set(data) != {"tool"}):
        section = data  # with a stray `[tool.…]` in it, that is an unknown key
    if section is None:
        return None
    if not isinstance(section, dict):
        raise ConfigError(f"tool.pyfmt must be a table, not {kind(section)}", str(path))
    return section


def _config_file_in(folder: Path) -> Path | None:
    """pyfmt.toml, or a pyproject.toml that has `[tool.pyfmt]`."""
    own = folder / "pyfmt.toml"
    if own.is_file():
        return own
    manifest = folder / "pyproject.toml"
    if not manifest.is_file():
        return None
    # Cheap test first: most manifests of a monorepo are not ours.
    try:
        content = disk.read_bytes(manifest)
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", str(manifest)) from error
    if b"pyfmt" not in content:
        return None
    try:
        data = read_toml(manifest)
    except ConfigError:
        # A project's damaged manifest that only mentions pyfmt is that project's failure, and is told with it.
        if _HEADER.search(content) is None:
            return None
        raise
    return manifest if _section(manifest, data) is not None else None


def find_root(start: Path) -> tuple[Path, Path | None]:
    """The monorepo's root and its configuration file: the nearest folder upwards that has one, else the git root,
    else `start` itself."""
    for folder in (start, *start.parents):
        file = _config_file_in(folder)
        if file is not None:
            return folder, file
        if os.path.exists(folder / ".git"):  # only that it is there: git writes into it all the time
            return folder, None  # a configuration above the repository belongs to something else
    return start, None


def configs_folder() -> Path:
    """Where pyfmt's own default configurations stand: inside the package, or beside it in a source checkout."""
    package = Path(__file__).resolve().parent.parent
    inside = package / "configs"
    return inside if inside.is_dir() else package.parent / "configs"


@dataclass(frozen=True, slots=True)
class _Values:
    """Parsed keys, and where they come from."""

    values: dict[str, Any]
    source: str


def _parse(section: Table, file: Path) -> _Values:
    values: dict[str, Any] = {}
    for key, value in section.items():
        parser = KEYS.get(key)
        if parser is None:
            raise ConfigError(f"unknown key {key!r}{nearest(key, list(KEYS))}", str(file))
        if _holds_nul(value):
            raise ConfigError(f"{key}: holds a NUL character, which no path or name can", str(file))
        try:
            values[key] = parser(value)
        except TypeError as error:
            raise ConfigError(f"{key}: must be {error}, not {kind(value)}", str(file)) from error
        except ValueError as error:
            raise ConfigError(f"{key}: {error}", str(file)) from error
    return _Values(values, str(file))


def _holds_nul(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_nul, (*value.keys(), *value.values())))
    return any(map(_holds_nul, value)) if isinstance(value, list) else isinstance(value, str) and "\0" in value


def _cache_dir(root: Path, given: str | None, file: Path | None) -> Path | None:
    """The folder for the cache; ConfigError where it is one that holds the whole monorepo."""
    if given is None:
        return None
    folder = root / given
    if root.resolve().is_relative_to(folder.resolve()):
        raise ConfigError(
            f"cache-dir must be a folder for the cache alone, not {given!r}", str(file or root), "use .cache"
        )
    return folder


def _tool_configs(root: Path, folder: str | None, file: Path | None, names: Collection[str]) -> tuple[ToolConfig, ...]:
    """The shared configuration of each tool that is on by default or named: the `configs` folder, else what the root
    holds where the tool itself looks (`[tool.X]`, mypy.ini, .pylintrc, setup.cfg, ...), else pyfmt's own.

    Raises ConfigError where the root holds several for one tool.
    """
    shared: Path | None = None
    if folder is not None:
        shared = root / folder
        if not shared.is_dir():
            raise ConfigError(f"configs: {folder} is not a folder", str(file), "name a folder below the root")
        if not any((shared / name).is_file() for name in registry.config_files()):
            wanted = ", ".join(registry.TOOLS[name].config_file for name in registry.defaults())
            raise ConfigError(f"configs: {folder} holds no configuration of a tool", str(file), f"put there: {wanted}")
    manifest = root / "pyproject.toml"
    sections = read_toml(manifest).get("tool", {}) if manifest.is_file() else {}
    found = []
    for tool in registry.TOOLS.values():
        if not (tool.on_by_default or tool.name in names):
            continue
        if shared is not None and (shared / tool.config_file).is_file():
            found.append(ToolConfig(tool.name, str(shared / tool.config_file), "configs"))
            continue
        own = own_configs(root, tool.name, sections if isinstance(sections, dict) else {})
        if len(own) > 1:
            cure = "keep one of them, or name a folder with `configs` in [tool.pyfmt]"
            raise ConfigError(f"{tool.name} is configured by both {own[0]} and {own[1]}", str(root), cure)
        if own:
            found.append(ToolConfig(tool.name, str(root / own[0].partition(" ")[0]), "root"))
        elif isinstance(sections, dict) and tool.name in sections:
            found.append(ToolConfig(tool.name, str(manifest), "root"))
        else:
            found.append(ToolConfig(tool.name, str(configs_folder() / tool.config_file), "built-in"))
    return tuple(found)


def _processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def _start_folder(request: Request, cwd: Path) -> Path:
    if not request.paths:
        return cwd
    first = cwd / request.paths[0]
    _refuse_way_out(first)
    # As in selection: a link to a file is where the link stands.
    return first.resolve() if first.is_dir() else first.parent.resolve()


def _refuse_way_out(path: Path) -> None:
    """Raises UsageError for a path on which a link to a folder leads out of a checkout: nobody meant to write there."""
    place = Path(path.anchor)
    for part in path.parts[1:]:
        inner = place / part
        if part != ".." and inner.is_symlink() and inner.is_dir():
            root, file = find_root(place)
            target = inner.resolve()
            if (file is not None or (root / ".git").exists()) and not target.is_relative_to(root):
                what = f"leads out of the monorepo {root}: {inner} is a link to {target}"
                raise UsageError(what, str(path), f"name {target} itself, where that is meant")
        # Path.resolve asks for the times of what it has found, and in a folder like /tmp these are always new: that
        # would make void what is remembered of this command.
        place = Path(os.path.realpath(inner))


def _locate(request: Request, cwd: Path) -> tuple[Path, Path | None]:
    """Root and configuration file of a run, from `--root`, `--config` and what lies above the paths."""
    if request.location.root is not None:
        root = (cwd / request.location.root).resolve()
        if not root.is_dir():
            raise UsageError("--root is not a folder", request.location.root)
        file = _config_file_in(root)
    else:
        root, file = find_root(_start_folder(request, cwd))
    if request.location.config_file is not None:
        file = (cwd / request.location.config_file).resolve()
        if not file.is_file():
            raise ConfigError("--config names no file", request.location.config_file)
    return root, file


def load(request: Request, cwd: Path) -> Config:
    """The resolved configuration of a run.

    Raises ConfigError (unknown key, wrong type, unreadable file) and UsageError (`--root` that is no folder).
    """
    root, file = _locate(request, cwd.resolve())
    section = _section(file, read_toml(file)) if file is not None else None
    if section is None and request.location.config_file is not None:
        raise ConfigError("has no [tool.pyfmt]", request.location.config_file)
    parsed = _parse(section or {}, file) if file is not None else _Values({}, "")
    values = parsed.values
    found: EnvironmentSettings = values.get("environments", EnvironmentSettings())
    origins = {key: (parsed.source if key in values else "default") for key in KEYS}
    config = Config(
        root=root,
        file=file,
        projects=values.get("projects", ()),
        exclude=values.get("exclude", ()),
        tools=values.get("tools", registry.defaults()),
        tool_configs=_tool_configs(root, values.get("configs"), file, {*values.get("tools", ()), *request.tools}),
        environments=found.paths,
        groups=found.groups,
        extras=found.extras,
        jobs=values.get("jobs", _processors()),
        timeout=values.get("timeout", DEFAULT_TIMEOUT),
        fail_on=values.get("fail-on", Severity.INFO),
        overrides=values.get("overrides", ()),
        cache_dir=_cache_dir(root, values.get("cache-dir"), file),
        boundaries=values.get("boundaries"),
        in_dependents=values.get("check-in-dependents", True),
        baseline=values.get("baseline", False),
        merge_equivalent=values.get("merge-equivalent", True),
    )
    if request.jobs is not None:
        config, origins["jobs"] = replace(config, jobs=_option("--jobs", count, request.jobs)), "--jobs"
    if request.timeout is not None:
        config = replace(config, timeout=_option("--timeout", seconds, request.timeout))
        origins["timeout"] = "--timeout"
    if request.tools:
        config = replace(config, tools=_option("--tool", tools, list(request.tools)))
        origins["tools"] = "--tool"
    elif config.boundaries is not None:
        # On when configured
        config = replace(config, tools=(*(name for name in config.tools if name != OWN_RULES), OWN_RULES))
    if OWN_RULES in config.tools and config.boundaries is None:
        where = "--tool" if request.tools else str(file)
        cure = "add [tool.pyfmt.boundaries], see docs/boundaries.md"
        raise ConfigError(f"the tool {OWN_RULES!r} has nothing to check: no boundaries are configured", where, cure)
    if request.baseline is not None:
        config, origins["baseline"] = replace(config, baseline=request.baseline), "--baseline"
    return replace(config, origins=tuple(sorted(origins.items())))


def _option(name: str, parser: Callable[[Any], Any], value: Any) -> Any:
    try:
        return parser(value)
    except (TypeError, ValueError) as error:
        raise UsageError(str(error), name) from error
