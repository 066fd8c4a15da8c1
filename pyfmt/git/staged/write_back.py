"""Brings what the formatters made of the index's contents into the index and the work tree: all of a file, or
nothing."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from pyfmt import disk
from pyfmt.core.errors import EditError, PyfmtError, StagedError
from pyfmt.core.model import Edit, Failure, Outcome
from pyfmt.git.index import GitIndex, IndexEntry
from pyfmt.runner import edits, interruption

CONFLICT = "what is staged would be reformatted where the work tree has changes that are not staged"
_CURE = "nothing of it is changed; stage those changes too (`git add`), or set them aside, and run pyfmt again"


@dataclass(frozen=True, slots=True)
class _FileUpdate:
    """A file to change: in the index from `entry` to `formatted`, in the work tree from `mine` to `merged`.

    `mine` is None where the work tree has no such file, or a link: then only the index changes.
    """

    path: str  # relative to the top
    entry: IndexEntry
    formatted: bytes
    mine: bytes | None = None
    merged: bytes = b""


class Bringing:
    """The changes of a run: planned after formatting, brought at the end, so that an interrupt before leaves all as it
    was.

    `with_index` False leaves the index alone, for a hook framework that minds it itself.
    """

    def __init__(
        self, index: GitIndex, folders: tuple[str, str], entries: dict[str, IndexEntry], with_index: bool
    ) -> None:
        self._index = index
        self._tree, self._before = folders  # `_before`: the project root's place below the top, with a "/" at the end
        self._entries = entries
        self._with_index = with_index
        self._changes: dict[str, _FileUpdate] = {}  # by the path that reports use

    def plan(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Find out how each written file gets into the index and the work tree; one that cannot becomes a failure, and
        has its old content in the tree again, which is what the commit would hold."""
        wanted = [edit.path for outcome in outcomes for edit in outcome.edits if edit.written]
        refused: dict[str, str] = {}
        if wanted:
            with tempfile.TemporaryDirectory(prefix="pyfmt-staged-") as scratch:
                self._index.check_out([self._before + path for path in wanted], scratch)
                for path in wanted:
                    try:
                        change = self._change(self._before + path, Path(scratch))
                    except OSError as error:  # one file's error is no other's
                        refused[path] = f"cannot be read: {error.strerror or error}; it is left as it is"
                        continue
                    if change is None:
                        refused[path] = f"{CONFLICT}; {_CURE}"
                    else:
                        self._changes[path] = change
        return [_without(outcome, refused) for outcome in outcomes]

    def _change(self, path: str, scratch: Path) -> _FileUpdate | None:
        """The change of one file; None where it conflicts."""
        inside = Path(self._tree, path)
        base, formatted = disk.read_bytes(scratch / path), disk.read_bytes(inside)
        change = _FileUpdate(path, self._entries[path], formatted)
        place = Path(self._index.top, path)
        if place.is_symlink() or not place.is_file():
            return change
        mine = disk.read_bytes(place)
        if mine == base:
            return replace(change, mine=mine, merged=formatted)
        copy = scratch / ".mine"
        copy.write_bytes(mine)
        merged = self._index.merge(str(copy), str(scratch / path), str(inside))
        if merged is None:
            edits.write(inside, formatted, base, Path(self._tree))
            return None
        return replace(change, mine=mine, merged=merged)

    def bring(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        """Change the work tree and then the index. What fails is left, or put back, as it was, and becomes a failure.

        Signals wait meanwhile. A process that is killed outright in between leaves formatted files whose formatting is
        not staged yet: nothing is lost, and the next run goes on from there.
        """
        if not self._changes:
            return list(outcomes)
        with interruption.held():
            return self._bring(outcomes)

    def _bring(self, outcomes: Sequence[Outcome]) -> list[Outcome]:
        refused: dict[str, str] = {}
        written: list[_FileUpdate] = []
        now = self._index.entries() if self._with_index else self._entries
        for path, change in self._changes.items():
            try:
                if now.get(change.path) != change.entry:
                    raise StagedError("the index changed while this ran; the file is left as it is")
                self._write(change)
                written.append(change)
            except PyfmtError as error:
                refused[path] = error.what
        if self._with_index and written:
            try:
                self._stage(written)
            except StagedError as error:
                names = {change.path for change in written}
                for change in written:
                    with contextlib.suppress(EditError):  # changed by another meanwhile: that is theirs
                        self._unwrite(change)
                refused |= {path: error.what for path, change in self._changes.items() if change.path in names}
        return [_without(outcome, refused) for outcome in outcomes]

    def _write(self, change: _FileUpdate) -> None:
        if change.mine is not None:
            edits.write(Path(self._index.top, change.path), change.mine, change.merged, Path(self._index.top))

    def _unwrite(self, change: _FileUpdate) -> None:
        if change.mine is not None:
            edits.write(Path(self._index.top, change.path), change.merged, change.mine, Path(self._index.top))

    def _stage(self, written: Sequence[_FileUpdate]) -> None:
        """One step for the index; the one behind it, too, where the same content is staged there."""
        behind = self._index.behind()
        staged = {c.path: IndexEntry(c.entry.mode, self._index.store(c.path, c.formatted)) for c in written}
        self._index.update(staged)
        if behind is not None:
            there = behind.entries()
            behind.update({c.path: staged[c.path] for c in written if there.get(c.path) == c.entry})


def _without(outcome: Outcome, refused: dict[str, str]) -> Outcome:
    """The outcome with failures in place of the edits that did not come about."""
    lost = [edit for edit in outcome.edits if edit.path in refused]
    if not lost:
        return outcome
    failures = tuple(Failure(outcome.unit.tool, (e.project,), "", f"{e.path}: {refused[e.path]}") for e in lost)
    kept: tuple[Edit, ...] = tuple(edit for edit in outcome.edits if edit.path not in refused)
    return replace(outcome, edits=kept, failures=(*outcome.failures, *failures))
