"""Whose constraint keeps a project from a version: its manifests', those of libraries, or of what it has installed."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping

from pyfmt.core.graphs import closure
from pyfmt.core.model import Environment
from pyfmt.core.versions import Bound
from pyfmt.environments.markers import target
from pyfmt.environments.requiring import InstalledRequirements, installed_requirements
from pyfmt.projects import Survey
from pyfmt.projects.names import requirement, requirement_name


class Bounds:
    """Looks for constraints; what is installed is read only of the projects that are asked for."""

    def __init__(self, survey: Survey, environments: Mapping[str, Environment]) -> None:
        self._projects = {project.path: project for project in survey.projects}
        self._members = {member.path: member for member in survey.members}
        self._depends_on = {project.path: project.depends_on for project in survey.projects}
        self._ours = {project.distribution for project in survey.projects}
        self._environments = environments
        self._installed: dict[str, list[InstalledRequirements]] = {}

    def of(self, path: str, name: str, version: str) -> list[Bound]:
        """All that keeps the project at `path` from a version of a distribution."""
        found: dict[Bound, None] = {}
        environment = self._environments.get(path)
        for owner in (path, *closure([path], self._depends_on)):
            for file, line in self._lines(owner):
                said = _excluding(line, name, version, environment)
                if said:
                    by = f"its {file}" if owner == path else posixpath.normpath(posixpath.join(owner, file))
                    found[Bound(path, said, by)] = None
        if environment is not None:
            for each in self._requirements(environment):
                for line in each.requires if each.name not in self._ours else ():
                    if said := _excluding(line, name, version, environment):
                        found[Bound(path, said, f"{each.name} {each.version}")] = None
            found |= dict.fromkeys(self._pythons(path, name, version, environment))
        return list(found)

    def _lines(self, path: str) -> Iterator[tuple[str, str]]:
        """PEP 508 lines of every group, with the file; those of the main one have their markers."""
        member = self._members.get(path)
        main = {requirement_name(line) for line in self._projects[path].needs}
        for file, part in member.manifest.parts if member else ():
            yield from ((file, line) for line in part.needs)
            yield from ((file, line) for line in part.requirements if requirement_name(line) not in main)
        if member and not member.manifest.needs:
            file = "Pipfile" if "Pipfile" in member.files else "requirements.txt"
            yield from ((file, line) for line in self._projects[path].needs)

    def _requirements(self, environment: Environment) -> list[InstalledRequirements]:
        if environment.prefix not in self._installed:
            self._installed[environment.prefix] = installed_requirements(environment)
        return self._installed[environment.prefix]

    def _pythons(self, path: str, name: str, version: str, environment: Environment) -> Iterator[Bound]:
        """Whether the version itself needs another Python: as an environment says that has it."""
        from packaging.specifiers import InvalidSpecifier, SpecifierSet  # deferred: it costs 35 ms

        has = (
            e
            for e in self._environments.values()
            if any((d.name, d.version) == (name, version) for d in e.distributions)
        )
        other = next(has, None)
        wanted = next((each.python for each in self._requirements(other) if each.name == name), "") if other else ""
        try:
            python = environment.python
            if wanted and not SpecifierSet(wanted).contains(f"{python.short}.{python.micro}", prereleases=True):
                yield Bound(path, f"python{wanted}", f"{name} {version} itself, and the project has {python}")
        except InvalidSpecifier:
            pass  # its installer takes no notice of it either


def _excluding(line: str, name: str, version: str, environment: Environment | None) -> str:
    """A requirement of a distribution without extras and marker, where it excludes the version; else ""."""
    if requirement_name(line) != name:
        return ""
    from packaging.version import InvalidVersion  # deferred: it costs 35 ms

    found = requirement(line)
    try:
        if found is None or found.specifier.contains(version, prereleases=True):
            return ""
    except InvalidVersion:
        return ""  # its installer refuses it
    if found.marker is not None and environment is not None and not target(environment).admits(str(found.marker)):
        return ""
    return f"{found.name}{found.specifier}" if str(found.specifier) else ""
