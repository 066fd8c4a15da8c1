"""`pyfmt envs create`: which environments are missing, and what became of making them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from pyfmt import config, disk
from pyfmt.cache.memory import Memory
from pyfmt.core import parsing
from pyfmt.core.model import DEPENDENT, MAIN_WORK_TREE, Health, Project, Resolution
from pyfmt.core.planning import shell_word
from pyfmt.core.request import Request
from pyfmt.environments import creating
from pyfmt.environments.creating import CreateOptions, Creation, Status
from pyfmt.environments.creating.archives import refuse_untrusted_script
from pyfmt.environments.creating.installers import Calls, find_uv
from pyfmt.environments.creating.values import CreationError
from pyfmt.environments.scripts import metadata
from pyfmt.environments.trust import is_stored
from pyfmt.reports.escaping import printable, printable_text
from pyfmt.run.create_requests import create_requests, named_projects, unserved
from pyfmt.run.workspace import Workspace, survey_workspace, with_chosen_releases


def create(asked: argparse.Namespace, request: Request, cwd: Path, environ: Mapping[str, str]) -> int:
    """Make environments and say what became of each; the exit code is 0 where all are there afterwards, else 2.

    Raises UsageError for a project that does not exist.
    """
    scripts = [word for word in asked.projects if (cwd / word).is_file()]
    settings = config.load(request, cwd)
    options = CreateOptions(
        python=asked.python,
        recreate=asked.recreate,
        dry_run=asked.dry_run,
        fetch_managers=asked.fetch_managers,
        trusted=request.trust or is_stored(settings.root),
        environ=dict(environ),
    )
    code = _make_for_scripts(scripts, cwd, settings.root, options) if scripts else 0
    names = [word for word in asked.projects if word not in scripts]
    if scripts and not names:
        return code
    settings = with_chosen_releases(settings)
    with closing(Memory(settings, True)) as memory:
        space = survey_workspace(settings, request, environ, memory)
    chosen = named_projects(names, space, cwd) if names else _missing(space, asked.all, asked.recreate)
    if not chosen:
        print("every project has an environment")
        return 0
    wanted = create_requests(chosen, space, environ)
    options = replace(options, jobs=space.config.jobs, cache_dir=memory.folder)
    # A broken environment is as good as none: it is made anew without being asked to.
    broken = {candidate.prefix for found in space.resolutions for candidate in found.passed_over}
    anew = [each for each in wanted if str(each.prefix) in broken]
    rest = [each for each in wanted if str(each.prefix) not in broken]
    done = creating.create(rest, options, _progress) if rest else ()
    done += creating.create(anew, replace(options, recreate=True), _progress) if anew else ()
    for creation in done:
        print(printable_text(_result_text(creation, space.config.root)))
    return 2 if any(creation.status is Status.FAILED for creation in done) else code


def _make_for_scripts(scripts: Sequence[str], cwd: Path, root: Path, options: CreateOptions) -> int:
    """Have uv make the environments of scripts that name their own dependencies, where it keeps them."""
    code = 0
    for script in scripts:
        said = f"{'would run' if options.dry_run else 'ran'} `uv sync --script {shell_word(script)}`"
        try:
            block = metadata(disk.read_text(cwd / script, "replace"))
            if block is None:
                raise CreationError("it has no `# /// script` block")
            refuse_untrusted_script(block, cwd / script, cwd, root, options)
            if not options.dry_run:
                Calls(options.timeout, options.environ).sync_script(find_uv(options.environ) or "uv", script, cwd)
        except CreationError as error:
            said, code = "\n".join(filter(None, [error.reason, error.detail, error.cure])), 2
        except (OSError, ValueError) as error:
            said, code = f"its `# /// script` block cannot be read: {parsing.why(error)}", 2
        print(printable_text(f"{script}: {said}"))
    return code


def _progress(line: str) -> None:
    # In one piece: several threads tell of theirs.
    sys.stderr.write(printable(line) + "\n")
    sys.stderr.flush()


def _missing(space: Workspace, everything: bool, recreate: bool) -> list[Project]:
    """Projects with files and without a usable environment of their own.

    A library that one of them will have installed needs none: it is linted there. `--all` makes one for it, too.
    """
    lacking = [
        project
        for project, resolution in zip(space.projects, space.resolutions, strict=True)
        if project.checked and (_lacks(resolution, everything) or recreate and everything)
    ]
    return lacking if everything else unserved(lacking, space)


def _lacks(resolution: Resolution, everything: bool) -> bool:
    environment = resolution.environment
    if environment is None or environment.health is Health.BROKEN:
        return True
    return resolution.rule == MAIN_WORK_TREE or everything and resolution.rule == DEPENDENT


def _result_text(creation: Creation, root: Path) -> str:
    """What became of one environment, with the reason and the cure where it failed."""
    place = str(creation.prefix)
    place = place.removeprefix(f"{root}/")
    names = ", ".join(creation.projects)
    if creation.status is Status.FAILED:
        lines = [f"failed   {place} ({names}): {creation.reason}"]
        lines += [f"    {line}" for line in creation.detail.splitlines()]
        lines += [f"  help: {creation.cure}"] if creation.cure else []
        return "\n".join(lines)
    facts = ", ".join(fact for fact in (f"Python {creation.python}" * bool(creation.python), creation.source) if fact)
    by = f" by {creation.installer}" if creation.installer else ""
    lines = [f"{creation.status.value.ljust(8)} {place} ({names})" + (f": {facts}{by}" if facts else "")]
    lines += [f"    {note}" for note in creation.notes]
    if creation.status is Status.PLANNED:
        lines += ["    " + " ".join(command) for command in creation.commands]
    return "\n".join(lines)
