"""isort, then black, on the code cells of a notebook: whatever is not their text keeps its bytes."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from pyfmt.core.cells import CellPlace
from pyfmt.core.notebooks import Notebook, NotebookError, plain
from pyfmt.tools.black import notebooks as black
from pyfmt.tools.formatting import (
    FormatResult,
    FormatSettings,
    SyntaxFault,
    ToolChain,
    ToolFault,
    ToolResult,
    guarded,
    nesting_fault,
    run_chain,
    taken,
)
from pyfmt.tools.isort import adapter as isort

CURE = "`pip install 'pyfmt-monorepo[jupyter]'`, or leave notebooks out with `notebooks = false` in [tool.pyfmt]"
_SKIPPED = re.compile(r"#\s*isort:\s*skip_file")

missing = black.missing
prepare = black.prepare
mask = black.mask


@dataclass(frozen=True, slots=True)
class _CellChain(ToolChain):
    """The tools for one cell, whose source ends without a line end."""

    def sort(self, data: bytes) -> ToolResult:
        """isort, if it is wanted."""
        settings = self.settings.isort
        if settings is None:
            return ToolResult(data)
        found = guarded("isort", data, lambda: isort.sort(data, self.path, settings))
        same = found.data.rstrip(b"\r\n") == data.rstrip(b"\r\n")
        return replace(found, data=data if same else found.data.rstrip(b"\r\n"))

    def style(self, data: bytes) -> ToolResult:
        """black, if it is wanted; whether the cell is Python, if isort is alone."""
        settings = self.settings.black
        if settings is not None:
            return guarded("black", data, lambda: black.reformat(data.decode(), settings).encode())
        if self.check_alone:
            return guarded("isort", data, lambda: _checked(data))
        return ToolResult(data)


def _checked(data: bytes) -> bytes:
    black.check(data.decode())
    return data


def format_notebook(data: bytes, path: str, settings: FormatSettings) -> FormatResult:
    """What the tools would write for a notebook; as `formatting.format_bytes`, with one in another language left alone.

    One with a cell that is no Python stays as it is, as a module would: the first such cell is told.
    """
    wanted, excluded = taken(path, settings)
    tool = "black" if wanted.black is not None else "isort"
    if wanted.isort is None and wanted.black is None:
        return FormatResult(excluded=excluded)
    chosen = next((each.config for each in (wanted.isort, wanted.black) if each and each.config.release), None)
    if chosen is not None:
        what = "another release than the one that pyfmt brings formats no notebooks"
        cure = "leave them out with `notebooks = false`, or take the tool out of [tool.pyfmt.versions]"
        return FormatResult(faults=(ToolFault(chosen.tool, what, cure),), excluded=excluded)
    if missing():
        return FormatResult(faults=(ToolFault(tool, f"notebooks need {missing()}", CURE),), excluded=excluded)
    try:
        notebook = Notebook(data)
    except NotebookError as error:
        return FormatResult(faults=(ToolFault(tool, error.what, error.cure),), excluded=excluded)
    sources = {cell.number: cell.source for cell in notebook.cells if cell.is_python and plain(cell.source) is not None}
    if notebook.language != "python" or any(map(_SKIPPED.search, sources.values())) and wanted.black is None:
        return FormatResult(excluded=excluded)
    if any(map(_SKIPPED.search, sources.values())):
        wanted = replace(wanted, isort=None)
    chain = _CellChain(path, wanted, settings.black is None)
    done = {number: _formatted(source, chain) for number, source in sources.items() if source.strip()}
    syntax = next(((number, each.syntax) for number, each in done.items() if each.syntax is not None), None)
    changed = {number: each.data.decode() for number, each in done.items() if each.data is not None}
    after = notebook.rewritten(changed) if changed and syntax is None else data
    names = {name for each in done.values() for name in each.tools}
    return FormatResult(
        data=after if after != data else None,
        tools=tuple(name for name in ("isort", "black") if name in names) if after != data else (),
        syntax=_placed(notebook, *syntax) if syntax is not None else None,
        faults=tuple(
            replace(fault, reason=f"cell {number}: {fault.reason}")
            for number, each in done.items()
            for fault in each.faults
        ),
        excluded=excluded,
    )


def _formatted(source: str, chain: _CellChain) -> FormatResult:
    try:
        data = source.encode("utf-8")
    except UnicodeEncodeError as error:
        return FormatResult(faults=(ToolFault("black", f"cannot be encoded: {error.reason}"),))
    impossible = nesting_fault(data)
    return run_chain(data, chain) if impossible is None else FormatResult(syntax=impossible)


def _placed(notebook: Notebook, number: int, fault: SyntaxFault) -> SyntaxFault:
    """A fault in a cell, told from the file's first line."""
    place = CellPlace(number, fault.line, fault.column)
    line, column = notebook.place(number, fault.line, fault.column or 1)
    return SyntaxFault(line, column, fault.message, replace(place, text=notebook.line(place)))
