"""Where a project's modules are imported from: its import roots and its first-party names."""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.core.folders import above, parent

# A statement begins a line, or follows ";" or ":" on it; names may hold any letters, which are bytes from 0x80 here.
_NAME = rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*"
_IMPORT = re.compile(
    rb"(?:^|[;:])[ \t\f]*(?:from[ \t]+(" + _NAME + rb")|import[ \t]+((?:[^\r\n#;\\]|\\\r?\n)+))", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class ProjectLayout:
    """`import_roots` and `first_party` of a project; see model.Project."""

    import_roots: tuple[str, ...]
    first_party: tuple[str, ...]


def join(*parts: str) -> str:
    """Join relative paths with "/", where "." stands for the root."""
    return posixpath.normpath(posixpath.join(*parts))


def packages(files: Iterable[str]) -> frozenset[str]:
    """The folders that hold an `__init__.py` or `__init__.pyi`."""
    inits = (f"/{file}" for file in files if file.endswith(("__init__.py", "__init__.pyi")))
    return frozenset(
        file.rpartition("/")[0][1:] or "." for file in inits if file.endswith(("/__init__.py", "/__init__.pyi"))
    )


def layout(path: str, files: Sequence[str], declared: Sequence[str]) -> ProjectLayout:
    """The layout of a project from its files and the source folders that its manifest declares.

    `src` counts as a source folder where it holds Python files and is no package itself, declared or not: that is the
    convention of every build backend.
    """
    folders = packages(files)
    roots = [path]
    for source in (*declared, "src"):
        folder = join(path, source)
        inside = folder == "." or any(file.startswith(folder + "/") for file in files)
        if inside and folder not in folders and folder not in roots:
            roots.append(folder)
    nested = tuple(root + "/" for root in roots[1:])
    own = [file for file in files if not file.startswith(nested)] if nested else files
    names = {name for root in roots for name in top_names(root, own if root == path else files) if name.isidentifier()}
    return ProjectLayout(tuple(roots), tuple(sorted(names - {"setup"})))


def imported_names(source: bytes) -> frozenset[str]:
    """Top-level names that a file seems to import absolutely: a superset, since strings are not told apart."""
    names = set()
    for origin, plain in _IMPORT.findall(source):
        if origin:
            names.add(origin.decode("utf-8", "replace"))
        else:
            for item in plain.replace(b"\\", b" ").decode("utf-8", "replace").split(","):
                head = re.match(r"\s*([^\W\d]\w*)", item)
                if head:
                    names.add(head.group(1))
    return frozenset(names)


def visible_roots(files: Sequence[str], roots: Sequence[str], places: Iterable[str]) -> tuple[str, ...]:
    """Which of the `places` that an environment imports from are import roots of a project, besides its `roots`.

    An editable installation names them, whatever the manifest says. One in a package is none: its modules have the
    package's names.
    """
    found = {place for place in places if place.startswith(f"{roots[0]}/" if roots[0] != "." else "")} - {*roots}
    folders = packages(files) if found else ()
    return tuple(
        place
        for place in sorted(found)
        if not any(folder == place or place.startswith(f"{folder}/") for folder in folders)
        and any(file.startswith(f"{place}/") for file in files)
    )


def script_names(
    files: Sequence[str], roots: Sequence[str], imports: Callable[[str], frozenset[str]]
) -> dict[str, list[str]]:
    """Folders without `__init__.py` whose modules and packages import each other, or themselves, by plain name.

    Python and pytest put such a folder on the search path when they run a file of it, and so do settings like
    PYTHONPATH for a `backend/app`; mypy has to be told. `imports` gives the top-level names that a file imports. Each
    folder comes with the names, sorted: one that is installed is no evidence, since `acme/redis.py` of a namespace
    package is not what `import redis` means.
    """
    folders = packages(files)
    sources = tuple(root + "/" for root in roots[1:])  # what lies there is importable as it stands
    held: dict[str, list[str]] = {}
    names: dict[str, set[str]] = {}
    for file in files:
        folder, name = posixpath.split(file)
        folder, name = folder or ".", posixpath.splitext(name)[0]
        while folder in folders and folder != ".":
            folder, name = parent(folder), posixpath.basename(folder)
        if folder not in folders and folder not in roots and not file.startswith(sources):
            held.setdefault(folder, []).append(file)
            names.setdefault(folder, set()).update([] if file.endswith(NOTEBOOK_SUFFIX) else [name])
    for folder in list(names):  # below a folder of scripts, what has no `__init__.py` can be imported, too
        for place in above(folder):
            if place in names and place != ".":
                names[place].add(folder[len(place) + 1 :].partition("/")[0])
    known = {name for root in roots for name in top_names(root, files)} | sys.stdlib_module_names
    found = {}
    for folder in sorted(names):
        own = names[folder] - known
        if own and (said := own & frozenset[str]().union(*map(imports, held[folder]))):
            found[folder] = sorted(said)
    return found


def top_names(root: str, files: Iterable[str]) -> set[str]:
    """The names that can be imported from `root`: of the files below it, the first part, without a suffix."""
    prefix = "" if root == "." else root + "/"
    names = set()
    for file in files:
        if file.startswith(prefix):
            top, slash, _ = file[len(prefix) :].partition("/")
            stem, _, suffix = top.rpartition(".")
            if slash or suffix in ("py", "pyi"):
                names.add(top if slash else stem)
    return names
