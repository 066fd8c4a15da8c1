"""Where a project's modules are imported from: its import roots and its first-party names."""

from __future__ import annotations

import posixpath
import re
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

# A statement begins a line, or follows ";" or ":" on it; names may hold any letters, which are bytes from 0x80 here.
_NAME = rb"[A-Za-z_\x80-\xff][\w\x80-\xff]*"
_IMPORT = re.compile(
    rb"(?:^|[;:])[ \t\f]*(?:from[ \t]+(" + _NAME + rb")|import[ \t]+((?:[^\r\n#;\\]|\\\r?\n)+))", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Layout:
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


def layout(path: str, files: Sequence[str], declared: Sequence[str]) -> Layout:
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
    return Layout(tuple(roots), tuple(sorted(names - {"setup"})))


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


def script_folders(
    files: Sequence[str], roots: Sequence[str], imports: Callable[[str], frozenset[str]]
) -> tuple[str, ...]:
    """Folders without `__init__.py` whose files import each other by plain name (tests, scripts).

    Python and pytest put such a folder on the search path when they run a file of it; mypy has to be told.
    `imports` gives the top-level names that a file imports.
    """
    folders = packages(files)
    sources = tuple(root + "/" for root in roots[1:])  # what lies there is importable as it stands
    held: dict[str, list[str]] = {}
    modules: dict[str, set[str]] = {}
    for file in files:
        folder, name = posixpath.split(file)
        folder = folder or "."
        if folder not in folders and folder not in roots and not file.startswith(sources):
            held.setdefault(folder, []).append(file)
            modules.setdefault(folder, set()).add(posixpath.splitext(name)[0])
    for package in folders:
        parent = posixpath.dirname(package) or "."
        if parent in modules:
            modules[parent].add(posixpath.basename(package))
    known = {name for root in roots for name in top_names(root, files)} | sys.stdlib_module_names
    found = []
    for folder, names in sorted(modules.items()):
        own = names - known
        if own and any(own & imports(file) for file in held[folder]):
            found.append(folder)
    return tuple(found)


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
