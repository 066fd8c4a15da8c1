"""`pyfmt explain`: how a file is checked, without running a tool; or what a rule means."""

from __future__ import annotations

import argparse
import json
import os
import shlex
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pyfmt.cli import explain_rule
from pyfmt.cli.output import shown_path
from pyfmt.cli.request import plain_request, verbosity
from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.core.errors import EXIT_CLEAN, ConfigError
from pyfmt.core.memo import HIT, miss
from pyfmt.core.model import Config, Project, Resolution, ToolConfig
from pyfmt.core.request import Request
from pyfmt.projects import selection
from pyfmt.reports.escaping import printable_text
from pyfmt.run.boundaries.check import BoundaryQuestion, check
from pyfmt.run.boundaries.kinds import kinds
from pyfmt.run.files_apart import scripts_of
from pyfmt.run.formatting import formatting_answers
from pyfmt.run.libraries import Judgement, judgements
from pyfmt.run.linting import LinterCall, linter_calls, quiet_context
from pyfmt.run.notebooks import verdicts
from pyfmt.run.unused_directives import known_directives
from pyfmt.run.versions.matrix import read_matrix
from pyfmt.run.workspace import RunContext
from pyfmt.tools.registry import TOOLS, formatters, linters

_SHOWN = 20  # answers that are not known
EXAMPLES = (
    ("pyfmt explain lib/storage/disk.py", "project, environment, configuration and calls"),
    ("pyfmt explain W0102", "what a rule means; also by name: dangerous-default-value, attr-defined"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The file or the rule."""
    parser.add_argument("file", metavar="FILE|RULE", help="a file, else a rule of pylint, mypy or pyfmt by id or name")


def run(options: argparse.Namespace) -> int:
    """Explain a file where there is one of that name, else a rule."""
    if os.path.lexists(options.file):
        request = replace(plain_request(options), verbose=verbosity(options) > 0)
        print(printable_text(explain_text(options.file, request, Path.cwd(), os.environ)))
    else:
        print(explain_rule.rule_text(options.file))
    return EXIT_CLEAN


def explain_text(file: str, request: Request, cwd: Path, environ: Mapping[str, str]) -> str:
    """How a file is checked: its project, environment and configurations, with `request.verbose` also the call of each
    tool and all that was considered; raises PyfmtError."""
    request = replace(request, paths=(file,))
    with quiet_context(request, cwd, environ, explain=request.verbose) as context:
        space = context.space
        chosen = selection.select(space.projects, (file,), space.config.root, cwd.resolve(), space.config.exclude)
        if not chosen.files:
            return "\n".join(chosen.notes)
        (path, files), *_ = chosen.files.items()
        project = next(project for project in chosen.projects if project.path == path)
        resolution = next(found for found in space.resolutions if found.project == path)
        if len(files) == 1:
            resolution = scripts_of(context).get(files[0], resolution)
        facts = _Explained(
            files,
            project,
            resolution,
            {file: found for file in files if len(found := judgements(file, project, context)) > 1},
            linter_calls(context, chosen),
            formatting_answers(context, project, files),
        )
        remembered = [*_explain_memory(context, files)] if request.verbose else []
    if not request.verbose:
        return "\n".join(_brief(facts, space.config, file))
    lines = [
        f"file         {', '.join(files)}",
        f"project      {project.name} ({project.path})",
        f"import roots {', '.join(project.import_roots)}",
        f"first party  {', '.join(project.first_party) or 'none'}",
        f"depends on   {', '.join(project.depends_on) or 'no other project'}",
        *_explain_boundaries(space.config, chosen.projects, project),
        *_explain_environment(resolution),
        *_explain_judgements(facts),
    ]
    for tool_config in space.config.tool_configs:
        if tool_config.tool in space.config.tools_of(project.path):
            calls = [line for found in facts.linting if found.tool == tool_config.tool for line in _linter_call(found)]
            calls = calls or _formatter_call(tool_config, project, files, space.config.root, facts.formatting)
            lines += ["", *_explain_tool(tool_config, calls, space.config.root)]
    lines += ["", *remembered] if remembered else []
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class _Explained:
    """What is known of the files that are explained."""

    files: tuple[str, ...]
    project: Project
    resolution: Resolution
    judged: Mapping[str, Sequence[Judgement]]  # by file, where that is more than one
    linting: Sequence[LinterCall]
    formatting: Sequence[str]  # what the cache has of the formatters' answers


def _brief(facts: _Explained, settings: Config, file: str) -> Iterator[str]:
    """The page in at most twelve lines, as long as there are no more than six tools."""
    environment = facts.resolution.environment
    yield f"file         {', '.join(facts.files)}"
    yield f"project      {facts.project.name} ({facts.project.path})"
    if environment is None:
        yield _explain_environment(facts.resolution)[0]
        yield from [f"  {facts.resolution.note}"] if facts.resolution.note else []
    else:
        yield f"environment  {environment.name} (Python {environment.python}), found by: {facts.resolution.rule}"
        if environment.reason:
            yield f"  {environment.health.value}: {environment.reason}"
    if facts.judged:
        names = {each.environment for found in facts.judged.values() for each in found}
        yield f"judged in    {len(names)} environments"
    for each in settings.tool_configs:
        if each.tool in settings.tools_of(facts.project.path):
            answers = [found.cached for found in facts.linting if found.tool == each.tool]
            answers += facts.formatting if each.tool in formatters() else ()
            cached = f"; {', '.join(dict.fromkeys(answers))}" if answers else "; needs an environment"
            yield f"{each.tool.ljust(12)} {shown_path(each.path, settings.root)} ({each.origin}){cached}"
    yield f"more: pyfmt explain -v {shlex.quote(file)}"


def _explain_judgements(facts: _Explained) -> Iterator[str]:
    """In which environments a file is judged, and why there, where that is more than one."""
    for file, found in facts.judged.items():
        yield "judged in" if len(facts.files) == 1 else f"judged in    {file}"
        yield from (f"  {each.environment}: {each.why}" for each in found)


def _explain_memory(run: RunContext, files: tuple[str, ...]) -> Iterator[str]:
    """Which answers are known that a run has before its tools run, and of the others what has changed."""
    space, memory = run.space, run.memory
    verdicts([file for file in files if file.endswith(NOTEBOOK_SUFFIX)], run)
    known_directives(run, files)
    if space.config.boundaries is not None:
        with suppress(ConfigError):  # which every run tells
            check(BoundaryQuestion(space.config, space.projects, {p.path: p.checked for p in space.projects}), memory)
    if space.config.versions_policy is not None:
        read_matrix(space.config.root, space.survey, space.resolutions, memory.memo)
    told = {what: said for what, said in sorted((memory.told or {}).items()) if said != miss(())}
    changed = [f"  {what}: {said}" for what, said in told.items() if said != HIT]
    yield f"remembered   {len(told) - len(changed)} answers that a run begins with"
    yield from changed[:_SHOWN]
    yield from [f"  and {len(changed) - _SHOWN} more"] if len(changed) > _SHOWN else []


def _linter_call(found: LinterCall) -> list[str]:
    payload = json.dumps(found.payload, indent=2).splitlines()
    return [
        f"cache   {found.cached}",
        f"worker  {shlex.join(found.command)}",
        "given",
        *(f"  {line}" for line in payload),
    ]


def _formatter_call(
    tool_config: ToolConfig, project: Project, files: tuple[str, ...], root: Path, answers: Sequence[str]
) -> list[str]:
    """The command line that gives the same answer as the call in process; linters without an environment have none."""
    folder, names = root / project.path, [str(root / file) for file in files]
    options = TOOLS[tool_config.tool].options
    if options is None:
        return ["call    none: it needs an environment"]
    words = [tool_config.tool, *options(tool_config), *names]
    cached = [f"cache   {answer}" for answer in dict.fromkeys(answers) if tool_config.tool in formatters()]
    return [*cached, f"call    in process, as: cd {shlex.quote(str(folder))} && {shlex.join(words)}"]


def _explain_boundaries(settings: Config, projects: tuple[Project, ...], project: Project) -> list[str]:
    """What the project is to the others, and what it may import of them."""
    if settings.boundaries is None:
        return []
    kind = kinds(settings, projects).of.get(project.path)
    declared = ", ".join(project.declares) or "nothing of the monorepo"
    return [f"boundaries   {kind.value if kind else 'neither library nor project'}; declares {declared}"]


def _explain_environment(resolution: Resolution) -> list[str]:
    environment = resolution.environment
    if environment is None:
        skipped = " and ".join(name for name in linters() if TOOLS[name].on_by_default)
        lines = [f"environment  none: {skipped} are skipped"]
        lines += [f"  {resolution.note}"] if resolution.note else []
    else:
        lines = [
            f"environment  {environment.name} ({environment.prefix})",
            f"  why        {resolution.rule}" + (f": {resolution.note}" if resolution.note else ""),
            f"  python     {environment.python}, base {environment.base_executable}",
            f"  health     {environment.health.value}" + (f": {environment.reason}" if environment.reason else ""),
        ]
    for candidate in resolution.passed_over:
        lines.append(f"  passed over {candidate.prefix} ({candidate.rule}): {candidate.reason}")
    return lines


def _explain_tool(tool_config: ToolConfig, calls: list[str], root: Path) -> list[str]:
    place = f"{shown_path(tool_config.path, root)} ({tool_config.origin})"
    return [tool_config.tool, f"  config  {place}", *(f"  {line}" for line in calls)]
