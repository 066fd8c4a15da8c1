"""From the work tree to the tree of the index and back: what an environment sees, and what a report says."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from pyfmt.core.errors import PyfmtError
from pyfmt.core.model import Environment, Failure, Finding, Resolution, Skip
from pyfmt.core.report import Report


@dataclass(frozen=True, slots=True)
class Move:
    """`top`, the work tree, stands at `tree` in this run; both are absolute, with links resolved."""

    top: str
    tree: str
    ignored: Callable[[str], bool]  # whether git ignores a path below `top`

    def inside(self, path: str) -> str | None:
        """A path's place relative to the work tree, None where it is elsewhere."""
        real = os.path.realpath(path)
        if real == self.top:
            return "."
        return real[len(self.top) + 1 :] if real.startswith(self.top + os.sep) else None

    def back(self, text: str) -> str:
        """`text` with paths of the tree as those of the work tree."""
        return text.replace(self.tree, self.top)

    def error(self, error: PyfmtError) -> PyfmtError:
        """The same error, about the work tree."""
        return type(error)(self.back(error.what), self.back(error.where), self.back(error.cure))


def environments(resolutions: Sequence[Resolution], move: Move) -> tuple[Resolution, ...]:
    """The same environments, seeing the index's contents where they see folders of the work tree (editable
    installs)."""
    found = {r.environment.prefix: r.environment for r in resolutions if r.environment is not None}
    places = tuple(os.path.join(path, "") for e in found.values() for path in (e.prefix, *e.site_packages))

    def moved(path: str) -> str:
        relative = None if os.path.join(path, "").startswith(places) else move.inside(path)
        if relative is None:
            return path
        target = os.path.normpath(os.path.join(move.tree, relative))
        # Gone from the index: it must not be seen. Generated, so never in any index: it stays what it is.
        return path if not os.path.exists(target) and move.ignored(relative) else target

    def seen(environment: Environment) -> Environment:
        search_path = tuple(moved(path) for path in environment.search_path)
        return replace(
            environment,
            search_path=search_path,
            finder_roots=tuple(map(moved, environment.finder_roots)),
            remapped=tuple((module, moved(path)) for module, path in environment.remapped),
        )

    known = {prefix: seen(environment) for prefix, environment in found.items()}
    return tuple(
        replace(r, environment=known[r.environment.prefix]) if r.environment is not None else r for r in resolutions
    )


def report(made: Report, move: Move) -> Report:
    """The report in the words of the work tree; its paths are relative and stay what they are."""
    back = move.back

    def finding(found: Finding) -> Finding:
        said = tuple(map(finding, found.equivalents))
        return replace(found, message=back(found.message), notes=tuple(map(back, found.notes)), equivalents=said)

    def failure(found: Failure) -> Failure:
        return replace(found, reason=back(found.reason), detail=back(found.detail))

    def skip(found: Skip) -> Skip:
        return replace(found, reason=back(found.reason))

    return replace(
        made,
        findings=tuple(map(finding, made.findings)),
        failures=tuple(map(failure, made.failures)),
        skipped=tuple(map(skip, made.skipped)),
        notes=tuple(map(back, made.notes)),
    )
