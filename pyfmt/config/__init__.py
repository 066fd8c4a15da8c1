"""[tool.pyfmt] to Config: where the root is, what each key says and where it comes from."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection
from dataclasses import replace
from pathlib import Path
from typing import Any

from pyfmt import disk
from pyfmt.config.own import own_configs
from pyfmt.config.reading import SectionValues, config_file_in, parsed, read_toml, section_of
from pyfmt.config.values import KEYS, PER_PROJECT, SERVER, EnvironmentSettings, count, seconds, tools
from pyfmt.core.errors import ConfigError, UsageError
from pyfmt.core.files import MANIFESTS
from pyfmt.core.model import Config, Severity, ToolConfig
from pyfmt.core.policies import AffectedRules
from pyfmt.core.remote_cache import RemoteCache
from pyfmt.core.request import Request
from pyfmt.core.rules import TOOL as OWN_RULES
from pyfmt.tools import registry

__all__ = ["DEFAULT_TIMEOUT", "configs_folder", "find_root", "load", "read_toml", "template_folder"]

DEFAULT_TIMEOUT = 600.0  # seconds for one unit


def find_root(start: Path) -> tuple[Path, Path | None]:
    """The monorepo's root and its configuration file: the nearest folder upwards that has one, else the git root,
    else the uppermost folder with a manifest, else `start` itself.

    A section that holds nothing but what a root above leaves to its projects (`project-settings`) makes no root.
    """
    found: tuple[Path, Path | None] | None = None
    own: set[str] = set()
    for folder in (start, *start.parents):
        file = config_file_in(folder)
        if file is not None:
            section = section_of(file, read_toml(file)) or {}
            left = section.get("project-settings")
            if found is None or (isinstance(left, list) and own <= {*map(str, left)}):
                found, own = (folder, file), set(section)
            if not own or not own <= {*PER_PROJECT}:
                return found
        if disk.exists(folder / ".git"):  # only that it is there: git writes into it all the time
            return found or (folder, None)  # a configuration above the repository belongs to something else
    return found or (_uppermost(start), None)


def _uppermost(start: Path) -> Path:
    """The root where neither git nor a configuration says one: the same wherever below it one stands."""
    import tempfile  # deferred for start-up time: only here

    shared = (Path(start.anchor), Path.home(), Path(tempfile.gettempdir()))  # a stray manifest there means nothing
    found = [folder for folder in (start, *start.parents) if any(disk.is_file(folder / name) for name in MANIFESTS)]
    return next((folder for folder in reversed(found) if folder not in shared), start)


def configs_folder() -> Path:
    """Where pyfmt's own default configurations stand: inside the package, or beside it in a source checkout."""
    return _shipped("configs", "configs")


def template_folder(name: str) -> Path:
    """Where the template of that name for new projects stands, as `configs_folder`."""
    return _shipped(f"templates/{name}", f"examples/monorepo/tools/{name}")


def _shipped(installed: str, in_checkout: str) -> Path:
    package = disk.resolved(__file__).parent.parent
    inside = package / installed
    return inside if disk.is_dir(inside) else package.parent / in_checkout


def _cache_dir(root: Path, given: str | None, file: Path | None) -> Path | None:
    """The folder for the cache; ConfigError where it is one that holds the whole monorepo."""
    if given is None:
        return None
    folder = root / given
    if disk.resolved(root).is_relative_to(disk.resolved(folder)):
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
        if not disk.is_dir(shared):
            raise ConfigError(f"configs: {folder} is not a folder", str(file), "name a folder below the root")
        if not any(disk.is_file(shared / name) for name in registry.config_files()):
            wanted = ", ".join(registry.TOOLS[name].config_file for name in registry.defaults())
            raise ConfigError(f"configs: {folder} holds no configuration of a tool", str(file), f"put there: {wanted}")
    manifest = root / "pyproject.toml"
    sections = read_toml(manifest).get("tool", {}) if disk.is_file(manifest) else {}
    found = []
    for tool in registry.TOOLS.values():
        if not (tool.on_by_default or tool.name in names):
            continue
        if shared is not None and disk.lexists(shared / tool.config_file):
            if problem := disk.unreadable(shared / tool.config_file):
                raise ConfigError(f"the configuration of {tool.name} {problem}", str(shared / tool.config_file))
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
    own_of = {each.tool: each.path for each in found if each.origin != "built-in"}
    return tuple(
        replace(each, follows=own_of.get(registry.TOOLS[each.tool].follows, "")) if each.tool not in own_of else each
        for each in found
    )


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
    return disk.resolved(first if disk.is_dir(first) else first.parent)


def _refuse_way_out(path: Path) -> None:
    """Raises UsageError for a path on which a link to a folder leads out of a checkout: nobody meant to write there."""
    place = Path(path.anchor)
    for part in path.parts[1:]:
        inner = place / part
        if part != ".." and disk.is_link(inner) and disk.is_dir(inner):
            root, file = find_root(place)
            target = disk.resolved(inner)
            if (file is not None or disk.exists(root / ".git")) and not target.is_relative_to(root):
                what = f"leads out of the monorepo {root}: {inner} is a link to {target}"
                raise UsageError(what, str(path), f"name {target} itself, where that is meant")
        # Path.resolve asks for the times of what it has found, and in a folder like /tmp these are always new: that
        # would make void what is remembered of this command.
        place = disk.resolved(inner)


def _locate(request: Request, cwd: Path) -> tuple[Path, Path | None]:
    """Root and configuration file of a run, from `--root`, `--config` and what lies above the paths."""
    if request.location.root is not None:
        root = disk.resolved(cwd / request.location.root)
        if not disk.is_dir(root):
            raise UsageError("--root is not a folder", request.location.root)
        file = config_file_in(root)
    else:
        start = _start_folder(request, cwd)
        root, file = find_root(start)
        if file is None and root == start and not start.is_relative_to(cwd):
            _refuse_what_is_no_monorepo(root, request.paths[0])
    if request.location.config_file is not None:
        file = disk.resolved(cwd / request.location.config_file)
        if not disk.is_file(file):
            raise ConfigError("--config names no file", request.location.config_file)
    return root, file


def _refuse_what_is_no_monorepo(folder: Path, given: str) -> None:
    """Raises UsageError for a folder elsewhere that shows nothing of a monorepo: `/etc` is none."""
    marks = (".git", *MANIFESTS)
    below = (path for depth in ("", "*/", "*/*/") for name in marks for path in disk.glob(folder, depth + name))
    if disk.is_dir(folder / given) and next(below, None) is None:
        what = "holds no project, and there is no git repository and no [tool.pyfmt] there or above"
        raise UsageError(what, given, f"name the root with `--root {given}` where that is meant")


def load(request: Request, cwd: Path) -> Config:
    """The resolved configuration of a run; raises ConfigError (a key, a type, an unreadable file) and UsageError."""
    root, file = _locate(request, disk.resolved(cwd))
    section = section_of(file, read_toml(file)) if file is not None else None
    if section is None and request.location.config_file is not None:
        raise ConfigError("has no [tool.pyfmt]", request.location.config_file)
    own = parsed(section or {}, file) if file is not None else SectionValues({}, "")
    values = own.values
    found: EnvironmentSettings = values.get("environments", EnvironmentSettings())
    origins = {key: (own.source if key in values else "default") for key in KEYS}
    config = Config(
        root=root,
        file=file,
        projects=values.get("projects", ()),
        exclude=values.get("exclude", ()),
        tools=values.get("tools", registry.defaults()),
        versions=values.get("versions", ()),
        tool_configs=_tool_configs(root, values.get("configs"), file, _named_tools(values, request)),
        environments=found.paths,
        groups=found.groups,
        extras=found.extras,
        jobs=values.get("jobs", _processors()),
        timeout=values.get("timeout", DEFAULT_TIMEOUT),
        fail_on=values.get("fail-on", Severity.INFO),
        overrides=values.get("overrides", ()),
        cache_dir=_cache_dir(root, values.get("cache-dir"), file),
        remote_cache=values.get("cache", RemoteCache()),
        boundaries=values.get("boundaries"),
        versions_policy=values.get("versions-policy"),
        affected=values.get("affected", AffectedRules()),
        in_dependents=values.get("check-in-dependents", True),
        baseline=values.get("baseline", False),
        merge_equivalent=values.get("merge-equivalent", True),
        notebooks=values.get("notebooks", True),
        server=values.get("server", SERVER[0]),
        project_settings=values.get("project-settings", ()),
        project_schema=values.get("project-schema"),
        notes=_guess(root, file, request, disk.resolved(cwd)),
    )
    if request.jobs is not None:
        config, origins["jobs"] = replace(config, jobs=_option("--jobs", count, request.jobs)), "--jobs"
    if request.timeout is not None:
        config = replace(config, timeout=_option("--timeout", seconds, request.timeout))
        origins["timeout"] = "--timeout"
    if request.tools:
        config = replace(config, tools=_option("--tool", tools, list(request.tools)))
        origins["tools"] = "--tool"
    elif config.own_rules:  # on when configured
        config = replace(config, tools=(*(name for name in config.tools if name != OWN_RULES), OWN_RULES))
    if OWN_RULES in config.tools and not config.own_rules:
        where = "--tool" if request.tools else str(file)
        cure = "add [tool.pyfmt.boundaries] (docs/boundaries.md) or [tool.pyfmt.versions-policy] (docs/versions.md)"
        raise ConfigError(f"the tool {OWN_RULES!r} has nothing to check: none of its rules is configured", where, cure)
    if request.fail_on is not None:
        config, origins["fail-on"] = replace(config, fail_on=request.fail_on), "--fail-on"
    if request.baseline is not None:
        config, origins["baseline"] = replace(config, baseline=request.baseline), "--baseline"
    return replace(config, origins=tuple(sorted(origins.items())))


def _guess(root: Path, file: Path | None, request: Request, cwd: Path) -> tuple[str, ...]:
    """What to say of a root that neither the user, nor git or a configuration has named, nor the working folder is."""
    if file is not None or request.location.root is not None or root == cwd or disk.exists(root / ".git"):
        return ()
    return (f"no git repository and no [tool.pyfmt]: {root} was taken as the root; `--root` names another",)


def _named_tools(values: dict[str, Any], request: Request) -> set[str]:
    """The tools that may run beside those that are on by default: any, where projects choose them."""
    chosen = registry.TOOLS if "tools" in values.get("project-settings", ()) else ()
    return {*values.get("tools", ()), *request.tools, *chosen}


def _option(name: str, parser: Callable[[Any], Any], value: Any) -> Any:
    try:
        return parser(value)
    except (TypeError, ValueError) as error:
        raise UsageError(str(error), name) from error
