"""Further names of files: what mypy calls "Source file found twice under different module names", and ends for.

Where `app.core` is imported as `src.app.core`, too, Python loads the file twice. So does mypy, once the second name
leads to another path: a folder of links before all import roots. Each file is checked under its own name, the others
are only imported. Standard library only.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import symtable
import tokenize
from collections.abc import Sequence

_TWICE = re.compile(r'Source file found twice under different module names: "([^"]+)" and "([^"]+)"')
NAME = "aliases"  # begins the names of folders of links
_INITS = ("__init__.py", "__init__.pyi")


class Aliases:
    """The links of one run of mypy; begins without any."""

    def __init__(self, folder: str) -> None:
        """`folder`: absolute; made with the first link; the same in every run, since mypy's cache holds the paths."""
        self.folder = folder
        self.given = False  # whether a file has got a further name
        shutil.rmtree(folder, ignore_errors=True)

    def roots(self, import_roots: Sequence[str]) -> list[str]:
        """mypy's search path: the links, then the import roots.

        A root in a package of another root (generated code, which a `.pth` names) is linked: by its own path
        mypy would name its files from there, and not by their package.
        """
        found = [self.folder]
        for number, root in enumerate(import_roots):
            if _is_in_package(root, import_roots):
                root = self._link(root, f"roots-{number}") or root
            found.append(root)
        return found

    def resolve(self, message: str, file: str) -> bool:
        """Give the second of the names in mypy's message a path of its own; False where that is not possible."""
        twice = _TWICE.match(message)
        if twice is None or file.startswith(self.folder + os.sep):
            return False
        with contextlib.suppress(OSError):
            done = self._give(twice[2].split("."), file)
            self.given = self.given or done
            return done
        return False

    def _give(self, parts: Sequence[str], file: str) -> bool:
        if parts[-1] == "__init__":
            return self._add_init(parts[:-1], file)
        root = _root(file, parts)
        tops = (os.path.join(root, parts[0] + suffix) for suffix in ("", ".pyi", ".py")) if root else ()
        top = next(filter(os.path.exists, tops), "")
        return bool(top and self._link(top, os.path.basename(top)))

    def _link(self, target: str, name: str) -> str:
        place = os.path.join(self.folder, name)
        if os.path.lexists(place):
            return ""
        os.makedirs(self.folder, exist_ok=True)
        os.symlink(target, place)
        return place

    def _add_init(self, package: Sequence[str], file: str) -> bool:
        """Let `from .__init__ import x` find a stub that takes everything from the package itself."""
        root = _root(file, package)
        if not root or not package:
            return False
        place = self.folder
        for depth, name in enumerate(package, 1):
            place = os.path.join(place, name)
            if os.path.islink(place):
                return False
            os.makedirs(place, exist_ok=True)
            for init in _INITS:
                target = os.path.join(root, *package[:depth], init)
                if os.path.isfile(target) and not os.path.lexists(os.path.join(place, init)):
                    os.symlink(target, os.path.join(place, init))
        stub = os.path.join(place, "__init__", "__init__.pyi")
        if os.path.exists(stub):
            return False
        os.makedirs(os.path.dirname(stub))
        with open(stub, "w", encoding="utf-8") as stream:
            stream.writelines(f"from {'.'.join(package)} import {name}\n" for name in _names(file))
        return True


def real(path: str) -> str:
    """Where a link leads that some Aliases have made; any other path is itself."""
    return os.path.realpath(path) if f"{os.sep}{NAME}-" in path else path


def _root(file: str, parts: Sequence[str]) -> str:
    """The folder that a file is imported from by a name; "" where its path does not say so."""
    stem = os.path.splitext(file)[0].removesuffix(os.sep + "__init__")
    tail = os.sep + os.path.join(*parts)
    return stem.removesuffix(tail) if stem.endswith(tail) else ""


def _is_in_package(root: str, roots: Sequence[str]) -> bool:
    folder, inside = root, False
    while os.path.dirname(folder) != folder:
        inside = inside or any(os.path.isfile(os.path.join(folder, name)) for name in _INITS)
        folder = os.path.dirname(folder)
        if folder in roots:
            return inside
    return False


def _names(file: str) -> list[str]:
    """What can be imported from a module, each as `name as name`; a star for what it takes by a star."""
    try:
        with tokenize.open(file) as stream:
            text = stream.read()
        table = symtable.symtable(text, file, "exec")
    except (OSError, SyntaxError, ValueError):
        return []
    bound = (each for each in table.get_symbols() if each.is_assigned() or each.is_imported() or each.is_namespace())
    names = sorted(each.get_name() for each in bound)
    return [f"{name} as {name}" for name in names] + (["*"] if re.search(r"import\s*\(?\s*\*", text) else [])
