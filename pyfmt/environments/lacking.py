"""What an environment lacks of what a project needs: names and versions against the installed metadata."""

from __future__ import annotations

from collections.abc import Sequence

from pyfmt.core.listing import some
from pyfmt.core.memo import TextMemo
from pyfmt.core.model import Environment, Project
from pyfmt.environments.markers import target
from pyfmt.projects.names import normalise

_SHOWN = 5


def lacking(project: Project, environment: Environment, memo: TextMemo) -> str:
    """What is missing, in words ("lacks attrs, six>=1.17 (1.16.0 is there)"); "" where everything is there.

    A requirement that cannot be read, or whose marker cannot be judged, is not held against the environment. Of a
    project that computes its dependencies and names none nothing is known: that is said, too. `memo` keeps answers.
    """
    if not project.needs:
        return "is not known to have what it needs: it computes its dependencies" if project.computed else ""
    inputs = {"what the project needs": project.needs, "what is installed": environment.fingerprint}
    what = f"what {environment.name} lacks of {project.path}"
    return memo.recall(what, inputs, lambda: _lacking(project.needs, environment))


def _lacking(lines: Sequence[str], environment: Environment) -> str:
    # Deferred: it costs 35 ms, and few environments are borrowed.
    from packaging.requirements import InvalidRequirement, Requirement

    versions = {item.name: item for item in environment.distributions}
    here = target(environment)
    found = []
    for line in lines:
        try:
            requirement = Requirement(line)
        except InvalidRequirement:
            continue
        if not here.admits(str(requirement.marker or "")):
            continue
        installed = versions.get(normalise(requirement.name))
        if installed is None:
            found.append(requirement.name)
        elif not (installed.editable or requirement.specifier.contains(installed.version, prereleases=True)):
            if installed.version:
                found.append(f"{requirement.name}{requirement.specifier} ({installed.version} is there)")
    return f"lacks {some(found, _SHOWN)}" if found else ""
