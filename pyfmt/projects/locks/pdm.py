"""pdm.lock: each entry names its groups. Source: pdm.formats and pdm.project.lockfile."""

from __future__ import annotations

from pyfmt.core.parsing import Table, strings, table
from pyfmt.projects.locks.values import Lock, Package, Source, file_hashes, local, name_of, tables, text


def read(data: Table, manifest: Table) -> Lock:
    """The lock as one. PDM's groups are dependency groups and extras alike; `manifest` tells them apart."""
    packages = tuple(_package(entry) for entry in tables(data.get("package")))
    named = {*strings(table(data, "metadata").get("groups")), *(g for p in packages for g in p.groups or ())}
    named -= {"", "default"}
    extras = named & set(table(manifest, "project", "optional-dependencies"))
    return Lock("pdm.lock", packages, groups=tuple(sorted(named - extras)), extras=tuple(sorted(extras)))


def source(entry: Table) -> Source:
    """Where an entry comes from; paths are relative to the lock."""
    if entry.get("path"):
        return local(str(entry["path"]), bool(entry.get("editable")))
    inside = text(entry.get("subdirectory"))
    if entry.get("git"):
        return Source("git", str(entry["git"]), commit=text(entry.get("revision")), subdirectory=inside)
    return Source("url", str(entry["url"])) if entry.get("url") else Source()


def _package(entry: Table) -> Package:
    """One entry for each set of extras, with the same files."""
    groups = {"" if group == "default" else group: "" for group in strings(entry.get("groups"))}
    return Package(
        name_of(entry),
        text(entry.get("version")),
        source(entry),
        marker=text(entry.get("marker")) or text(entry.get("markers")),
        groups=groups,
        extras=strings(entry.get("extras")),
        hashes=file_hashes(tables(entry.get("files"))),
    )
