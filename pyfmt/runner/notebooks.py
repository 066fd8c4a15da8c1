"""The notebooks of a lint unit: given to its tool as Python text, and what the tool says told from their cells."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from pyfmt import disk
from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.core.model import Failure, Finding, Unit
from pyfmt.core.notebooks import Module, Notebook, NotebookError
from pyfmt.tools.notebooks import mask
from pyfmt.tools.protocol import Reading
from pyfmt.tools.registry import TOOLS

# What IPython defines: https://ipython.readthedocs.io/en/stable/interactive/reference.html
_DEFINED = re.compile(r"display|get_ipython|exit|quit|In|Out|_+|_\d+|_i+|_i\d+|_[id]?h|_oh|_exit_code")
# Magics that define names of their own.
_DEFINING = re.compile(r"^\s*%(?:run|pylab|load|store\s+-r)\b", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class UnitNotebooks:
    """The notebooks of a unit by path; `failures` are those that cannot be read any more."""

    found: Mapping[str, tuple[Notebook, Module]] = field(default_factory=dict)
    failures: tuple[Failure, ...] = ()

    @property
    def texts(self) -> dict[str, str]:
        """Each as Python."""
        return {path: module.text for path, (_, module) in self.found.items()}

    def told(self, reading: Reading, tool: str) -> Reading:
        """A reading with findings told from cells, and without what makes no sense there."""
        findings = tuple(each for finding in reading.findings for each in self._told(finding, tool))
        return replace(reading, findings=findings, failures=reading.failures + self.failures)

    def _told(self, finding: Finding, tool: str) -> tuple[Finding, ...]:
        if finding.path not in self.found:
            return (finding,)
        notebook, module = self.found[finding.path]
        if finding.cell is not None:
            return (notebook.placed(finding, finding.cell),)
        rules = TOOLS[tool].notebooks
        if finding.rule in rules.never or finding.rule in (TOOLS[tool].project_rules or ()):
            return ()
        if finding.rule in rules.shown and finding.line in module.shown:
            return ()
        missing = rules.undefined.match(finding.message) if rules.undefined is not None else None
        if missing is not None and (_DEFINED.fullmatch(missing["name"]) or self._defines_more(notebook)):
            return ()
        return (notebook.located(finding, module),)

    @staticmethod
    def _defines_more(notebook: Notebook) -> bool:
        return any(_DEFINING.search(cell.source) for cell in notebook.cells)


def notebooks_of(unit: Unit, root: Path) -> UnitNotebooks:
    """The notebooks among the files of a unit."""
    found: dict[str, tuple[Notebook, Module]] = {}
    failures = []
    for part in unit.parts:
        for path in part.files:
            if not path.endswith(NOTEBOOK_SUFFIX):
                continue
            try:
                notebook = Notebook(disk.read_bytes(root / path))
                found[path] = notebook, notebook.module(mask)
            except (OSError, NotebookError) as error:
                why = error.what if isinstance(error, NotebookError) else f"cannot be read: {error.strerror}"
                place = unit.environment.name if unit.environment else ""
                failures.append(Failure(unit.tool, (part.project.name,), place, f"{path} {why}"))
    return UnitNotebooks(found, tuple(failures))
