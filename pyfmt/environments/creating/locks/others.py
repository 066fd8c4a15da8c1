"""pdm.lock, Pipfile.lock and pylock.toml, read without their managers."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from pathlib import Path

from packaging.markers import InvalidMarker, Marker

from pyfmt.environments.creating.locks.values import (
    LocalFolder,
    Locked,
    Pin,
    Table,
    Target,
    git_url,
    normalise,
    table,
    tables,
)
from pyfmt.environments.creating.values import CreationError


def read_pdm(lock: Table, folder: Path, target: Target, _pyproject: Table) -> Locked:
    """Every group that is locked. Source: pdm.formats and pdm.project.lockfile."""
    pins: dict[str, Pin] = {}
    folders = []
    for package in tables(lock.get("package")):
        if not target.admits(package.get("marker") or package.get("markers")):
            continue
        name, version = str(package.get("name")), str(package.get("version"))
        if package.get("path"):
            place = (folder / str(package["path"])).resolve()
            if place.is_dir():
                folders.append(LocalFolder(place, bool(package.get("editable", False))))
            else:
                pins[name] = Pin(name, version, url=place.as_uri())
        elif package.get("git"):
            url = git_url(str(package["git"]), str(package.get("revision")), package.get("subdirectory"))
            pins[name] = Pin(name, version, url=url)
        elif package.get("url"):
            pins[name] = Pin(name, version, url=str(package["url"]))
        else:  # one entry for each set of extras, with the same files
            hashes = tuple(str(file["hash"]) for file in tables(package.get("files")) if file.get("hash"))
            pins[name] = Pin(name, version, hashes or (pins[name].hashes if name in pins else ()))
    return Locked(tuple(pins.values()), tuple(folders))


def read_pipfile(lock: Table, folder: Path, target: Target, _pyproject: Table) -> Locked:
    """`default` and `develop`. Source: https://github.com/pypa/pipfile and pipenv.utils.dependencies."""
    pins: dict[str, Pin] = {}
    folders: dict[Path, LocalFolder] = {}
    for section in ("default", "develop"):
        for name, entry in table(lock, section).items():
            if not isinstance(entry, dict) or not target.admits(entry.get("markers")):
                continue
            version = str(entry.get("version", "")).removeprefix("==")
            place = entry.get("path") or entry.get("file")
            if place and "://" not in str(place):
                path = (folder / str(place)).resolve()
                if path.is_dir():
                    folders[path] = LocalFolder(path, bool(entry.get("editable", False)))
                else:
                    pins[name] = Pin(name, version, url=path.as_uri())
            elif entry.get("git"):
                pins[name] = Pin(
                    name, version, url=git_url(str(entry["git"]), str(entry.get("ref")), entry.get("subdirectory"))
                )
            elif place:
                pins[name] = Pin(name, version, url=str(place))
            else:
                pins[name] = Pin(name, version, tuple(entry.get("hashes", ())))
    urls = [
        str(source["url"]).rstrip("/") for source in tables(table(lock, "_meta").get("sources")) if source.get("url")
    ]
    return Locked(
        tuple(pins.values()), tuple(folders.values()), tuple(u for u in urls if u != "https://pypi.org/simple")
    )


def read_pylock(lock: Table, folder: Path, target: Target, _pyproject: Table) -> Locked:
    """Every dependency group of the file, no extras. Source: PEP 751 and the PyPA specification "pylock.toml"."""
    pins, folders, indexes = [], [], []
    for package in tables(lock.get("packages")):
        if not _pylock_admits(package.get("marker"), lock, target):
            continue
        directory = table(package, "directory")
        if directory:
            place = (folder / str(directory.get("path")) / str(directory.get("subdirectory", "."))).resolve()
            folders.append(LocalFolder(place, bool(directory.get("editable", False))))
            continue
        pins.append(_pylock_pin(package, folder))
        index = str(package.get("index") or "").rstrip("/")
        if index and index != "https://pypi.org/simple":
            indexes.append(index)
    return Locked(tuple(pins), tuple(folders), tuple(dict.fromkeys(indexes)))


def _pylock_pin(package: Table, folder: Path) -> Pin:
    name, version = normalise(str(package.get("name"))), str(package.get("version", ""))
    vcs, archive = table(package, "vcs"), table(package, "archive")
    if vcs:
        url = str(vcs.get("url") or (folder / str(vcs.get("path"))).resolve().as_uri())
        return Pin(name, version, url=git_url(url, str(vcs.get("commit-id")), vcs.get("subdirectory")))
    if archive:
        return Pin(name, version, url=str(archive.get("url") or (folder / str(archive.get("path"))).resolve().as_uri()))
    files = [*tables(package.get("wheels")), table(package, "sdist")]
    return Pin(
        name, version, tuple(f"{kind}:{value}" for file in files for kind, value in table(file, "hashes").items())
    )


def _pylock_admits(marker: object, lock: Table, target: Target) -> bool:
    if not isinstance(marker, str) or not marker:
        return True
    groups = {*lock.get("dependency-groups", ()), *lock.get("default-groups", ())}
    try:
        environment: dict[str, str | AbstractSet[str]] = dict(target.markers)
        environment |= {"extras": frozenset(), "dependency_groups": groups}
        return Marker(marker).evaluate(environment, context="lock_file")
    except (InvalidMarker, ValueError) as error:
        raise CreationError(f"a marker of pylock.toml cannot be read: {marker}") from error
