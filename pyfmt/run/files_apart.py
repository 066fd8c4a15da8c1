"""Files that the environment of their project does not judge: scripts that name their own dependencies (PEP 723), and
loose ones that import what nobody has for them."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cache

from pyfmt import disk
from pyfmt.cache.remembered import FilesTogether, MemoKind
from pyfmt.core.folders import parent
from pyfmt.core.listing import some
from pyfmt.core.model import Project, Resolution
from pyfmt.core.planning import Work
from pyfmt.imports.parse import Read
from pyfmt.projects.layout import top_names
from pyfmt.run.workspace import RunContext

_MARKED: MemoKind[list[str]] = MemoKind("scripts", 2, list[str])
_CURE = "give it a project or a `# /// script` block, or make an environment in the root that has it (`.venv`)"


def with_files_apart(work: Work, run: RunContext) -> Work:
    """What there is to plan, with the files that their project's environment does not judge."""
    return replace(work, apart=dict(_apart(work, run))) if work.linters else work


def _apart(work: Work, run: RunContext) -> Iterator[tuple[str, Resolution]]:
    @cache
    def known() -> set[str]:
        """The top-level names of the monorepo."""
        return {name for each in work.projects for root in each.import_roots for name in top_names(root, each.files)}

    marked = _with_mark(work.projects, run)
    for project in work.projects:
        own = dict(_scripts(project, marked[project.path], run))
        yield from own.items()
        environment = work.resolutions[project.path].environment
        # Of what is not asked for nothing is parsed: whoever imports such a file takes it as it is.
        if environment is not None and environment.standalone and work.selected.get(project.path):
            for file in (file for file in project.checked if file not in own):
                lacking = _lacking(file, project, known(), run.memory.imports)
                if lacking:
                    note = f"no environment has {some(lacking)}, which it imports; {_CURE}"
                    yield file, Resolution(project.path, None, "", note)


def scripts_of(run: RunContext) -> dict[str, Resolution]:
    """All scripts of the monorepo that name their own dependencies, with the environment of each."""
    marked = _with_mark(run.space.projects, run)
    return {
        file: found for project in run.space.projects for file, found in _scripts(project, marked[project.path], run)
    }


def _scripts(project: Project, marked: Sequence[str], run: RunContext) -> Iterator[tuple[str, Resolution]]:
    if not marked:
        return
    from pyfmt.environments.scripts import Scripts  # deferred for start-up time: only where there are any

    scripts = Scripts(run.space.real.root, run.session.environ, run.memory.memo)
    for file in marked:
        found = scripts.resolve(file, project.path)
        if found is not None:
            yield file, found


def _with_mark(projects: Iterable[Project], run: RunContext) -> dict[str, list[str]]:
    """The files of each project that seem to have a `# /// script` block; nothing is read where all is as it was."""
    root = run.space.config.root
    files = {project.path: project.files for project in projects}

    def compute(paths: Sequence[str]) -> dict[str, list[str]]:
        from pyfmt.environments.scripts import MARK  # deferred, see above

        # Of what cannot be read the tools say so.
        return {
            path: [file for file in files[path] if MARK in (disk.bytes_or_none(f"{root}/{file}") or b"")]
            for path in paths
        }

    inputs = FilesTogether(lambda path: f"{path} alone", files.__getitem__, lambda path: {"the project": path})
    return run.memory.table.remembered(_MARKED, list(files), inputs, compute)


def _lacking(file: str, project: Project, known: set[str], read: Read) -> list[str]:
    """The top-level names that a file imports from neither the standard library nor the monorepo."""
    imports = read(file)
    if ".**" in imports:
        return []  # cannot be parsed: the tools say so
    # Of a computed name ("!a.b"; see imports/parse.py) what is written of it counts.
    names = {text.lstrip("!").partition(".")[0] for text in imports if not text.startswith("@")} - {""}
    found = names - sys.stdlib_module_names - known
    return sorted(found - top_names(parent(file), project.files)) if found else []
