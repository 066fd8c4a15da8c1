"""PURE: which imports between projects are findings."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from pyfmt.core.graphs import shortest_way
from pyfmt.core.model import Finding, Project
from pyfmt.core.rules import (
    LIBRARY_CYCLE,
    LIBRARY_IMPORTS_PROJECT,
    PROJECT_IMPORTS_PROJECT,
    UNDECLARED_DEPENDENCY,
    UNREADABLE,
    Rule,
)
from pyfmt.imports.owners import ImportedName, ImportTarget, Modules
from pyfmt.imports.parse import FileImports, Import, Span
from pyfmt.run.boundaries.kinds import Allowed, ProjectKind


@dataclass(frozen=True, slots=True)
class Policy:
    """What imports are checked against; everything by the projects' paths."""

    projects: Mapping[str, Project]
    kinds: Mapping[str, ProjectKind]
    allowed: Allowed


@dataclass(frozen=True, slots=True)
class Site:
    """A place where the code of one project imports that of another."""

    file: str
    span: Span
    importer: str
    target: ImportTarget


@dataclass(frozen=True, slots=True)
class ProjectImports:
    """The imports of a file that leave its project, in their order; or why they are not known, and the line."""

    sites: tuple[Site, ...] = ()
    problem: str = ""
    line: int = 1


def sites(project: Project, file: str, found: FileImports, modules: Modules) -> ProjectImports:
    """Which imports of a file leave its project."""
    leaving = tuple(
        Site(file, span, project.path, target)
        for item in found.imports
        for span, target in _targets(project, file, item, modules)
        if target.project != project.path
    )
    return ProjectImports(leaving, found.problem, found.problem_line)


def _targets(project: Project, file: str, item: Import, modules: Modules) -> Iterator[tuple[Span, ImportTarget]]:
    """Where an import leads; each project once, at the statement where all names are its own."""
    found: dict[str, tuple[Span, ImportTarget]] = {}
    known = 0
    for name, span in item.names or (("", item.span),):
        names = ImportedName(item.module, "" if name == "*" else name)
        if item.level:
            target = modules.relative(file, item.level, ImportedName(item.module or name, name if item.module else ""))
        else:
            target = modules.absolute(project.path, names)
        if target is not None:
            known += 1
            found.setdefault(target.project, (span, target))
    if len(found) == 1 and known == max(1, len(item.names)):
        yield item.span, list(found.values())[0][1]
    else:
        yield from found.values()


def violations(policy: Policy, found: Sequence[Site]) -> Iterator[Finding]:
    """The findings of the sites of one file, cycles left out."""
    reported: set[str] = set()
    for site in found:
        rule = _rule(policy, site)
        if rule is None or policy.allowed.permits(site.importer, site.target.project, rule.id):
            continue
        if rule is UNDECLARED_DEPENDENCY:
            if site.target.project in reported:
                continue
            reported.add(site.target.project)
        yield _finding(policy, site, rule, *_words(policy, site, rule))


def _rule(policy: Policy, site: Site) -> Rule | None:
    """The rule that an import breaks by what the two are to each other."""
    importer, target = policy.kinds.get(site.importer), policy.kinds.get(site.target.project)
    if importer is None or target is None:
        return None
    if target is ProjectKind.PROJECT:
        return PROJECT_IMPORTS_PROJECT if importer is ProjectKind.PROJECT else LIBRARY_IMPORTS_PROJECT
    project = policy.projects[site.importer]
    return None if project.computed or site.target.project in project.declares else UNDECLARED_DEPENDENCY


def _words(policy: Policy, site: Site, rule: Rule) -> tuple[str, tuple[str, ...]]:
    """The message of a finding, and its notes."""
    importer, target = policy.projects[site.importer], policy.projects[site.target.project]
    module = site.target.module
    if rule is PROJECT_IMPORTS_PROJECT:
        return f"the project {importer.name} imports {module!r}, which is code of the project {target.name}", ()
    if rule is LIBRARY_IMPORTS_PROJECT:
        return f"the library {importer.name} imports {module!r}, which is code of the project {target.name}", ()
    manifest = posixpath.join(importer.path, importer.manifests[0] if importer.manifests else "pyproject.toml")
    message = f"{module!r} is of the library {target.name}, which {importer.name} does not declare as a dependency"
    notes = [f"declare it in {posixpath.normpath(manifest)}"]
    if target.path in importer.depends_on:
        notes.append("that the lock file holds it is not enough: it comes with something else")
    return message, tuple(notes)


def _finding(policy: Policy, site: Site, rule: Rule, message: str, notes: tuple[str, ...]) -> Finding:
    span, project = site.span, policy.projects[site.importer].name
    place = {"column": span.column, "end_line": span.end_line, "end_column": span.end_column}
    return rule.finding(site.file, span.line, message, project, **place, notes=notes)


def unreadable(project: Project, file: str, found: ProjectImports) -> Finding:
    """The finding that a file's imports are not known."""
    message = f"{UNREADABLE.title}: {found.problem}"
    return UNREADABLE.finding(file, found.line, message, project.name, syntax=True)


def cycles(policy: Policy, found: Iterable[Site]) -> Iterator[Finding]:
    """A finding for each step of each cycle between libraries, at the first import that takes it."""
    first: dict[str, dict[str, Site]] = {}
    for site in sorted(found, key=lambda site: (site.file, site.span.line, site.span.column)):
        pair = (site.importer, site.target.project)
        if all(policy.kinds.get(path) is ProjectKind.LIBRARY for path in pair):
            first.setdefault(pair[0], {}).setdefault(pair[1], site)
    graph = {path: sorted(steps) for path, steps in sorted(first.items())}
    # Only what is part of a cycle is a question to `allow`: else an entry would seem to be needed.
    graph = {
        path: [
            step
            for step in steps
            if not (_way(graph, step, path) and policy.allowed.permits(path, step, LIBRARY_CYCLE.id))
        ]
        for path, steps in graph.items()
    }
    for path, steps in graph.items():
        for step in steps:
            way = _way(graph, step, path)
            if way:
                yield _cycle(policy, first, (path, *way))


def _way(graph: Mapping[str, Sequence[str]], start: str, goal: str) -> tuple[str, ...]:
    return shortest_way([start], goal, lambda path: graph.get(path, ()))


def _cycle(policy: Policy, first: Mapping[str, Mapping[str, Site]], way: tuple[str, ...]) -> Finding:
    """`way` begins and ends with the library whose import this is."""
    names = " → ".join(policy.projects[path].name for path in way)
    site, *others = (first[one][other] for one, other in zip(way, way[1:], strict=False))
    notes = tuple(
        f"{policy.projects[other.importer].name} imports {other.target.module!r} in {other.file}:{other.span.line}"
        for other in others
    )
    finding = _finding(policy, site, LIBRARY_CYCLE, f"libraries import each other: {names}", notes)
    return replace(finding, also=tuple(sorted({other.file for other in others} - {site.file})))
