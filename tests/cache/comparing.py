"""Runs of pyfmt with the cache and without it, compared byte for byte."""

from __future__ import annotations

import difflib
import json
import random
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from tests.cache.little_monorepo import LittleMonorepo
from tests.cache.random_edits import KINDS, Edit, apply
from tests.support.monorepo import Monorepo, Result
from tests.support.warm import OFF

_OF_TIME = ("seconds", "started", "ended", "cached")  # all that a cached report may say otherwise
PATHS = ("lib/core", "projects/alpha/alpha", "projects/beta/src/beta/main.py")


def timeless(value: Any) -> Any:
    """A JSON report without what differs from run to run."""
    if isinstance(value, dict):
        return {key: timeless(item) for key, item in value.items() if key not in _OF_TIME}
    return [timeless(item) for item in value] if isinstance(value, list) else value


def said(tree: Monorepo, *arguments: str, environ: Mapping[str, str] | None = None) -> str:
    """All that `pyfmt check` says: the exit code, the JSON report and the text."""
    place = tree.home / "report.json"
    place.unlink(missing_ok=True)
    done = tree.run("check", "--output", f"json={place}", "--output", "text", *arguments, environ=environ)
    assert place.exists(), done
    report = json.dumps(timeless(json.loads(place.read_text())), indent=1)
    return f"exit code {done.code}\n{report}\n{done.stdout}"


def difference(tree: Monorepo, *arguments: str) -> str:
    """How a run with the cache differs from one without, whose workers do not stay; "" where it does not.

    The plain command is called twice more: the second time it is answered without a run (pyfmt/repeating), and so is
    the first one of the next comparison, if the edits in between are not seen.
    """
    cached = said(tree, *arguments)
    cold = said(tree, "--no-cache", *arguments, environ=OFF)
    repeated = [tree.run("check", *arguments) for _ in range(2)]
    cached += "".join(f"exit code {done.code}\n{done.stdout}{done.stderr}" for done in repeated)
    code, text = cold.split("\n", 1)[0], cold.rpartition("\n}\n")[2]
    cold += f"{code}\n{text}" * 2
    lines = difflib.unified_diff(cold.split("\n"), cached.split("\n"), "without cache", "with cache", lineterm="", n=4)
    return "\n".join(lines)


def linted(tree: Monorepo, *arguments: str) -> dict[str, int]:
    """How many files of each project pylint lints in one run; a project of which all is known is left out."""
    return counts_of(tree.run("check", "--tool", "pylint", "--verbose", *arguments))


def counts_of(done: Result) -> dict[str, int]:
    """The same for a run with `--verbose` that has been done."""
    found = re.findall(r"pylint (\S+) \(.*?\): (\d+) files, \d+ findings, (?!from the cache)", done.stderr)
    assert "] pylint" in done.stderr, done  # else there is nothing that the pattern could find
    counts: Counter[str] = Counter()  # a library is linted in several environments
    for project, count in found:
        counts[project] += int(count)
    return dict(counts)


def chosen(generator: random.Random) -> Edit:
    """A random edit."""
    return Edit(generator.choice(sorted(KINDS)), *(generator.randrange(10_000) for _ in range(3)))


def steps(repo: LittleMonorepo, edits: Sequence[Edit]) -> Iterator[str]:
    """Apply each edit, and compare after it; what was done. Fails with a difference, or if a file is linted twice."""
    done: list[str] = []
    known = False  # whether all that can be known of the tree is known
    for number, edit in enumerate(edits):
        done.append(f"{edit}: {apply(edit, repo)}")
        history = "\n".join([*done, "as data:", json.dumps([list(astuple(each)) for each in edits[: number + 1]])])
        if known and (edit.kind == "touch" or done[-1].endswith(": nothing")):
            assert not linted(repo.tree), f"nothing has changed, and yet pylint lints:\n{history}"
        partial = (PATHS[edit.third % len(PATHS)],) if number % 3 == 2 else ()
        paths = [path for path in partial if Path(repo.tree.root / path).exists()]
        found = difference(repo.tree, *paths)
        assert not found, f"after these edits `pyfmt check {' '.join(paths)}` differs:\n{history}\n\n{found}"
        known = not paths
        if known:
            assert not linted(repo.tree), f"pylint lints again what it has just linted:\n{history}"
        yield done[-1]
