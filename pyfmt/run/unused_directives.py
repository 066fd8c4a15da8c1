"""The step that reports `# fmt: off`, `# isort: skip` and the like that hold back nothing."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from pyfmt.cache.format_memory import FormatMemory
from pyfmt.cache.remembered import Inputs, MemoKind
from pyfmt.cache.repeating.witness import suspended
from pyfmt.core import planning
from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.core.errors import ToolError
from pyfmt.core.model import Failure, Finding, Outcome, Part, Project, ToolConfig, Unit
from pyfmt.core.rules import TOOL, USELESS_DIRECTIVE
from pyfmt.run.formatting import with_programs
from pyfmt.run.workspace import RunContext, wanted
from pyfmt.runner.directives import DirectiveTask, find_useless
from pyfmt.tools import formatting
from pyfmt.tools.directives import Useless
from pyfmt.tools.registry import formatters

_USELESS: MemoKind[list[Finding]] = MemoKind("useless directives", 1, list[Finding])


def check_directives(work: planning.Work, run: RunContext, tools: tuple[str, ...]) -> Outcome:
    """A finding for each directive of the selected files that suppresses nothing; raises ConfigError.

    A file is checked once for each of its contents, by what `tools` (of isort and black) make of it.
    """
    began, settings = time.monotonic(), run.space.config
    parts = tuple(Part(p, _modules(work.selected[p.path])) for p in work.projects if work.selected.get(p.path))
    owners = {file: part.project for part in parts for file in part.files}
    configs = [found for found in settings.tool_configs if found.tool in tools]
    failures: list[Failure] = []
    todo: list[str] = []

    def compute(files: Sequence[str]) -> dict[str, list[Finding]]:
        todo.extend(files)
        made: dict[str, list[Finding]] = {}
        try:
            with suspended():
                programs = with_programs(configs, run.session.progress.say)
                answers = [
                    *find_useless(_tasks(files, owners, settings.root, programs), settings.jobs, settings.timeout)
                ]
        except ToolError as error:
            names = dict.fromkeys(owners[file].name for file in files)
            failures.append(Failure(TOOL, tuple(names), "", error.what, error.detail))
            return made
        for file, answer in zip(files, answers, strict=True):
            if answer.error:
                reason = f"{file}: {answer.error}"
                failures.append(Failure(TOOL, (owners[file].name,), "", reason, answer.error_detail))
            else:
                made[file] = [_finding(file, owners[file], each) for each in answer.useless]
        return made

    found = run.memory.table.remembered(_USELESS, owners, _inputs(owners, tools, run), compute)
    findings = tuple(finding for file in owners for finding in found.get(file, ()))
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


def known_directives(run: RunContext, files: Sequence[str]) -> None:
    """Ask for what is known of some files; nothing is made of the others."""
    owners = {file: project for project in run.space.projects for file in _modules(project.checked) if file in files}
    inputs = _inputs(owners, wanted(run.space.config, formatters()), run)
    run.memory.table.remembered(_USELESS, owners, inputs, lambda _: {})


def _inputs(owners: Mapping[str, Project], tools: tuple[str, ...], run: RunContext) -> Inputs[str]:
    settings_of = FormatMemory(run.memory, run.facts, tools, changes_too=False).project_key
    return lambda file, digest: {"how it is formatted": settings_of(owners[file]).hex(), "its content": digest(file)}


def _modules(files: Sequence[str]) -> tuple[str, ...]:
    """Without notebooks, whose cells the formatters take one by one."""
    return tuple(file for file in files if not file.endswith(NOTEBOOK_SUFFIX))


def _tasks(
    files: Sequence[str], owners: Mapping[str, Project], root: Path, configs: Sequence[ToolConfig]
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
    place = {"column": directive.shown_column, "end_line": directive.line, "end_column": directive.end_column}
    return USELESS_DIRECTIVE.finding(file, directive.line, _message(each), project.name, **place)
