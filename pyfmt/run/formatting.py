"""The step that formats: files that are not known to be formatted already, or standard input."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt import config, disk
from pyfmt.cache.folders import repository_folder, tool_environments_folder
from pyfmt.cache.format_memory import FormatMemory
from pyfmt.cache.format_memory import joined as formatting_joined
from pyfmt.cache.repeating.witness import suspended
from pyfmt.core.errors import ToolError
from pyfmt.core.model import Config, Failure, Outcome, Project, ToolConfig, Unit
from pyfmt.core.request import Request
from pyfmt.projects import selection
from pyfmt.run.workspace import RunContext, surveyed, with_chosen_releases
from pyfmt.tools.registry import formatters

if TYPE_CHECKING:
    from pyfmt.runner.format_chunks import FormatOptions


def format_files(units: tuple[Unit, ...], run: RunContext) -> list[Outcome]:
    """Format what is not known already; the outcomes of whole units."""
    settings = run.space.config
    run.session.progress.begin(len(units))
    outcomes: dict[Unit, Outcome] = {}
    by_tools: dict[tuple[str, ...], list[Unit]] = {}
    for unit in units:
        by_tools.setdefault(_formatters_of(unit.parts[0].project.path, settings), []).append(unit)
    for tools, group in by_tools.items():
        outcomes |= _format_with(tools, group, run)
    return [outcomes[unit] for unit in units]


def _formatters_of(project: str, settings: Config) -> tuple[str, ...]:
    return tuple(name for name in formatters() if name in settings.tools_of(project))


def _format_with(tools: tuple[str, ...], units: Sequence[Unit], run: RunContext) -> dict[Unit, Outcome]:
    """The outcomes of units whose projects have the same formatters."""
    request, settings = run.request, run.space.config
    known = FormatMemory(run.memory, run.facts, tools, not request.write and not request.diff)
    known.fetch(units)
    outcomes = {unit: known.recall(unit) for unit in units}
    todo = {unit: known.unknown(unit) for unit in units}
    for unit, files in todo.items():
        if not files:
            run.session.progress.done(outcomes[unit])
    subsets = [replace(unit, parts=(replace(unit.parts[0], files=files),)) for unit, files in todo.items() if files]
    if subsets:
        from pyfmt.runner.formatting import format_units  # deferred: not where nothing is to format

        settled: dict[str, str] = {}
        with suspended():
            try:
                options = format_options(request, settings, tools, run.session.progress.say)
            except ToolError as error:
                done = [_failed(unit, error) for unit in subsets]
                for outcome in done:
                    run.session.progress.done(outcome)
            else:
                options = replace(options, on_settled=settled.__setitem__)
                done = format_units(subsets, options, run.session.progress.done)
        run.memory.digests.look_again()  # they may have been written
        run.facts.sources.forget()
        for unit, outcome in zip((unit for unit, files in todo.items() if files), done, strict=True):
            known.remember(unit, outcome, settled)
            outcomes[unit] = formatting_joined(outcomes[unit], outcome)
    return outcomes


def _failed(unit: Unit, error: ToolError) -> Outcome:
    """None of a unit's files is formatted, since a tool cannot be had."""
    now = time.monotonic()
    failure = Failure(unit.tool, unit.projects, "", error.what, error.detail)
    return Outcome(unit, failures=(failure,), started=now, ended=now)


def formatting_answers(run: RunContext, project: Project, files: Sequence[str]) -> list[str]:
    """For each file of a project whether it is known to be formatted ("hit"), or why not ("miss: why", "off")."""
    known = FormatMemory(run.memory, run.facts, _formatters_of(project.path, run.space.config), changes_too=True)
    return [known.explained(project, file) for file in files]


def with_programs(configs: Iterable[ToolConfig], say: Callable[[str], None]) -> tuple[ToolConfig, ...]:
    """Formatters' configurations, with the Python that has each release that is chosen; raises ToolError where one
    cannot be had. `say` is told when one is made."""
    configs = tuple(configs)
    if not any(each.release for each in configs):
        return configs
    from pyfmt.runner.tool_environments import ToolEnvironments, with_interpreters  # deferred: only where one is chosen

    return with_interpreters(configs, ToolEnvironments(tool_environments_folder(), say))


def format_options(
    request: Request, settings: Config, names: Sequence[str], say: Callable[[str], None] = lambda line: None
) -> FormatOptions:
    """How texts are formatted with some of the tools; raises ToolError where a release of one cannot be had."""
    from pyfmt.environments.newer_pythons import NewerPythons  # deferred: not where nothing is to format
    from pyfmt.runner.format_chunks import FormatOptions

    return FormatOptions(
        root=settings.root,
        configs=with_programs((found for found in settings.tool_configs if found.tool in names), say),
        write=request.write,
        diff=request.diff,
        jobs=settings.jobs,
        timeout=settings.timeout,
        newer=NewerPythons(str(settings.root), str(repository_folder(settings.root, settings.cache_dir))),
    )


@dataclass(frozen=True, slots=True)
class StdinResult:
    """What `pyfmt format -` gives back: the text, and why it is not formatted where it is not."""

    output: bytes
    exit_code: int
    message: str = ""


def format_stdin(request: Request, data: bytes, filename: str | None, cwd: Path) -> StdinResult:
    """Format a text that stands for `filename` (relative to `cwd`), by the rules of the project that the file is in.

    With `--check` or `--diff` the output is empty or the difference. Raises PyfmtError.
    """
    from pyfmt.runner import edits  # deferred: not where nothing is to format
    from pyfmt.runner import formatting

    located = replace(request, paths=(filename,) if filename else ())
    settings = with_chosen_releases(config.load(located, cwd))
    relative, project = None, None
    if filename is not None:
        relative = os.path.relpath(disk.realpath(cwd / filename), settings.root).replace(os.sep, "/")
        settings, survey = surveyed(settings)
        project = selection.owner(relative, survey.projects)
    tools = _formatters_of(project.path if project else ".", settings)
    result = formatting.format_stdin(data, relative, format_options(request, settings, tools), project)
    if not result.settled:
        reasons = [f"{fault.tool}: {fault.reason}" for fault in result.faults]
        if result.syntax is not None:
            place = f"{filename or '-'}:{result.syntax.line}:{result.syntax.column or 1}"
            reasons.append(f"{place}: {result.syntax.message}")
        output = b"" if request.diff or not request.write else data
        return StdinResult(output, 2 if result.faults else 1, "; ".join(reasons))
    formatted = data if result.data is None else result.data
    if request.diff:
        return StdinResult(edits.unified_diff(data, formatted, filename or "-").encode(), int(formatted != data))
    return StdinResult(formatted, 0) if request.write else StdinResult(b"", int(formatted != data))
