"""`pyfmt lint --add-ignores`: lints, writes the narrowest suppressions, and lints again until no finding can be
helped."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from pyfmt import disk
from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.core.errors import EditError
from pyfmt.core.listing import count
from pyfmt.core.merging import exit_code
from pyfmt.core.model import Failure, Finding, Severity
from pyfmt.core.report import Report
from pyfmt.core.request import Request
from pyfmt.core.suppressions import Suppression, annotated, annotated_notebook, suppression
from pyfmt.run import pipeline
from pyfmt.run.pipeline import RunResult
from pyfmt.run.session import Session
from pyfmt.runner import edits
from pyfmt.tools.registry import comments

_ROUNDS = 6  # a comment can make a line too long, whose suppression ...; what is left then is reported


@dataclass(slots=True)
class AnnotatedFile:
    """A file on its way: its bytes before all, and now; what shall stand in it, and what turned out to be in vain."""

    before: bytes
    now: bytes
    wanted: set[Suppression] = field(default_factory=set)
    vain: set[Suppression] = field(default_factory=set)


@dataclass(slots=True)
class Annotations:
    """All files that were touched, and what could not be written."""

    root: Path
    files: dict[str, AnnotatedFile] = field(default_factory=dict)
    failures: dict[str, Failure] = field(default_factory=dict)

    def take(self, report: Report) -> bool:
        """Write what suppresses the findings of `report`, take back what did not; whether anything was written."""
        by_file: dict[str, list[Finding]] = {}
        for finding in report.findings:
            if finding.baselined:
                continue  # accepted already
            by_file.setdefault(finding.path, []).append(finding)
        changed = [self._take_file(path, found) for path, found in by_file.items() if path not in self.failures]
        return any(changed)

    def _take_file(self, path: str, found: list[Finding]) -> bool:
        try:
            file = self.files.get(path)
            if file is None:
                data = disk.read_bytes(self.root / path)
                file = self.files[path] = AnnotatedFile(data, data)
            asked = {item for finding in found if (item := suppression(finding, comments())) is not None}
            file.vain |= asked & file.wanted
            file.wanted = (file.wanted | asked) - file.vain
            write = annotated_notebook if path.endswith(NOTEBOOK_SUFFIX) else annotated
            after, written = write(file.before, file.wanted, comments())
            file.vain |= file.wanted - written
            file.wanted = set(written)
            if after == file.now:
                return False
            edits.write(self.root / path, file.now, after, self.root)
            file.now = after
            return True
        except (EditError, OSError) as error:
            reason = (
                f"{path}: the suppressions were not written: {error.what if isinstance(error, EditError) else error}"
            )
            self.failures[path] = Failure("add-ignores", (found[0].project,), "", reason)
            return False

    def note(self) -> str:
        """What was done, in one line."""
        number = sum(len(file.wanted) for file in self.files.values())
        places = sum(bool(file.wanted) for file in self.files.values())
        return f"{count(number, 'suppression')} added in {count(places, 'file')}" if number else "no suppression added"


def run(request: Request, session: Session) -> RunResult:
    """The result of the last lint, with a note of what was written; raises PyfmtError and KeyboardInterrupt."""
    result = pipeline.run(request, session)
    work = Annotations(Path(result.report.root))
    for _ in range(_ROUNDS):
        if not work.take(result.report):
            break
        result = pipeline.run(request, session)
    report = replace(
        result.report,
        notes=tuple(sorted((*result.report.notes, work.note()))),
        failures=(*result.report.failures, *work.failures.values()),
    )
    code = result.exit_code if not work.failures else exit_code(report, Severity.INFO)
    return replace(result, report=report, exit_code=code)
