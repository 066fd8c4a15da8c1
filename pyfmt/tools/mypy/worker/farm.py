"""Folders that an import hook provides under another name, as mypy can find them: a small farm of symbolic links.

setuptools' `package-dir = {core = "sources"}`, installed editable, is a hook that no search path can express. Files of
such a folder that are checked themselves are named by their place in the farm, too: else `core.Value` and
`sources.Value` would be two classes to mypy. Standard library only.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any


class Farm:
    """Links for `remapped`, pairs of a module's name and an absolute path, in a folder below `parent`.

    What mypy keeps in its cache names files by their places here: the folder is the same for the same pairs. Of
    processes that want the same one, one after the other makes it: in the moment in which a link gives way to a folder,
    another one would write through the link, into the user's own folder.
    """

    def __init__(self, parent: str, remapped: Sequence[Sequence[str]]) -> None:
        digest = hashlib.sha256(repr(sorted(map(tuple, remapped))).encode("utf-8", "surrogateescape")).hexdigest()
        self.folder = os.path.join(os.path.realpath(parent), f"farm-{digest[:12]}")
        self._places: dict[str, str] = {}  # absolute path -> module
        # No name of a package, so that mypy takes no folder above for one.
        self._texts = os.path.join(os.path.realpath(parent), "notebook-texts")
        self._notebooks: dict[str, str] = {}  # absolute path -> that of its text
        pairs = sorted(map(tuple, remapped))  # a package before what lies in it
        self._places.update((path.removesuffix(".py"), module) for module, path in pairs)
        if pairs:
            os.makedirs(self.folder, exist_ok=True)
            with _alone(f"{self.folder}.lock"):
                for module, path in pairs:
                    self._plant(module.split("."), path)

    @property
    def roots(self) -> list[str]:
        """What belongs on the search path."""
        return [self.folder] if self._places else []

    def write(self, notebooks: Mapping[str, str], runs: Sequence[Mapping[str, Any]]) -> None:
        """Write the Python texts of notebooks, by absolute path, where mypy can read them; `runs` name their modules.

        One that says the same is left as it is: mypy's cache holds on to it.
        """
        names = {file: name for run in runs for file, name in run["files"].items() if file in notebooks}
        if names:
            os.makedirs(self._texts, exist_ok=True)
        for file, name in names.items():
            place = self._notebooks[file] = os.path.join(self._texts, f"{name}.py")
            data = notebooks[file].encode("utf-8", "surrogatepass")
            with contextlib.suppress(OSError), open(place, "rb") as known:
                if known.read() == data:
                    continue
            with open(place, "wb") as text:
                text.write(data)

    def part(self, part: Mapping[str, Any]) -> dict[str, Any]:
        """A run of the payload, with the files that are in the farm named by their places there."""
        files = {}
        for file, name in part["files"].items():
            place = self.place(file)
            files[place] = name if place == file or file in self._notebooks else self._name(place)
        return {**part, "files": files, "reported": [self.place(file) for file in part["reported"]]}

    def place(self, file: str) -> str:
        """Where an absolute path is found in the farm, or a notebook's text; itself where it is not in it."""
        if file in self._notebooks:
            return self._notebooks[file]
        stem = os.path.splitext(file)[0]
        for path, module in sorted(self._places.items(), reverse=True):  # the longest first
            base = os.path.join(self.folder, *module.split("."))
            if stem == path:
                return base + file[len(stem) :]
            if file.startswith(path + os.sep):
                return base + file[len(path) :]
        return file

    def real(self, file: str) -> str:
        """What `place` was given for an answer."""
        if file.startswith(self._texts + os.sep):
            return next((path for path, place in self._notebooks.items() if place == file), file)
        if not file.startswith(self.folder + os.sep):
            return file
        for path, module in sorted(self._places.items(), key=lambda item: item[1], reverse=True):
            base = os.path.join(self.folder, *module.split("."))
            if file.startswith(base + os.sep) or os.path.splitext(file)[0] == base:
                return path + file[len(base) :]
        return file

    def _name(self, place: str) -> str:
        names = os.path.splitext(os.path.relpath(place, self.folder))[0].split(os.sep)
        return ".".join(names[:-1] if names[-1] == "__init__" else names)

    def _plant(self, parts: Sequence[str], path: str) -> None:
        folder = self.folder
        for part in parts[:-1]:
            folder = os.path.join(folder, part)
            self._make_room(folder)
        place = os.path.join(folder, parts[-1])
        if not os.path.isdir(path):
            _link(path.removesuffix(".py") + ".py", place + ".py")
        elif os.path.isdir(place) and os.path.realpath(place) != os.path.realpath(path):
            self._make_room(place)  # a namespace of several folders, or one with a renamed folder in it
            _link_all(path, place)
        else:
            _link(path, place)

    @staticmethod
    def _make_room(folder: str) -> None:
        """See that there is a folder of links, so that more can be put into it and nothing into the user's own."""
        target = os.readlink(folder) if os.path.islink(folder) else ""
        if target:
            os.unlink(folder)
        os.makedirs(folder, exist_ok=True)
        if target:
            _link_all(target, folder)


def plant(cache_dir: str | None, scratch: str, remapped: Sequence[Sequence[str]]) -> Farm:
    """The farm below the unit's cache folder, or below `scratch` where nothing can be kept (and mypy keeps nothing)."""
    if cache_dir:
        with contextlib.suppress(OSError):
            return Farm(cache_dir, remapped)
    return Farm(scratch, remapped)


@contextlib.contextmanager
def _alone(file: str) -> Iterator[None]:
    """Hold a file as a lock between processes, where there are such locks (POSIX)."""
    with open(file, "ab") as lock:
        with contextlib.suppress(ImportError):
            import fcntl  # not on Windows

            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _link_all(source: str, folder: str) -> None:
    for name in os.listdir(folder):
        if not os.path.exists(os.path.join(folder, name)):
            with contextlib.suppress(OSError):
                os.unlink(os.path.join(folder, name))  # of a file that is gone
    for name in os.listdir(source):
        _link(os.path.join(source, name), os.path.join(folder, name))


def _link(target: str, place: str) -> None:
    with contextlib.suppress(FileExistsError):
        os.symlink(target, place)
