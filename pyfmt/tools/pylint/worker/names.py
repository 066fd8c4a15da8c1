"""What pylint calls a file: the name by which Python imports it from its project's import roots.

pylint by itself goes up as long as there are `__init__.py`s. Below a namespace package that ends too early:
`src/acme/json/__init__.py` becomes `json`, its folder's parent goes onto the search path, and everybody's `import json`
finds it.

Standalone: loaded by file path next to `task.py` once pylint is importable; no import of `pyfmt`.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence

from astroid import modutils


class ModuleNames:
    """The names of one project's files, and the folders that they are imported from."""

    def __init__(self, roots: Iterable[str]) -> None:
        """`roots`: absolute import roots; of two that hold a file, the longer one counts.

        One that is a package itself (`__init__.py` beside pyproject.toml) is imported from the folder above.
        """
        self._roots = sorted({_outermost(root) for root in roots}, key=lambda root: (-len(root), root))

    @property
    def roots(self) -> list[str]:
        """The import roots, the longest first: what pylint's `source-roots` is to be."""
        return self._roots

    def search_path(self, files: Iterable[str]) -> list[str]:
        """The folders that `files` are imported from, in the files' order."""
        return list(dict.fromkeys(self._root_of(os.path.abspath(file)) for file in sorted(files)))

    def name(self, file: str) -> str:
        """The dotted name of `file`; `sys.path` must begin with the project's search path.

        A file that another one hides is not what its name means: `redis/client.py` in a folder without `__init__.py`
        where redis is installed, `a.py` beside `a/__init__.py`. Named so, it would be taken for the other by all
        who import that. It is called by the folders above the root, too, until the name means nothing else.
        """
        path = os.path.abspath(file)
        root = self._root_of(path)
        parts = _parts(path, root)
        while parts and _means_another(parts, path) and os.path.dirname(root) != root:
            root, folder = os.path.split(root)
            parts.insert(0, folder)
        return ".".join(parts) or os.path.basename(root)

    def _root_of(self, path: str) -> str:
        inside = (root for root in self._roots if path.startswith(root.rstrip(os.sep) + os.sep))
        return next(inside, os.path.dirname(path))


def _outermost(folder: str) -> str:
    folder = os.path.abspath(folder)
    while os.path.isfile(os.path.join(folder, "__init__.py")) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder


def _parts(path: str, root: str) -> list[str]:
    parts = os.path.splitext(os.path.relpath(path, root))[0].split(os.sep)
    return parts[:-1] if parts[-1] == "__init__" else parts


def _means_another(parts: Sequence[str], path: str) -> bool:
    """Whether an import of that name finds something else than the file `path`.

    What finds nothing (a stub without its module) is called as its package says, if that is the file's folder.
    """
    try:
        found = modutils.file_info_from_modpath(".".join(parts).split("."))
    except ImportError:
        return len(parts) > 1 and not _is_package_at(parts[:-1], os.path.dirname(path))
    return not found.location or os.path.realpath(found.location) != os.path.realpath(path)


def _is_package_at(parts: Sequence[str], folder: str) -> bool:
    """Whether a package's modules are (also) looked for in a folder, as far as anything has that name."""
    try:
        found = modutils.file_info_from_modpath(list(parts))
    except ImportError:
        return True
    places = [os.path.dirname(found.location)] if found.location else []
    places += found.submodule_search_locations or ()
    return os.path.realpath(folder) in map(os.path.realpath, places)
