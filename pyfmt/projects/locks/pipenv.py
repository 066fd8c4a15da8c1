"""Pipfile.lock: one table for each category. Source: https://github.com/pypa/pipfile and pipenv.utils.dependencies."""

from __future__ import annotations

from collections.abc import Mapping

from pyfmt.core.parsing import Table, strings, table
from pyfmt.projects.locks.values import PYPI, Lock, Package, Source, local, tables, text
from pyfmt.projects.names import normalise

_MAIN = "default"


def read(data: Table, _manifest: Table) -> Lock:
    """The lock as one; a package may stand in several categories."""
    categories = {key: entries for key, entries in data.items() if key != "_meta"}
    for category, entries in categories.items():
        if not isinstance(entries, dict) or not all(isinstance(entry, dict) for entry in entries.values()):
            raise ValueError(f"its category {category!r} is no table of packages")
    sources = tables(table(data, "_meta").get("sources"))
    urls = [text(source.get("url")).rstrip("/") for source in sources]
    beyond = tuple("" if url == PYPI else url for url in urls)
    # An entry that names no source, as dependencies of dependencies do, is asked of the first.
    named = {"": next(iter(beyond), ""), **dict(zip((text(source.get("name")) for source in sources), beyond))}
    packages = tuple(
        _package(name, entry, "" if category == _MAIN else category, named)
        for category, entries in categories.items()
        for name, entry in entries.items()
    )
    groups = tuple(sorted(category for category in categories if category != _MAIN))
    return Lock("Pipfile.lock", packages, groups=groups, indexes=tuple(filter(None, beyond)))


def source(entry: Table) -> Source:
    """Where an entry comes from; paths are relative to the lock."""
    place = text(entry.get("path")) or text(entry.get("file"))
    if place and "://" not in place:
        return local(place, bool(entry.get("editable")))
    if entry.get("git"):
        inside = text(entry.get("subdirectory"))
        return Source("git", str(entry["git"]), commit=text(entry.get("ref")), subdirectory=inside)
    return Source("url", place) if place else Source()


def _package(name: str, entry: Table, category: str, indexes: Mapping[str, str]) -> Package:
    found = source(entry)
    index = text(entry.get("index"))
    return Package(
        normalise(name),
        text(entry.get("version")).removeprefix("=="),
        found._replace(place=indexes.get(index, indexes[""])) if found.kind == "index" else found,
        groups={category: text(entry.get("markers"))},
        extras=strings(entry.get("extras")),
        hashes={value: (value,) for value in strings(entry.get("hashes"))},
    )
