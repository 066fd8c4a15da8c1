"""Which commits a run compares with: those that `--since` names, or what the CI and the default branch say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pyfmt import disk
from pyfmt.core import parsing
from pyfmt.core.errors import UsageError
from pyfmt.git.repository import Repository, Unknown

AUTO = "auto"

# Variables that name the branch which a pull request is to be merged into. Sources: the manuals of GitHub Actions,
# GitLab, Azure Pipelines, Bitbucket Pipelines, Jenkins (multibranch), Buildkite, Drone, Woodpecker, Cirrus CI, Bitrise.
_TARGET_BRANCHES = (
    "GITHUB_BASE_REF",
    "CI_MERGE_REQUEST_TARGET_BRANCH_NAME",
    "SYSTEM_PULLREQUEST_TARGETBRANCH",
    "BITBUCKET_PR_DESTINATION_BRANCH",
    "CHANGE_TARGET",
    "BUILDKITE_PULL_REQUEST_BASE_BRANCH",
    "CIRRUS_BASE_BRANCH",
    "BITRISEIO_GIT_BRANCH_DEST",
)
# The same, where a first variable says that it is a pull request at all.
_TARGETS_WITH_MARKS = (
    ("DRONE_PULL_REQUEST", "DRONE_TARGET_BRANCH"),
    ("CI_COMMIT_PULL_REQUEST", "CI_COMMIT_TARGET_BRANCH"),
    ("TRAVIS_PULL_REQUEST", "TRAVIS_BRANCH"),
)
# Variables that name the commit which a pull request started from, more exactly than the branch does.
_TARGET_COMMITS = ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "BITBUCKET_PR_DESTINATION_COMMIT", "CIRRUS_BASE_SHA")
# The branch that is built, and what it held before this push: said for the default branch too, where a merge base
# would be the commit itself.
_BUILT_BRANCHES = (
    "GITHUB_REF_NAME",
    "CI_COMMIT_BRANCH",
    "BUILD_SOURCEBRANCH",
    "BITBUCKET_BRANCH",
    "BRANCH_NAME",
    "BUILDKITE_BRANCH",
    "DRONE_BRANCH",
    "TRAVIS_BRANCH",
    "CIRRUS_BRANCH",
)
_BEFORE = ("CI_COMMIT_BEFORE_SHA", "DRONE_COMMIT_BEFORE", "GIT_PREVIOUS_SUCCESSFUL_COMMIT", "CIRRUS_LAST_GREEN_CHANGE")
_DEFAULT_BRANCHES = ("CI_DEFAULT_BRANCH", "BUILDKITE_PIPELINE_DEFAULT_BRANCH")
_CI_MARKS = ("CI", "TF_BUILD", "JENKINS_URL", "BITBUCKET_BUILD_NUMBER", "TEAMCITY_VERSION", "BUILDKITE")

_DEEPEN = (
    "fetch the whole history: `git fetch --unshallow`, `fetch-depth: 0` for actions/checkout, GIT_DEPTH: 0 in GitLab"
)


@dataclass(frozen=True, slots=True)
class Base:
    """What the work tree is compared with; `commits` are several where there is no single merge base."""

    said: str  # for people: "origin/main (GITHUB_BASE_REF)"
    commits: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _RequestedBase:
    """A base that somebody asks for: a branch, or a commit."""

    name: str
    source: str  # the variable
    is_branch: bool


def find_base(repository: Repository, since: str, environ: Mapping[str, str]) -> Base:
    """The base for `--since SINCE`: the merge base of HEAD and a revision, or for "auto" of what the CI compares with.

    Raises Unknown where it cannot be known (no commit yet, shallow, unrelated), and UsageError for a revision that does
    not exist.
    """
    if repository.commit("HEAD") is None:
        raise Unknown("there is no commit yet")
    if since != AUTO:
        return _named(repository, since)
    requests = list(_requested_bases(repository, environ))
    return _first_available(repository, requests) if requests else _from_default_branch(repository, environ)


def _named(repository: Repository, since: str) -> Base:
    commit = repository.commit(since)
    if commit is None:
        if repository.shallow:
            raise Unknown(f"{since} is not in this shallow clone; {_DEEPEN}")
        hint = "`git fetch` it, or name a commit, a tag or a branch such as origin/main"
        raise UsageError("no such commit", f"--since {since}", hint)
    return Base(since, _merge_bases(repository, since, commit))


def _merge_bases(repository: Repository, name: str, commit: str) -> tuple[str, ...]:
    found = repository.merge_bases(commit, "HEAD")
    if found:
        return found
    if repository.shallow:
        raise Unknown(f"where HEAD left {name} is not in this shallow clone; {_DEEPEN}")
    raise Unknown(f"HEAD and {name} have no commit in common")


def _requested_bases(repository: Repository, environ: Mapping[str, str]) -> Iterator[_RequestedBase]:
    """What a pull request is compared with, each way in which the CI says it; nothing elsewhere."""
    for name in _TARGET_COMMITS:
        if _is_commit(environ.get(name)):
            yield _RequestedBase(environ[name], name, False)
    for name in _TARGET_BRANCHES:
        if environ.get(name):
            yield _RequestedBase(_branch(environ[name]), name, True)
    for mark, name in _TARGETS_WITH_MARKS:
        if environ.get(mark, "false") != "false" and environ.get(name):
            yield _RequestedBase(_branch(environ[name]), name, True)
    # GitHub builds a merge commit, whose first parent is the target branch: there with `fetch-depth: 2` already.
    if environ.get("GITHUB_REF", "").endswith("/merge") and repository.commit("HEAD^2"):
        yield _RequestedBase("HEAD^1", "GITHUB_REF", False)
    event = _github_event(environ)
    for key, *inner in (("pull_request", "base", "sha"), ("merge_group", "base_sha")):
        value = event.get(key)
        for step in inner:
            value = value.get(step) if isinstance(value, dict) else None
        if isinstance(value, str) and _is_commit(value):
            yield _RequestedBase(value, f"the event's {key}", False)


def _first_available(repository: Repository, requests: Sequence[_RequestedBase]) -> Base:
    """The first of the requested commits and branches, all for the same base, that this clone has."""
    reasons = []
    for requested in requests:
        said = f"{requested.name} ({requested.source})"
        ref = _ref(repository, requested.name) if requested.is_branch else requested.name
        commit = repository.commit(ref) if ref else None
        if commit is not None:
            try:
                return Base(said, _merge_bases(repository, said, commit))
            except Unknown as error:
                reasons.append(str(error))
        else:
            more = _DEEPEN if repository.shallow else "`git fetch` brings it"
            reasons.append(f"{said} is not in this {'shallow ' * repository.shallow}clone; {more}")
    raise Unknown(reasons[0])


def _from_default_branch(repository: Repository, environ: Mapping[str, str]) -> Base:
    """The merge base with the default branch; for a push to the default branch itself, what it held before."""
    in_ci = any(environ.get(name, "").lower() not in ("", "0", "false") for name in _CI_MARKS)
    name = next((environ[key] for key in _DEFAULT_BRANCHES if environ.get(key)), "")
    about = _github_event(environ).get("repository")
    if not name and isinstance(about, dict):
        name = str(about.get("default_branch") or "")
    branch = _ref(repository, name) if name else repository.default_branch()
    built = next((_branch(environ[key]) for key in _BUILT_BRANCHES if environ.get(key)), "") if in_ci else ""
    if branch is None:
        raise Unknown(
            f"the default branch is not known{f' ({name} is not in this clone)' if name else ''}; name one: --since REV"
        )
    short = branch.removeprefix("refs/remotes/").removeprefix("refs/heads/")
    if built and (built == short or short.endswith("/" + built)):
        return _before_the_push(repository, built, environ)
    commit = repository.commit(branch)
    assert commit is not None, branch
    base = Base(short, _merge_bases(repository, short, commit))
    if in_ci and base.commits == (repository.commit("HEAD"),):
        raise Unknown(f"HEAD is part of {short}, and the CI does not name what was there before")
    return base


def _before_the_push(repository: Repository, built: str, environ: Mapping[str, str]) -> Base:
    event_before = _github_event(environ).get("before")
    candidates = [(event_before, "the event's before"), *((environ.get(name), name) for name in _BEFORE)]
    for sha, source in candidates:
        if isinstance(sha, str) and _is_commit(sha):
            said = f"{sha[:12]} ({source})"
            commit = repository.commit(sha)
            if commit is None:
                raise Unknown(f"{said} is not in this clone; {_DEEPEN}")
            # After a force-push, what was there is no ancestor: its own differences count as well.
            bases = repository.merge_bases(commit, "HEAD")
            return Base(said, tuple(dict.fromkeys((commit, *bases))))
    raise Unknown(f"this is {built} itself, and the CI does not name what was there before")


def _is_commit(value: object) -> bool:
    """Whether a CI names a commit: all zeros is how it says "none"."""
    return isinstance(value, str) and bool(value.strip("0")) and not value.startswith("-")


def _branch(value: str) -> str:
    return value.removeprefix("refs/heads/").removeprefix("origin/")


def _ref(repository: Repository, branch: str) -> str | None:
    """The full ref of a branch: of a remote first, since a local one may be behind."""
    places = [f"refs/remotes/{remote}/{branch}" for remote in repository.remotes()]
    return next((place for place in (*places, f"refs/heads/{branch}") if repository.commit(place)), None)


def _github_event(environ: Mapping[str, str]) -> dict[str, Any]:
    """The payload of the event that started a GitHub workflow; empty where there is none or it cannot be read."""
    path = environ.get("GITHUB_EVENT_PATH")
    if not path:
        return {}
    try:
        value = parsing.parse_json(disk.read_text(path))
    except (OSError, ValueError):
        return {}  # then the variables and the default branch have to do
    return value if isinstance(value, dict) else {}
