"""One environment: from what is there to a whole one, or to none."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pyfmt.core.listing import some
from pyfmt.environments.creating.archives import refuse_untrusted
from pyfmt.environments.creating.installers import Calls, Installer, find_installer
from pyfmt.environments.creating.interpreters import choose_interpreter, describe, version_file
from pyfmt.environments.creating.marker import UnderConstruction, is_environment, is_unfinished
from pyfmt.environments.creating.pins import LocalFolder
from pyfmt.environments.creating.recipes import Recipe, Step, recipe
from pyfmt.environments.creating.values import CreateOptions, CreateRequest, Creation, CreationError, Status
from pyfmt.environments.layout import ALONE, new_sites
from pyfmt.projects.locks.choosing import Target
from pyfmt.projects.names import normalise

# What runs in this process runs for one environment at a time: virtualenv and python_discovery keep state, and even
# sysconfig (which uv.find_uv_bin asks) gives wrong answers to a second thread while the first fills its cache.
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True, slots=True)
class Job:
    """The requests that share one environment."""

    requests: tuple[CreateRequest, ...]
    options: CreateOptions
    calls: Calls
    progress: Callable[[str], None]

    @property
    def prefix(self) -> Path:
        """Where the environment goes."""
        return self.requests[0].prefix

    @property
    def owner(self) -> Path:
        """The folder that the environment belongs to, where its lock file is: the project's own, or its workspace's."""
        folders = [request.root / request.project.path for request in self.requests]
        beside = self.prefix.parent
        if all(beside == folder or beside in folder.parents for folder in folders):
            return beside
        # The environment is elsewhere ($UV_PROJECT_ENVIRONMENT): the workspace is the nearest folder with a lock for
        # all.
        root = self.requests[0].root
        upwards = [folder for folder in (folders[0], *folders[0].parents) if folder == root or root in folder.parents]
        return next((folder for folder in upwards if (folder / "uv.lock").is_file()), folders[0])

    def say(self, text: str) -> None:
        """Tell the progress of this environment."""
        root = str(self.requests[0].root) + os.sep
        self.progress(f"{str(self.prefix).removeprefix(root)}: {text}")


def make(job: Job) -> Creation:
    """Make the environment of `job`; every failure is told in the answer, and leaves no environment behind."""
    began = time.monotonic()
    base = Creation(job.prefix, tuple(request.project.name for request in job.requests), Status.FAILED)
    try:
        result = _make(job, base)
    except CreationError as error:
        result = replace(base, reason=error.reason, cure=error.cure, detail=error.detail)
    except OSError as error:
        result = replace(
            base, reason=str(error), cure="see to it that the folder can be written, and that the disk has room"
        )
    seconds = time.monotonic() - began
    if result.status is Status.CREATED:
        job.say(f"ready, {seconds:.1f} s")
    elif result.status is Status.FAILED:
        job.say(f"failed: {result.reason}")
    return replace(result, seconds=seconds)


def _make(job: Job, base: Creation) -> Creation:
    prefix, options = job.prefix, job.options
    job.calls.raise_if_stopped()
    if is_environment(prefix) and not is_unfinished(prefix) and not options.recreate:
        return replace(base, status=Status.EXISTS)
    if not options.trusted and any(request.foreign for request in job.requests):
        raise CreationError(
            "a file of the checkout names this place, which is outside of the checkout and may be somebody else's",
            "look at it, then allow it with --trust, or remove that setting",
        )
    with _ONE_AT_A_TIME:
        installer = find_installer(options)
        interpreter = choose_interpreter([request.project for request in job.requests], job.owner, options)
    refuse_untrusted(job.requests, job.owner, options)
    target = Target({key: str(value) for key, value in interpreter.marker_environment.items()})
    plan = recipe(job.requests, job.owner, target, installer.uv, options)
    executable = interpreter.system_executable or interpreter.executable
    creation = virtualenv_arguments(prefix, str(executable), installer)
    if not options.dry_run:
        plan = _build(job, plan, installer, creation)
    installs = [
        tuple(installer.command(step, prefix, _shown(step.lines, "pins"), _shown(step.overrides, "overrides")))
        for step in plan.steps
    ]
    return replace(
        base,
        status=Status.PLANNED if options.dry_run else Status.CREATED,
        python=describe(interpreter),
        installer=plan.manager or installer.name,
        source=plan.source,
        notes=(*plan.notes, *_other_than_pinned(job, describe(interpreter))),
        commands=(("virtualenv", *creation), *installs),
    )


def _other_than_pinned(job: Job, chosen: str) -> list[str]:
    """What to say where `.python-version` asks for a Python that this machine does not have, or that does not fit."""
    pinned = None if job.options.python else version_file(job.owner)
    if pinned is None or f"{chosen}.".startswith(f"{pinned.rstrip('t')}."):
        return []
    return [f".python-version asks for {pinned}, which was not found or is not what requires-python admits"]


def _shown(lines: Sequence[str], what: str) -> Path | None:
    """How a report names a file that is there only during the call."""
    return Path(f"<{len(lines)} {what}>") if lines else None


def _installed(prefix: Path) -> set[str]:
    """The normalised names of what is installed in an environment that is being made."""
    return {normalise(entry.name.partition("-")[0]) for site in new_sites(prefix) for entry in site.glob("*.dist-info")}


def _build(job: Job, plan: Recipe, installer: Installer, creation: list[str]) -> Recipe:
    """Make the environment; gives the plan that it was made by: where a manager fails, its lock is read without it."""
    with UnderConstruction(job.prefix) as site:
        job.say("creating with virtualenv")
        run_virtualenv(creation, job.options.environ, job.calls)
        try:
            _install(job, plan, installer, site)
        except CreationError as error:
            job.calls.raise_if_stopped()
            if plan.otherwise is None:
                raise
            note = f"{plan.source} was read by pyfmt itself: {error.reason}"
            job.say(note)
            plan = replace(plan.otherwise, notes=(*plan.notes, note))
            site.empty()
            run_virtualenv(creation, job.options.environ, job.calls)
            _install(job, plan, installer, site)
        strays = sorted(plan.neighbours.keys() & _installed(job.prefix)) if plan.neighbours else []
        if strays:  # as copies, by name
            folders = tuple(LocalFolder(plan.neighbours[name]) for name in strays)
            job.say(f"installing {', '.join(strays)} from the monorepo")
            job.calls.run(installer, Step(job.owner, folders=folders, no_deps=True), site)
        if not plan.steps:
            (job.prefix / ALONE).touch()
        job.calls.raise_if_stopped()
    return plan


def _install(job: Job, plan: Recipe, installer: Installer, site: UnderConstruction) -> None:
    for number, step in enumerate(plan.steps, 1):
        count = f" ({number} of {len(plan.steps)})" if len(plan.steps) > 1 else ""
        name = step.sync.program if step.sync is not None else installer.name
        job.say(f"installing from {plan.source} with {name}{count}")
        job.calls.run(installer, step, site)
    lacking = sorted(plan.expected - _installed(job.prefix)) if plan.expected else []
    if lacking:
        raise CreationError(f"{plan.manager} did not install {some(lacking)}")


def virtualenv_arguments(prefix: Path, executable: str, installer: Installer) -> list[str]:
    """The command line of virtualenv; without `--no-venv-redirect` a `.venv` *file* could appear in a user's
    project."""
    # pip needs only itself; a setuptools that the project did not ask for would hide an import that is missing.
    seed = ["--no-seed"] if installer.uv else ["--no-download", "--setuptools", "none"]
    return [str(prefix), "--python", executable, "--no-venv-redirect", "--no-periodic-update", *seed]


def run_virtualenv(arguments: list[str], environ: Mapping[str, str], calls: Calls) -> None:
    """Make an environment in this process; raises CreationError."""
    from virtualenv import cli_run  # deferred: costs 0.2 s, and only where an environment is made

    with _ONE_AT_A_TIME:
        calls.raise_if_stopped()
        try:
            # A copy: virtualenv writes into the mapping.
            cli_run(arguments, setup_logging=False, env=dict(environ))
        except (Exception, SystemExit) as error:  # pylint: disable=broad-exception-caught  # whatever a plug-in raises
            raise CreationError(
                f"virtualenv failed: {error}", f"try it by hand: virtualenv {' '.join(arguments)}"
            ) from error
