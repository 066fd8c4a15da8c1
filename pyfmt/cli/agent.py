"""`pyfmt check --agent`: a run over what changed since the last commit, without what that commit had already."""

from __future__ import annotations

import argparse
from collections import Counter
from dataclasses import replace
from pathlib import Path

from pyfmt.core import fingerprints
from pyfmt.core.errors import UsageError
from pyfmt.core.merging import exit_code, finding_key
from pyfmt.core.model import Accepted
from pyfmt.core.report import Report
from pyfmt.core.request import Command, Location, Request
from pyfmt.git import repository as git
from pyfmt.git.merge_base import find_base
from pyfmt.run import pipeline
from pyfmt.run.baseline_files import Identities
from pyfmt.run.pipeline import RunResult
from pyfmt.run.session import Session


def request(asked: Request, options: argparse.Namespace) -> Request:
    """What is run first; raises UsageError for options that make no sense with it."""
    for name, given in (
        ("--staged", asked.staged),
        ("--shard", asked.shard),
        ("--watch", options.watch),
        ("-", asked.texts is not None),
    ):
        if given:
            raise UsageError("cannot be mixed with --agent, which compares the work tree with a commit", name)
    return replace(asked, since=asked.since or "HEAD")


def run(asked: Request, session: Session) -> RunResult:
    """The result in which all that the commit had already is marked like what a baseline accepts."""
    result = pipeline.run(asked, session)
    report = result.report
    if not any(not finding.baselined and not finding.syntax for finding in report.findings):
        return result
    before = _before(asked, report, session)
    if before is None:  # without git or a commit all is new, which the report says
        return result
    findings, _left = fingerprints.mark(
        [finding for finding in report.findings if not finding.baselined], before, Identities(Path(report.root))
    )
    accepted = tuple(finding for finding in report.findings if finding.baselined)
    found = replace(report, findings=tuple(sorted((*findings, *accepted), key=finding_key)))
    return replace(result, report=found, exit_code=exit_code(found, result.fail_on))


def _before(asked: Request, report: Report, session: Session) -> Counter[Accepted] | None:
    """What was found in the same files as they were, with all others as they were, too; None without a commit."""
    root = Path(report.root)
    try:
        repository = git.find_repository(root)
        base, *_ = find_base(repository, asked.since or "HEAD", session.environ).commits
        changes = repository.changes(base)
        texts: dict[str, bytes | None] = {}
        names: dict[str, str] = {}  # what a file was called -> what it is called now
        for change in changes:
            if not change.folder and not change.path.startswith("../"):
                texts[change.path] = repository.read(base, change.path)
                if change.was is not None:
                    names[change.was] = change.path
                    texts[change.was] = repository.read(base, change.was)
    except git.Unknown:
        return None
    olds = {now: was for was, now in names.items()}
    paths = {olds.get(finding.path, finding.path) for finding in report.findings}
    paths -= {path for path in paths if texts.get(path, b"") is None}
    if not paths:
        return Counter()
    place = Location(str(root), asked.location.config_file and str(session.cwd / asked.location.config_file))
    older = replace(
        asked, command=Command.LINT, location=place, paths=tuple(sorted(paths)), since=None, texts=texts, baseline=False
    )
    said = pipeline.run(older, replace(session, cwd=root))
    identify = Identities(root, {path: text for path, text in texts.items() if text is not None})
    return Counter(
        replace(identify(finding), path=names.get(finding.path, finding.path)) for finding in said.report.findings
    )
