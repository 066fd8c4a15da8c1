"""What git knows of a baseline's past: renames since it was written, and what it held at another revision."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from pyfmt import disk
from pyfmt.git.repository import Unknown, dirty_submodules
from pyfmt.git_call import CannotCall, here

# The blob without content, which every repository has (of SHA-1; in one of SHA-256 renames that the index does not know
# are not found).
EMPTY_BLOB = b"e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"


def git(root: Path, *arguments: str, index: str | None = None, given: bytes = b"") -> bytes | None:
    """What git prints in `root`; None where it fails, is not installed or there is no repository."""
    caller = here(root)
    if index is not None:
        caller = replace(caller, environ={**caller.environ, "GIT_INDEX_FILE": index})
    try:
        done = caller.call(*arguments, given=given)
    except CannotCall:
        return None
    return done.output if done.code == 0 else None


def _line(root: Path, *arguments: str) -> str:
    """git's answer without its line end; "" where there is none."""
    return (git(root, *arguments) or b"").decode("utf-8", "surrogateescape").rstrip("\n")


def head(root: Path) -> str:
    """The commit that is checked out; "" where there is none."""
    return _line(root, "rev-parse", "--verify", "--quiet", "HEAD")


def committed(root: Path) -> int | None:
    """When the commit that is checked out was made, in seconds since the epoch; None where there is none."""
    seconds = _line(root, "rev-list", "--max-count=1", "--timestamp", "HEAD").partition(" ")[0]
    return int(seconds) if seconds.isdecimal() else None


def origin(root: Path) -> str:
    """Where the repository was cloned from, without user and password; "" where that is not known."""
    return _line(root, "config", "--get", "remote.origin.url").rpartition("@")[2].removesuffix(".git")


def is_clean(root: Path) -> bool:
    """Whether all files below `root` are those of the commit; False where git cannot tell."""
    options = ("--porcelain", "-z", "--ignore-submodules=dirty")
    if not head(root) or git(root, "status", *options, "--", ".") != b"":
        return False
    try:
        return not any(dirty_submodules(top(root) or root))
    except Unknown:
        return False


def last_change(root: Path, file: str) -> tuple[str, bool]:
    """The commit that changed `file` last (that of HEAD where none did, "" without git), and whether git knows it was
    so.

    In a shallow clone, the oldest commit that there is seems to have changed everything.
    """
    commit = _line(root, "rev-list", "-1", "HEAD", "--", file)
    if not commit:
        return head(root), True
    shallow = root / _line(root, "rev-parse", "--git-path", "shallow")
    try:
        return commit, commit not in disk.read_text(shallow, "replace").split()
    except OSError:
        return commit, True


def renames(root: Path, commit: str) -> dict[str, str]:
    """Old path to new one for files that were renamed since `commit`, also where that is not yet known to the index."""
    with tempfile.TemporaryDirectory(prefix="pyfmt-") as scratch:
        index = os.path.join(scratch, "index")
        try:
            shutil.copyfile(root / _line(root, "rev-parse", "--git-path", "index"), index)
        except OSError:
            return {}
        # What the index does not know yet, with no content of its own: the work tree's is compared.
        new = git(root, "ls-files", "-z", "--full-name", "--others", "--exclude-standard", "--", ".") or b""
        rows = [
            b"100644 " + EMPTY_BLOB + b" 0\t" + name for name in new.split(b"\0") if name and not name.endswith(b"/")
        ]
        git(root, "update-index", "-z", "--index-info", index=index, given=b"".join(row + b"\0" for row in rows))
        options = ["--relative", "--name-status", "-z", "--find-renames", "-l0", "--diff-filter=R", "--no-ext-diff"]
        options += ["--no-textconv", "--ignore-submodules=all"]
        said = git(root, "diff", *options, commit, "--", ".", index=index) or b""
    fields = [os.fsdecode(name) for name in said.split(b"\0")]
    # Status, old name and new name of each.
    return {old: new for _, old, new in zip(fields[::3], fields[1::3], fields[2::3], strict=False)}


def top(root: Path) -> Path | None:
    """The folder of the work tree around `root`; None without git."""
    found = _line(root, "rev-parse", "--show-toplevel")
    return Path(found) if found else None


def merges_by_union(root: Path, file: str) -> bool | None:
    """Whether git keeps the lines of both sides where two branches change `file`; None without git."""
    said = _line(root, "check-attr", "merge", "--", file)
    return said.endswith(": union") if said else None


def history(root: Path, name: str, most: int) -> list[tuple[str, int, list[bytes]]]:
    """The last commits, newest first, that changed a file called `name` below `root`: their ids, times (seconds since
    1970) and what all files of that name held then; empty without git."""
    said = _line(root, "rev-list", f"-{most}", "--timestamp", "HEAD", "--", f":(glob)**/{name}")
    blobs: dict[str, bytes] = {}
    found = []
    for row in said.splitlines():
        moment, commit = row.split(" ")
        contents = []
        for entry in (git(root, "ls-tree", "-r", "-z", commit) or b"").split(b"\0"):
            facts, _, path = os.fsdecode(entry).partition("\t")
            if path.rpartition("/")[2] == name:
                blob = facts.split(" ")[2]
                blobs[blob] = blobs[blob] if blob in blobs else git(root, "cat-file", "blob", blob) or b""
                contents.append(blobs[blob])
        found.append((commit, int(moment), contents))
    return found


def base_revision(root: Path, environ: Mapping[str, str]) -> tuple[str, str]:
    """The commit that a CI's pull or merge request starts from ("" for no request), and why it is not known."""
    if environ.get("CI_MERGE_REQUEST_DIFF_BASE_SHA"):
        name = wanted = environ["CI_MERGE_REQUEST_DIFF_BASE_SHA"]
    elif environ.get("GITHUB_BASE_REF"):
        name = environ["GITHUB_BASE_REF"]
        wanted = f"refs/remotes/origin/{name}"
    else:
        return "", ""
    commit = _line(root, "merge-base", "HEAD", wanted)
    return (commit, "") if commit else ("", f"this clone does not hold what {name} and HEAD have in common")


def contents(root: Path, commit: str, files: Sequence[str]) -> dict[str, bytes]:
    """What each of `files` held at `commit`, without those that were not there."""
    listed = git(root, "ls-tree", "-z", "--name-only", commit, "--", *files) or b""
    present = [os.fsdecode(name) for name in listed.split(b"\0") if name]
    return {file: git(root, "cat-file", "blob", f"{commit}:./{file}") or b"" for file in present}
