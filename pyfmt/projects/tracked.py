"""What git has in its index, where that matters: ignored files that somebody added all the same, and environments."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

from pyfmt import disk
from pyfmt.core.memo import TextMemo
from pyfmt.projects.walking import git_top, index_file

_MEMO = "what is tracked though ignored"
Tracked = Callable[[Iterable[str]], frozenset[str]]  # those of some paths, relative to the root, that git has


@dataclass(frozen=True, slots=True)
class IgnoredButTracked:
    """Those of the ignored files of a work tree that are in the index; `memo` keeps the answer while the index is the
    same."""

    root: Path
    memo: TextMemo = field(default_factory=TextMemo)
    around: Callable[[], AbstractContextManager[None]] = nullcontext  # what a call of git is made in
    failed: Callable[[], object] = lambda: None  # told where git gave no answer: the next time it may

    def __call__(self, ignored: Iterable[str]) -> frozenset[str]:
        """Git is asked only about files that there are; where it cannot answer, what it ignores is left out."""
        names = sorted(ignored)
        index = index_file(self.root) if names else None
        try:
            found = disk.stat(index) if index else None
        except OSError:
            found = None
        if found is None:
            return frozenset()
        inputs = {"what is ignored": names, "git's index": (found.st_mtime_ns, found.st_size, found.st_ino)}
        known = self.memo.find(_MEMO, inputs)
        if known is None:
            answer = self._ask()
            if answer is None:
                self.failed()
                return frozenset()
            known = self.memo.keep(_MEMO, inputs, "\0".join(sorted(answer.intersection(names))))
        return frozenset(filter(None, known.split("\0")))

    def _ask(self) -> set[str] | None:
        from pyfmt.git_call import CannotCall, here  # deferred: only where something is ignored, and once

        try:
            with self.around():
                done = here(self.root).call("ls-files", "-z", "-i", "-c", "--exclude-standard")
        except CannotCall:
            return None
        return {os.fsdecode(path) for path in done.output.split(b"\0")} if done.code == 0 else None


def surely_untracked(folder: str) -> bool:
    """Whether a folder is in a git repository that has nothing below it in its index, as far as that shows without a
    process; else `first_tracked` can tell."""
    top, index = git_top(Path(folder)), index_file(Path(folder))
    if top is None or index is None:
        return False
    if not disk.lexists(index):
        return True
    data = disk.bytes_or_none(index) or b""
    whole = data[4:8] in (b"\0\0\0\2", b"\0\0\0\3") and b"link\0" not in data  # paths in full, all in this file
    return whole and os.fsencode(os.path.relpath(folder, top)) + b"/" not in data


def first_tracked(prefix: str) -> tuple[bool | None, str]:
    """Whether a git repository is around `prefix` (None: git cannot tell), and the first file under it in the index."""
    # Deferred: only runs that would execute something pay for it.
    from pyfmt.git_call import CannotCall, here  # pylint: disable=import-outside-toplevel

    try:
        done = here(os.path.dirname(prefix)).call("ls-files", "-z", "--", prefix)
    except CannotCall:
        return None, ""
    if done.code != 0:
        return (False, "") if b"not a git repository" in done.errors else (None, "")
    return True, done.output.split(b"\0")[0].decode("utf-8", "replace")
