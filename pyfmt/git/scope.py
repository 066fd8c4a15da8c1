"""What `--since` leaves to do: the files to format and to lint, the projects that are changed or affected, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from pyfmt.core.model import DEPENDENT, INHERITED, Resolution
from pyfmt.projects import Survey
from pyfmt.projects.walking import PYTHON_SUFFIXES

Files = dict[str, tuple[str, ...]]  # by project path


@dataclass(frozen=True, slots=True)
class Scope:
    """What changed since a commit, and what that touches; with `known` False nothing is known and all counts."""

    since: str  # for people
    known: bool
    bases: tuple[str, ...] = ()  # commits
    notes: tuple[str, ...] = ()
    paths: frozenset[str] = frozenset()  # every changed path
    changed: dict[str, tuple[str, ...]] = field(default_factory=dict)  # projects by path, with the reasons
    affected: dict[str, tuple[str, ...]] = field(default_factory=dict)  # those not changed themselves
    format: Files = field(default_factory=dict)
    lint: Files = field(default_factory=dict)
    relocked: frozenset[str] = frozenset()  # projects whose installed packages differ
    gained: frozenset[str] = frozenset()  # files that import something that they did not import before

    def formatted(self, selected: Mapping[str, tuple[str, ...]]) -> Files:
        """The share of selected files that is to be formatted."""
        return self._share(selected, self.format)

    def linted(self, selected: Mapping[str, tuple[str, ...]], resolutions: Sequence[Resolution]) -> Files:
        """The share of selected files that is to be linted: whole projects too, where the environment that they borrow
        is another project's whose packages differ."""
        lenders = {r.environment.prefix for r in resolutions if r.environment and r.project in self.relocked}
        borrowers = {
            r.project
            for r in resolutions
            if r.rule in (DEPENDENT, INHERITED)
            and r.environment is not None
            and lenders & {r.environment.prefix, *r.others}
        }
        return self._share(selected, self.lint, borrowers)

    def _share(self, selected: Mapping[str, tuple[str, ...]], wanted: Files, whole: Iterable[str] = ()) -> Files:
        if not self.known:
            return dict(selected)
        shares = {}
        for path, files in selected.items():
            mine = set(wanted.get(path, ()))
            # A script without suffix is only there because it was named.
            scripts = {file for file in files if file in self.paths and not file.endswith(PYTHON_SUFFIXES)}
            kept = tuple(file for file in files if path in whole or file in mine or file in scripts)
            if kept:
                shares[path] = kept
        return shares


def everything(survey: Survey, since: str, why: str) -> Scope:
    note = f"--since {since}: what changed cannot be known: {why}. So everything counts"
    every = {project.path: project.checked for project in survey.projects}
    reasons: dict[str, tuple[str, ...]] = {path: (f"what changed cannot be known: {why}",) for path in every}
    return Scope(since, False, notes=(note,), changed=reasons, format=every, lint=every)
