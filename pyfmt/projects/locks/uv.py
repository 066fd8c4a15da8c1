"""uv.lock: edges from the workspace's members say who needs what.

Source: https://docs.astral.sh/uv/concepts/projects/layout/#the-lockfile and uv-resolver's lock module.
"""

from __future__ import annotations

from pyfmt.core.parsing import Table, strings, table
from pyfmt.projects.locks.values import PYPI, Dependency, Lock, Package, Source, file_hashes, name_of, tables, text
from pyfmt.projects.names import normalise


def read(data: Table, _manifest: Table) -> Lock:
    """The lock as one."""
    packages = tuple(_package(entry) for entry in tables(data.get("package")))
    roots = _roots(data, packages)
    return Lock(
        "uv.lock",
        packages,
        groups=tuple(sorted({group for root in roots for group in root.development})),
        extras=tuple(sorted({extra for root in roots for extra in root.optional_dependencies})),
        roots=roots,
        conflicts=tuple(_conflict(items) for items in data.get("conflicts", ())),
    )


def source(entry: Table) -> Source:
    """Where an entry comes from; `{ … }` of an edge as well as of a package."""
    found = table(entry, "source")
    for key, kind in (("editable", "folder"), ("directory", "folder"), ("virtual", "virtual"), ("path", "file")):
        if key in found:
            return Source(kind, str(found[key]), key == "editable")
    if "git" in found:
        url, _, commit = str(found["git"]).partition("#")
        base, _, query = url.partition("?")
        inside = next((part[13:] for part in query.split("&") if part.startswith("subdirectory=")), "")
        return Source("git", base, commit=commit, subdirectory=inside)
    if "url" in found:
        return Source("url", str(found["url"]))
    if "registry" in found:
        place = str(found["registry"]).rstrip("/")
        return Source(place="" if place == PYPI else place)
    return Source(next(iter(found), "nowhere"))


def _package(entry: Table) -> Package:
    markers = strings(entry.get("resolution-markers"))
    return Package(
        name_of(entry),
        text(entry.get("version")),
        source(entry),
        marker=" or ".join(f"({marker})" for marker in markers),
        hashes=file_hashes([*tables(entry.get("wheels")), table(entry, "sdist")]),
        dependencies=_edges(entry.get("dependencies")),
        optional_dependencies=_groups(entry, "optional-dependencies"),
        development=_groups(entry, "dev-dependencies"),
    )


def _groups(entry: Table, key: str) -> dict[str, tuple[Dependency, ...]]:
    return {group: _edges(edges) for group, edges in table(entry, key).items()}


def _edges(edges: object) -> tuple[Dependency, ...]:
    return tuple(
        Dependency(
            name_of(edge),
            text(edge.get("marker")),
            strings(edge.get("extra")),
            text(edge.get("version")),
            source(edge) if "source" in edge else None,
        )
        for edge in tables(edges)
    )


def _roots(data: Table, packages: tuple[Package, ...]) -> tuple[Package, ...]:
    """The workspace's members; the dependency groups of a root that is no project form one of their own."""
    members = {normalise(name) for name in strings(table(data, "manifest").get("members"))}
    ours = [package for package in packages if package.source.kind == "virtual" or package.source.editable]
    roots = [package for package in packages if package.name in members]
    roots = roots or [package for package in ours if package.source.place == "."] or ours
    groups = _groups(table(data, "manifest"), "dependency-groups")
    return (*roots, *((Package("", source=Source("virtual"), development=groups),) if groups else ()))


def _conflict(items: object) -> frozenset[str]:
    """What must not be installed together: groups by name, extras as "[extra]"."""
    return frozenset(str(item["group"]) if "group" in item else f"[{item.get('extra')}]" for item in tables(items))
