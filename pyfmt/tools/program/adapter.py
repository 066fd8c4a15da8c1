"""A linter that is a program: a tool gives its command line and a reader of its output, and this is the rest."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyfmt import disk
from pyfmt.core.cells import CellPlace
from pyfmt.core.errors import ToolError
from pyfmt.core.model import Environment, Failure, Finding, Project, Severity, Unit, by_place
from pyfmt.tools.protocol import JsonObject, LintContext, Reading, ToolNeed

_SAID = 5  # lines of a program that failed


@dataclass(frozen=True, slots=True)
class ProgramFinding:
    """What a program says of a place; the file is absolute or relative to the root, the rest as in Finding."""

    file: str
    rule: str
    message: str
    line: int
    column: int | None = None
    end_line: int | None = None
    end_column: int | None = None
    severity: Severity = Severity.ERROR
    symbol: str = ""  # "": as the rule
    syntax: bool = False
    cell: int | None = None  # of a notebook, of all its cells from 1: then the place is one in it


def beside_pyfmt(name: str) -> str:
    """The absolute path of a program that is installed with pyfmt; raises ToolError."""
    folder = Path(sys.executable).parent
    for path in (folder / name, folder / f"{name}.exe"):
        if disk.is_executable(path):
            return str(path)
    raise ToolError(f"{name} is not installed beside pyfmt", str(folder), f"`pip install 'pyfmt-monorepo[{name}]'`")


@dataclass(frozen=True, slots=True)
class Program:
    """The Linter of a program: `command` gives its arguments, `rows` reads what it prints (ValueError: rubbish)."""

    name: str  # of the tool and of the program beside pyfmt's own interpreter
    command: Callable[[Unit, LintContext], Sequence[str]]
    rows: Callable[[str], Iterable[ProgramFinding]]
    statuses: tuple[int, ...] = (0, 1)  # exit codes that mean that it has done its work
    find: Callable[[str], str] = beside_pyfmt  # its absolute path; raises ToolError
    worker: str = "program"
    stays_warm: bool = False

    def interpreter(self, environment: Environment | None) -> str:
        """pyfmt's own, which only starts the program."""
        del environment
        return sys.executable

    def payload(self, unit: Unit, context: LintContext) -> JsonObject:
        """What `worker/task.py` asks for; raises ToolError where the program is not installed."""
        files = [os.path.join(context.root, file) for file in unit.files]
        command = [self.find(self.name), *self.command(unit, context)]
        return {"folder": context.root, "calls": [{"command": command, "files": files}]}

    def need(self, environment: Environment | None, payload: JsonObject) -> ToolNeed | None:
        """None: a program brings what it needs."""
        del environment, payload
        nothing: ToolNeed | None = None
        return nothing

    def parse(self, unit: Unit, answer: Mapping[str, Any]) -> Reading:
        """The findings about the unit's files; a failure where the program did not do its work."""
        name = unit.environment.name if unit.environment else ""
        (call,) = answer["calls"]
        try:
            if call["status"] not in self.statuses:
                raise ValueError(f"{self.name} ended with exit code {call['status']}")
            owners = {file: part.project.name for part in unit.parts for file in part.files}
            found = [(_path(row.file, answer["folder"], owners), row) for row in self.rows(call["stdout"])]
        except (ValueError, KeyError, TypeError) as error:
            said = last_lines(call)
            reason = str(error) if isinstance(error, ValueError) else f"its output cannot be read: {error!r}"
            return Reading(failures=(Failure(self.name, unit.projects, name, reason.partition("\n")[0], said),))
        findings = [_finding(self.name, path, owners[path], name, row) for path, row in found]
        return Reading(tuple(sorted(dict.fromkeys(findings), key=by_place)))

    def module_name(self, file: str, project: Project) -> str:
        """The file's own path: a program keeps files apart by themselves."""
        del project
        return file


def last_lines(call: Mapping[str, str]) -> str:
    """Of what a call that failed has said."""
    return "\n".join((call["stderr"] or call["stdout"]).strip().splitlines()[-_SAID:])


def _path(file: str, root: str, owners: Mapping[str, str]) -> str:
    """The unit's file that a program names; raises ValueError for another one: what it says must not be lost."""
    path = os.path.relpath(os.path.join(root, file), root)
    if path not in owners:
        raise ValueError(f"it speaks of {file}, which it was not given")
    return path


def _finding(tool: str, path: str, project: str, environment: str, row: ProgramFinding) -> Finding:
    return Finding(
        path=path,
        line=row.line,
        column=row.column,
        end_line=row.end_line,
        end_column=row.end_column,
        tool=tool,
        rule=row.rule,
        symbol=row.symbol or row.rule,
        severity=row.severity,
        message=row.message,
        project=project,
        environments=(environment,) if environment else (),
        syntax=row.syntax,
        cell=CellPlace(row.cell, row.line, row.column, row.end_line, row.end_column) if row.cell is not None else None,
    )
