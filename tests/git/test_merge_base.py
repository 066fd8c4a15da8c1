"""Which commit `--since` compares with, in clones as CIs make them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from pyfmt.core.errors import UsageError
from pyfmt.git import repository as git
from pyfmt.git.merge_base import Base, find_base
from tests.git.repositories import commit, repository, run
from tests.projects.trees import write


def base(root: Path, since: str = "auto", environ: Mapping[str, str] | None = None) -> Base:
    return find_base(git.find_repository(root.resolve()), since, environ or {})


@pytest.fixture
def upstream(tmp_path: Path) -> Path:
    """main has two commits, and the branch `topic` one more that left after the first."""
    root = repository(tmp_path / "upstream", {"a.py": "1\n"})
    run(root, "checkout", "--quiet", "-b", "topic")
    write(root, {"b.py": "1\n"})
    commit(root)
    run(root, "checkout", "--quiet", "main")
    write(root, {"c.py": "1\n"})
    commit(root)
    return root


@pytest.fixture
def clone(tmp_path: Path, upstream: Path) -> Path:
    """A whole clone with `topic` checked out."""
    run(tmp_path, "clone", "--quiet", "--branch=topic", str(upstream), "clone")
    return tmp_path / "clone"


def test_a_revision_means_its_merge_base(upstream: Path, clone: Path) -> None:
    fork = run(upstream, "rev-parse", "main~1")
    for name in ("origin/main", "origin/HEAD", run(upstream, "rev-parse", "main"), "origin"):
        assert base(clone, name).commits == (fork,)


def test_auto_is_the_remotes_default_branch(upstream: Path, clone: Path) -> None:
    found = base(clone)
    assert (found.said, found.commits) == ("origin/main", (run(upstream, "rev-parse", "main~1"),))
    run(clone, "remote", "set-head", "origin", "--delete")
    assert base(clone) == found
    run(clone, "remote", "remove", "origin")
    run(clone, "branch", "master", "HEAD~1")
    assert base(clone).said == "master"


def test_a_default_branch_of_another_name(tmp_path: Path) -> None:
    root = repository(tmp_path / "up", {"a.py": ""})
    run(root, "branch", "--move", "development")
    run(tmp_path, "clone", "--quiet", str(root), "clone")
    assert base(tmp_path / "clone").said == "origin/development"


@pytest.mark.parametrize(
    "environ",
    [
        {"GITHUB_BASE_REF": "main", "CI": "true"},
        {"SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/main", "TF_BUILD": "True"},
        {"CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "main", "CI": "true"},
        {"BITBUCKET_PR_DESTINATION_BRANCH": "main"},
        {"CHANGE_TARGET": "main", "JENKINS_URL": "x"},
        {"DRONE_PULL_REQUEST": "3", "DRONE_TARGET_BRANCH": "main", "CI": "true"},
        {"TRAVIS_PULL_REQUEST": "3", "TRAVIS_BRANCH": "main", "CI": "true"},
        {"CI": "true", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BRANCH": "topic"},
        {"CI": "true", "GITHUB_REF_NAME": "topic", "BUILDKITE_PULL_REQUEST_BASE_BRANCH": ""},
    ],
)
def test_the_variables_of_each_ci(upstream: Path, clone: Path, environ: Mapping[str, str]) -> None:
    assert base(clone, environ=environ).commits == (run(upstream, "rev-parse", "main~1"),)


def test_gitlab_names_the_commit_itself(upstream: Path, clone: Path) -> None:
    fork = run(upstream, "rev-parse", "main~1")
    environ = {"CI": "true", "CI_MERGE_REQUEST_DIFF_BASE_SHA": fork, "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "gone"}
    assert base(clone, environ=environ) == Base(f"{fork} (CI_MERGE_REQUEST_DIFF_BASE_SHA)", (fork,))


def test_a_push_to_the_default_branch_counts_from_what_was_there(tmp_path: Path, upstream: Path, clone: Path) -> None:
    run(clone, "checkout", "--quiet", "main")
    before, head = run(upstream, "rev-parse", "main~1"), run(upstream, "rev-parse", "main")
    event = tmp_path / "event.json"
    event.write_text(json.dumps({"before": before, "repository": {"default_branch": "main"}}))
    github = {"CI": "true", "GITHUB_REF_NAME": "main", "GITHUB_EVENT_PATH": str(event)}
    assert base(clone, environ=github).commits == (before,)
    gitlab = {"CI": "true", "CI_DEFAULT_BRANCH": "main", "CI_COMMIT_BRANCH": "main", "CI_COMMIT_BEFORE_SHA": before}
    assert base(clone, environ=gitlab).commits == (before,)
    # A force-push: what was there before is no ancestor, and counts with the merge base.
    topic = run(upstream, "rev-parse", "topic")
    assert base(clone, environ={**gitlab, "CI_COMMIT_BEFORE_SHA": topic}).commits == (topic, before)
    for unknown in ({"CI_COMMIT_BEFORE_SHA": "0" * 40}, {"CI_COMMIT_BRANCH": "", "CI_COMMIT_BEFORE_SHA": ""}):
        with pytest.raises(git.Unknown, match="does not name what was there before"):
            base(clone, environ={**gitlab, **unknown})
    # On somebody's own machine, only what is not pushed yet counts.
    assert base(clone).commits == (head,)


def test_a_merge_group_and_the_merge_commit_of_a_pull_request(tmp_path: Path, upstream: Path, clone: Path) -> None:
    event = tmp_path / "event.json"
    fork = run(upstream, "rev-parse", "main~1")
    event.write_text(json.dumps({"merge_group": {"base_sha": fork}}))
    assert base(clone, environ={"CI": "true", "GITHUB_EVENT_PATH": str(event)}).commits == (fork,)
    run(upstream, "merge", "--quiet", "--no-edit", "topic")
    run(tmp_path, "clone", "--quiet", "--depth=2", f"file://{upstream}", "shallow")
    shallow = tmp_path / "shallow"
    run(shallow, "remote", "set-branches", "origin", "other")
    run(shallow, "checkout", "--quiet", "--detach")
    run(shallow, "update-ref", "-d", "refs/remotes/origin/main")
    run(shallow, "branch", "--quiet", "-D", "main")
    environ = {"CI": "true", "GITHUB_BASE_REF": "main", "GITHUB_REF": "refs/pull/3/merge"}
    assert base(shallow, environ=environ).commits == (run(shallow, "rev-parse", "HEAD^1"),)


def test_a_shallow_clone_says_what_cannot_be_known(tmp_path: Path, upstream: Path) -> None:
    run(tmp_path, "clone", "--quiet", "--depth=1", "--branch=topic", f"file://{upstream}", "shallow")
    shallow = tmp_path / "shallow"
    for environ in ({"CI": "true", "GITHUB_BASE_REF": "main"}, {"CI": "1", "CI_DEFAULT_BRANCH": "main"}):
        with pytest.raises(git.Unknown, match="is not in this (shallow )?clone"):
            base(shallow, environ=environ)
    with pytest.raises(git.Unknown, match="not in this shallow clone; fetch the whole history"):
        base(shallow, "origin/main")
    run(shallow, "fetch", "--quiet", "--depth=1", "origin", "main:refs/remotes/origin/main")
    with pytest.raises(git.Unknown, match="where HEAD left origin/main is not in this shallow clone"):
        base(shallow, "origin/main")


def test_what_does_not_exist_or_has_nothing_in_common(clone: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="--since orgin/main: no such commit"):
        base(clone, "orgin/main")
    run(clone, "checkout", "--quiet", "--orphan", "alone")
    commit(clone)
    with pytest.raises(git.Unknown, match="have no commit in common"):
        base(clone, "origin/main")
    run(tmp_path, "init", "--quiet", "empty")
    with pytest.raises(git.Unknown, match="no commit yet"):
        base(tmp_path / "empty")


def test_criss_cross_merges_have_several_bases(tmp_path: Path) -> None:
    root = repository(tmp_path, {"a.py": ""})
    tips = {}
    for branch in ("one", "two"):
        run(root, "checkout", "--quiet", "-b", branch, "main")
        write(root, {f"{branch}.py": ""})
        tips[branch] = commit(root)
    run(root, "merge", "--quiet", "--no-edit", tips["one"])
    run(root, "checkout", "--quiet", "one")
    run(root, "merge", "--quiet", "--no-edit", tips["two"])
    assert set(base(root, "two").commits) == set(tips.values())
