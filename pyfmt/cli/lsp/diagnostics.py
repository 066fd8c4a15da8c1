"""A report as an editor's diagnostics: each at the document that it is about, failures too."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from lsprotocol import types
from pygls.workspace import PositionCodec

from pyfmt.cli.lsp.positions import decoded, edits, encoded, lines_of, range_of
from pyfmt.config.lines import with_line
from pyfmt.core.cells import CellPlace
from pyfmt.core.errors import ConfigError, PyfmtError
from pyfmt.core.files import MANIFESTS
from pyfmt.core.model import Finding, Severity
from pyfmt.core.report import Report
from pyfmt.core.suppressions import annotated, suppression
from pyfmt.reports.problems import FAILED, SKIPPED, Problem, place, problems
from pyfmt.tools.registry import comments

_SEVERITIES = {
    Severity.ERROR: types.DiagnosticSeverity.Error,
    Severity.WARNING: types.DiagnosticSeverity.Warning,
    Severity.INFO: types.DiagnosticSeverity.Information,
}
_FILE = re.compile(r"(?P<file>\S+\.(?:pyi?|ipynb))(?:: | )")  # what a failure of one file begins with
_START = types.Range(types.Position(0, 0), types.Position(0, 0))


@dataclass(frozen=True, slots=True)
class EditorFinding:
    """A diagnostic, with the finding that it shows; None for what is no finding."""

    diagnostic: types.Diagnostic
    finding: Finding | None = None


@dataclass(frozen=True, slots=True)
class OpenDocuments:
    """What the editor holds: texts by absolute path, the documents of a notebook's cells by their number (from 1), and
    how the protocol counts."""

    texts: Mapping[str, str]
    cells: Mapping[str, Mapping[int, tuple[str, str]]]  # path -> number -> (URI, text)
    codec: PositionCodec
    read: Callable[[str], str]  # the text of any other file, "" where it cannot be read
    uris: Mapping[str, str] = field(default_factory=dict)  # of open files, as the editor writes them

    def uri(self, path: str) -> str:
        """What the editor calls a file."""
        return self.uris.get(path) or Path(path).as_uri()


def of_report(report: Report, documents: OpenDocuments) -> dict[str, dict[str, list[EditorFinding]]]:
    """The diagnostics by the absolute path of their file, and by the URI of the document there."""
    found: dict[str, dict[str, list[EditorFinding]]] = {}
    lines: dict[str, list[str]] = {}
    findings = iter(report.findings)
    for problem in problems(report):
        finding = next(findings) if problem.kind == "finding" else None
        if problem.baselined:
            continue  # accepted: a report for people leaves it out, too
        for path in _places(problem, report.root, documents):
            at: Problem | CellPlace = problem
            uri, text = documents.uri(path), documents.texts.get(path)
            cells = documents.cells.get(path, {})
            if finding is not None and finding.cell is not None and finding.cell.number in cells:
                uri, text = cells[finding.cell.number]
                at, problem = finding.cell, replace(
                    problem, message=problem.message.removeprefix(f"{place(finding)}: ")
                )
            if uri not in lines:
                lines[uri] = lines_of(documents.read(path) if text is None else text)
            where = range_of(lines[uri], at, documents.codec)
            found.setdefault(path, {}).setdefault(uri, []).append(EditorFinding(_diagnostic(problem, where), finding))
    return found


def _places(problem: Problem, root: str, documents: OpenDocuments) -> list[str]:
    """The files that a problem is shown at: of what was not checked the file that it names, else the project's open
    documents, else its manifest."""
    at = os.path.normpath(os.path.join(root, problem.path))
    if problem.kind not in (FAILED, SKIPPED):
        return [at]
    named = _FILE.match(problem.message.partition(" checked: ")[2])
    if named and os.path.isfile(os.path.join(root, named["file"])):
        return [os.path.join(root, named["file"])]
    inside = [path for path in documents.texts if path.startswith(f"{at}{os.sep}")]
    manifests = (os.path.join(at, name) for name in MANIFESTS)
    return inside or [next(filter(os.path.isfile, manifests), at)]


def _diagnostic(problem: Problem, where: types.Range) -> types.Diagnostic:
    return types.Diagnostic(
        range=where,
        message=problem.message,
        severity=_SEVERITIES[problem.severity],
        code=problem.symbol or problem.rule,
        code_description=types.CodeDescription(problem.url) if problem.url else None,
        source=problem.tool,
    )


def of_error(error: PyfmtError, paths: list[str]) -> dict[str, EditorFinding]:
    """What to show where a run came to nothing: at the configuration, where it is about that, and at each of the
    files that it was to check."""
    if isinstance(error, ConfigError):
        error = with_line(error)
    file, _, line = error.where.rpartition(":")
    file, number = (file, int(line) - 1) if line.isdecimal() and file else (error.where, 0)
    found = {path: _of_failure(f"not checked: {error}", _START) for path in paths}
    if os.path.isfile(file):
        start = types.Position(number, 0)
        found[os.path.realpath(file)] = _of_failure(str(error), types.Range(start, types.Position(number + 1, 0)))
    return found


def _of_failure(message: str, where: types.Range) -> EditorFinding:
    severity = types.DiagnosticSeverity.Error
    return EditorFinding(types.Diagnostic(where, message, severity=severity, code=FAILED, source="pyfmt"))


def quick_fixes(
    shown: list[EditorFinding], uri: str, text: str, wanted: types.Range, codec: PositionCodec
) -> list[types.CodeAction]:
    """A comment for each finding in a range that one can suppress, as `lint --add-ignores` writes it."""
    found = []
    for each in shown:
        item = suppression(each.finding, comments()) if each.finding else None
        if item is None or not _touch(each.diagnostic.range, wanted):
            continue
        try:
            data = encoded(text, None)
        except UnicodeEncodeError:
            return []
        after, written = annotated(data, [item], comments())
        if not written:
            continue
        comment = comments()[item.tool].template.format(item.name)
        changes = edits(text, decoded(after), codec)
        found.append(
            types.CodeAction(
                title=f"Accept {item.name} here: {comment}",
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[each.diagnostic],
                edit=types.WorkspaceEdit(changes={uri: changes}),
            )
        )
    return found


def rules_at(shown: list[EditorFinding], lines: list[str], at: types.Position, codec: PositionCodec) -> list[str]:
    """The rules that a place is about: of the findings there, or named by a comment under the cursor."""
    here = types.Range(at, at)
    found = [each.finding.rule for each in shown if each.finding and _touch(each.diagnostic.range, here)]
    line = lines[at.line] if at.line < len(lines) else ""
    column = next((n for n in range(len(line)) if codec.client_num_units(line[: n + 1]) > at.character), len(line))
    said = line[line.index("#") :] if "#" in line else ""
    names = {name for comment in comments().values() for name in comment.names(said)}
    named = [word[0] for word in re.finditer(r"[\w-]+", line) if word.start() <= column <= word.end()]
    return list(dict.fromkeys([*(name for name in named if name in names), *found]))


def _touch(one: types.Range, other: types.Range) -> bool:
    def key(position: types.Position) -> tuple[int, int]:
        return position.line, position.character

    return key(one.start) <= key(other.end) and key(other.start) <= key(one.end)
