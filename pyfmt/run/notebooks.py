"""Which of the chosen notebooks the tools are given: the others are said, and left alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pyfmt import disk
from pyfmt.cache.remembered import MemoKind
from pyfmt.core import parsing
from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.core.model import Failure
from pyfmt.core.notebooks import Notebook, NotebookError
from pyfmt.run.scoping import Chosen, Files
from pyfmt.run.workspace import RunContext
from pyfmt.tools.notebooks import CURE, missing

TOOL = "notebooks"  # of the failures that tell of them


@dataclass(frozen=True, slots=True)
class _Verdict:
    kind: str = ""  # "": tools can be given it; else "language", "error" or "unreadable"
    said: str = ""
    cure: str = ""


_VERDICTS = MemoKind("notebook", 2, _Verdict, lasting=lambda found: found.kind != "unreadable")


def usable(chosen: Chosen, run: RunContext) -> Chosen:
    """What is chosen, without the notebooks that no tool is given, and why: in its notes, and in its failures where one
    should have been checked."""
    found = {file: path for files in (chosen.format, chosen.lint) for path, all_ in files.items() for file in all_}
    notebooks = sorted(file for file in found if file.endswith(NOTEBOOK_SUFFIX))
    if not notebooks:
        return chosen
    if not run.space.config.notebooks:
        return _without(chosen, notebooks, [f"{_count(len(notebooks))} left out, as `notebooks = false` says"])
    names = {project.path: project.name for project in run.space.projects}
    lacking = missing()
    if lacking:
        projects = tuple(sorted({names[found[file]] for file in notebooks}))
        reason = f"{_count(len(notebooks))} not checked: {lacking} is not installed beside pyfmt"
        return replace(_without(chosen, notebooks), failures=(Failure(TOOL, projects, "", reason, CURE),))
    notes, failures, left = [], [], []
    for file, verdict in verdicts(notebooks, run).items():
        if verdict.kind:
            left.append(file)
        if verdict.kind == "language":
            notes.append(f"{file}: not checked, since it is written in {verdict.said}")
        elif verdict.kind:
            failures.append(Failure(TOOL, (names[found[file]],), "", f"{file} {verdict.said}", verdict.cure))
    return replace(_without(chosen, left, notes), failures=tuple(failures))


def _count(number: int) -> str:
    return "1 notebook is" if number == 1 else f"{number} notebooks are"


def _without(chosen: Chosen, notebooks: Iterable[str], notes: Iterable[str] = ()) -> Chosen:
    left = set(notebooks)

    def kept(files: Files) -> Mapping[str, tuple[str, ...]]:
        return {path: tuple(file for file in all_ if file not in left) for path, all_ in files.items()}

    return replace(chosen, format=kept(chosen.format), lint=kept(chosen.lint), notes=(*chosen.notes, *notes))


def verdicts(notebooks: Iterable[str], run: RunContext) -> dict[str, _Verdict]:
    """The verdict on each notebook; each content is looked at once."""

    def inputs(file: str, digest: Callable[[str], bytes]) -> dict[str, object]:
        return {"pyfmt and its tools": run.facts.tools, "its content": digest(file)}

    def compute(files: Sequence[str]) -> dict[str, _Verdict]:
        return {file: _verdict(run.space.config.root / file) for file in files}

    return run.memory.table.remembered(_VERDICTS, notebooks, inputs, compute)


def _verdict(path: Path) -> _Verdict:
    try:
        notebook = Notebook(disk.read_bytes(path))
    except NotebookError as error:
        return _Verdict("error", error.what, error.cure)
    except OSError as error:
        return _Verdict("unreadable", f"cannot be read: {parsing.why(error)}")
    return _Verdict() if notebook.language == "python" else _Verdict("language", notebook.language)
