"""What git says of a real work tree."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pyfmt.git import repository as git
from tests.git.repositories import changes, commit, repository, run

LONG = "".join(f"line {number}\n" for number in range(30))


def test_committed_staged_unstaged_and_untracked_changes(tmp_path: Path) -> None:
    root = repository(
        tmp_path, {name: LONG + name for name in ("committed", "staged", "unstaged", "gone", "same", "touched")}
    )
    base = run(root, "rev-parse", "HEAD")
    (root / "committed").write_text("x")
    commit(root)
    (root / "staged").write_text("x")
    run(root, "add", "staged")
    (root / "unstaged").write_text("x")
    (root / "gone").unlink()
    (root / "new file").write_text("x")
    (root / "f\u00e4\nn").write_text("x")
    (root / "link").symlink_to("same")
    os.utime(root / "touched", (1, 1))
    assert changes(root, base) == {
        ("modified", "committed", None),
        ("modified", "staged", None),
        ("modified", "unstaged", None),
        ("deleted", "gone", None),
        ("added", "new file", None),
        ("added", "f\u00e4\nn", None),
        ("added", "link", None),
    }


def test_what_is_as_it_was_again_has_not_changed(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a": "1"})
    base = run(root, "rev-parse", "HEAD")
    (root / "a").write_text("2")
    commit(root)
    (root / "a").write_text("1")
    assert changes(root, base) == set()


def test_renames_are_followed_whatever_the_settings_say(tmp_path: Path) -> None:
    root = repository(tmp_path, {"old name.py": LONG, "sub/x": ""})
    for key, value in (("diff.renames", "false"), ("diff.relative", "true"), ("diff.noprefix", "true")):
        run(root, "config", key, value)
    run(root, "config", "diff.external", "false")
    run(root, "mv", "old name.py", "sub/new name.py")
    with (root / "sub/new name.py").open("a") as file:
        file.write("more\n")
    assert changes(root) == {("renamed", "sub/new name.py", "old name.py")}


def test_paths_are_relative_to_the_monorepo_below_the_repository(tmp_path: Path) -> None:
    top = repository(tmp_path, {"mono/a.py": "", "outside.py": ""})
    (top / "mono/a.py").write_text("1")
    (top / "mono/b.py").write_text("1")
    (top / "outside.py").write_text("1")
    assert changes(top / "mono") == {
        ("modified", "a.py", None),
        ("added", "b.py", None),
        ("modified", "../outside.py", None),
    }
    assert git.find_repository(top / "mono").read("HEAD", "a.py") == b""
    assert git.find_repository(top / "mono").read("HEAD", "b.py") is None


def test_a_linked_work_tree_and_a_conflict(tmp_path: Path) -> None:
    root = repository(tmp_path / "main", {"a.py": "1\n", "b.py": ""})
    run(root, "worktree", "add", "--quiet", "-b", "other", "../linked")
    linked = tmp_path / "linked"
    (linked / "a.py").write_text("2\n")
    commit(linked)
    (root / "a.py").write_text("3\n")
    commit(root)
    assert changes(linked, "main~1") == {("modified", "a.py", None)}
    with pytest.raises(AssertionError, match="CONFLICT"):
        run(linked, "merge", "main")
    assert changes(linked, "main") == {("modified", "a.py", None)}


def test_submodules_and_repositories_inside_are_folders(tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner", {"x.py": ""})
    root = repository(tmp_path / "root", {"a.py": ""})
    run(root, "submodule", "--quiet", "add", str(inner), "vendored")
    base = commit(root)
    assert changes(root, base) == set()
    (root / "vendored/x.py").write_text("1")
    repository(root / "nested", {"y.py": ""})
    found = git.find_repository(root).changes(base)
    assert {(change.path, change.folder) for change in found} == {("vendored", True), ("nested", True)}


def test_a_hooks_variables_do_not_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repository(tmp_path / "one", {"a.py": "1"})
    elsewhere = repository(tmp_path / "two", {"b.py": "1"})
    os.utime(root / "a.py", (1, 1))
    monkeypatch.setenv("GIT_DIR", str(elsewhere / ".git"))
    monkeypatch.setenv("GIT_INDEX_FILE", str(elsewhere / ".git/index"))
    assert changes(root) == set()


def test_no_repository_no_git_and_an_ignored_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "plain").mkdir()
    with pytest.raises(git.Unknown, match="no git repository is around"):
        git.find_repository(tmp_path / "plain")
    root = repository(tmp_path / "root", {".gitignore": "/scratch/\n", "scratch/mono/a.py": ""})
    with pytest.raises(git.Unknown, match="is ignored by the git repository"):
        git.find_repository(root / "scratch/mono")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(git.Unknown, match="git is not installed"):
        git.find_repository(root)


@pytest.mark.parametrize("revision", ["", "-x", "--all", "nowhere", "a\0b", "HEAD:a.py"])
def test_what_is_no_commit(tmp_path: Path, revision: str) -> None:
    assert git.find_repository(repository(tmp_path, {"a.py": ""})).commit(revision) is None
