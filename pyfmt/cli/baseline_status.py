"""`pyfmt baseline status`: how much is accepted, by rule, owner and project, and how that went over git's history."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from pyfmt import config, projects
from pyfmt.core import fingerprints
from pyfmt.core.listing import count
from pyfmt.core.model import Accepted
from pyfmt.core.request import Request
from pyfmt.git import renames
from pyfmt.projects.owners import read_owners
from pyfmt.reports.escaping import printable
from pyfmt.run import baseline_files

_COMMITS = 10  # of the history
_NOBODY = "nobody"


def lines(request: Request, cwd: Path) -> Iterator[str]:
    """The whole page; no tool runs. Raises PyfmtError, also for a baseline that is damaged."""
    settings = config.load(request, cwd)
    found = projects.find_projects(settings).projects
    read = baseline_files.read(settings.root, found)
    yield from (f"note: {note}" for note in read.notes)
    entries = list(read.accepted.elements())
    yield f"{count(len(entries), 'finding')} accepted" if entries else "nothing is accepted"
    if entries:
        names = {project.path: project.name for project in found}
        home = fingerprints.owner_in(names)
        yield from _ranking("by rule", (f"{entry.rule} [{entry.tool}]" for entry in entries))
        yield from _by_owner(settings.root, entries)
        yield from _ranking("by project", (names.get(home(entry.path) or "", _NOBODY) for entry in entries))
    yield from _trend(settings.root, len(entries))


def _ranking(title: str, names: Iterable[str]) -> Iterator[str]:
    ranked = sorted(Counter(names).items(), key=lambda item: (-item[1], item[0]))
    width = len(f"{ranked[0][1]:,}")
    yield from ("", title, *(f"  {number:>{width},}  {printable(name)}" for name, number in ranked))


def _by_owner(root: Path, entries: Iterable[Accepted]) -> Iterator[str]:
    top = renames.top(root) or root
    owners = read_owners(top)
    if owners is None:
        return
    place, owner = owners
    before = os.path.relpath(root, top)
    names = (" ".join(owner(os.path.normpath(os.path.join(before, entry.path)))) or _NOBODY for entry in entries)
    yield from _ranking(f"by owner ({place})", names)


def _trend(root: Path, now: int) -> Iterator[str]:
    """The last commits that changed a baseline, the oldest first, and what there is now."""
    past = renames.history(root, baseline_files.NAME, _COMMITS)
    rows = [
        (f"{datetime.fromtimestamp(moment, UTC):%Y-%m-%d}  {commit[:12]}", sum(map(baseline_files.size, contents)))
        for commit, moment, contents in past
    ]
    if not rows:
        return
    yield from ("", f"over time (the last {count(len(rows), 'commit')} that changed a baseline)")
    before = None
    width = len(f"{max(now, *(number for _name, number in rows)):,}")
    for name, number in (*reversed(rows), ("now".ljust(24), now)):
        change = f"  {number - before:+,}" if before is not None and number != before else ""
        yield f"  {name}  {number:>{width},}{change}"
        before = number
