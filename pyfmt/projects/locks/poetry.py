"""poetry.lock, versions 1.x and 2.x of the format.

Source: https://python-poetry.org/docs/dependency-specification/ and poetry.packages.locker.
"""

from __future__ import annotations

from pyfmt.core.parsing import Table, strings, table
from pyfmt.projects.locks.values import PYPI, Dependency, Lock, Package, Source, file_hashes, name_of, tables, text
from pyfmt.projects.names import normalise, requirement_name

_PLATFORM = "sys_platform == '{}'"


def read(data: Table, manifest: Table) -> Lock:
    """The lock as one; `manifest` is the pyproject.toml beside it: for Poetry 1 it says what the project asks for."""
    entries = tables(data.get("package"))
    modern = all("groups" in entry for entry in entries)
    packages = tuple(_package(entry, modern) for entry in entries)
    root = _root(data, manifest)
    groups = {group for package in packages for group in package.groups or ()} if modern else set(root.development)
    groups -= {""}
    return Lock(
        "poetry.lock",
        packages,
        groups=tuple(sorted(groups)),
        extras=tuple(sorted(table(data, "extras"))),
        roots=() if modern else (root,),
    )


def source(entry: Table) -> Source:
    """Where an entry comes from; paths are relative to the lock."""
    found = table(entry, "source")
    kind, place = found.get("type"), text(found.get("url"))
    if kind in (None, "legacy"):
        return Source(place="" if place.rstrip("/") == PYPI else place)
    if kind == "directory":
        return Source("folder", place, bool(entry.get("develop", True)))
    commit, inside = text(found.get("resolved_reference")), text(found.get("subdirectory"))
    return Source(str(kind), place, commit=commit, subdirectory=inside)


def _package(entry: Table, modern: bool) -> Package:
    markers = entry.get("markers")
    # Per group where they differ; a group that is not named has none.
    per_group = markers if isinstance(markers, dict) else {}
    groups = {
        "" if group == "main" else group: text(per_group.get(group)) if isinstance(markers, dict) else text(markers)
        for group in strings(entry.get("groups"))
    }
    return Package(
        name_of(entry),
        text(entry.get("version")),
        source(entry),
        groups=groups if modern else None,
        optional=bool(entry.get("optional")),
        hashes=file_hashes(tables(entry.get("files"))),
        dependencies=_edges(table(entry, "dependencies")),
    )


def _edges(dependencies: Table) -> tuple[Dependency, ...]:
    """A table of constraints, each a version, a table, or a list of these."""
    found = []
    for name, constraint in dependencies.items():
        for edge in constraint if isinstance(constraint, list) else [constraint]:
            options = edge if isinstance(edge, dict) else {}
            platform = text(options.get("platform"))
            markers = [text(options.get("markers")), _PLATFORM.format(platform) if platform else ""]
            marker = " and ".join(f"({part})" for part in markers if part)
            found.append(Dependency(normalise(name), marker, strings(options.get("extras"))))
    return tuple(found)


def _root(data: Table, manifest: Table) -> Package:
    """The project itself: locks before Poetry 2 do not repeat what it asks for."""
    poetry = table(manifest, "tool", "poetry")
    development = {name: _edges(table(group, "dependencies")) for name, group in table(poetry, "group").items()}
    development |= {"dev": _edges(table(poetry, "dev-dependencies"))} if "dev-dependencies" in poetry else {}
    extras = {
        extra: tuple(Dependency(requirement_name(line)) for line in strings(lines))
        for extra, lines in table(data, "extras").items()
    }
    optional = {name for name, value in table(poetry, "dependencies").items() if table(value).get("optional")}
    main = tuple(edge for edge in _edges(table(poetry, "dependencies")) if edge.name not in map(normalise, optional))
    return Package(
        "", source=Source("virtual"), dependencies=main, optional_dependencies=extras, development=development
    )
