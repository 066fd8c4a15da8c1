"""`pyfmt merge`: the JSON reports of all shards to the one report that one machine would have given."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pyfmt import __version__, config, disk
from pyfmt.cli.options import add_outputs
from pyfmt.cli.output import deliver
from pyfmt.cli.request import display_of, plain_request
from pyfmt.core import merging, parsing
from pyfmt.core.errors import PyfmtError, UsageError
from pyfmt.core.report import Report, ShardRecord
from pyfmt.core.request import Request
from pyfmt.reports import json as json_report
from pyfmt.reports.escaping import printable_text
from pyfmt.run import pipeline
from pyfmt.run.remote_cache import open_remote
from pyfmt.tools.registry import equivalence, rule_kinds, syntax_ranks

_AGAIN = "run all shards again, on the same commit and with the same pyfmt, configuration and options"


EXAMPLES = (("pyfmt merge shard-1.json shard-2.json --output github", "the report of the whole run"),)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The reports to join, and where the joined one goes."""
    parser.add_argument("reports", nargs="*", metavar="REPORT.json", help="written by --shard I/N --output json=FILE")
    add_outputs(parser)


def run(options: argparse.Namespace) -> int:
    """Deliver the joined report; the exit code is that of the whole run."""
    display = display_of(options)
    merged = merge(options.reports, Path.cwd())
    code = merging.exit_code(merged.report, merged.shard.fail_on)
    request = plain_request(options)
    # Where lines are quoted from is not for a report to say, which may come from elsewhere.
    root = request.location.root or str(config.find_root(Path.cwd())[0])
    deliver(pipeline.RunResult(merged.report, code, quoted=root), request, display)
    _publish(merged, request)
    return code


def _publish(merged: Merged, request: Request) -> None:
    """Tell the shards of later runs how long units took; what stands in the way costs a line, never the merge."""
    try:
        remote = open_remote(config.load(request, Path.cwd()), request, os.environ)
        if remote is None:
            return
        from pyfmt.run import shard_times  # deferred: only where there is a remote cache

        shard_times.publish(remote, merged.shard, merged.report)
        why = remote.note
    except PyfmtError as error:
        why = str(error)
    if why:
        sys.stderr.write(printable_text(f"note: no times are published: {why}") + "\n")


@dataclass(frozen=True, slots=True)
class ShardReport:
    """The report of a part of a run, and where it comes from."""

    file: str
    report: Report
    shard: ShardRecord


@dataclass(frozen=True, slots=True)
class Merged:
    """The whole report, and what its shards have in common."""

    report: Report
    shard: ShardRecord


def merge(files: Sequence[str], cwd: Path) -> Merged:
    """Join the reports in `files`; raises UsageError where they are not all the shards of one run."""
    if not files:
        raise UsageError("is given no report", "merge", "give the JSON reports of all shards")
    return joined([_read(file, cwd) for file in files])


def joined(parts: Sequence[ShardReport]) -> Merged:
    """The whole of what shards say; raises UsageError where they are not all the shards of one run."""
    first = parts[0]
    for part in parts[1:]:
        _check_same(first, part)
    _check_complete(parts)
    reports = [part.report for part in sorted(parts, key=lambda part: part.shard.index)]
    same = equivalence(first.shard.merge_equivalent)
    return Merged(merging.join(reports, syntax_ranks(), rule_kinds(), same), first.shard)


def _read(file: str, cwd: Path) -> ShardReport:
    try:
        text = disk.read_text(cwd / file)
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"cannot be read: {parsing.why(error)}", file) from error
    return shard_report(file, text)


def shard_report(file: str, text: str) -> ShardReport:
    """What a shard has written; raises UsageError for what is no report of one by this pyfmt."""
    version = json_report.written_by(text)
    report = json_report.read(text, file)
    if version != __version__:
        raise UsageError(f"was written by pyfmt {version}, and this is {__version__}", file, _AGAIN)
    if report.shard is None:
        raise UsageError("is a whole report, no shard's", file, "write shards with `pyfmt check --shard I/N`")
    return ShardReport(file, report, report.shard)


# What all shards must agree on, the most telling first: the words, and what is compared.
_SAME: tuple[tuple[str, Callable[[ShardReport], object]], ...] = (
    ("number of shards", lambda part: part.shard.count),
    ("commit", lambda part: part.shard.commit or "none"),
    ("versions of the tools", lambda part: part.shard.tools),
    ("command", lambda part: part.report.command.value),
    ("tools", lambda part: ", ".join(part.report.tools)),
    ("configuration", lambda part: (part.shard.config, part.shard.fail_on)),
    ("files (local changes)", lambda part: (part.shard.tree, part.shard.files)),
    ("projects", lambda part: part.report.projects),
    ("environments", lambda part: part.report.environments),
    ("baseline", lambda part: part.shard.baseline),
    ("plan (files, environments' packages, or --shard-times)", lambda part: part.shard.plan),
)


def _check_same(one: ShardReport, other: ShardReport) -> None:
    for name, value in _SAME:
        first, second = value(one), value(other)
        if first != second:
            values = f": {first} and {second}" if isinstance(first, (str, int)) and len(str(first)) < 200 else ""
            raise UsageError(
                f"{one.file} and {other.file} are no shards of one run: they differ in the {name}{values}",
                "merge",
                _AGAIN,
            )


def _check_complete(parts: Sequence[ShardReport]) -> None:
    by_index: dict[int, str] = {}
    for part in parts:
        index, count = part.shard.index, part.shard.count
        if index in by_index:
            raise UsageError(f"shard {index}/{count} is given twice: {by_index[index]} and {part.file}", "merge")
        by_index[index] = part.file
    count = parts[0].shard.count
    missing = [f"{index}/{count}" for index in range(1, count + 1) if index not in by_index]
    if missing:
        noun = "shards are" if len(missing) > 1 else "shard is"
        raise UsageError(f"{noun} missing: {', '.join(missing)}", "merge", "give the reports of all shards")
