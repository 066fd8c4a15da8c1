"""Archives of sources that came with the checkout: an installer that is given one runs the code in it (its build)."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote

from pyfmt import disk
from pyfmt.core.files import MANIFESTS
from pyfmt.core.listing import some
from pyfmt.core.parsing import Table, table
from pyfmt.environments.creating.recipes import is_installable, requirements_files
from pyfmt.environments.creating.values import CreateOptions, CreateRequest, CreationError, projects_of
from pyfmt.projects import locks, manifests
from pyfmt.projects.locks import requirements

# What pip and uv take for an sdist.
_SDISTS = (".zip", ".tar", ".tgz", ".tbz", ".txz", ".tlz", ".tar.gz", ".tar.bz2", ".tar.xz", ".tar.lzma", ".tar.zst")
_INDEXES = ("find-links", "index", "index-url", "extra-index-url")  # of uv's settings


def refuse_untrusted(requests: Sequence[CreateRequest], owner: Path, options: CreateOptions) -> None:
    """Raises CreationError where what is to be installed may come from an archive of the checkout, without trust."""
    if options.trusted:
        return
    root = requests[0].root
    folders = dict.fromkeys([owner, *(root / project.path for project in projects_of(requests))])
    words = [(folder, word) for folder in folders for word in _of_folder(folder, root)]
    _refuse(words + [(owner, word) for word in _of_lock(owner)], root, options.environ)


def refuse_untrusted_script(metadata: Table, folder: Path, root: Path, options: CreateOptions) -> None:
    """The same for a script with this PEP 723 metadata."""
    if not options.trusted:
        settings = table(metadata, "tool", "uv")
        sources = [*table(settings, "sources").values()]
        words = [*_strings([metadata.get("dependencies"), sources]), *_of_uv(settings)]
        _refuse([(folder, word) for word in words], root, options.environ)


def _refuse(words: Iterable[tuple[Path, str]], root: Path, environ: Mapping[str, str]) -> None:
    base = os.path.realpath(root)
    found = {archive for folder, word in words for archive in _archives(folder, word, base, environ)}
    if found:
        raise CreationError(
            f"{some(sorted(found))} came with the checkout, and building it runs what is in it",
            "look at it, then allow it with --trust, or for good with `pyfmt trust`",
        )


def _of_folder(folder: Path, root: Path) -> Iterator[str]:
    """What the manifests and requirements files of a folder name, and settings of the managers there and above."""
    manifest = manifests.read_manifest(folder, tuple(name for name in MANIFESTS if (folder / name).is_file()))
    yield from manifest.path_dependencies
    yield from (line for line in manifest.build_requires if "@" in line)
    for file in [*requirements_files(folder), *(folder / name for name in manifest.requirements_files)]:
        for included in requirements.included_files(file.as_posix(), disk.text_or_none):
            for line in requirements.requirement_lines(disk.text_or_none(included) or ""):
                option, first = line.startswith("-"), line.split()[0]
                yield from line.split() if option else [line] if "@" in line else [first] if _is_place(first) else []
    for place in (folder, *folder.parents):
        tools = table(_settings(place / "pyproject.toml"), "tool")
        yield from _of_uv(table(tools, "uv"))
        yield from _of_uv(_settings(place / "uv.toml"))
        yield from _strings([table(tools, "pdm").get("source"), table(tools, "poetry").get("source")])
        if place == root:
            break


def _is_place(word: str) -> bool:
    """Whether a requirement is a path, not a name."""
    return "/" in word or word.partition("[")[0].endswith(_SDISTS)


def _of_uv(settings: Table) -> Iterator[str]:
    for part in (settings, table(settings, "pip")):
        yield from _strings([part.get(key) for key in _INDEXES])


def _settings(file: Path) -> Table:
    try:
        return disk.read_toml(file)
    except (OSError, ValueError):  # its reader refuses it
        return {}


def _of_lock(owner: Path) -> Iterator[str]:
    file = locks.find(owner)
    try:
        lock = locks.read(file) if file else None
    except locks.LockError:  # said by who installs from it
        lock = None
    if lock is not None:
        yield from lock.indexes
        yield from (package.source.place for package in lock.packages)


def _strings(value: object) -> Iterator[str]:
    """The places that a setting names."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)
    elif isinstance(value, dict):
        yield from _strings([value.get("url"), value.get("path")])


def _archives(folder: Path, word: str, base: str, environ: Mapping[str, str]) -> Iterator[str]:
    """The archives below `base`, relative to it, that a word in a file of `folder` means: by itself, or as an index on
    the disk, whose pages may lead to any."""
    for text in (word, word.partition("=")[2], word.partition("@")[2].strip()):
        plain = re.sub(r"\$\{(\w+)\}", lambda found: environ.get(found[1], found[0]), text)
        place = manifests.direct_path(plain) or re.split(r"[;#\[]", plain, maxsplit=1)[0].strip("\"' ")
        for start in (str(folder), base) if place else ():
            path = os.path.realpath(os.path.join(start, unquote(place)).replace("\0", ""))
            found = [path]
            if os.path.isdir(path):
                found = [] if is_installable(Path(path)) else [*map(str, Path(path).glob("*"))]
                found += [*map(str, Path(path).glob("*/*"))] if found else []
            offered = [each for each in found if each.endswith((*_SDISTS, ".html")) and os.path.isfile(each)]
            yield from (os.path.relpath(each, base) for each in offered if disk.is_within(each, base))
