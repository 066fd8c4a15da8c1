"""pylock.toml: PEP 751, the PyPA specification "pylock.toml"; `packaging` says whether it is a valid one."""

from __future__ import annotations

import posixpath

from pyfmt.core.parsing import Table, strings, table
from pyfmt.projects.locks.values import PYPI, Lock, Package, Source, file_hashes, name_of, tables, text


def read(data: Table, _manifest: Table) -> Lock:
    """The lock as one; raises ValueError where it is not as the specification has it."""
    # Deferred: it costs 90 ms, and few repositories have such a file.
    from packaging.pylock import Pylock, PylockValidationError

    try:
        Pylock.from_dict(data)
    except PylockValidationError as error:
        raise ValueError(str(error)) from error
    defaults = strings(data.get("default-groups"))
    return Lock(
        "pylock.toml",
        tuple(_package(entry) for entry in tables(data.get("packages"))),
        groups=tuple(sorted({*strings(data.get("dependency-groups")), *defaults})),
        extras=strings(data.get("extras")),
    )


def source(entry: Table) -> Source:
    """Where an entry comes from; paths are relative to the lock."""
    folder, vcs, archive = (table(entry, key) for key in ("directory", "vcs", "archive"))
    if folder:
        place = posixpath.normpath(posixpath.join(text(folder.get("path")), text(folder.get("subdirectory"))))
        return Source("folder", place, bool(folder.get("editable")))
    if vcs:
        place = text(vcs.get("url")) or text(vcs.get("path"))
        inside = text(vcs.get("subdirectory"))
        return Source(text(vcs.get("type")), place, commit=text(vcs.get("commit-id")), subdirectory=inside)
    if archive:
        place = text(archive.get("path"))
        return Source("file", place) if place else Source("url", text(archive.get("url")))
    index = text(entry.get("index")).rstrip("/")
    return Source(place="" if index == PYPI else index)


def _package(entry: Table) -> Package:
    return Package(
        name_of(entry),
        text(entry.get("version")),
        source(entry),
        groups={"": text(entry.get("marker"))},  # that asks for extras and groups by their names
        hashes=file_hashes([*tables(entry.get("wheels")), table(entry, "sdist"), table(entry, "archive")]),
    )
