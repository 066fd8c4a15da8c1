"""A run over other contents than the work tree's: where they are, which of them are meant, how the run sees them."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pyfmt import disk
from pyfmt.cache.memory import Staged
from pyfmt.core.model import Config, Environment, Failure, Project, Resolution
from pyfmt.core.report import Report
from pyfmt.git.staged import path_mapping
from pyfmt.git.staged.path_mapping import Move
from pyfmt.projects import selection
from pyfmt.projects.selection import Selection

if TYPE_CHECKING:
    from pyfmt.git.index import GitIndex
    from pyfmt.git.staged.write_back import Bringing


@dataclass(frozen=True, slots=True)
class Stage:
    """What a run over other contents than the work tree's works with, such as the index's: `config` has the tree of
    these as its root, `real` the work tree."""

    config: Config
    real: Config
    move: Move
    index: GitIndex | None  # None where the contents are not the index's
    bringing: Bringing | None  # None where nothing is to be written back
    cached: Staged
    notes: tuple[str, ...]
    filtered: Mapping[str, str]  # files that cannot be read without a filter driver that may not run, and its name
    wanted: Wanted

    def select(self, projects: Sequence[Project]) -> Selection:
        """The staged files, or those that the request names: named files as they are, of named folders what is
        staged. With `--since`, which selects itself, all that the index has counts as staged."""
        wanted = self.wanted
        files: dict[str, set[str]] = {}
        named = Selection(tuple(projects), {})
        if wanted.named:
            named = selection.select(projects, wanted.named, self.config.root, self.config.root, self.config.exclude)
            files = {path: set(found) for path, found in named.files.items()}
        for project in projects:
            staged = wanted.staged.intersection(project.checked)
            if staged:
                files.setdefault(project.path, set()).update(staged)
        chosen = {path: tuple(sorted(found - self.filtered.keys())) for path, found in files.items()}
        return Selection(named.projects, chosen, (*named.notes, *wanted.notes, *self.notes))

    def failures(self) -> tuple[Failure, ...]:
        """Files that are asked for and cannot be checked."""
        wanted = self.wanted.staged.union(self.wanted.named).intersection(self.filtered)
        return tuple(
            Failure(
                "git",
                (),
                "",
                f"{path}: not checked, since its contents go through the filter driver `{self.filtered[path]}` of this "
                "checkout's git configuration, a program that needs trust",
                "look at it, then allow it with `pyfmt trust`, or for one run with --trust",
            )
            for path in sorted(wanted)
        )

    def environments(self, resolutions: Sequence[Resolution]) -> tuple[Resolution, ...]:
        """The work tree's environments, seeing the index's contents."""
        return path_mapping.environments(resolutions, self.move)

    def configured(self, settings: Config) -> Stage:
        """The same with a configuration that holds what projects set themselves."""
        overrides, tools, notes = settings.overrides, settings.project_tools, settings.notes
        real = replace(self.real, overrides=overrides, project_tools=tools, notes=notes)
        return replace(self, config=settings, real=real)

    def environment(self, environment: Environment) -> Environment:
        """One of them."""
        (found,) = self.environments([Resolution("", environment, "")])
        assert found.environment is not None, environment
        return found.environment

    def report(self, report: Report) -> Report:
        """The report about the work tree's paths."""
        return path_mapping.report(report, self.move)

    def sources(self, report: Report) -> dict[str, str]:
        """The texts of the files with findings, as they were checked."""
        texts = {}
        for path in {finding.path for finding in report.findings}:
            with contextlib.suppress(OSError):
                texts[path] = disk.read_text(self.config.root / path, "replace")
        return texts


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be checked, relative to the monorepo's root."""

    staged: frozenset[str]
    named: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
