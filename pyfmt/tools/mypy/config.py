"""PURE: the mypy configuration of one run, from the shared one and the per-module sections of projects.

The rules of reading are mypy's own (mypy/config_parser.py of 2.4): which file counts, that INI sections replace each
other while TOML overrides of one module are merged, that a relative plugin belongs to the folder of its config file.
"""

from __future__ import annotations

import configparser
import json
import os
import posixpath
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from pyfmt.core import parsing
from pyfmt.core.errors import ConfigError

FILE_NAMES = ("mypy.ini", ".mypy.ini", "pyproject.toml", "setup.cfg")  # the order in which mypy looks
_SHARED_NAMES = ("pyproject.toml", "setup.cfg")  # hold mypy's settings among others

# What pyfmt decides itself, per environment or for its own reading of the answer.
_OWNED = frozenset("""
    python_executable python_version no_site_packages
    cache_dir sqlite_cache sqlite_num_shards fixed_format_cache incremental skip_version_check skip_cache_mtime_checks
    cache_fine_grained use_fine_grained_cache fine_grained_incremental quickstart_file num_workers debug_cache
    output pretty color_output error_summary verbosity many_errors_threshold hide_error_codes
    files packages modules exclude exclude_gitignore scripts_are_modules explicit_package_bases namespace_packages
    fast_module_lookup warn_unused_configs install_types non_interactive junit_format junit_xml package_root bazel
    pdb show_traceback raise_exceptions fast_exit timing_stats line_checking_stats dump_type_stats dump_inference_stats
    dump_build_stats dump_graph dump_deps shadow_file plugins mypy_path follow_imports
    """.split())
_OWNED_PREFIXES = ("show_", "hide_", "no_color", "no_error_summary", "no_incremental", "no_pretty", "no_sqlite")
_LOSSY = frozenset({"junit_xml", "package_root", "bazel"})  # dropped, and worth a word
_LISTS = ("exclude", "plugins", "mypy_path")
_PLUGIN_SECTION = "mypy.plugins."  # before a plugin's name in INI, as some plugins have it
_BOOLEANS = {"true": True, "false": False}

Options = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Settings:
    """The mypy part of one config file; values as its format gives them (strings in INI)."""

    path: str  # as reports name it
    folder: str  # absolute folder that relative paths belong to
    toml: bool
    options: Mapping[str, Any] = field(default_factory=dict)
    modules: Mapping[str, Options] = field(default_factory=dict)  # pattern -> options, in the file's order
    extra: Mapping[str, Any] = field(default_factory=dict)  # other tables, which plugins read ([pydantic-mypy])
    own: bool = True  # whether it has a section of mypy's, so that mypy would take this file


@dataclass(frozen=True, slots=True)
class Derived:
    """A configuration to hand to mypy; `text` begins with the header of mypy's main section and has no plugins yet."""

    text: str
    toml: bool
    plugins: tuple[str, ...] = ()  # "package.module[:function]", or an absolute path
    mypy_path: tuple[str, ...] = ()  # absolute
    exclude: tuple[str, ...] = ()  # regular expressions
    follow_imports: str = "silent"
    origins: tuple[tuple[str, str], ...] = ()  # module pattern -> the project's file that sets it
    notes: tuple[str, ...] = ()


def parse(path: str, folder: str, text: str) -> Settings:
    """Read a config file's text, which may have no section of mypy's (`Settings.own`).

    `path` is for messages, its last component tells the format. Raises ConfigError if it is malformed.
    """
    toml = path.endswith(".toml")
    try:
        found = _parse_toml(text) if toml else _parse_ini(text)
    except (tomllib.TOMLDecodeError, configparser.Error, ValueError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(f"mypy's configuration cannot be read: {reason}", path, "mend the file") from error
    options, modules, extra = found
    own = options is not None or posixpath.basename(path.replace(os.sep, "/")) not in _SHARED_NAMES
    return Settings(path, folder, toml, options or {}, modules if own else {}, extra, own)


def derive(shared: Settings | None, projects: Sequence[Settings], folders: Sequence[str] = ()) -> Derived:
    """The configuration for one run of mypy: `shared` with the per-module sections of `projects`, which win.

    `folders` are the projects' absolute folders, to which a relative `mypy_path` may belong as well (mypy takes it
    relative to where it is started). Raises ConfigError for an `exclude` that is no regular expression.
    """
    shared = shared or Settings("", "", False)
    modules = {pattern: dict(options) for pattern, options in shared.modules.items()}
    origins: dict[str, str] = {}
    for settings in projects:
        for pattern, options in settings.modules.items():
            merged = modules.pop(pattern, {})  # set anew at the end: of patterns like "a.*.b" the last one wins
            modules[pattern] = {**merged, **_for_format(options, shared.toml)}
            origins[pattern] = settings.path
    kept = {key: value for key, value in shared.options.items() if not _owned(key)}
    lists = {key: _as_list(key, shared.options.get(key), shared.toml) for key in _LISTS}
    follow = str(shared.options.get("follow_imports", "normal"))
    plugins = tuple(_absolute_plugin(plugin, shared.folder) for plugin in lists["plugins"])
    extra = plugin_tables(shared, shared)
    for settings in projects:
        for name, table in plugin_tables(settings, shared).items():
            extra[name] = {**extra.get(name, {}), **table}
    return Derived(
        text=_toml_text(kept, modules, extra) if shared.toml else _ini_text(kept, modules, extra),
        toml=shared.toml,
        plugins=plugins,
        mypy_path=_absolute_paths(lists["mypy_path"], (shared.folder, *folders)),
        exclude=_checked(lists["exclude"], shared.path),
        # "normal" and "silent" differ only in errors of files that were not asked for; the others change types.
        follow_imports=follow if follow in ("skip", "error") else "silent",
        origins=tuple(origins.items()),
        notes=_lossy_notes(shared),
    )


def with_unused_ignores(shared: Settings | None) -> Settings:
    """The same settings with `warn_unused_ignores`, except in the modules for which a section decides otherwise."""
    shared = shared or Settings("", "", False)
    options = {key: value for key, value in shared.options.items() if key != "no_warn_unused_ignores"}
    return replace(shared, options={**options, "warn_unused_ignores": True if shared.toml else "True"})


def excluded(file: str, bases: Iterable[str], patterns: Sequence[str]) -> bool:
    """Whether mypy's `exclude` leaves out `file` (root-relative) when started in one of the folders `bases`.

    As mypy's matches_exclude: searched in the path relative to the working folder, folders with a trailing "/".
    """
    for base in bases:
        prefix = "" if base == "." else base + "/"
        if not file.startswith(prefix):
            continue
        relative = file[len(prefix) :]
        parts = relative.split("/")
        places = ["/".join(parts[:count]) + "/" for count in range(1, len(parts))] + [relative]
        if any(re.search(pattern, place) for pattern in patterns for place in places):
            return True
    return False


def private_to(pattern: str, names: Iterable[str], others: Iterable[str]) -> bool:
    """Whether a section for `pattern` concerns only modules of the project that sets it.

    `names` are that project's top-level names, `others` those of its companions in the run.
    """
    top = pattern.partition(".")[0]
    return top in set(names) and top not in set(others)


def _parse_toml(text: str) -> tuple[Options | None, dict[str, Options], dict[str, Any]]:
    tool = parsing.parse_toml(text).get("tool", {})
    if not isinstance(tool, dict):
        return None, {}, {}
    others = {name: value for name, value in tool.items() if name != "mypy"}
    if "mypy" not in tool:
        return None, {}, others
    table = tool["mypy"]
    if not isinstance(table, dict):
        raise ValueError("tool.mypy must be a table")
    overrides = table.get("overrides", [])
    if not isinstance(overrides, list) or not all(isinstance(item, dict) for item in overrides):
        raise ValueError("tool.mypy.overrides must be an array of tables: [[tool.mypy.overrides]]")
    modules: dict[str, Options] = {}
    for override in overrides:
        names = override.get("module")
        names = [names] if isinstance(names, str) else names
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise ValueError("a [[tool.mypy.overrides]] section needs `module`: a string or a list of strings")
        for name in names:
            known = modules.setdefault(name, {})
            for key, value in override.items():
                if key == "module":
                    continue
                if known.get(key, value) != value:
                    raise ValueError(f"[[tool.mypy.overrides]] has two values of {key} for module {name}")
                known[key] = value
    options = {key: value for key, value in table.items() if key != "overrides"}
    return options, modules, others


def _parse_ini(text: str) -> tuple[Options | None, dict[str, Options], dict[str, Any]]:
    parser = configparser.RawConfigParser()
    parser.read_string(text)
    modules: dict[str, Options] = {}
    extra: dict[str, Any] = {}
    for section in parser.sections():
        if section.startswith("mypy-"):
            for pattern in section[len("mypy-") :].split(","):
                pattern = pattern.strip().replace("/", ".")
                modules.pop(pattern, None)
                modules[pattern] = dict(parser[section])
        elif section != "mypy":
            extra[section] = dict(parser[section])
    return (dict(parser["mypy"]) if parser.has_section("mypy") else None), modules, extra


def _owned(key: str) -> bool:
    return key in _OWNED or key.endswith("_report") or key.startswith(_OWNED_PREFIXES)


def _lossy_notes(shared: Settings) -> tuple[str, ...]:
    lost = sorted(key for key in shared.options if key in _LOSSY or key.endswith("_report"))
    return (f"{shared.path}: pyfmt does not use mypy's {', '.join(lost)}",) if lost else ()


def _as_list(key: str, value: Any, toml: bool) -> list[str]:
    """A list option as mypy splits it: `exclude` in INI is one expression, `mypy_path` also splits at ":"."""
    if value is None:
        return []
    if isinstance(value, list):
        return [str(item).strip() for item in value if str(item).strip()]
    if key == "exclude" or (key == "mypy_path" and toml and not isinstance(value, str)):
        return [str(value).strip()] if str(value).strip() else []
    pieces = re.split("[,:]" if key == "mypy_path" else ",", str(value))
    return [piece.strip() for piece in pieces if piece.strip()]


def _checked(patterns: list[str], path: str) -> tuple[str, ...]:
    for pattern in patterns:
        try:
            re.compile(pattern)
        except re.error as error:
            message = f"mypy's exclude {pattern!r} is not a regular expression: {error}"
            raise ConfigError(message, path, "see https://docs.python.org/3/library/re.html") from error
    return tuple(patterns)


def _absolute_plugin(plugin: str, folder: str) -> str:
    path, colon, function = plugin.rpartition(":") if ":" in posixpath.basename(plugin) else (plugin, "", "")
    if path.endswith(".py"):
        path = os.path.normpath(os.path.join(folder, path))
    return path + colon + function


def _absolute_paths(paths: Iterable[str], folders: Sequence[str]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for path in paths:
        expanded = re.sub(r"\$(\{MYPY_CONFIG_FILE_DIR\}|MYPY_CONFIG_FILE_DIR\b)", lambda _: folders[0], path)
        expanded = os.path.expandvars(os.path.expanduser(expanded))
        for folder in folders:
            found[os.path.normpath(os.path.join(folder, expanded))] = None
    return tuple(found)


def plugin_tables(settings: Settings | None, shared: Settings | None) -> dict[str, Options]:
    """The tables of a file that the shared plugins may read, by their names in TOML: [pydantic-mypy],
    [mypy.plugins.django-stubs], [tool.django-stubs]."""
    plugins = _as_list("plugins", shared.options.get("plugins"), shared.toml) if shared else []
    if not plugins or settings is None or shared is None:
        return {}
    words = {word for plugin in plugins for word in re.split(r"\W|_", posixpath.basename(plugin)) if len(word) > 2}
    found = {
        name.removeprefix(_PLUGIN_SECTION): table
        for name, table in settings.extra.items()
        if isinstance(table, dict) and ("mypy" in name or re.split(r"\W|_", name)[0] in words)
    }
    if shared.toml and not settings.toml:
        found = {name: {key: _BOOLEANS.get(v.lower(), v) for key, v in table.items()} for name, table in found.items()}
    return found


def _for_format(options: Options, toml: bool) -> Options:
    """Options of another file in the shared one's format: TOML takes INI's strings as they are."""
    return dict(options) if toml else {key: _ini_value(value) for key, value in options.items()}


def _ini_value(value: Any) -> str:
    return ", ".join(str(item) for item in value) if isinstance(value, list) else str(value)


def _ini_text(options: Options, modules: Mapping[str, Options], extra: Mapping[str, Any]) -> str:
    sections = [
        ("mypy", options),
        *((f"mypy-{pattern}", values) for pattern, values in modules.items()),
        *((prefix + name, values) for name, values in extra.items() for prefix in ("", _PLUGIN_SECTION)),
    ]
    lines: list[str] = []
    for name, values in sections:
        lines.append(f"[{name}]")
        lines += [f"{key} = {_ini_value(value)}".replace("\n", "\n    ") for key, value in values.items()]
    return "\n".join(lines) + "\n"


def _toml_text(options: Options, modules: Mapping[str, Options], extra: Mapping[str, Any]) -> str:
    lines = ["[tool.mypy]", *_toml_pairs(options)]
    for pattern, values in modules.items():
        lines += ["[[tool.mypy.overrides]]", f"module = {_toml_value(pattern)}", *_toml_pairs(values)]
    for name, values in extra.items():
        lines += [f"[tool.{_toml_value(name)}]", *_toml_pairs(values)]
    return "\n".join(lines) + "\n"


def _toml_pairs(values: Mapping[str, Any]) -> list[str]:
    return [f"{_toml_value(key)} = {_toml_value(value)}" for key, value in values.items()]


def _toml_value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{" + ", ".join(_toml_pairs(value)) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_toml_value, value)) + "]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    return str(value)  # numbers and dates are written as they are read
