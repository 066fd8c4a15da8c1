"""What git knows of a baseline's past: renames since it was written, and what it held at another revision."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

_TIME_LIMIT = 60.0  # seconds for one call of git


def git(root: Path, *arguments: str, index: str | None = None) -> bytes | None:
    """What git prints in `root`; None where it fails, is not installed or there is no repository.

    fsmonitor and hooks of a checkout's own configuration are not run from asking.
    """
    environment = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    environment |= {"LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
    if index is not None:
        environment["GIT_INDEX_FILE"] = index
    command = ["git", "-c", "core.fsmonitor=false", "-c", "core.hooksPath=/dev/null", *arguments]
    try:
        done = subprocess.run(command, cwd=root, env=environment, capture_output=True, timeout=_TIME_LIMIT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


def _line(root: Path, *arguments: str) -> str:
    """git's answer without its line end; "" where there is none."""
    return (git(root, *arguments) or b"").decode("utf-8", "surrogateescape").rstrip("\n")


def head(root: Path) -> str:
    """The commit that is checked out; "" where there is none."""
    return _line(root, "rev-parse", "--verify", "--quiet", "HEAD")


def is_clean(root: Path) -> bool:
    """Whether all files below `root` are those of the commit; False where git cannot tell."""
    return bool(head(root)) and git(root, "status", "--porcelain", "-z", "--", ".") == b""


def last_change(root: Path, file: str) -> tuple[str, bool]:
    """The commit that changed `file` last (that of HEAD where none did, "" without git), and whether git knows it was so.

    In a shallow clone, the oldest commit that there is seems to have changed everything.
    """
    commit = _line(root, "log", "-1", "--format=%H", "--", file)
    if not commit:
        return head(root), True
    shallow = root / _line(root, "rev-parse", "--git-path", "shallow")
    try:
        return commit, commit not in shallow.read_text("ascii").split()
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
        git(root, "add", "--intent-to-add", "--", ".", index=index)
        options = ("--relative", "--name-status", "-z", "--find-renames", "-l0", "--diff-filter=R", "--no-ext-diff")
        said = git(root, "diff", *options, commit, "--", ".", index=index) or b""
    fields = [os.fsdecode(name) for name in said.split(b"\0")]
    # Status, old name and new name of each.
    return {old: new for _, old, new in zip(fields[::3], fields[1::3], fields[2::3], strict=False)}


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
    return {file: git(root, "show", f"{commit}:./{file}") or b"" for file in present}
