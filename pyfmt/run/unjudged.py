"""What is not judged of libraries in the environments of their dependents, and in which runs that is no failure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from pyfmt.core import planning
from pyfmt.core.hook import in_framework
from pyfmt.core.request import Command, Request


def is_hook(request: Request, environ: Mapping[str, str]) -> bool:
    """Whether a run is one over what is to be committed: nobody is kept from that by an environment of others."""
    return request.staged or in_framework(environ) or request.command is Command.RUN and bool(request.paths)


def notes_on(work: planning.Work, linted: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """What is not judged of the linted libraries (by project path) and no skip tells, in one line for each reason."""
    libraries, names = work.libraries, {project.path: project.name for project in work.projects}
    chosen = [project for project in work.projects if linted.get(project.path)]
    unasked = [project.name for project in chosen if project.path in libraries.unasked]
    if unasked:
        where = "not judged in the environments of those who use them"
        yield f'check-in-dependents = "home": {where}: {", ".join(sorted(unasked))}'
    blind: dict[tuple[str, ...], list[str]] = {}
    for project in chosen:
        dependents = set(libraries.blind.get(project.path, ())) - work.missed(project)
        if dependents:
            blind.setdefault(tuple(sorted(names[path] for path in dependents)), []).append(project.name)
    for missing, found in sorted(blind.items()):
        yield f"not judged for {', '.join(missing)}, for want of a usable environment there: {', '.join(found)}"
