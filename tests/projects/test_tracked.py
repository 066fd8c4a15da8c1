"""What git tracks is checked, also where .gitignore names it."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

from pyfmt.core.memo import TextMemo
from pyfmt.core.model import Config
from pyfmt.projects import find_projects, recount
from pyfmt.projects.tracked import IgnoredButTracked
from tests.end_to_end.trees import one_project
from tests.projects.trees import named
from tests.support.monorepo import Monorepo

# The standard .gitignore for Python names `lib/`, of which many have a folder in their repository.
IGNORED = "lib/\nbuild/\n*_pb2.py\n__pycache__/\n"
FILES: dict[str, str | bytes] = {
    ".gitignore": IGNORED,
    "pyproject.toml": "[tool.pyfmt]\n",
    "app/lib/tracked.py": "x = 1\n",
    "app/lib/own.py": "x = 1\n",
    "app/lib/deep/tracked.py": "x = 1\n",
    "app/lib/scratch/own.py": "x = 1\n",
    "app/kept_pb2.py": "x = 1\n",
    "app/made_pb2.py": "x = 1\n",
    "lib/core/pyproject.toml": named("core"),
    "lib/core/core.py": "x = 1\n",
    "lib/other/pyproject.toml": named("other"),
    "lib/other/other.py": "x = 1\n",
    "lib/vendor/vendored.py": "x = 1\n",
    "good.py": "x = 1\n",
}
FORCED = [
    "app/lib/tracked.py",
    "app/lib/deep/tracked.py",
    "app/kept_pb2.py",
    "lib/core/pyproject.toml",
    "lib/core/core.py",
    "lib/vendor/vendored.py",
]


def _tree(folder: Path) -> Monorepo:
    tree = Monorepo.create(folder, FILES)
    tree.git("init", "--quiet")
    tree.git("add", "--all")
    tree.git("add", "--force", *FORCED)
    tree.git("commit", "--quiet", "--message", "all")
    return tree


def test_tracked_files_are_taken_out_of_ignored_folders_and_no_others(tmp_path: Path) -> None:
    tree = _tree(tmp_path)
    config = Config(tree.root, None, exclude=("lib/vendor",))
    found = find_projects(config)
    assert {project.path: project.files for project in found.projects} == {
        ".": ("app/kept_pb2.py", "app/lib/deep/tracked.py", "app/lib/tracked.py", "good.py"),
        "lib/core": ("lib/core/core.py",),
    }
    assert {"app/lib/own.py", "app/lib/scratch/own.py", "app/made_pb2.py", "lib/vendor/vendored.py"} <= set(
        found.projects[0].hidden
    )
    tree.write({"app/lib/later.py": "", "new.py": ""})
    assert recount(config, found)[0].files == (*found.projects[0].files, "new.py")
    # A linked work tree has an index of its own, and so has a monorepo that is a folder of a repository.
    tree.git("worktree", "add", "--quiet", str(tmp_path / "linked"))
    linked = find_projects(Config(tmp_path / "linked", None, exclude=("lib/vendor",)))
    assert linked.projects[0].files == found.projects[0].files
    inside = find_projects(Config(tree.root / "app", None))
    assert inside.projects[0].files == ("kept_pb2.py", "lib/deep/tracked.py", "lib/tracked.py")
    shutil.rmtree(tree.root / ".git")
    assert find_projects(config).projects[0].files == ("good.py", "new.py")


def test_git_is_asked_once_for_each_state_of_the_index(tmp_path: Path) -> None:
    tree = _tree(tmp_path)
    asked = TextMemo()
    tracked = IgnoredButTracked(tree.root, asked)
    assert tracked(["app/made_pb2.py", "app/kept_pb2.py"]) == {"app/kept_pb2.py"}
    key = next(iter(asked))
    # Now what is remembered can be told from what git says.
    asked[key] = asked[key].replace("kept", "made")
    assert tracked(["app/kept_pb2.py", "app/made_pb2.py"]) == {"app/made_pb2.py"}
    tree.git("add", "--force", "app/made_pb2.py")
    assert tracked(["app/made_pb2.py", "app/kept_pb2.py"]) == {"app/made_pb2.py", "app/kept_pb2.py"}
    assert not tracked([]) and len(asked) == 3  # for two states of the index, and what the last one was made of


def test_a_run_checks_what_is_tracked_and_says_what_is_not(tmp_path: Path) -> None:
    ugly = "x  = 1\n"
    script = "#!/usr/bin/env python3\n" + ugly
    tree = one_project(tmp_path, {"lib/a.py": ugly, "lib/b.py": ugly, "lib/tool": script, "lib/own": script})
    tree.write({".gitignore": IGNORED})
    tree.git("init", "--quiet")
    tree.git("add", "--all")
    tree.git("add", "--force", "app/lib/a.py", "app/lib/tool")
    for option in ((), ("--staged",)):
        result, report = tree.check("--check", *option, command_name="format")
        result.expect(1)
        assert [edit["path"] for edit in report["edits"]] == ["app/lib/a.py"]
    result, report = tree.check("--check", "app/lib/tool", "app/lib/own", "app/lib/b.py", command_name="format")
    assert [edit["path"] for edit in report["edits"]] == ["app/lib/tool"]
    assert sorted(note.partition(":")[0] for note in report["notes"]) == ["app/lib/b.py", "app/lib/own"]
    # What is added later is seen, though the same command was answered before, and so is what is taken back.
    for command in (("add", "--force"), ("rm", "--cached", "--quiet", "--force")):
        tree.run("format", "--check", "app/lib").expect(1)
        tree.git(*command, "app/lib/b.py")
        paths = ["app/lib/a.py", "app/lib/b.py"] if command[0] == "add" else ["app/lib/a.py"]
        _, report = tree.check("--check", "app/lib", command_name="format")
        assert [edit["path"] for edit in report["edits"]] == paths
        shown = tree.run("format", "--check", "app/lib").expect(1).stdout
        assert ("app/lib/b.py" in shown) == (len(paths) == 2)
    os.remove(tree.root / ".git/index")
    result = tree.run("format", "--check", "app/lib").expect(0)
    assert "app/lib: no Python files there (or they are excluded, or ignored by git and not tracked)" in result.stdout


def test_what_git_could_not_say_once_is_asked_again(tmp_path: Path) -> None:
    tree = one_project(tmp_path, {"lib/a.py": "x  = 1\n"})
    tree.write({".gitignore": IGNORED})
    tree.git("init", "--quiet")
    tree.git("add", "--force", "app/lib/a.py")
    failing = tmp_path / "failing/git"
    failing.parent.mkdir()
    failing.write_text("#!/bin/sh\nexit 128\n")
    failing.chmod(0o755)
    time.sleep(2.2)  # what has just been written is never remembered
    tree.run("format", "--check", environ={"PATH": f"{failing.parent}{os.pathsep}{os.environ['PATH']}"}).expect(0)
    assert "app/lib/a.py" in tree.run("format", "--check").expect(1).stdout
