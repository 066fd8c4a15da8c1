"""Checks the boundaries of a monorepo: which files are read, what is remembered, and what comes of it."""

from __future__ import annotations

import json
import posixpath
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from pyfmt.cache.findings import finding_from_row, row_from_finding
from pyfmt.cache.keys import fold
from pyfmt.cache.memory import Memory
from pyfmt.core.model import Config, Failure, Finding, Outcome, Part, Project, Unit
from pyfmt.core.policies import Allowance
from pyfmt.core.rules import TOOL
from pyfmt.imports.index import Modules
from pyfmt.run.boundaries.kinds import Allowed, Kinds, ProjectKind, kinds
from pyfmt.run.boundaries.project_imports import Lookup, find_project_imports
from pyfmt.run.boundaries.reading import Reader, code_digest
from pyfmt.run.boundaries.violations import Policy, counts_for_cycles, cycles, unreadable, violations


@dataclass(frozen=True, slots=True)
class BoundaryResult:
    """What came of the check, and what there is to say besides."""

    outcome: Outcome
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BoundaryQuestion:
    """What is to be checked: `selected` are the files to report on, by project path."""

    config: Config
    projects: Sequence[Project]
    selected: Mapping[str, tuple[str, ...]]


def check(question: BoundaryQuestion, memory: Memory) -> BoundaryResult:
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
    key = work.key(memory)
    checked = _load(memory.store.get([key]).get(key), unit) if memory.store else None
    if checked is not None:
        return checked
    reader = Reader(question.config.root, memory)
    checked = work.check(unit, allowed, reader, memory)
    reader.save()
    if memory.store and reader.steady and not checked.outcome.failures:
        memory.store.put({key: _dump(checked)})
    return replace(checked, outcome=replace(checked.outcome, seconds=time.monotonic() - began))


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
                    self._cyclic |= {file: project for file in project.files if counts_for_cycles(project, file)}

    @property
    def _whole(self) -> bool:
        selected = self._question.selected
        return all(set(project.files).issubset(selected.get(project.path, ())) for project in self._question.projects)

    def key(self, memory: Memory) -> bytes:
        """The digest of everything that the answer depends on."""
        initial = [
            file
            for project in self._question.projects
            for file in (*project.files, *project.hidden)
            if posixpath.basename(file).startswith("__init__.")
        ]
        read = sorted({*self._owners, *self._cyclic, *initial})
        settings = self._question.config.boundaries
        assert settings is not None, self._question.config
        return fold(
            "boundaries",
            code_digest(),
            [(entry.importers, entry.imported, entry.rules, entry.reason) for entry in settings.allow],
            self._layout,
            sorted(self._owners),
            [(file, memory.digests.of(file)) for file in read],
        )

    def _wanted(self) -> list[tuple[Project, list[str]]]:
        """The files to be read, by project."""
        files: dict[str, list[str]] = {}
        for file in sorted({*self._owners, *self._cyclic}):
            files.setdefault((self._owners.get(file) or self._cyclic[file]).path, []).append(file)
        return [(project, files[project.path]) for project in self._question.projects if project.path in files]

    def check(self, unit: Unit, allowed: Allowed, reader: Reader, memory: Memory) -> BoundaryResult:
        """Read, check, and say what could not be read."""
        projects = {project.path: project for project in self._question.projects}
        libraries = {path for path, kind in self._kinds.of.items() if kind is ProjectKind.LIBRARY}
        modules = Modules(self._question.projects, libraries, lambda file: reader.of(file).extends_path)
        found = find_project_imports(self._wanted(), Lookup(modules, self._layout), reader, memory)
        policy = Policy(projects, self._kinds.of, allowed)
        findings: list[Finding] = []
        for file, project in sorted(self._owners.items()):
            leaving = found[file]
            findings += [unreadable(project, file, leaving)] if leaving.problem else violations(policy, leaving.sites)
        between = [site for file in sorted(self._cyclic) for site in found[file].sites]
        findings += (f for f in cycles(policy, between) if {f.path, *f.also} & self._owners.keys())
        failures = tuple(
            Failure(TOOL, (self._owners[file].name,), "", f"{file}: cannot be read: {why}")
            for file, why in sorted(reader.errors.items())
            if file in self._owners
        )
        notes = (*self._remarks(), *(map(_needless, allowed.unused()) if self._whole and not failures else ()))
        return BoundaryResult(Outcome(unit, tuple(map(reader.placed, findings)), failures=failures), notes)

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


def _dump(checked: BoundaryResult) -> bytes:
    rows = [row_from_finding(finding) for finding in checked.outcome.findings]
    return json.dumps([rows, checked.notes]).encode("utf-8", "surrogatepass")


def _load(value: bytes | None, unit: Unit) -> BoundaryResult | None:
    try:
        if value is None:
            return None
        rows, notes = json.loads(value)
        return BoundaryResult(Outcome(unit, tuple(map(finding_from_row, rows)), cached=True), tuple(notes))
    except (ValueError, TypeError):
        return None  # a damaged value is a miss
