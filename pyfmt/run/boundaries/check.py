"""Checks the boundaries of a monorepo: which files are read, what is remembered, and what comes of it."""

from __future__ import annotations

import posixpath
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from pyfmt.cache.keys import fold
from pyfmt.cache.memory import Memory
from pyfmt.cache.remembered import MemoKind
from pyfmt.core.model import Config, Failure, Finding, Outcome, Part, Project, Unit
from pyfmt.core.own_files import is_test
from pyfmt.core.policies import Allowance
from pyfmt.core.rules import TOOL, OwnCheck
from pyfmt.imports.owners import Modules
from pyfmt.run.boundaries.kinds import Allowed, Kinds, ProjectKind, kinds
from pyfmt.run.boundaries.project_imports import find_project_imports
from pyfmt.run.boundaries.reading import code_digest, placed
from pyfmt.run.boundaries.violations import Policy, cycles, unreadable, violations


@dataclass(frozen=True, slots=True)
class BoundaryQuestion:
    """What is to be checked: `selected` are the files to report on, by project path."""

    config: Config
    projects: Sequence[Project]
    selected: Mapping[str, tuple[str, ...]]


def check(question: BoundaryQuestion, memory: Memory) -> OwnCheck:
    """Findings of the selected files of libraries and projects; raises ConfigError.

    A partial run reports the share of a whole one that concerns its files.
    """
    began = time.monotonic()
    known = kinds(question.config, question.projects)
    allowed = Allowed(question.config, question.projects)
    parts = tuple(
        Part(project, question.selected[project.path])
        for project in question.projects
        if project.path in known.of and question.selected.get(project.path)
    )
    unit = Unit(TOOL, None, parts)
    work = _BoundaryCheck(question, known, parts)
    made = []

    def compute(_: Sequence[str]) -> dict[str, _BoundaryAnswer]:
        made.append(work.check(allowed, memory))
        return {TOOL: made[0]}

    checked = memory.table.remembered(_KIND, [TOOL], lambda _, digest: work.inputs(digest), compute)[TOOL]
    seconds = time.monotonic() - began if made else 0.0
    outcome = Outcome(unit, checked.findings, failures=checked.failures, seconds=seconds, cached=not made)
    return OwnCheck(outcome, checked.notes)


@dataclass(frozen=True, slots=True)
class _BoundaryAnswer:
    findings: tuple[Finding, ...]
    failures: tuple[Failure, ...]
    notes: tuple[str, ...]


_KIND = MemoKind("boundaries", 1, _BoundaryAnswer, lasting=lambda checked: not checked.failures)


class _BoundaryCheck:
    """One check: the files that it depends on, and how they are checked."""

    def __init__(self, question: BoundaryQuestion, known: Kinds, parts: tuple[Part, ...]) -> None:
        self._question = question
        self._kinds = known
        self._owners = {file: part.project for part in parts for file in part.files}
        self._layout = fold(
            [
                (p.name, p.path, p.distribution, p.import_roots, p.files, p.hidden)
                + (p.declares, p.depends_on, p.declared_names, p.computed, p.manifests, known.of.get(p.path))
                for p in question.projects
            ]
        )
        self._cyclic: dict[str, Project] = {}  # the files that cycles are made of
        if any(known.of[part.project.path] is ProjectKind.LIBRARY for part in parts):
            for project in question.projects:
                if known.of.get(project.path) is ProjectKind.LIBRARY:
                    self._cyclic |= {file: project for file in project.files if not is_test(project, file)}

    @property
    def _whole(self) -> bool:
        selected = self._question.selected
        return all(set(project.files).issubset(selected.get(project.path, ())) for project in self._question.projects)

    def inputs(self, digest: Callable[[str], bytes]) -> dict[str, object]:
        """Everything that the answer depends on."""
        initial = [
            file
            for project in self._question.projects
            for file in (*project.files, *project.hidden)
            if posixpath.basename(file).startswith("__init__.")
        ]
        read = sorted({*self._owners, *self._cyclic, *initial})
        settings = self._question.config.boundaries
        assert settings is not None, self._question.config
        return {
            "pyfmt's own code": code_digest(),
            "the exceptions": [
                (entry.importers, entry.imported, entry.rules, entry.reason) for entry in settings.allow
            ],
            "the projects' layout": self._layout,
            "the files to check": sorted(self._owners),
            **{file: digest(file) for file in read},
        }

    def _wanted(self) -> dict[str, tuple[Project, list[str]]]:
        """The files to be read, by the projects' paths."""
        files: dict[str, tuple[Project, list[str]]] = {}
        for file, project in sorted((self._cyclic | self._owners).items(), key=lambda item: item[0]):
            files.setdefault(project.path, (project, []))[1].append(file)
        return files

    def check(self, allowed: Allowed, memory: Memory) -> _BoundaryAnswer:
        """Read, check, and say what could not be read."""
        projects = {project.path: project for project in self._question.projects}
        libraries = {path for path, kind in self._kinds.of.items() if kind is ProjectKind.LIBRARY}
        read = memory.imports
        modules = Modules(self._question.projects, libraries, lambda file: read.statements(file).extends_path)
        found = find_project_imports(self._wanted(), modules, self._layout, memory)
        policy = Policy(projects, self._kinds.of, allowed)
        findings: list[Finding] = []
        for file, project in sorted(self._owners.items()):
            leaving = found[file]
            findings += [unreadable(project, file, leaving)] if leaving.problem else violations(policy, leaving.sites)
        between = [site for file in sorted(self._cyclic) for site in found[file].sites]
        findings += (f for f in cycles(policy, between) if {f.path, *f.also} & self._owners.keys())
        failures = tuple(
            Failure(TOOL, (self._owners[file].name,), "", f"{file}: cannot be read: {why}")
            for file, why in sorted(read.errors.items())
            if file in self._owners
        )
        notes = (*self._remarks(), *(map(_needless, allowed.unused()) if self._whole and not failures else ()))
        return _BoundaryAnswer(tuple(placed(each, self._question.config.root) for each in findings), failures, notes)

    def _remarks(self) -> list[str]:
        """What was not checked, and why; for whole runs, since they are about the configuration."""
        if not self._whole:
            return []
        remarks = []
        if self._kinds.without:
            names = ", ".join(project.path for project in self._kinds.without)
            remarks.append(f"boundaries: not checked, since neither library nor project: {names}")
        computed = [p.path for p in self._question.projects if p.computed and p.path in self._kinds.of]
        if computed:
            remarks.append(f"boundaries: PYF003 not checked, since dependencies are computed: {', '.join(computed)}")
        return remarks


def _needless(entry: Allowance) -> str:
    rules = f" ({', '.join(entry.rules)})" if entry.rules else ""
    return (
        f"boundaries: allow: nothing needs the entry from {', '.join(entry.importers)} to "
        f"{', '.join(entry.imported)}{rules} any more"
    )
