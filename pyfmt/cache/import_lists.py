"""What the files of a project import, remembered for all of them at once: a large tree is then few questions."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence

from pyfmt.cache.import_memory import SourceReader
from pyfmt.cache.keys import fold
from pyfmt.cache.remembered import FilesTogether, MemoKind, MemoTable
from pyfmt.core.model import Project

_DIGESTS = MemoKind("imports of a project", 1, str)
_LISTS: MemoKind[dict[str, list[str]]] = MemoKind("import lists", 2, dict[str, list[str]])


class ImportLists:
    """What a file imports, as `graph.Read` has it, but for the names ("@name") that are no imports.

    The first question about a file answers those about all of its project.
    """

    def __init__(self, imports: SourceReader, table: MemoTable, projects: Iterable[Project]) -> None:
        self._imports, self._table = imports, table
        self._homes = {
            file: project for project in projects for file in (*project.files, *project.hidden, *project.notebooks)
        }
        self._known: dict[str, list[str]] = {}

    def __call__(self, file: str) -> Sequence[str]:
        """What a file imports; nothing for one that cannot be read."""
        if file not in self._known:
            home = self._homes.get(file)
            files = (*home.files, *home.hidden, *home.notebooks) if home else (file,)
            self._known.update(self._lists(home.path if home else "", files))
        return self._known[file]

    def digests(self, wanted: Mapping[Project, Sequence[str]]) -> list[str]:
        """For each project a digest of what some of its files import: nothing is listed where all is as it was."""
        projects = {f"{project.name} in {project.path}": project for project in wanted}

        def compute(items: Sequence[str]) -> dict[str, str]:
            return {item: fold([[file, self(file)] for file in wanted[projects[item]]]).hex() for item in items}

        inputs = FilesTogether(lambda item: f"{item} importing", lambda item: wanted[projects[item]], _python)
        found = self._table.remembered(_DIGESTS, projects, inputs, compute)
        return [found[item] for item in projects]

    def _lists(self, place: str, files: Sequence[str]) -> dict[str, list[str]]:
        wanted = [file for file in files if not file.endswith("/")]
        if len(wanted) < 2:
            return self._read(wanted)

        inputs = FilesTogether(lambda _: f"{place} with notebooks", lambda _: wanted, _python)
        return self._table.remembered(_LISTS, [place], inputs, lambda _: {place: self._read(wanted)})[place]

    def _read(self, files: Sequence[str]) -> dict[str, list[str]]:
        self._imports.fetch_contents(files)
        return {file: [text for text in self._imports(file) if not text.startswith("@")] for file in files}


def _python(_: str) -> dict[str, object]:
    """What can be parsed differs between versions."""
    return {"Python": sys.version_info[:3]}
