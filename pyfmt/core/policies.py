"""What a monorepo asks of its projects: who may import whom, which versions are one, what a change reaches besides."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Allowance:
    """One entry of `allow` in `[tool.pyfmt.boundaries]`: imports that are no finding."""

    importers: tuple[str, ...]  # globs of folders, or names of projects
    imported: tuple[str, ...]
    rules: tuple[str, ...] = ()  # ids; empty: all
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Boundaries:
    """`[tool.pyfmt.boundaries]`: which folders are libraries, which are projects, and what is allowed nevertheless.

    Globs are of folders, and cover what lies below; None where they are not configured, so that the defaults hold.
    """

    libraries: tuple[str, ...] | None = None
    projects: tuple[str, ...] | None = None
    allow: tuple[Allowance, ...] = ()


@dataclass(frozen=True, slots=True)
class VersionsPolicy:
    """`[tool.pyfmt.versions-policy]`: of what there is to be one version in the whole monorepo."""

    one_version: tuple[str, ...] = ()  # distributions; globs
    internal: str = ""  # the monorepo's own libraries: "one" version for all, or "each" its own; "": not checked


@dataclass(frozen=True, slots=True)
class FurtherEdge:
    """One entry of `edges` in `[tool.pyfmt.affected]`: what some projects depend on, and no file declares."""

    importers: tuple[str, ...]  # globs of folders, or names of projects
    targets: tuple[str, ...]  # globs of files, or projects


@dataclass(frozen=True, slots=True)
class AffectedRules:
    """`[tool.pyfmt.affected]`: what a change reaches besides."""

    everywhere: tuple[str, ...] = ()  # patterns as in a .gitignore: a change of such a file affects every project
    edges: tuple[FurtherEdge, ...] = ()
