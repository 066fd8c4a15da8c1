"""Which repository this is, what changed in it, and what a file held at a commit."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from pyfmt import disk

if TYPE_CHECKING:
    from pyfmt.git.index import GitIndex
    from pyfmt.git_call import Answer

_SUBMODULE = "160000"
_NOT_INTO_SUBMODULES = "--ignore-submodules=dirty"
_KINDS = {"A": "added", "D": "deleted", "R": "renamed"}


class Unknown(Exception):
    """Git cannot tell; the message is one line and says why, and what would help."""


@dataclass(frozen=True, slots=True)
class Change:
    """A path that differs from the base; relative to the monorepo's root, "../…" where it lies outside of it."""

    path: str
    kind: str  # "added", "modified", "deleted" or "renamed"
    was: str | None = None  # the path that it had, where it was renamed
    folder: bool = False  # a submodule or a repository inside: anything below it may have changed


@dataclass(frozen=True, slots=True)
class Repository:
    """The work tree around the monorepo's root, or with `index` what is staged in it."""

    root: Path  # the monorepo's
    top: Path  # the work tree's
    shallow: bool  # history was cut off: older commits are not there
    index: GitIndex | None = None

    @property
    def prefix(self) -> str:
        """The root relative to the work tree; "." where they are one."""
        return self.root.relative_to(self.top).as_posix()

    def commit(self, revision: str) -> str | None:
        """The id of the commit that a revision names; None where there is none."""
        if not revision or revision.startswith("-") or "\0" in revision:
            return None
        done = _call(self.top, ("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}"))
        return os.fsdecode(done.output).strip() if done.code == 0 else None

    def merge_bases(self, one: str, other: str) -> tuple[str, ...]:
        """The best common ancestors of two commits: none for histories that have nothing in common, several after
        criss-cross merges."""
        done = _call(self.top, ("merge-base", "--all", one, other))
        if done.code not in (0, 1):
            raise Unknown(f"git merge-base failed: {done.said}")
        return tuple(os.fsdecode(done.output).split())

    def default_branch(self) -> str | None:
        """The branch that others start from, as a full ref: the remote's HEAD, else main or master; None if unknown."""
        remotes = self.remotes()
        for remote in remotes:
            done = _call(self.top, ("symbolic-ref", "--quiet", f"refs/remotes/{remote}/HEAD"))
            name = os.fsdecode(done.output).strip()
            if done.code == 0 and self.commit(name):
                return name
        places = [*(f"refs/remotes/{remote}" for remote in remotes), "refs/heads"]
        names = [f"{place}/{branch}" for place in places for branch in ("main", "master", "trunk")]
        return next((name for name in names if self.commit(name)), None)

    def remotes(self) -> list[str]:
        """The names of the remotes, `origin` first."""
        found = os.fsdecode(_call(self.top, ("remote",)).output).split()
        return sorted(found, key=lambda name: (name != "origin", name))

    def changes(self, base: str) -> list[Change]:
        """Everything in which the work tree differs from a commit: committed, staged, unstaged, untracked, renamed;
        with `index`, what of this is committed or staged.

        Raises Unknown where git fails, such as for a commit whose content was never fetched.
        """
        if self.index is not None:
            return [self._placed(change) for change in parse_raw(self.index.differences(base))]
        raw = self._differences(base)
        found = [self._placed(change) for change in parse_raw(raw)]
        untracked = _expect(_call(self.top, ("ls-files", "-z", "--others", "--exclude-standard")))
        for name in filter(None, untracked.split(b"\0")):
            path = os.fsdecode(name)  # "inner/" for a repository inside
            found.append(self._placed(Change(path.rstrip("/"), "added", folder=path.endswith("/"))))
        known = {change.path for change in found}
        inside = [self._placed(Change(path, "modified", folder=True)) for path in dirty_submodules(self.top)]
        return [*found, *(change for change in inside if change.path not in known)]

    def _differences(self, base: str) -> bytes:
        """The work tree's tracked files against a commit, as `git diff --raw` has them."""
        # Of `git diff`, since that looks into a file whose time stamp alone is new, as diff-index does not.
        options = (
            "--raw",
            "-z",
            "--no-abbrev",
            "--no-ext-diff",
            "--no-textconv",
            "--no-relative",
            _NOT_INTO_SUBMODULES,
        )
        done = _call(self.top, ("diff", *options, "-M", base, "--"))
        if done.code != 0:  # a partial clone lacks the contents that renames are found by
            done = _call(self.top, ("diff", *options, "--no-renames", base, "--"))
        return _expect(done)

    def _placed(self, change: Change) -> Change:
        return Change(
            posixpath.relpath(change.path, self.prefix),
            change.kind,
            posixpath.relpath(change.was, self.prefix) if change.was is not None else None,
            change.folder,
        )

    def read(self, commit: str, path: str) -> bytes | None:
        """What the file at `path` (relative to the monorepo's root) held at a commit; None where it was not there.

        Raises Unknown where it was there, and this clone lacks it.
        """
        place = posixpath.normpath(posixpath.join(self.prefix, path))
        done = _call(self.top, ("cat-file", "blob", f"{commit}:{place}"))
        if done.code == 0:
            return done.output
        listed = _call(self.top, ("ls-tree", "-z", "--name-only", commit, "--", place))
        if listed.output:
            raise Unknown(f"this clone lacks {path} of {commit[:12]}; `git diff {commit[:12]}` fetches it")
        return None


def dirty_submodules(top: Path) -> Iterator[str]:
    """The submodules of a work tree, relative to it, that hold something else than their own commit.

    git itself would look into them with processes that run what a submodule's configuration says.
    """
    for row in _expect(_call(top, ("ls-files", "-s", "-z"))).split(b"\0"):
        if not row.startswith(_SUBMODULE.encode()):
            continue
        path = os.fsdecode(row.partition(b"\t")[2])
        inside = top / path
        if not disk.exists(inside / ".git"):
            continue  # not populated
        try:
            if Repository(inside, inside, False).changes("HEAD"):
                yield path
        except Unknown:
            yield path  # no commit yet, or damaged


def find_repository(root: Path) -> Repository:
    """The repository around an absolute folder; raises Unknown where there is none, or where git cannot be asked."""
    done = _call(root, ("rev-parse", "--is-inside-work-tree", "--is-shallow-repository", "--show-toplevel"))
    lines = os.fsdecode(done.output).splitlines()
    if done.code != 0:
        if "not a git repository" in done.said:
            raise Unknown(f"no git repository is around {root}")
        if "dubious ownership" in done.said:
            cure = f"git config --global --add safe.directory {root}"
            raise Unknown(f"git does not read {root}, since it belongs to somebody else; allow it with `{cure}`")
        raise Unknown(f"git cannot read the repository around {root}: {done.said}")
    if len(lines) != 3 or lines[0] != "true":
        raise Unknown(f"no work tree of git is around {root}")
    top = disk.resolved(lines[2])
    if top != root and _call(top, ("check-ignore", "--quiet", "--", str(root))).code == 0:
        raise Unknown(f"{root} is ignored by the git repository around it ({top})")
    return Repository(root, top, lines[1] == "true")


def version(folder: Path) -> str:
    """The version of git as it is run in a folder; raises Unknown where it cannot be run."""
    return _call(folder, ["version"]).output.decode("utf-8", "replace").strip().removeprefix("git version ")


def _expect(done: Answer) -> bytes:
    if done.code != 0:
        raise Unknown(f"git failed: {done.said}")
    return done.output


def _call(folder: Path, arguments: Sequence[str]) -> Answer:
    """Run git in a folder; raises Unknown where it gives no answer."""
    from pyfmt.git_call import CannotCall, here  # deferred: a run without `--since` does not need it

    try:
        return here(folder).call(*arguments)
    except CannotCall as error:
        raise Unknown(str(error)) from None


def parse_raw(raw: bytes) -> Iterator[Change]:
    """`git diff --raw -z` (diff-format in git's manual): `:MODE MODE ID ID STATUS NUL PATH NUL [PATH NUL]`; raises
    Unknown where it is cut off or something else."""
    try:
        yield from _rows(raw)
    except (ValueError, IndexError) as error:
        raise Unknown("git's answer makes no sense") from error


def _rows(raw: bytes) -> Iterator[Change]:
    fields = [os.fsdecode(field) for field in raw.split(b"\0") if field]
    seen: set[tuple[str, str | None]] = set()
    place = 0
    while place < len(fields):
        old_mode, new_mode, _, _, status = fields[place].lstrip(":").split(" ")
        renamed = status[0] == "R"
        path, was = (fields[place + 2], fields[place + 1]) if renamed else (fields[place + 1], None)
        place += 3 if renamed else 2
        if (path, was) in seen:
            continue  # an unmerged file is listed twice
        seen.add((path, was))
        yield Change(path, _KINDS.get(status[0], "modified"), was, _SUBMODULE in (old_mode, new_mode))
