"""What an environment lacks of what a project needs: names and versions against the installed metadata."""

from __future__ import annotations

from collections.abc import Sequence

from pyfmt.core.listing import some
from pyfmt.core.memo import TextMemo
from pyfmt.core.model import Environment, Project
from pyfmt.environments.markers import target
from pyfmt.projects.names import normalise, requirement

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
    versions = {item.name: item for item in environment.distributions}
    here = target(environment)
    found = []
    for line in lines:
        asked = requirement(line)
        if asked is None or not here.admits(str(asked.marker or "")):
            continue
        installed = versions.get(normalise(asked.name))
        if installed is None:
            found.append(asked.name)
        elif not (installed.editable or asked.specifier.contains(installed.version, prereleases=True)):
            if installed.version:
                found.append(f"{asked.name}{asked.specifier} ({installed.version} is there)")
    return f"lacks {some(found, _SHOWN)}" if found else ""
