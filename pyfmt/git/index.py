"""What git's index holds, and the only changes that pyfmt makes to it."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from pyfmt import disk
from pyfmt.core.errors import StagedError
from pyfmt.git_call import Answer, CannotCall, Git

LINK, SUBMODULE = "120000", "160000"  # modes of index entries
_CONVERSION = r"^(core\.(autocrlf|eol|safecrlf|symlinks|attributesfile)|filter\..*)$"


@dataclass(frozen=True, slots=True)
class IndexEntry:
    """What the index has for a path: the mode ("100644") and the name of the blob."""

    mode: str
    blob: str


@dataclass(frozen=True)
class GitIndex:
    """The index of one work tree; paths are relative to `top` and use `/`, undecodable bytes in them as surrogates."""

    top: str  # the work tree, absolute, links resolved
    file: str  # the index in use: during `git commit` it may be another than the repository's own
    exclude_file: str  # info/exclude
    git: Git = field(repr=False)

    def entries(self) -> dict[str, IndexEntry]:
        """All entries that a commit would hold, but for those that a sparse checkout leaves out.

        Raises StagedError where a merge is not resolved.
        """
        found = parse_entries(self._git("ls-files", "-s", "-t", "-z"))
        for path in _split(self._git("diff-files", "-z", "--name-only", "--diff-filter=A", "--ignore-submodules=all")):
            found.pop(path, None)  # `git add --intent-to-add`: no commit has it yet
        return found

    def changed(self) -> set[str]:
        """Paths whose content or kind in the index differs from HEAD's; a renamed file counts under its new name."""
        options = (
            "--no-ext-diff",
            "--no-textconv",
            "--no-renames",
            "--no-relative",
            "--ignore-submodules=all",
            "--diff-filter=AMT",
        )
        return set(_split(self._git("diff", "--cached", "--name-only", "-z", *options)))

    def differences(self, commit: str) -> bytes:
        """What the index has otherwise than a commit, as `git diff --raw -z` prints it; deletions and renames, too."""
        options = ("--raw", "-z", "--no-abbrev", "--no-ext-diff", "--no-textconv", "--no-relative", "-M")
        return self._git("diff", "--cached", *options, "--ignore-submodules=dirty", commit, "--")

    def conversion(self) -> str:
        """The settings by which git converts contents at checkout (line ends, filters)."""
        return os.fsdecode(self._git("config", "-z", "--get-regexp", _CONVERSION, fine=(0, 1)))

    def check_out(self, paths: Iterable[str], folder: str) -> None:
        """Write the contents of `paths` below `folder`, converted as in the work tree; Git LFS downloads nothing."""
        listed = _joined(paths)
        if listed:
            self._git("checkout-index", "-f", "-q", "-z", "--stdin", f"--prefix={folder}/", given=listed)

    def ignored(self, paths: Iterable[str]) -> set[str]:
        """Those of `paths` that git ignores; one beyond a link of the work tree is judged where it leads, which is what
        git refuses to do."""
        places: dict[str, list[str]] = {}
        for path in paths:
            place = self._place(path)
            if place is not None:
                places.setdefault(place, []).append(path)
        listed = _joined(places)
        told = _split(self._git("check-ignore", "-z", "--stdin", given=listed, fine=(0, 1))) if listed else []
        return {path for place in told for path in places[place]}

    def _place(self, path: str) -> str | None:
        """Where a path is when the links on its way are followed, relative to the top; None where that is outside of
        it."""
        folder, name = os.path.split(os.path.join(self.top, path))
        real = os.path.relpath(os.path.join(disk.realpath(folder), name), self.top)
        return None if real == ".." or real.startswith(f"..{os.sep}") else real

    def filters(self) -> Sequence[str]:
        """The filter drivers that may not run; raises StagedError."""
        try:
            return self.git.filters()
        except CannotCall as error:
            raise StagedError(str(error), self.top) from error

    def untrusted_filters(self, paths: Iterable[str]) -> dict[str, str]:
        """Those of `paths` whose contents go through a filter driver that may not run, and its name."""
        drivers = frozenset(self.filters())
        listed = _joined(paths) if drivers else b""
        if not listed:
            return {}
        told = _split(self._git("check-attr", "--cached", "-z", "--stdin", "filter", given=listed))
        return {path: value for path, value in zip(told[::3], told[2::3], strict=True) if value in drivers}

    def store(self, path: str, content: bytes) -> str:
        """The blob of `content` as `git add` would store it at `path`; it is in the repository, the index is
        untouched."""
        return os.fsdecode(self._git("hash-object", "-w", "--stdin", f"--path={path}", given=content)).strip()

    def update(self, changes: Mapping[str, IndexEntry]) -> None:
        """Give entries another content, all in one step or none; raises StagedError where the index is locked."""
        listed = b"".join(
            f"{entry.mode} {entry.blob} 0\t".encode() + os.fsencode(path) + b"\0" for path, entry in changes.items()
        )
        self._git("update-index", "-z", "--index-info", given=listed)

    def behind(self) -> GitIndex | None:
        """The index that follows this one: `git commit -- PATH` shows its hook a temporary index, and makes what it has
        prepared under `index.lock` the repository's index afterwards."""
        folder, name = os.path.split(self.file)
        following = os.path.join(folder, "index.lock")
        if re.fullmatch(r"next-index-\d+\.lock", name) and disk.exists(following):
            environ = {**self.git.environ, "GIT_INDEX_FILE": following}
            return GitIndex(self.top, following, self.exclude_file, replace(self.git, environ=environ))
        return None

    def merge(self, mine: str, base: str, theirs: str) -> bytes | None:
        """The three-way merge of three files (git-merge-file(1)); None where they conflict."""
        done = _run(self.git, "merge-file", "-p", "-q", mine, base, theirs)
        return done.output if done.code == 0 else None

    def _git(self, *arguments: str, given: bytes = b"", fine: Sequence[int] = (0,)) -> bytes:
        done = _run(self.git, *arguments, given=given)
        if done.code not in fine:
            raise StagedError(f"git {arguments[0]} failed: {done.said}", self.top)
        return done.output


def parse_entries(output: bytes) -> dict[str, IndexEntry]:
    """What `git ls-files -s -t -z` prints, without what a sparse checkout leaves out.

    Raises StagedError where a merge is not resolved, and for what makes no sense.
    """
    found: dict[str, IndexEntry] = {}
    unmerged: set[str] = set()
    for row in _split(output):
        facts, _, path = row.partition("\t")
        parts = facts.split(" ")
        if len(parts) != 4:
            raise StagedError("git's answer makes no sense", "git ls-files")
        tag, mode, blob, stage = parts
        if stage != "0":
            unmerged.add(path)
        elif tag != "S":
            found[path] = IndexEntry(mode, blob)
    if unmerged:
        names = ", ".join(sorted(unmerged)[:5])
        raise StagedError("the index has files with unresolved conflicts", names, "resolve them and `git add` them")
    return found


def open_index(folder: Path, environ: Mapping[str, str], trusted: bool = False) -> GitIndex:
    """The index of the work tree around `folder`; raises StagedError where there is none, or no git.

    GIT_INDEX_FILE counts, since `git commit` hands it to its hooks. `trusted`: the repository's own filter drivers may
    run.
    """
    variables = _variables(environ)
    top, exclude, index = _ask(
        folder, variables, "--show-toplevel", "--git-path", "info/exclude", "--git-path", "index"
    )
    top = disk.realpath(top)
    named = variables.get("GIT_INDEX_FILE")
    file = os.path.join(top, named) if named else os.path.join(folder, index)
    if named:
        variables["GIT_INDEX_FILE"] = file
    return GitIndex(top, os.path.normpath(file), os.path.join(folder, exclude), Git(top, variables, trusted))


def work_tree(folder: Path, environ: Mapping[str, str]) -> str:
    """The top of the work tree around `folder`; raises StagedError where there is none."""
    return disk.realpath(_ask(folder, _variables(environ), "--show-toplevel")[0])


def hooks_folder(folder: Path, environ: Mapping[str, str]) -> str:
    """Where git looks for hooks of the repository around `folder` (core.hooksPath counts); raises StagedError."""
    done = _run(Git(str(folder), _variables(environ)), "rev-parse", "--git-path", "hooks", hooks=True)
    if done.code != 0:
        raise StagedError("git does not know where its hooks are", str(folder))
    return os.path.normpath(os.path.join(folder, os.fsdecode(done.output).removesuffix("\n")))


def _variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment for git: it finds the repository from the folder, and downloads nothing."""
    variables = {**environ, "GIT_LFS_SKIP_SMUDGE": "1"}
    if "GIT_WORK_TREE" not in variables:
        # A hook in a linked work tree is given GIT_DIR alone, and then git takes any folder for the top.
        variables.pop("GIT_DIR", None)
    variables.pop("GIT_PREFIX", None)
    return variables


def _ask(folder: Path, variables: Mapping[str, str], *asked: str) -> list[str]:
    done = _run(Git(str(folder), variables), "rev-parse", *asked)
    if done.code != 0:
        raise StagedError(f"--staged needs a git work tree: {done.said}", str(folder))
    return os.fsdecode(done.output).splitlines()


def _run(git: Git, *arguments: str, given: bytes = b"", hooks: bool = False) -> Answer:
    try:
        return git.call(*arguments, given=given, hooks=hooks)
    except CannotCall as error:
        raise StagedError(str(error), git.folder, "--staged needs git") from error


def _split(output: bytes) -> list[str]:
    return [os.fsdecode(item) for item in output.split(b"\0") if item]


def _joined(paths: Iterable[str]) -> bytes:
    return b"".join(os.fsencode(path) + b"\0" for path in paths)
