"""`pyfmt init`: the configuration, the hook and the CI file of a monorepo, shown first and written if wanted."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pyfmt import config, disk, projects
from pyfmt.cli.init import contents
from pyfmt.cli.init.contents import CheckoutFacts, NoPlace
from pyfmt.cli.job_rows import GITLAB_JOBS
from pyfmt.cli.request import plain_request
from pyfmt.core.errors import EditError, StagedError, UsageError
from pyfmt.core.request import Request
from pyfmt.git.index import hooks_folder, work_tree
from pyfmt.reports.escaping import printable, printable_text
from pyfmt.runner import edits

HOOKS = ("pre-commit", "git", "none")
CIS = ("github", "gitlab", "azure")
TEMPLATES = ("pippy",)


EXAMPLES = (
    ("pyfmt init", "show what would be written, and ask"),
    ("pyfmt init --hook git", "with a plain git hook, which commits formatted what is staged"),
    ("pyfmt init --ci github --yes", "with a workflow for all projects, and without asking"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Which hook and CI file."""
    parser.add_argument(
        "--hook",
        choices=HOOKS,
        default="pre-commit",
        help="pre-commit (also for prek; default), a plain git hook, or none",
    )
    parser.add_argument("--ci", choices=CIS, help="also a CI file")
    parser.add_argument(
        "--install",
        metavar="SPEC",
        help="with --ci: where the CI installs pyfmt from, as pip takes it (default: where this one came from)",
    )
    parser.add_argument(
        "--template",
        choices=TEMPLATES,
        help="also a cookiecutter template for new services, below tools: yours then",
    )
    parser.add_argument("--yes", action="store_true", help="write without asking")


def run(options: argparse.Namespace) -> int:
    """Show what would be written, ask, and write."""
    return initialise(options, plain_request(options), Path.cwd(), os.environ)


@dataclass(frozen=True, slots=True)
class _PlannedFile:
    """A file to write; `before` is None where there is none yet."""

    path: Path
    before: bytes | None
    after: bytes
    mode: int = 0o644


class _Writes:
    """Files to write, and what has to be said besides."""

    def __init__(self) -> None:
        self.files: list[_PlannedFile] = []
        self.notes: list[str] = []

    def add(self, path: Path, text: str, mode: int = 0o644) -> None:
        """A file that is to hold `text`; nothing where it does already. Raises UsageError where a link stands in its
        place."""
        if path.is_symlink() or path.parent.is_symlink():
            raise UsageError("is not written: it is a link, or its folder is one", str(path), "write it by hand")
        before = disk.read_bytes(path) if path.exists() else None
        if before != text.encode():
            self.files.append(_PlannedFile(path, before, text.encode(), mode))


def initialise(options: argparse.Namespace, request: Request, cwd: Path, environ: Mapping[str, str]) -> int:
    """Show what would be written, ask, and write; returns the exit code (0 also where there is nothing to do).

    Raises PyfmtError; then, and where the answer is no, nothing is written.
    """
    settings = config.load(request, cwd)
    facts = contents.facts(projects.find_projects(settings).projects)
    plan = _Writes()
    if settings.file is None:
        _plan_config(settings.root, plan, facts)
    else:
        plan.notes.append(f"{settings.file} configures pyfmt already")
    if options.template:
        _plan_template(options.template, settings.root / "tools" / options.template, plan)
    top = _work_tree(settings.root, environ)
    if top is None:
        if options.hook != "none" or options.ci:
            plan.notes.append("this is no git repository: no hook and no CI file (run `git init` first)")
    else:
        if options.hook == "pre-commit":
            _plan_framework(top, plan, facts)
        elif options.hook == "git":
            _plan_git_hook(settings.root, environ, plan)
        if options.ci:
            _plan_ci(options.ci, top, plan, replace(facts, requirement=_requirement(options.install, facts)))
    return _carry_out(plan, options.yes, cwd)


def _work_tree(root: Path, environ: Mapping[str, str]) -> Path | None:
    try:
        return Path(work_tree(root, environ))
    except StagedError:
        return None


def _read(path: Path) -> str | None:
    try:
        return disk.read_bytes(path).decode("utf-8") if path.exists() else None
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read: {error}", str(path)) from error


def _plan_config(root: Path, plan: _Writes, facts: CheckoutFacts) -> None:
    """[tool.pyfmt] at the end of the root's pyproject.toml; a pyfmt.toml where there is none, since a pyproject.toml
    would make a project of the root."""
    manifest = root / "pyproject.toml"
    text = _read(manifest)
    section = contents.section(facts)
    if text is None:
        plan.add(root / "pyfmt.toml", section)
    else:
        plan.add(manifest, contents.appended(text, section))


def _plan_framework(top: Path, plan: _Writes, facts: CheckoutFacts) -> None:
    """The hook in prek.toml where there is one, else in .pre-commit-config.yaml."""
    prek, path = top / "prek.toml", top / ".pre-commit-config.yaml"
    place = prek if prek.exists() else path
    text = _read(place)
    if text is not None and contents.has_hook(text):
        plan.notes.append(f"{place.name} has a hook of pyfmt already")
        return
    try:
        made = contents.prek_config(text or "", facts) if place == prek else contents.hook_config(text, facts)
    except NoPlace as error:
        plan.notes.append(f"{place.name} is written in a way that pyfmt does not extend; add this to it:\n{error}")
        return
    plan.add(place, made)
    plan.notes.append(f"afterwards: `{'prek' if place == prek else 'pre-commit'} install`")


def _plan_git_hook(root: Path, environ: Mapping[str, str], plan: _Writes) -> None:
    path = Path(hooks_folder(root, environ)) / "pre-commit"
    text = _read(path)
    if text is not None and contents.GIT_HOOK_CALL in text:
        plan.notes.append(f"{path} calls pyfmt already")
    elif text is not None:
        # It is in no repository, so that nobody could get it back.
        plan.notes.append(f"{path} is somebody's hook and stays as it is; add to it: {contents.GIT_HOOK_CALL}")
    else:
        plan.add(path, contents.git_hook(sys.executable), 0o755)


def _plan_template(name: str, folder: Path, plan: _Writes) -> None:
    """The template's files, once: what is there already is somebody's."""
    if folder.exists():
        plan.notes.append(f"{folder} is there already and stays as it is")
        return
    source = config.template_folder(name)
    for file in sorted(source.rglob("*")):
        if file.is_file():
            plan.add(folder / file.relative_to(source), disk.read_bytes(file).decode("utf-8"))
    plan.notes.append(f"a new service: `cookiecutter tools/{name} --output-dir projects`")


def _requirement(install: str | None, facts: CheckoutFacts) -> str:
    """What the CI installs; asks where only the user can know. Raises UsageError."""
    given = install or facts.requirement
    if not given and sys.stdin.isatty():
        given = input("where does the CI install pyfmt from, as pip takes it? (git+https://…@COMMIT, a URL) ").strip()
    if not given:
        what = "this pyfmt was installed from a folder, and a CI cannot install it from there"
        raise UsageError(
            what, "--ci", "pass `--install SPEC`, such as `--install git+https://git.example.org/pyfmt@v1`"
        )
    if any(char in "\"$`\\'" or not char.isprintable() for char in given):
        raise UsageError("is no requirement: it holds a quote or another character of the shell", "--install")
    return given


def _plan_ci(name: str, top: Path, plan: _Writes, facts: CheckoutFacts) -> None:
    if name == "github":
        plan.add(top / ".github" / "workflows" / "pyfmt.yml", contents.filled("github.yml", facts))
        return
    if name == "azure":
        plan.add(top / contents.AZURE_FILE, contents.filled("azure.yml", facts))
        plan.notes.append(f"Azure runs {contents.AZURE_FILE} where a pipeline is made of it (Existing YAML file)")
        return
    plan.add(top / contents.GITLAB_FILE, contents.filled("gitlab.yml", facts))
    plan.add(top / GITLAB_JOBS, contents.filled("gitlab-jobs.yml", facts))
    main = top / ".gitlab-ci.yml"
    try:
        plan.add(main, contents.gitlab_main(_read(main)))
    except NoPlace as error:
        plan.notes.append(f"{main.name} is written in a way that pyfmt does not extend; add this to it:\n{error}")


def _carry_out(plan: _Writes, unasked: bool, cwd: Path) -> int:
    """Show, ask, write."""
    for file in plan.files:
        shown = os.path.relpath(file.path, cwd)
        print(printable(f"{'change' if file.before is not None else 'new'}: {shown}"))
        print(printable_text(edits.unified_diff(file.before or b"", file.after, shown.replace(os.sep, "/"))), end="")
    if not plan.files:
        print(*map(printable_text, plan.notes), "nothing to write", sep="\n")
        return 0
    sys.stdout.flush()
    if not unasked and not _agreed(len(plan.files)):
        print("nothing is written")
        return 0
    for file in plan.files:
        _write(file)
        print(printable(f"wrote {os.path.relpath(file.path, cwd)}"))
    print(*map(printable_text, plan.notes), sep="\n", end="\n" if plan.notes else "")
    return 0


def _agreed(count: int) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("nothing is written without an answer, and nobody is there to give one", "init", "pass --yes")
    return input(f"write {'this file' if count == 1 else f'these {count} files'}? [y/N] ").strip().lower() in (
        "y",
        "yes",
    )


def _write(file: _PlannedFile) -> None:
    """Write one file, if what is there is still what was shown; raises EditError."""
    if file.before is not None:
        edits.write(file.path, file.before, file.after)
        return
    try:
        file.path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(file.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, file.mode)
        with open(descriptor, "wb") as stream:
            stream.write(file.after)
    except OSError as error:
        raise EditError(f"cannot be written: {error.strerror}", str(file.path)) from error
