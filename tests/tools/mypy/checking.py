"""Runs mypy's units of a tree through the real planning and the real worker."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from pyfmt.core.model import Config, Environment, Failure, Finding, Health, Project, Resolution, ToolConfig, Unit
from pyfmt.core.planning import Facts, Work, plan
from pyfmt.environments.reading import read
from pyfmt.projects import find_projects
from pyfmt.projects.layout import imported_names
from pyfmt.runner.linting import tool_paths
from pyfmt.runner.server import ForkServer, ProcessPerRequest, Worker, WorkerSpec
from pyfmt.tools.mypy.adapter import Mypy
from pyfmt.tools.protocol import LintContext, Reading
from tests.support.careful_loop import Said
from tests.support.monorepo import ROOT, Monorepo

BUILT_IN = ROOT / "configs" / "mypy.ini"


@dataclass
class Checker:
    """mypy over `tree`; `environments` are folders by project path, both relative to the root."""

    tree: Monorepo
    environments: Mapping[str, str]
    config: Path = BUILT_IN
    cache: Path | None = None
    trusted: bool = False
    fork: bool = True
    selected: Mapping[str, Sequence[str]] | None = None  # project path -> files to report; None: all
    units: tuple[Unit, ...] = field(default=(), init=False)

    def check(self) -> Reading:
        """What all units say together."""
        self.units = self.plan()
        with tempfile.TemporaryDirectory() as scratch, self._worker(Path(scratch)) as worker:
            readings = [self._one(unit, worker) for unit in self.units]
        return Reading(
            tuple(finding for reading in readings for finding in reading.findings),
            tuple(failure for reading in readings for failure in reading.failures),
            tuple(note for reading in readings for note in reading.notes),
        )

    def plan(self) -> tuple[Unit, ...]:
        """The units that a run would have."""
        survey = find_projects(Config(self.tree.root, None))
        projects = tuple(project for project in survey.projects if project.path in self.environments)
        resolutions = {
            project.path: Resolution(project.path, self.environment(project.path), "setting") for project in projects
        }
        selected = self.selected or {project.path: project.files for project in projects}
        work = Work(projects, {path: tuple(files) for path, files in selected.items()}, resolutions, (), ("mypy",))
        facts = Facts(
            lambda tool, file, project: Mypy().module_name(file, project),
            lambda file: imported_names((self.tree.root / file).read_bytes()),
            lambda tool: False,
        )
        return plan(work, facts).lint_units

    def environment(self, project: str) -> Environment:
        """The environment of a project, as pyfmt reads it."""
        environment = read(self.tree.root / self.environments[project], self.tree.root)
        assert environment.health is not Health.BROKEN, environment
        return environment

    def context(self, unit: Unit) -> LintContext:
        """The context of a unit, as the application makes it."""
        assert unit.environment is not None
        survey = find_projects(Config(self.tree.root, None))
        name = "-".join([unit.environment.name.replace("/", "-"), str(unit.number)])
        return LintContext(
            root=str(self.tree.root),
            config=ToolConfig("mypy", str(self.config), "built-in"),
            tool_paths=tool_paths(),
            cache_dir=str(self.cache / name) if self.cache else None,
            import_roots=self._first_party(unit.environment, survey.projects),
            trusted=self.trusted,
        )

    def _first_party(self, environment: Environment, projects: Sequence[Project]) -> tuple[str, ...]:
        visible = {os.path.realpath(path) for path in (*environment.search_path, *environment.finder_roots)}
        roots = [str(self.tree.root / root) for project in projects for root in project.import_roots]
        return tuple(dict.fromkeys(root for root in map(os.path.realpath, roots) if root in visible))

    def _one(self, unit: Unit, worker: Worker) -> Reading:
        answer = worker.ask(Mypy().payload(unit, self.context(unit)), 300)
        assert answer.answer is not None, f"{answer.reason}\n{answer.log}"
        return Mypy().parse(unit, answer.answer)

    @contextmanager
    def _worker(self, scratch: Path) -> Iterator[Worker]:
        environment, *_ = [unit.environment for unit in self.units if unit.environment]
        spec = WorkerSpec(Mypy().interpreter(environment), Mypy().worker, tool_paths())
        worker: Worker = ForkServer(spec, scratch) if self.fork else ProcessPerRequest(spec, scratch)
        try:
            yield worker
        finally:
            worker.close()


def said(findings: Sequence[Finding]) -> set[Said]:
    """(path, line, rule, message) of findings, as the careful loop gives them."""
    return {(finding.path, finding.line, finding.rule, finding.message) for finding in findings}


def told(failures: Sequence[Failure]) -> str:
    """All reasons and details, for searching and for messages."""
    return "\n".join(f"{failure.reason}\n{failure.detail}" for failure in failures)


def sound(reading: Reading) -> set[Said]:
    """The findings of a reading that has no failure."""
    assert not reading.failures, told(reading.failures)
    return said(reading.findings)
