"""The fingerprint of what is installed, in two tiers.

Tier 1 is cheap and of this machine only: times and sizes of what every installer must touch. Tier 2 is a digest of
contents without paths and times, equal on another machine; it changes exactly when what a tool can see of the installed
packages changes. In-place edits of files inside an installed package are not seen by either: RECORD says what was
installed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pyfmt import disk
from pyfmt.core import parsing
from pyfmt.environments.editable import HOOKS, Mapped
from pyfmt.environments.installed import read_direct_url
from pyfmt.environments.layout import EnvironmentLayout
from pyfmt.environments.sites import SiteFolder

_VERSION = "1"  # of the digest's recipe
_METADATA = frozenset({"METADATA", "WHEEL", "entry_points.txt", "top_level.txt"})
_OWN = ("_virtualenv.py", "_virtualenv.pth", "__pycache__")  # the creator's, no project's package
_SEPARATE = (".dist-info", ".egg-info", ".egg-link", ".pth", ".start", ".pyc", ".virtualenv")


@dataclass(frozen=True, slots=True)
class Contents:
    """What a fingerprint is taken of."""

    layout: EnvironmentLayout
    root: str  # the monorepo's, absolute
    search_path: tuple[str, ...]
    sites: tuple[SiteFolder, ...]
    mapped: tuple[Mapped, ...]
    unread: dict[str, str] = field(default_factory=dict, compare=False)  # file -> why it could not be read


def _tier1(prefix: str, sites: Sequence[SiteFolder]) -> str:
    """A digest of times and sizes: pyvenv.cfg, the interpreter's links and the metadata entries of the site folders.

    It changes with every install, upgrade, reinstall and uninstall of pip or uv, and not with what writes .pyc files.
    Neither ctime nor the number of links counts: a hardlinking installer changes them in other environments.
    """
    digest = hashlib.sha256(_VERSION.encode())
    try:
        digest.update(disk.read_bytes(os.path.join(prefix, "pyvenv.cfg")))
    except OSError:
        digest.update(b"-")  # a conda environment has none
    for entry in _interpreter_chain(prefix):
        digest.update(entry.encode("utf-8", "surrogateescape"))
    for site in sites:
        # The names instead of the folder's time: the first .pyc of a single module makes __pycache__, which changes the
        # time.
        names = "\0".join(name for name in site.names if name != "__pycache__")
        marks = "\0".join(f"{name}\0{mtime_ns}\0{size}" for name, mtime_ns, size in site.marks)
        digest.update(f"\0{site.path}\0{names}\0{marks}".encode("utf-8", "surrogateescape"))
    return digest.hexdigest()


def _interpreter_chain(prefix: str) -> Iterator[str]:
    """Every link from the environment's interpreter to the real file, and that file's time and size."""
    path = os.path.join(prefix, "bin", "python")
    if not disk.lexists(path):
        path = os.path.join(prefix, "Scripts", "python.exe")
    for _ in range(40):  # the limit of Linux for a chain
        try:
            target = disk.readlink(path)
        except OSError:
            break  # the end of the chain
        yield f"\0{target}"
        path = os.path.normpath(os.path.join(os.path.dirname(path), target))
    try:
        status = disk.stat(path)
    except OSError:
        return  # dangling: the environment is reported as broken
    yield f"\0{status.st_mtime_ns}\0{status.st_size}"


def memo_inputs(contents: Contents) -> dict[str, object]:
    """What decides what is read of `contents`, so that it may be kept: tier 1, and where all lies."""
    return {
        "times and sizes of what installers touch": _tier1(contents.layout.prefix, contents.sites),
        "where it lies": (contents.layout.prefix, contents.root),
        "its search path": contents.search_path,
    }


def tier2(contents: Contents) -> str:
    """The portable digest: normalised RECORDs, direct_url.json, stray modules, search path and finder mappings."""
    layout = contents.layout
    digest = hashlib.sha256(f"{_VERSION} {layout.python} {layout.library}".encode())

    def add(*parts: str) -> None:
        digest.update("\0".join(parts).encode("utf-8", "surrogateescape") + b"\n")

    for entry in contents.search_path:
        if entry not in layout.standard_path:
            add("path", _portable(entry, contents))
    for item in sorted(contents.mapped, key=lambda item: (item.module, item.path)):
        add("finder", item.module, _portable(item.path, contents))
    for site in contents.sites:
        add("site", _portable(site.path, contents))
        owned: set[str] = set()
        for mark in site.marks:
            if mark.name.endswith(".dist-info") and not mark.name.startswith("~"):
                rows, tops = record_rows(os.path.join(site.path, mark.name), contents.unread)
                owned |= tops
                add("distribution", mark.name, *rows)
                add("from", *_direct_url(os.path.join(site.path, mark.name), contents))
            elif mark.name.endswith((".egg-info", ".egg-link")):
                add("egg", mark.name, _egg(os.path.join(site.path, mark.name), contents))
        for name in site.names:
            if name not in owned and name not in _OWN and not name.endswith(_SEPARATE) and not name.startswith(HOOKS):
                add("stray", name, *_listing(os.path.join(site.path, name)))
    return digest.hexdigest()


def record_rows(metadata: str, unread: dict[str, str]) -> tuple[list[str], set[str]]:
    """The rows of RECORD that say what can be imported, sorted, and the top-level names among them."""
    file = os.path.join(metadata, "RECORD")
    try:
        lines = disk.read_text(file, "surrogateescape").splitlines()
    except OSError as error:
        if not isinstance(error, (FileNotFoundError, NotADirectoryError)):
            unread[file] = parsing.why(error)
        return [_content(os.path.join(metadata, "METADATA"))], set()  # as Linux distributions have it
    rows: list[str] = []
    tops: set[str] = set()
    for line in lines:
        path = line.rsplit(",", 2)[0].strip('"')
        if path.startswith(("..", "/", "\\")) or path[1:3] in (":\\", ":/") or path.endswith((".pyc", ".pth")):
            continue
        top, slash, rest = path.partition("/")
        if top.endswith(".dist-info") and rest not in _METADATA:
            continue
        if not slash and top.startswith(HOOKS):
            continue
        tops.add(top)
        rows.append(line)
    rows.sort()
    return rows, tops


def _direct_url(metadata: str, contents: Contents) -> list[str]:
    """Where a distribution comes from: a local folder made portable; an archive on this disk is told by its RECORD."""
    value = read_direct_url(metadata)
    if value is None:
        return []
    url = str(value.get("url", ""))
    if url.startswith("file:"):
        if not isinstance(value.get("dir_info"), dict):
            return ["archive"]
        path = url.removeprefix("file://")
        return ["folder", _portable(path, contents), str(bool(value["dir_info"].get("editable")))]
    return [json.dumps(value, sort_keys=True)]


def _egg(path: str, contents: Contents) -> str:
    if path.endswith(".egg-link"):
        try:
            return _portable(disk.read_text(path, "surrogateescape").partition("\n")[0].strip(), contents)
        except OSError:
            return "?"  # unreadable; it is as good as not there
    return _content(os.path.join(path, "PKG-INFO") if disk.is_dir(path) else path)


def _listing(path: str) -> list[str]:
    """What is under a site folder's entry that no RECORD owns: content of a file, names and sizes in a folder."""
    if not disk.is_dir(path):
        return [_content(path)]
    rows: list[str] = []
    for folder, folders, files in disk.walk(path):
        folders[:] = sorted(name for name in folders if name != "__pycache__")
        for name in sorted(files):
            file = os.path.join(folder, name)
            if not name.endswith(".pyc"):
                rows.append(f"{os.path.relpath(file, path)} {_size(file)}")
    return rows


def _size(file: str) -> int:
    try:
        return disk.stat(file).st_size
    except OSError:
        return -1  # a dangling link


def _content(file: str) -> str:
    try:
        return hashlib.sha256(disk.read_bytes(file)).hexdigest()
    except OSError:
        return "-"  # not there


def _portable(path: str, contents: Contents) -> str:
    """`path` by its place in the environment, the base, or relative to the root: nothing of this machine."""
    layout = contents.layout
    if not path:
        return ""  # an empty egg-link
    for label, folder in (("prefix", layout.prefix), ("root", contents.root), ("base", layout.base_prefix)):
        if path == folder:
            return f"<{label}>"
        if path.startswith(os.path.join(folder, "")):
            return f"<{label}>/{path[len(folder) + 1 :]}".replace(os.sep, "/")
    if path.startswith(os.path.join(os.path.expanduser("~"), ".local", "lib", "")):
        return "<user>"
    return f"<outside>/{os.path.relpath(path, contents.root)}".replace(os.sep, "/")
