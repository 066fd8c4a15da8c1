"""Which of the chosen notebooks the tools are given: the others are said, and left alone."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

from pyfmt import disk
from pyfmt.cache.digests import MISSING
from pyfmt.cache.keys import fold
from pyfmt.core import parsing
from pyfmt.core.cells import NOTEBOOK_SUFFIX
from pyfmt.core.model import Failure
from pyfmt.core.notebooks import Notebook, NotebookError
from pyfmt.run.scoping import Chosen, Files
from pyfmt.run.workspace import RunContext
from pyfmt.tools.notebooks import CURE, missing

TOOL = "notebooks"  # of the failures that tell of them


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
    for file, (kind, said, cure) in _verdicts(notebooks, run).items():
        if kind:
            left.append(file)
        if kind == "language":
            notes.append(f"{file}: not checked, since it is written in {said}")
        elif kind:
            failures.append(Failure(TOOL, (names[found[file]],), "", f"{file} {said}", cure))
    return replace(_without(chosen, left, notes), failures=tuple(failures))


def _count(number: int) -> str:
    return "1 notebook is" if number == 1 else f"{number} notebooks are"


def _without(chosen: Chosen, notebooks: Iterable[str], notes: Iterable[str] = ()) -> Chosen:
    left = set(notebooks)

    def kept(files: Files) -> Mapping[str, tuple[str, ...]]:
        return {path: tuple(file for file in all_ if file not in left) for path, all_ in files.items()}

    return replace(chosen, format=kept(chosen.format), lint=kept(chosen.lint), notes=(*chosen.notes, *notes))


def _verdicts(notebooks: Iterable[str], run: RunContext) -> dict[str, tuple[str, str, str]]:
    """Of each notebook "" where tools can be given it, else "language" or "error", what is so, and the cure; each
    content is looked at once."""
    store, root = run.memory.store, run.space.config.root
    keys = {file: fold("notebook", 1, run.facts.tools, run.memory.digests.of(file)) for file in notebooks}
    known = store.get(list(keys.values())) if store else {}
    found: dict[str, tuple[str, str, str]] = {}
    learnt: dict[bytes, bytes] = {}
    for file, key in keys.items():
        value = known.get(key)
        if value is None:
            found[file] = _verdict(root / file)
            if run.memory.digests.of(file) != MISSING:
                learnt[key] = "\0".join(found[file]).encode("utf-8", "surrogatepass")
        else:
            kind, said, cure = value.decode("utf-8", "surrogatepass").split("\0")
            found[file] = kind, said, cure
    if store:
        store.put(learnt)
    return found


def _verdict(path: Path) -> tuple[str, str, str]:
    try:
        notebook = Notebook(disk.read_bytes(path))
    except NotebookError as error:
        return "error", error.what, error.cure
    except OSError as error:
        return "error", f"cannot be read: {parsing.why(error)}", ""
    return ("", "", "") if notebook.language == "python" else ("language", notebook.language, "")
