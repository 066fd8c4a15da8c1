"""The step that reports `# fmt: off`, `# isort: skip` and the like that hold back nothing."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from pyfmt.cache.findings import finding_from_row, row_from_finding
from pyfmt.cache.format_memory import FormatMemory
from pyfmt.cache.keys import fold
from pyfmt.core import planning
from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.core.errors import ToolError
from pyfmt.core.model import Failure, Finding, Outcome, Part, Project, ToolConfig, Unit
from pyfmt.core.rules import TOOL, USELESS_DIRECTIVE
from pyfmt.run.formatting import with_programs
from pyfmt.run.workspace import RunContext
from pyfmt.runner.directives import DirectiveAnswer, DirectiveTask, find_useless
from pyfmt.tools import formatting
from pyfmt.tools.directives import Useless


def check_directives(work: planning.Work, run: RunContext, tools: tuple[str, ...]) -> Outcome:
    """A finding for each directive of the selected files that suppresses nothing; raises ConfigError.

    A file is checked once for each of its contents, by what `tools` (of isort and black) make of it.
    """
    began, settings = time.monotonic(), run.space.config
    parts = tuple(Part(p, _modules(work.selected[p.path])) for p in work.projects if work.selected.get(p.path))
    owners = {file: part.project for part in parts for file in part.files}
    known = _FileAnswers(owners, run, tools)
    todo = [file for file in owners if file not in known.findings]
    failures = []
    configs = tuple(found for found in settings.tool_configs if found.tool in tools)
    try:
        configs = with_programs(configs, run.session.progress.say) if todo else configs
    except ToolError as error:
        unit = Unit(TOOL, None, parts, number=1)
        return Outcome(unit, failures=(Failure(TOOL, unit.projects, "", error.what, error.cure),))
    tasks = _tasks(todo, owners, settings.root, configs)
    for file, answer in zip(todo, find_useless(tasks, settings.jobs, settings.timeout), strict=True):
        known.learn(file, owners[file], answer)
        if answer.error:
            reason = f"{file}: {answer.error}"
            failures.append(Failure(TOOL, (owners[file].name,), "", reason, answer.error_detail))
    known.save()
    findings = tuple(finding for file in owners for finding in known.findings[file])
    ended = time.monotonic()
    return Outcome(
        Unit(TOOL, None, parts, number=1),  # number 0 are the boundaries
        findings,
        failures=tuple(failures),
        seconds=ended - began,
        cached=not todo,
        started=began,
        ended=ended,
    )


def _modules(files: Sequence[str]) -> tuple[str, ...]:
    """Without notebooks, whose cells the formatters take one by one."""
    return tuple(file for file in files if not file.endswith(NOTEBOOK_SUFFIX))


class _FileAnswers:
    """What is known of files, from earlier runs at first."""

    def __init__(self, owners: Mapping[str, Project], run: RunContext, tools: tuple[str, ...]) -> None:
        key_of = FormatMemory(run.memory, run.facts, tools, changes_too=False).key
        self._store, self._digest = run.memory.store, run.memory.digests.of
        self._keys = {file: fold("directives", 2, key_of(project, [file])) for file, project in owners.items()}
        self._new: dict[bytes, bytes] = {}
        stored = self._store.get(self._keys.values()) if self._store else {}
        loaded = {file: _load(stored.get(key)) for file, key in self._keys.items()}
        self.findings = {file: found for file, found in loaded.items() if found is not None}

    def learn(self, file: str, project: Project, answer: DirectiveAnswer) -> None:
        """Take an answer, and keep it if it is one for the file as it was when its key was made."""
        found = self.findings[file] = [_finding(file, project, each) for each in answer.useless]
        if not answer.error and answer.digest == self._digest(file):
            self._new[self._keys[file]] = json.dumps([row_from_finding(each) for each in found]).encode(
                "utf-8", "surrogatepass"
            )

    def save(self) -> None:
        """Remember what was learnt."""
        if self._store:
            self._store.put(self._new)


def _load(value: bytes | None) -> list[Finding] | None:
    try:
        return [finding_from_row(row) for row in json.loads(value or b"null")]
    except (ValueError, TypeError):
        return None  # nothing known, or damaged


def _tasks(
    files: list[str], owners: Mapping[str, Project], root: Path, configs: Sequence[ToolConfig]
) -> list[DirectiveTask]:
    by_project = {p.path: formatting.settings_for(p, root, configs) for p in owners.values()}
    return [DirectiveTask(file, str(root), by_project[owners[file].path]) for file in files]


def _message(each: Useless) -> str:
    words = f"`# {each.directive.words}`"
    if each.end is None and each.directive.role == "on":
        return f"useless {words}: nothing is off here"
    if each.end is not None:
        words += f" (to `# {each.end.words}` on line {each.end.line})"
    return f"useless {words}: without it {each.directive.tool} would write the same"


def _finding(file: str, project: Project, each: Useless) -> Finding:
    directive = each.directive
    return Finding(
        path=file,
        line=directive.line,
        column=directive.shown_column,
        end_line=directive.line,
        end_column=directive.end_column,
        tool=TOOL,
        rule=USELESS_DIRECTIVE.id,
        symbol=USELESS_DIRECTIVE.symbol,
        severity=USELESS_DIRECTIVE.severity,
        message=_message(each),
        project=project.name,
    )
