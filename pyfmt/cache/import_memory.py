"""What each file imports, and what others can see of it, remembered by its content: a file that is known is not parsed
again."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from pyfmt import disk
from pyfmt.cache.remembered import MemoKind, MemoTable
from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.core.parsing import why
from pyfmt.imports.definitions import Definition
from pyfmt.imports.parse import FileImports, ModuleContent, ParsedModule, read_module

_CONTENT = MemoKind("imports", 10, ModuleContent)
_STATEMENTS = MemoKind("import statements", 1, FileImports)
_NOTHING = ModuleContent((), "")
_Place = tuple[bytes, bool]  # the digest of a file, and whether it is a notebook
_Value = TypeVar("_Value")


class SourceReader:
    """Reads files below `root`; one that cannot be read has no imports, which the tools themselves tell.

    `errors` says why it cannot be read. What is parsed for one of the two questions is kept for the other where
    `both` are asked in a run.
    """

    def __init__(self, table: MemoTable, root: Path, both: bool) -> None:
        self._table = table
        self._root = root
        self._both = both
        self._contents: dict[_Place, ModuleContent] = {}
        self._statements: dict[_Place, FileImports] = {}
        self._parsed: dict[_Place, ParsedModule] = {}
        self.errors: dict[str, str] = {}

    def __call__(self, file: str) -> Sequence[str]:
        """What a file imports."""
        return self._content(file).imports

    def tree(self, file: str) -> str:
        """A digest of what others can see of a file; "" where that is its very bytes."""
        return self._content(file).tree

    def lines(self, file: str) -> str:
        """A digest of a file's lines that say something; "" where the others count as well."""
        return self._content(file).lines

    def defined(self, file: str) -> Sequence[Definition]:
        """What a file defines."""
        return self._content(file).definitions

    def fetch_contents(self, files: Iterable[str]) -> None:
        """Have all but the `statements` of many files at once."""
        self._take(files, _CONTENT, self._contents, lambda parsed: parsed.content)

    def _content(self, file: str) -> ModuleContent:
        self.fetch_contents([file])
        return self._contents.get(self._place(file), _NOTHING)

    def statements(self, file: str) -> FileImports:
        """The import statements of a file, but for those of the standard library."""
        self.fetch([file])
        return self._statements.get(self._place(file), FileImports())

    def fetch(self, files: Iterable[str]) -> None:
        """Have the `statements` of many files at once."""
        self._take(files, _STATEMENTS, self._statements, lambda parsed: parsed.statements)

    def _place(self, file: str) -> _Place:
        return self._table.digests.of(file), file.endswith(NOTEBOOK_SUFFIX)

    def _take(
        self,
        files: Iterable[str],
        kind: MemoKind[_Value],
        known: dict[_Place, _Value],
        part: Callable[[ParsedModule], _Value],
    ) -> None:
        files = list(files)
        self._table.digests.fetch(files)
        wanted = {self._place(file): file for file in files if file not in self.errors}
        missing = [file for place, file in wanted.items() if place not in known]
        if missing:
            found = self._table.remembered(kind, missing, _inputs, lambda new: dict(self._parts(new, part)))
            known.update({self._place(file): value for file, value in found.items()})

    def _parts(self, files: Iterable[str], part: Callable[[ParsedModule], _Value]) -> Iterator[tuple[str, _Value]]:
        for file in files:
            place = self._place(file)
            parsed = self._parsed.pop(place, None)
            if parsed is None:
                try:
                    parsed = read_module(disk.read_python(self._root / file))
                except OSError as error:
                    self.errors[file] = why(error)
                    continue
                if self._both:
                    self._parsed[place] = parsed
            yield file, part(parsed)


def _inputs(file: str, digest: Callable[[str], bytes]) -> dict[str, object]:
    # Another Python may know another grammar.
    return {"its content": digest(file), "Python": sys.version_info[:3], "notebook": file.endswith(NOTEBOOK_SUFFIX)}
