"""The one place that starts git: a repository's own configuration runs no program because pyfmt asks something.

A clone's configuration is its owner's; an unpacked archive brings its own `.git/config`, and a clone can hold folders
that are laid out as a bare repository with a `config`. What such a configuration could run, and what keeps it from
that:

- hooks and fsmonitor: settings of each call; submodules, which git would ask in processes without these settings, are
  never entered by git itself (`--ignore-submodules`);
- filter drivers (`filter.x.clean`, `smudge`, `process`): emptied one by one, unless the user's own configuration has
  them;
- external differences and text conversions: options of the calls that know them;
- fetching what a partial clone lacks (remote helpers, ssh commands, `uploadpack`): no protocol is allowed;
- signatures (`gpg.program`): no call shows commits, which `log` would.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pyfmt import disk

_TIME_LIMIT = 300.0  # seconds for one call
# All of git that pyfmt calls: a test plays every vector against each.
COMMANDS = frozenset(
    "cat-file check-attr check-ignore checkout-index config diff diff-files hash-object ls-files ls-tree merge-base "
    "merge-file remote rev-list rev-parse status symbolic-ref update-index version".split()
)
# Those that look at contents of the work tree, or write them, where filter drivers would run.
_FILTERING = frozenset({"checkout-index", "diff", "diff-files", "hash-object", "status"})
# What `git rev-parse --local-env-vars` names: a hook's variables describe its own call, not the tree that we look at.
# Settings (GIT_CONFIG_…) stay: `safe.directory` may be among them.
_LOCAL = frozenset(
    "GIT_ALTERNATE_OBJECT_DIRECTORIES GIT_OBJECT_DIRECTORY GIT_DIR GIT_WORK_TREE GIT_IMPLICIT_WORK_TREE GIT_GRAFT_FILE "
    "GIT_INDEX_FILE GIT_NO_REPLACE_OBJECTS GIT_REPLACE_REF_BASE GIT_PREFIX GIT_SHALLOW_FILE GIT_COMMON_DIR".split()
)
# Scopes of settings that are the user's own (git-config(1)): no checkout can write them.
_OWN_SCOPES = frozenset({b"system", b"global", b"command"})
_BARE = ("HEAD", "objects", "refs")


class CannotCall(Exception):
    """Git gave no answer; the message is one line and says why."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What git answered."""

    code: int
    output: bytes
    errors: bytes

    @property
    def said(self) -> str:
        """The first line on standard error."""
        lines = self.errors.decode("utf-8", "replace").strip().splitlines()
        return lines[0] if lines else f"exit code {self.code}"


@dataclass(frozen=True, slots=True)
class Git:
    """Git in a folder. `trusted`: the filter drivers of the repository's own configuration may run."""

    folder: str
    environ: Mapping[str, str] = field(repr=False)
    trusted: bool = False

    def call(self, command: str, *arguments: str, given: bytes = b"", hooks: bool = False) -> Answer:
        """Run a command of git; raises CannotCall where git is not installed, does not come back, or would not be safe.

        `hooks`: `core.hooksPath` counts, for a call that asks where hooks are.
        """
        assert command in COMMANDS, command
        self._refuse_bare()
        # An empty value switches fsmonitor off in every version of git; "false" is the name of a program for old ones.
        settings = ["core.fsmonitor=", "safe.bareRepository=explicit", "diff.autoRefreshIndex=true"]
        if not hooks:
            settings.append(f"core.hooksPath={os.devnull}")
        if command in _FILTERING:
            for driver in self.filters():
                settings += [f"filter.{driver}.{name}=" for name in ("clean", "smudge", "process")]
                settings.append(f"filter.{driver}.required=false")
        return self._run([*(word for setting in settings for word in ("-c", setting)), command, *arguments], given)

    def filters(self) -> tuple[str, ...]:
        """The filter drivers that this repository's own configuration has, and that may not run."""
        if self.trusted:
            return ()
        asked = ("config", "-z", "--show-scope", "--name-only", "--get-regexp", r"^filter\.")
        answer = self._run(["-c", "safe.bareRepository=explicit", *asked], b"")
        if answer.code not in (0, 1):  # 1: there is none
            raise CannotCall(f"git's configuration cannot be read: {answer.said}")
        fields = answer.output.split(b"\0")[:-1]
        pairs = zip(fields[::2], fields[1::2], strict=True)
        drivers = {key[len(b"filter.") :].rpartition(b".")[0] for scope, key in pairs if scope not in _OWN_SCOPES}
        names = sorted(os.fsdecode(driver) for driver in drivers)
        for name in names:
            if "=" in name or "\n" in name:  # `-c` cannot set it
                raise CannotCall(f"git's configuration has a filter driver of an unsafe name: {name!r}")
        return tuple(names)

    def _refuse_bare(self) -> None:
        """git would take a folder that is laid out as a bare repository for one, with the configuration that it holds;
        only from version 2.38 on `safe.bareRepository` prevents that."""
        folder = self.folder
        while not disk.lexists(os.path.join(folder, ".git")):
            if all(disk.lexists(os.path.join(folder, name)) for name in _BARE):
                raise CannotCall(
                    f"{folder} is laid out as a bare git repository, whose configuration could run programs"
                )
            above = os.path.dirname(folder)
            if above == folder:
                break
            folder = above

    def _run(self, words: Iterable[str], given: bytes) -> Answer:
        # Messages that can be recognised; no lock is waited for, since others may be using the index.
        variables = {**self.environ, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"}
        variables |= {"GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
        try:
            # A session of its own: Ctrl-C in the terminal is pyfmt's to handle, and never ends git half-way.
            done = subprocess.run(
                ["git", *words],
                cwd=self.folder,
                env=variables,
                input=given,
                capture_output=True,
                timeout=_TIME_LIMIT,
                check=False,
                start_new_session=True,
            )
        except FileNotFoundError:
            raise CannotCall("git is not installed") from None
        except OSError as error:
            raise CannotCall(f"git cannot be started: {error.strerror}") from error
        except subprocess.TimeoutExpired:
            raise CannotCall(f"git took longer than {_TIME_LIMIT:g} seconds") from None
        return Answer(done.returncode, done.stdout, done.stderr)


def here(folder: Path | str, environ: Mapping[str, str] | None = None) -> Git:
    """Git for the repository around a folder, whatever a hook's variables say about another."""
    given = os.environ if environ is None else environ
    return Git(str(folder), {key: value for key, value in given.items() if key not in _LOCAL})
