"""What the files of a project import, remembered for all of them at once: a large tree is then few questions."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping, Sequence

from pyfmt.cache.digests import ContentDigests
from pyfmt.cache.import_memory import SourceReader
from pyfmt.cache.keys import fold
from pyfmt.cache.remembered import InputsTogether, MemoKind, MemoTable
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

        def inputs(item: str, digest: ContentDigests) -> dict[str, object]:
            return {
                "Python": sys.version_info[:3],
                "files": digest.together(f"{item} importing", wanted[projects[item]]),
            }

        def details(item: str, digest: ContentDigests) -> dict[str, object]:
            return {"Python": sys.version_info[:3], **{file: digest(file) for file in wanted[projects[item]]}}

        def compute(items: Sequence[str]) -> dict[str, str]:
            return {item: fold([[file, self(file)] for file in wanted[projects[item]]]).hex() for item in items}

        found = self._table.remembered(_DIGESTS, projects, InputsTogether(inputs, details), compute)
        return [found[item] for item in projects]

    def _lists(self, place: str, files: Sequence[str]) -> dict[str, list[str]]:
        wanted = [file for file in files if not file.endswith("/")]
        if len(wanted) < 2:
            return self._read(wanted)

        def inputs(_: str, digest: ContentDigests) -> dict[str, object]:
            return {"Python": sys.version_info[:3], "files": digest.together(f"{place} with notebooks", wanted)}

        def details(_: str, digest: ContentDigests) -> dict[str, object]:
            return {"Python": sys.version_info[:3], **{file: digest(file) for file in wanted}}

        both = InputsTogether(inputs, details)
        return self._table.remembered(_LISTS, [place], both, lambda _: {place: self._read(wanted)})[place]

    def _read(self, files: Sequence[str]) -> dict[str, list[str]]:
        self._imports.fetch_contents(files)
        return {file: [text for text in self._imports(file) if not text.startswith("@")] for file in files}
