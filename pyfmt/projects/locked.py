"""How what a lock file installs has changed: two versions of it compared, for one project where it serves several."""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from pyfmt.core import parsing
from pyfmt.projects.dependencies import locked_edges
from pyfmt.projects.manifests import normalise

Table = Mapping[str, Any]

# Text of the file at a path relative to the root; None where there is none.
Reader = Callable[[str], str | None]


@dataclass(slots=True)
class _Package:
    """What decides about one distribution in an environment: anything else in a lock file is only told."""

    version: str = ""  # "" for a local folder: its version says nothing of what is there
    facts: set[str] = field(default_factory=set)  # source, groups, markers
    hashes: dict[str, str] = field(default_factory=dict)  # by file name where the lock names one, else by itself


_Packages = dict[str, _Package]


def is_requirements(path: str) -> bool:
    """Whether a file's name is that of a requirements file."""
    return re.fullmatch(r"requirements.*\.(txt|in)", posixpath.basename(path)) is not None


def difference(path: str, old: Reader, new: Reader, member: str | None = None) -> tuple[str, ...]:
    """What the lock at `path` installs differently: "pydantic 1.9.2 → 2.1", in order; empty where nothing.

    `member` is the folder of a project relative to a uv.lock: only what that project needs counts, where the lock knows
    it. A lock that cannot be read on either side counts as different.
    """
    texts = old(path), new(path)
    if texts[0] is None or texts[1] is None:
        return ("added",) if texts[0] is None and texts[1] is not None else ("deleted",)
    try:
        before, after = _packages(path, old, member), _packages(path, new, member)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        return (f"cannot be compared ({' '.join(str(error).split())})",)
    return tuple(said for name in sorted({*before, *after}) if (said := _told(name, before.get(name), after.get(name))))


def _told(name: str, before: _Package | None, after: _Package | None) -> str:
    if before is None or after is None:
        there = after or before
        assert there is not None
        return f"{name} {there.version} {'added' if before is None else 'removed'}".replace("  ", " ")
    if before.version != after.version:
        return f"{name} {before.version} → {after.version}"
    if before.facts != after.facts:
        return f"{name} is chosen or fetched differently"
    shared = before.hashes.keys() & after.hashes.keys()
    replaced = bool(before.hashes and after.hashes) and not shared
    if replaced or any(before.hashes[file] != after.hashes[file] for file in shared):
        return f"{name} {before.version} has other files"
    return ""


def _packages(path: str, read: Reader, member: str | None) -> _Packages:
    name = posixpath.basename(path)
    if is_requirements(path):
        return _requirements(path, read)
    text = read(path) or ""
    if name == "Pipfile.lock":
        return _pipfile(parsing.parse_json(text))
    data = _toml(text)
    if name == "uv.lock":
        return _uv(data, member)
    found: _Packages = {}
    for entry in data.get("packages" if name.startswith("pylock") else "package", ()):
        _toml_entry(found, entry)
    return found


@lru_cache(maxsize=4)
def _toml(text: str) -> dict[str, Any]:
    """Kept, since a workspace's lock is asked for each of its members."""
    return parsing.parse_toml(text)


def _fact(key: str, value: Any) -> str:
    return json.dumps([key, value], sort_keys=True, default=str)


_DECIDING = ("source", "groups", "marker", "markers", "optional", "develop", "extras", "editable", "path", "git", "ref",
             "revision", "subdirectory", "url", "vcs", "archive", "directory", "file")  # fmt: skip


def _toml_entry(found: _Packages, entry: Table) -> None:
    """An entry of poetry.lock, pdm.lock or pylock.toml; several of one name are alternatives, or extras of it."""
    package = found.setdefault(normalise(entry["name"]), _Package())
    source = entry.get("source")
    local = isinstance(source, dict) and source.get("type") == "directory" or "path" in entry or "directory" in entry
    version = "" if local else str(entry.get("version", ""))
    package.facts.add(_fact(version, {key: entry[key] for key in _DECIDING if key in entry}))
    package.version = " and ".join(sorted({*filter(None, package.version.split(" and ")), version} - {""}))
    _hashes(package, [*entry.get("files", ()), *entry.get("wheels", ()), *_present(entry.get("sdist"))])


def _present(value: Any) -> list[Any]:
    return [value] if value else []


def _hashes(package: _Package, files: list[Any]) -> None:
    for file in files:
        value = file.get("hash") or json.dumps(file.get("hashes"), sort_keys=True)
        name = file.get("file") or file.get("name") or str(file.get("url") or file.get("path") or value)
        package.hashes[posixpath.basename(name)] = value


def _pipfile(data: Table) -> _Packages:
    found: _Packages = {}
    for section in ("default", "develop"):
        for name, entry in data.get(section, {}).items():
            package = found.setdefault(normalise(name), _Package())
            package.facts.add(_fact(section, {key: entry[key] for key in _DECIDING if key in entry}))
            package.version = str(entry.get("version", "")).removeprefix("==")
            package.hashes |= {value: value for value in entry.get("hashes", ())}
    return found


def _uv(data: Table, member: str | None) -> _Packages:
    """What one member needs with all its extras and groups; everything where the lock does not know the member."""
    entries = list(data.get("package", ()))
    roots = [entry for entry in entries if member is not None and member in _places(entry)]
    reached = _reachable(entries, roots) if roots else entries
    names = {normalise(entry["name"]) for entry in reached}
    found: _Packages = {}
    for entry in reached:
        package = found.setdefault(normalise(entry["name"]), _Package())
        source = entry.get("source", {})
        version = "" if _places(entry) else str(entry.get("version", ""))
        package.facts.add(_fact(version, [source, entry.get("resolution-markers")]))
        package.version = " and ".join(sorted({*filter(None, package.version.split(" and ")), version} - {""}))
        _hashes(package, [*entry.get("wheels", ()), *_present(entry.get("sdist"))])
        for target, conditions in _conditions(entry):
            if target in names:
                found.setdefault(target, _Package()).facts.add(_fact("when", conditions))
    return found


def _places(entry: Table) -> set[str]:
    """The folder of a local package, relative to the lock."""
    source = entry.get("source", {})
    found = [source[key] for key in ("editable", "directory", "virtual") if key in source]
    return {posixpath.normpath(place) for place in found}


def _reachable(entries: list[Table], roots: list[Table]) -> list[Table]:
    by_name: dict[str, list[Table]] = {}
    for entry in entries:
        by_name.setdefault(entry["name"], []).append(entry)
    waiting = list(roots)
    seen: set[int] = set()
    for entry in waiting:
        if id(entry) not in seen:
            seen.add(id(entry))
            waiting += [target for name in locked_edges(entry) for target in by_name.get(name, ())]
    return [entry for entry in entries if id(entry) in seen]


def _conditions(entry: Table) -> list[tuple[str, list[str]]]:
    """The names that an entry depends on under a marker or with extras, with these."""
    lists = [("", entry.get("dependencies", ()))]
    for key in ("optional-dependencies", "dev-dependencies"):
        lists += entry.get(key, {}).items()
    return [
        (normalise(edge["name"]), [group, str(edge.get("marker", "")), *edge.get("extra", ())])
        for group, edges in lists
        for edge in edges
        if edge.get("marker") or edge.get("extra")
    ]


def _requirements(path: str, read: Reader) -> _Packages:
    """Every line counts, apart from comments and the order; `-r` and `-c` are followed."""
    found: _Packages = {}
    for file in requirements_files(path, read):
        text = read(file)
        for line in _lines(text or ""):
            hashes = re.findall(r"--hash[=\s]+(\S+)", line)
            plain = " ".join(re.sub(r"--hash[=\s]+\S+", "", line).split())
            match = re.match(r"([A-Za-z0-9][A-Za-z0-9._-]*)\s*(\[[^\]]*\])?\s*===?\s*([^\s;,]+)\s*(;.*)?$", plain)
            name = normalise(match[1]) if match else plain
            package = found.setdefault(name, _Package())
            package.version = match[3] if match else ""
            package.facts.add(_fact("line", [match[2], match[4]] if match else plain))
            package.hashes |= {value: value for value in hashes}
    return found


def _lines(text: str) -> list[str]:
    joined = re.sub(r"\\\r?\n", " ", text)
    stripped = (re.sub(r"(^|\s)#.*", "", line).strip() for line in joined.splitlines())
    return [line for line in stripped if line and not _INCLUDE.match(line)]


_INCLUDE = re.compile(r"(?:-r|--requirement|-c|--constraint)[\s=]*(\S+)")


def requirements_files(path: str, read: Reader) -> list[str]:
    """A requirements file and all that it includes, relative to the root."""
    found = [path]
    waiting = [path]
    while waiting:
        file = waiting.pop()
        for line in (read(file) or "").splitlines():
            match = _INCLUDE.match(line.strip())
            if match and "://" not in match[1]:
                other = posixpath.normpath(posixpath.join(posixpath.dirname(file), match[1]))
                if other not in found:
                    found.append(other)
                    waiting.append(other)
    return found
