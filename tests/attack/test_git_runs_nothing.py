"""git runs no program that a checkout's own configuration names, whatever pyfmt asks it.

Each vector leaves a mark of its own name. A `git` in front of the real one writes down every call, so that a call which
nobody has thought of here fails a test.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from pyfmt.git_call import COMMANDS
from tests.end_to_end import trees
from tests.support.monorepo import ROOT, Monorepo

UGLY = '"""Ugly."""\nimport sys\nimport os\nprint( os.sep,sys.path )\n'
TAIL = "\n\ndef tail() -> None:\n    '''Has a far end.'''\n" + "    print(1)\n" * 8
GIT = shutil.which("git") or "git"

# Settings of a repository that are programs; the name is the mark.
SETTINGS = (
    "core.fsmonitor",
    "core.pager",
    "core.editor",
    "core.askPass",
    "core.sshCommand",
    "credential.helper",
    "diff.external",
    "diff.evil.command",
    "diff.evil.textconv",
    "filter.evil.clean",
    "filter.evil.smudge",
    "filter.slow.process",
    "merge.evil.driver",
    "remote.origin.uploadpack",
    "gpg.program",
)


@dataclass
class Trap:
    """A repository whose configuration is full of programs, and what was run of it."""

    tree: Monorepo
    marks: Path
    calls: Path

    def program(self, name: str) -> str:
        """A program that leaves the mark `name`, and passes on what it is given."""
        script = self.marks.parent / "programs" / name.replace(" ", "-")
        script.parent.mkdir(exist_ok=True)
        # A server that only listened would wait for ever, as its client does.
        passing = "exit 1" if name.endswith("uploadpack") else "exec cat"
        script.write_text(f"#!/bin/sh\n: > '{self.marks}/{name}'\n{passing}\n", "utf-8")
        script.chmod(0o755)
        return str(script)

    def sprung(self) -> set[str]:
        """The vectors that ran since the last call."""
        found = {path.name for path in self.marks.iterdir()}
        for path in self.marks.iterdir():
            path.unlink()
        return found

    def recorded(self) -> list[list[str]]:
        """The words of every call of git since the last question."""
        lines = self.calls.read_text("utf-8").split("\x1e")[:-1] if self.calls.exists() else []
        self.calls.unlink(missing_ok=True)
        return [line.split("\x1f")[:-1] for line in lines]

    def arm(self, git_folder: Path) -> None:
        """Put programs into the configuration and the hooks of a repository."""
        prefix = "" if git_folder == self.tree.root / ".git" else f"{git_folder.parent.name} "
        for name in SETTINGS:
            setting = (GIT, "config", "--file", str(git_folder / "config"), name, self.program(prefix + name))
            subprocess.run(setting, check=True)
        for name in ("pre-commit", "post-index-change", "reference-transaction", "post-checkout", "pre-auto-gc"):
            hook = git_folder / "hooks" / name
            hook.parent.mkdir(exist_ok=True)
            hook.write_text(f"#!/bin/sh\n: > '{self.marks}/{prefix}hook {name}'\n", "utf-8")
            hook.chmod(0o755)


def _wrap_git(folder: Path, calls: Path) -> Path:
    """A folder with a `git` that writes down what it is called with, and then is the real one."""
    folder.mkdir()
    script = folder / "git"
    script.write_text(
        f"#!/bin/sh\n(for word; do printf '%s\\037' \"$word\"; done; printf '\\036') >> '{calls}'\n"
        f"exec '{GIT}' \"$@\"\n",
        "utf-8",
    )
    script.chmod(0o755)
    return folder


@pytest.fixture(name="trap", scope="module")
def _trap(tmp_path_factory: pytest.TempPathFactory) -> Trap:
    """A repository as an unpacked archive holds one: its configuration came with it."""
    folder = tmp_path_factory.mktemp("trap")
    (folder / "marks").mkdir()
    tree = trees.one_project(folder, {"app/__init__.py": '"""App."""\n', "app/part.py": UGLY + TAIL})
    trap = Trap(tree, folder / "marks", folder / "calls")
    tree.environ["PATH"] = f"{_wrap_git(folder / 'wrapped', trap.calls)}{os.pathsep}{os.environ['PATH']}"
    tree.write(
        {
            "pyproject.toml": '[tool.pyfmt]\nconfigs = "configs"\n',
            "configs/pylintrc": "[MAIN]\ninit-hook=pass\n",
            ".gitignore": ".venv\n__pycache__\ngenerated.py\n",
            "app/app/generated.py": "ONE = 1\n",
            "app/app/old.py": UGLY + TAIL * 2 + "import json\n",  # with a finding, which a baseline accepts
            "app/pylock.toml": 'lock-version = "1.0"\ncreated-by = "x"\npackages = []\n',
            "gone/pyproject.toml": trees.manifest("gone", "gone"),
            # Drivers named for all kinds of files that pyfmt asks git for.
            ".gitattributes": "*.py filter=evil diff=evil merge=evil\n*.toml filter=slow\n",
            "app/sub/app_sub.py": UGLY,
        }
    )
    tree.git("init", "--quiet", "--initial-branch=main")
    tree.git("-C", "app/sub", "init", "--quiet")
    tree.git("-C", "app/sub", "add", ".")
    tree.git("-C", "app/sub", "commit", "--quiet", "--message", "some")
    tree.run("baseline", "write")
    tree.git("add", "--all")
    tree.git("commit", "--quiet", "--message", "some")
    tree.git("remote", "add", "origin", str(folder / "elsewhere"))
    tree.git("update-ref", "refs/remotes/origin/main", "HEAD")
    tree.write({"app/pyproject.toml": trees.manifest("app", "app") + "\n# changed\n"})
    tree.git("mv", "app/app/old.py", "app/app/new.py")
    tree.git("rm", "--quiet", "-r", "gone")
    tree.write({"app/app/new.py": UGLY + TAIL * 2 + "import json\n# changed\n", "app/pylock.toml": "packages = []\n"})
    tree.git("commit", "--quiet", "--all", "--message", "signed")
    _sign(tree)
    _make_partial(tree)
    trap.arm(tree.root / ".git")
    trap.arm(tree.root / "app/sub/.git")
    tree.write({"app/sub/app_sub.py": UGLY + "# changed\n"})
    trap.sprung()
    trap.recorded()
    return trap


def _sign(tree: Monorepo) -> None:
    """Make HEAD a commit with a signature, which `log.showSignature` shows by `gpg.program`."""
    header, _, message = tree.git("cat-file", "commit", "HEAD").partition("\n\n")
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----"
    tree.write({".git/signed": f"{header}\n{signature}\n\n{message}".encode()})
    tree.git("update-ref", "HEAD", tree.git("hash-object", "-t", "commit", "-w", ".git/signed").strip())
    tree.git("config", "log.showSignature", "true")


def _make_partial(tree: Monorepo) -> None:
    """Take an object away, and say that the remote promised it: asking for it starts the remote's program."""
    blob = tree.git("rev-parse", "HEAD~1:app/pyproject.toml").strip()
    (tree.root / ".git/objects" / blob[:2] / blob[2:]).unlink()
    for name, value in {
        "core.repositoryFormatVersion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
    }.items():
        tree.git("config", name, value)


def test_the_traps_work(trap: Trap) -> None:
    """Else the other tests could not fail: what a careless program asks runs them."""
    (trap.tree.root.parent / "elsewhere").mkdir(exist_ok=True)
    changed = trap.tree.root / "app/app/part.py"
    for arguments in (
        "status",
        "diff HEAD",
        "diff --no-ext-diff HEAD",
        "log -1",
        "cat-file blob HEAD~1:app/pyproject.toml",
        "add --renormalize .",
        "checkout-index -f --prefix=out/ app/app/__init__.py app/pyproject.toml",
    ):
        changed.write_bytes(changed.read_bytes() + b"#\n")
        environ = {**trap.tree.environment_variables(), "GIT_PAGER_IN_USE": "1"}
        subprocess.run(
            ["git", *arguments.split()],
            cwd=trap.tree.root,
            env=environ,
            check=False,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=60,
        )
    assert trap.sprung() >= {
        "core.fsmonitor",
        "diff.evil.command",
        "diff.evil.textconv",
        "filter.evil.clean",
        "filter.evil.smudge",
        "filter.slow.process",
        "gpg.program",
        "remote.origin.uploadpack",
        "hook post-index-change",
        "sub core.fsmonitor",
    }
    shutil.rmtree(trap.tree.root / "out")
    trap.tree.write({"app/app/part.py": UGLY + TAIL})
    _git_without_marks(trap, "add", ".")


def _git_without_marks(trap: Trap, *arguments: str) -> None:
    trap.tree.git(*arguments)
    trap.sprung()
    trap.recorded()


CI = {"CI": "true", "GITHUB_BASE_REF": "main"}
# Command lines, what to stage before, variables, and words that the output has (so that the run was a real one).
RUNS: tuple[tuple[str, dict[str, str]], ...] = (
    ("check", {}),
    ("check --since HEAD~1", {}),
    ("check --since auto", {}),
    ("check --since auto", CI),
    ("affected", {}),
    ("check --shard 1/2 --output json=/dev/null", {}),
    ("check --staged", {}),
    ("check --staged --no-cache app/app/new.py", {}),
    ("check --staged --with-dependents", {}),
    ("run --staged --tool black --tool isort", {}),
    ("check --baseline", CI),
    ("baseline write", {}),
    ("baseline status", {}),
    ("baseline prune", {}),
    ("init --hook git --yes", {}),
    ("envs", {}),
    ("doctor", {}),
    ("explain app/app/part.py", {}),
)


def test_no_command_runs_a_program_of_the_configuration(trap: Trap) -> None:
    tree = trap.tree
    asked: set[str] = set()
    for line, environ in RUNS:
        # Partly staged, with a time stamp that is new: git has to look into the file.
        tree.write({"app/app/part.py": UGLY + TAIL + "# staged\n"})
        _git_without_marks(trap, "add", "app/app/part.py")
        tree.write({"app/app/part.py": UGLY + TAIL + "# staged\n# not\n"})
        result = tree.run(*line.split(), environ=environ)
        assert trap.sprung() == set(), str(result)
        assert "Traceback" not in result.stderr, str(result)
        calls = trap.recorded()
        for words in calls:
            settings, rest = _parted(words)
            asked.add(rest[0])
            assert {"core.fsmonitor=", "safe.bareRepository=explicit"} <= settings or rest[0] == "config", words
            assert f"core.hooksPath={os.devnull}" in settings or rest[0] in ("config", "rev-parse"), words
    # Contents that go through no driver are merged and stored, which takes further calls.
    for name in ("clean", "smudge"):
        tree.git("config", "--unset", f"filter.evil.{name}")
    trap.sprung()
    trap.recorded()
    result = tree.run("run", "--staged", "--tool", "black", "--tool", "isort")
    assert trap.sprung() == set(), str(result)
    assert "reformatted app/app/part.py" in result.stdout, str(result)
    asked |= {_parted(words)[1][0] for words in trap.recorded()}
    assert asked == COMMANDS


def _parted(words: list[str]) -> tuple[set[str], list[str]]:
    settings = set()
    while words[0] == "-c":
        settings.add(words[1])
        words = words[2:]
    return settings, words


def test_nothing_else_starts_git() -> None:
    starting = re.compile(r"""\[\s*["']git["'],""")
    found = [path for path in (ROOT / "pyfmt").rglob("*.py") if starting.search(path.read_text("utf-8"))]
    assert [path.name for path in found] == ["git_call.py"]


def test_a_file_that_needs_an_untrusted_filter_is_a_failure_and_with_trust_it_is_checked(tmp_path: Path) -> None:
    tree = trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n'})
    tree.write({".gitignore": ".venv\n", ".gitattributes": "secret.py filter=upper\n"})
    tree.git("init", "--quiet")
    # What the repository stores is no Python; what the work tree has is.
    tree.git("config", "filter.upper.clean", "tr a-z A-Z")
    tree.git("config", "filter.upper.smudge", "tr A-Z a-z")
    tree.write({"app/app/secret.py": '"""secret."""\n\nnumber: int = "text"\n', "app/app/plain.py": UGLY})
    tree.git("add", ".")

    result, report = tree.check("--staged", "--tool", "mypy", "--tool", "black")
    result.expect(2)
    (failure,) = report["failures"]
    assert "app/app/secret.py: not checked" in failure["reason"] and "`upper`" in failure["reason"]
    assert "pyfmt trust" in failure["detail"]
    assert [edit["path"] for edit in report["edits"]] == ["app/app/plain.py"], "the others are checked"

    result, report = tree.check("--staged", "--tool", "mypy", "--trust")
    result.expect(1)
    assert [finding["rule"] for finding in report["findings"]] == ["assignment"]

    tree.git("config", "--remove-section", "filter.upper")
    own = {"GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig")}
    (tmp_path / "gitconfig").write_text('[filter "upper"]\nclean = tr a-z A-Z\nsmudge = tr A-Z a-z\n')
    result, report = tree.check("--staged", "--tool", "mypy", environ=own)
    assert [finding["rule"] for finding in report["findings"]] == ["assignment"], "the user's own configuration counts"


@pytest.mark.parametrize(
    "line", ["check --since HEAD", "check --staged --with-dependents", "affected", "check", "baseline write"]
)
def test_a_root_laid_out_as_a_bare_repository(line: str, tmp_path: Path) -> None:
    """A clone can hold one, with a `config` of its own, which git reads from there on."""
    (tmp_path / "marks").mkdir()
    tree = trees.one_project(tmp_path, {"app/__init__.py": UGLY})
    trap = Trap(tree, tmp_path / "marks", tmp_path / "calls")
    tree.write(
        {"pyproject.toml": '[tool.pyfmt]\nconfigs = "configs"\n', "configs/pylintrc": "[MAIN]\ninit-hook=pass\n"}
    )
    tree.git("init", "--quiet")
    for name in ("HEAD", "objects", "refs", "config"):
        shutil.move(tree.root / ".git" / name, tree.root / name)
    shutil.rmtree(tree.root / ".git")
    trap.arm(tree.root)
    subprocess.run([GIT, "config", "--file", "config", "core.bare", "false"], cwd=tree.root, check=True)
    subprocess.run([GIT, "config", "--file", "config", "core.worktree", str(tree.root)], cwd=tree.root, check=True)
    subprocess.run([GIT, "-C", str(tmp_path), "init", "--quiet"], check=True)
    subprocess.run([GIT, "add", "app"], cwd=tree.root, check=False, capture_output=True)
    assert trap.sprung(), "the trap works"
    result = tree.run(*line.split())
    assert trap.sprung() == set(), str(result)
    assert "Traceback" not in result.stderr
    if "--" in line:
        assert "laid out as a bare git repository" in result.stdout + result.stderr, str(result)
