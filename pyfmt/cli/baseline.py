"""`pyfmt baseline`: write and prune the baselines after a run of the linters, or show what they hold."""

from __future__ import annotations

import argparse
import os
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from pyfmt.cli.options import add_how_fast, add_lock, add_paths
from pyfmt.cli.output import print_text
from pyfmt.cli.request import plain_request, verbosity
from pyfmt.core import fingerprints
from pyfmt.core.errors import EXIT_CLEAN, UsageError
from pyfmt.core.listing import count
from pyfmt.core.model import Accepted
from pyfmt.core.report import Report
from pyfmt.core.request import Command, Request
from pyfmt.git import renames
from pyfmt.reports import text_rest
from pyfmt.reports.escaping import printable
from pyfmt.reports.paint import Paint
from pyfmt.run import apply_baseline, baseline_files, pipeline
from pyfmt.run.baseline_files import BaselineChange
from pyfmt.run.progress import Progress
from pyfmt.run.session import Session

_SHOWN = 20  # entries that a refusal lists


EXAMPLES = (
    ("pyfmt baseline write", "accept all findings of today"),
    ("pyfmt baseline prune", "forget those that are gone"),
    ("pyfmt baseline status", "how many there are, by rule, owner and project, and over git's history"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What to do, for which files, and how the linters run."""
    parser.add_argument(
        "action",
        choices=("write", "prune", "status"),
        help="accept all findings; only drop what is gone; or count what is accepted, by rule, owner and time",
    )
    add_paths(parser)
    add_lock(parser)
    add_how_fast(parser)


def run(options: argparse.Namespace) -> int:
    """Lint, and write the baselines (see `change` for the exit codes), or print the status."""
    if options.action == "status":
        from pyfmt.cli import baseline_status  # deferred: the others need nothing of it

        print_text("".join(f"{line}\n" for line in baseline_status.lines(plain_request(options), Path.cwd())))
        return EXIT_CLEAN
    request = replace(
        plain_request(options),
        command=Command.LINT,
        paths=tuple(options.paths),
        tools=tuple(options.tools),
        jobs=options.jobs,
        use_cache=not options.no_cache,
        timeout=options.timeout,
        baseline_locked=options.baseline_locked,
    )
    with closing(Progress(verbosity(options))) as progress:
        return change(options.action, request, Session(Path.cwd(), os.environ, progress))


def change(action: str, request: Request, session: Session) -> int:
    """Lint, then write the baselines anew (`action` "write" or "prune"), and say what has changed.

    0; 1 where a file cannot be parsed, which is never accepted; 2 where something was not checked: of that, the
    baselines stay as they are. Raises PyfmtError, also where a locked baseline would grow.
    """
    result = pipeline.run(replace(request, baseline=False), session)
    session.progress.close()
    assert result.checked is not None, "a run's"
    root, projects = Path(result.report.root), result.checked.work.projects
    found = baseline_files.read(root, projects)
    identify = baseline_files.Identities(root)
    # What each tool says is accepted, so that it stays so where another one falls silent.
    now = Counter(identify(part) for each in result.report.findings if not each.syntax for part in each.parts)
    coverage = apply_baseline.checked(result.checked)
    accepted = (fingerprints.written if action == "write" else fingerprints.pruned)(found.accepted, now, coverage)
    if action == "write" and baseline_files.is_locked(request.baseline_locked, session.environ):
        _refuse_growth(accepted - found.accepted)
    _report_changes(baseline_files.write(root, projects, accepted), accepted, found.notes)
    if accepted and renames.merges_by_union(root, baseline_files.NAME) is False:
        rule = f"{baseline_files.NAME} merge=union"
        print(f"help: so that baselines of branches merge: `echo '{rule}' >> .gitattributes`")
    return _unchecked(result.report, action)


def _refuse_growth(new: Counter[Accepted]) -> None:
    if not new:
        return
    listed = "".join(f"\n  {text_rest.accepted_line(entry)}" for entry in sorted(new.elements())[:_SHOWN])
    more = f"\n  and {new.total() - _SHOWN} more" if new.total() > _SHOWN else ""
    raise UsageError(
        f"the baseline is locked, and {count(new.total(), 'finding')} would be added:{listed}{more}",
        "baseline write",
        "mend them; or accept them with --no-baseline-locked (the default where CI is not set)",
    )


def _report_changes(changes: Sequence[BaselineChange], accepted: Counter[Accepted], notes: Sequence[str]) -> None:
    for note in notes:
        print(printable(f"note: {note}"))
    for each in changes:
        parts = [f"{each.added} added"] if each.added else []
        parts += [f"{each.removed} gone"] if each.removed else []
        parts += [f"{each.moved} in renamed files"] if each.moved else []
        print(f"{printable(each.file)}: {', '.join(parts) or 'rewritten'}, {each.left} accepted")
    total = count((+accepted).total(), "finding")
    print(f"{total} accepted" if changes else f"nothing to change: {total} accepted")


def _unchecked(report: Report, action: str) -> int:
    for line in text_rest.unchecked(report, Paint(False)):
        print(line)
    syntax = [finding for finding in report.findings if finding.syntax and action == "write"]
    for finding in syntax:
        print(f"not accepted: {printable(finding.path)}:{finding.line}: {printable(finding.message)}")
    return 2 if report.failures or report.skipped else int(bool(syntax))
