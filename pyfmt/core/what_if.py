"""What an upgrade would change: what is asked, and what came of it for each project."""

from __future__ import annotations

from dataclasses import dataclass

from pyfmt.core.model import Finding


@dataclass(frozen=True, slots=True)
class UpgradeQuestion:
    """What is to be different in the environments of some projects."""

    requirements: tuple[str, ...] = ()  # PEP 508, in place of what manifests ask of the same distributions
    projects: tuple[str, ...] = ()  # names or paths; none: all
    resolution: str | None = None  # "lowest-direct", "lowest" or "highest", by which the versions are chosen anew
    python: str | None = None  # "3.13"


@dataclass(frozen=True, slots=True)
class VersionChange:
    """A distribution before and after; "" where it is not installed then."""

    name: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Outlook:
    """What would be different for the projects of one environment."""

    projects: tuple[str, ...]  # names
    pythons: tuple[str, str] = ("", "")  # "3.11.7", before and after
    changes: tuple[VersionChange, ...] = ()
    new: tuple[Finding, ...] = ()
    vanished: tuple[Finding, ...] = ()
    left_out: tuple[str, ...] = ()  # "docopt: it has no wheel": in neither environment, though asked for
    failures: tuple[str, ...] = ()  # why something was not looked at


@dataclass(frozen=True, slots=True)
class WhatIf:
    """The answer: an outlook for each environment that would change or could not be composed."""

    question: UpgradeQuestion
    outlooks: tuple[Outlook, ...] = ()
    unchanged: tuple[str, ...] = ()  # names of the projects for which nothing would be different
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """2 where something was not looked at, 1 where something would be new, else 0."""
        if any(outlook.failures for outlook in self.outlooks):
            return 2
        return 1 if any(outlook.new for outlook in self.outlooks) else 0
