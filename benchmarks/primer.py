"""What a change of pyfmt does to real monorepos: `python -m benchmarks.primer [CORPUS ...] [--landed REV]`.

For each corpus (corpora.py): what has landed and this checkout, cold, warm and after edits. A warm run has to say what
the cold one said, a run after an edit what `--no-cache` says, both byte for byte; that is a failure. Where the two
versions differ, or with `--oracle`, the tools run in place, each project in its environment: so each difference is a
regression, a mend, or the tools' own (where the oracle cannot tell). Writes a table in Markdown. `--bisect` finds the
commit after REV that brought the first difference.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from benchmarks import corpora, edits, oracle
from benchmarks.reported import Key, Reported, Version
from tests.environments.places import uv
from tests.support.monorepo import ROOT

_COLUMNS = "corpus|files|findings|lost|new|of these regressions|warm|after edits|the oracle has more|less|seconds cold"


@dataclass
class Row:
    """What was seen of one corpus."""

    corpus: str
    reported: Reported
    landed: Reported | None = None
    wrong: list[str] = field(default_factory=list)  # what failed, in a sentence each
    edits: int = 0
    missing: frozenset[Key] | None = None  # what the tools in place say, and we do not
    invented: frozenset[Key] | None = None

    @property
    def lost(self) -> frozenset[Key]:
        """Findings of what has landed that are no longer there."""
        return self.landed.keys - self.reported.keys if self.landed else frozenset()

    @property
    def new(self) -> frozenset[Key]:
        """Findings that what has landed had not."""
        return self.reported.keys - self.landed.keys if self.landed else frozenset()

    @property
    def regressions(self) -> list[str]:
        """Differences between the two versions in which the tools in place contradict this one."""
        if self.missing is None or self.invented is None:
            return []
        lost = [f"lost: {key}" for key in sorted(self.lost & self.missing)]
        return [*lost, *(f"invented: {key}" for key in sorted(self.new & self.invented))]

    def cells(self) -> Iterator[str]:
        """As the table shows it."""
        yield from (self.corpus, str(self.reported.files), str(len(self.reported.keys)))
        yield from (str(len(self.lost)), str(len(self.new))) if self.landed else ("-", "-")
        yield "-" if self.missing is None or not self.landed else str(len(self.regressions))
        failed = [name for name in ("warm", "edit") if any(said.startswith(name) for said in self.wrong)]
        yield "**differs**" if "warm" in failed else "equal"
        yield "**differs**" if "edit" in failed else f"{self.edits} equal"
        for found in (self.missing, self.invented):
            yield "-" if found is None else str(len(found))
        yield f"{self.reported.seconds:.1f}"


def measure(
    corpus: corpora.Corpus, change: Version, landed: Version | None, *, ask: bool, most: int | None = None
) -> Row:
    """One corpus, with `most` of its edits; `ask`: the tools in place, even where the two versions agree."""
    tree = corpora.make(corpus)
    # An earlier run may have been killed in an edit.
    subprocess.run(["git", "checkout", "--quiet", "--", "."], cwd=tree, check=True)
    row = Row(corpus.name, change.cold(tree), landed.cold(tree) if landed else None)
    if (warm := change.cached(tree)).text != row.reported.text:
        row.wrong.append(f"warm: {warm.difference(row.reported)}")
    for edit in islice(edits.of(tree), most):
        with edit:
            cached, cold = change.cached(tree), change.uncached(tree)
        row.edits += 1
        if cached.text != cold.text:
            row.wrong.append(f"edit, {edit}: {cached.difference(cold)}")
    if ask or row.lost or row.new:
        row.missing, row.invented = oracle.compare(tree, row.reported)
    return row


def table(rows: Sequence[Row]) -> str:
    """The table in Markdown, and below it what was wrong."""
    lines = [f"| {' | '.join(_COLUMNS.split('|'))} |", "|---" + "|---:" * _COLUMNS.count("|") + "|"]
    lines += [f"| {' | '.join(row.cells())} |" for row in rows]
    for row in rows:
        details = [*row.wrong, *row.regressions]
        for title, found in (("lost", row.lost), ("new", row.new), ("only the oracle", row.missing or ())):
            details += [f"{title}: {key}" for key in sorted(found)]
        details += [f"not the oracle: {key}" for key in sorted(row.invented or ())]
        lines += ["", f"## {row.corpus}", "", *(f"- {said}" for said in details)] if details else []
    return "\n".join(lines) + "\n"


@contextmanager
def installed(revision: str, scratch: Path) -> Iterator[Version]:
    """pyfmt as it is at a revision, in an environment of its own."""
    place = scratch / revision.replace("/", "-")
    git = ["git", "-C", str(ROOT), "worktree"]
    subprocess.run([*git, "add", "--quiet", "--detach", str(place), revision], check=True)
    try:
        subprocess.run([uv(), "venv", "--quiet", "--python", sys.executable, str(place / ".venv")], check=True)
        python = str(place / ".venv/bin/python")
        subprocess.run([uv(), "pip", "install", "--quiet", "--python", python, "--editable", str(place)], check=True)
        yield Version(str(place / ".venv/bin/pyfmt"), scratch / f"cache-{place.name}")
    finally:
        subprocess.run([*git, "remove", "--force", str(place)], check=True)


def bisect(good: str, chosen: Mapping[str, corpora.Corpus], scratch: Path) -> str:
    """The first commit after `good` whose cold findings in one of the corpora are not those of `good`."""
    log = ["git", "-C", str(ROOT), "rev-list", "--reverse", "--first-parent", f"{good}..HEAD"]
    commits = subprocess.run(log, check=True, capture_output=True, text=True).stdout.split()

    def findings(revision: str) -> list[frozenset[Key]]:
        with installed(revision, scratch) as version:
            return [version.cold(corpora.make(corpus)).keys for corpus in chosen.values()]

    wanted, first, last = findings(good), 0, len(commits) - 1
    if not commits or findings(commits[last]) == wanted:
        return f"no difference since {good}"
    while first < last:
        middle = (first + last) // 2
        first, last = (first, middle) if findings(commits[middle]) != wanted else (middle + 1, last)
    return f"{commits[first]} is the first whose findings are not those of {good}"


def main() -> int:
    """The command line; 1 where a cached run differs from a cold one, or a difference is a regression."""
    parser = argparse.ArgumentParser(prog="benchmarks.primer", description=__doc__)
    parser.add_argument("corpora", nargs="*", metavar="CORPUS", help=f"default: all: {', '.join(corpora.listed())}")
    parser.add_argument("--landed", metavar="REV", help="compare with this revision")
    parser.add_argument("--oracle", action="store_true", help="run the tools in place even where nothing differs")
    parser.add_argument("--bisect", metavar="REV", help="only find the commit after REV that made a difference")
    parser.add_argument("--output", type=Path, help="the table's file (default: standard output)")
    options = parser.parse_args()
    every = corpora.listed()
    if unknown := set(options.corpora) - every.keys():
        parser.error(f"no such corpus: {', '.join(sorted(unknown))}; there are {', '.join(every)}")
    chosen = {name: every[name] for name in options.corpora or every}
    with tempfile.TemporaryDirectory(prefix="pyfmt-primer-") as folder:
        scratch = Path(folder)
        if options.bisect:
            print(bisect(options.bisect, chosen, scratch))
            return 0
        change = Version(corpora.PYFMT, scratch / "cache-change")
        rows: list[Row] = []
        with installed(options.landed, scratch) if options.landed else nullcontext() as landed:
            for corpus in chosen.values():
                rows.append(measure(corpus, change, landed, ask=options.oracle))
                print(" | ".join(rows[-1].cells()), file=sys.stderr, flush=True)
    if options.output:
        options.output.write_text(table(rows), "utf-8")
    else:
        print(table(rows), end="")
    return int(any(row.wrong or row.regressions for row in rows))


if __name__ == "__main__":
    sys.exit(main())
