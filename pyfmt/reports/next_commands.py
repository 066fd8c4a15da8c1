"""The exact next commands of a report, for the folder in which the user stands."""

from __future__ import annotations

import os.path
import shlex
from collections.abc import Iterable

from pyfmt.core.model import Finding
from pyfmt.core.report import Report
from pyfmt.core.request import Command, Request
from pyfmt.core.rules import TOOL, USELESS_DIRECTIVE
from pyfmt.reports.options import RenderOptions
from pyfmt.reports.tally import new_findings
from pyfmt.tools.registry import TOOLS, formatters

_NOTHING = RenderOptions()


def _says_unused(finding: Finding) -> bool:
    """Whether it is about a comment that suppresses nothing, which is looked for only where it is asked for."""
    comment = TOOLS[finding.tool].comment if finding.tool in TOOLS else None
    unused = USELESS_DIRECTIVE.id if finding.tool == TOOL else comment.unused_rule if comment else ""
    return bool(unused) and finding.rule == unused


def next_commands(report: Report, options: RenderOptions = _NOTHING) -> tuple[str, ...]:
    """The exact commands that bring the report forward, the most urgent first; empty if there is nothing to do.

    They ask the same question as `options.asked`, and name folders as they are called in `options.here`.
    """
    homeless = {project.name for project in report.projects if not project.environment}
    without = [skip.project for skip in report.skipped if skip.project in homeless]
    unformatted = [edit.project for edit in report.edits if not edit.written]
    failed = [project for failure in report.failures for project in failure.projects]
    found = [finding.project for finding in new_findings(report)]
    asked = options.asked or Request(Command.CHECK)
    commands = []
    if without:
        commands.append(_command("pyfmt envs create", _shared(asked), sorted(dict.fromkeys(without))))
    if unformatted:
        carried = [*_tools(asked, formatters()), *_scope(asked), *_shared(asked)]
        commands.append(_command("pyfmt format", carried, _places(report, unformatted, options.here)))
    if failed and not commands:
        # `lint` leaves the formatters out: who asked for one of them asks with `check`.
        formatting = set(asked.tools) & set(formatters())
        words = "pyfmt check -v" if formatting else "pyfmt lint -v"
        commands.append(_command(words, _same(asked), _places(report, failed, options.here)))
    if found and not commands:
        # The same question again: without the option what it found would be gone from the report, and not from the
        # files.
        words = "pyfmt lint" if report.command is Command.LINT else "pyfmt check"
        if any(_says_unused(finding) for finding in new_findings(report)):
            words += " --unused-ignores"
        places = _places(report, found, options.here)
        if not _is_asked(options.asked, places, words):
            commands.append(_command(words, _same(asked), places))
    if report.gone:
        tools = [tool for tool in asked.tools if tool not in formatters()]
        commands.append(_command("pyfmt baseline prune", [*_tools(asked, tools), *_shared(asked)], []))
    return tuple(commands)


def _is_asked(asked: Request | None, places: Iterable[str], words: str) -> bool:
    """Whether the run has just done that: then saying it again helps nobody."""
    paths = sorted(os.path.normpath(path) for path in asked.paths) if asked else None
    return paths == sorted(places) and ("--unused-ignores" in words) <= bool(asked and asked.unused_ignores)


def _command(words: str, options: Iterable[str], names: Iterable[str]) -> str:
    return " ".join([words, *map(shlex.quote, options), *map(shlex.quote, names)])


def _places(report: Report, projects: Iterable[str], here: str) -> list[str]:
    """The folders of projects as they are called `here`; none for the whole monorepo."""
    paths = {project.name: project.path for project in report.projects}
    places = sorted({paths.get(name, "") or "." for name in projects})
    if "." in places or (len(paths) > 1 and len(places) == len(paths)):
        return []
    return [os.path.relpath(os.path.join(report.root, place), here) for place in places] if here else places


def _same(asked: Request) -> list[str]:
    """The options with which a run asks the same question again."""
    baseline = {None: [], True: ["--baseline"], False: ["--no-baseline"]}[asked.baseline]
    failing = ["--fail-on", asked.fail_on.value] if asked.fail_on else []
    return [*_tools(asked, asked.tools), *_scope(asked), *baseline, *failing, *_shared(asked)]


def _tools(asked: Request, among: Iterable[str]) -> list[str]:
    return [word for tool in asked.tools if tool in among for word in ("--tool", tool)]


def _scope(asked: Request) -> list[str]:
    """What of the files is looked at."""
    return [*(["--staged"] if asked.staged else []), *(["--since", asked.since] if asked.since else [])]


def _shared(asked: Request) -> list[str]:
    """The options that every command takes; their files are as the user named them, from the same folder."""
    found = ["--config", asked.location.config_file] if asked.location.config_file else []
    found += ["--root", asked.location.root] if asked.location.root else []
    return [*found, "--trust"] if asked.trust else found
