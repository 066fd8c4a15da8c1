"""Real code of PyPI, as `make primer` measures it: a package, the library that it uses, and two edits of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import corpora, primer
from benchmarks.reported import Key, Reported, Version
from tests.environments.creating.trees import BACKEND, own_build
from tests.support.monorepo import Monorepo

# A program that reports what its commit has in `found`, installed as pyfmt is.
REPORTING = """
import json, pathlib, sys

def main():
    place = next(word for word in sys.argv if word.startswith("json=")).removeprefix("json=")
    rules = pathlib.Path(__file__).with_name("found").read_text().split()
    found = [dict(path="a.py", line=1, tool="mypy", rule=rule, environments=[]) for rule in rules]
    pathlib.Path(place).write_text(json.dumps({"findings": found, "failures": []}))
"""
ENTRY = "archive.writestr(f'{info}/entry_points.txt', '[console_scripts]\\npyfmt = reporting:main')\n        "


@pytest.mark.slow
def test_real_code_is_reported_as_the_tools_do_it_in_place_and_a_cached_run_says_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYFMT_CORPORA", str(tmp_path))  # made anew, since edits of two runs must not meet
    whole = corpora.listed()["jaraco"]
    names = ("jaraco.functools", "jaraco.text")
    corpus = replace(whole, sdists=tuple(sdist for sdist in whole.sdists if sdist.name in names))
    row = primer.measure(corpus, Version(corpora.PYFMT, tmp_path / "cache"), None, ask=True, most=2)
    assert len(row.reported.content["projects"]) == 3 and row.edits == 2  # with the root
    assert row.reported.content["failures"] == []
    assert len(row.reported.keys) > 10, "there is hardly anything to compare"
    assert row.wrong == [], "a cached run is not a cold one"
    assert row.missing == row.invented == frozenset()


def test_a_difference_is_a_regression_where_the_tools_contradict_it() -> None:
    def reported(*rules: str) -> Reported:
        findings = [{"path": "a.py", "line": 1, "tool": "mypy", "rule": rule, "environments": ["e"]} for rule in rules]
        return Reported({"findings": findings, "failures": [], "summary": {"files": 7}}, 1.0)

    def keys(*rules: str) -> frozenset[Key]:
        return reported(*rules).keys

    row = primer.Row("some", reported("kept", "right", "wrong"), reported("kept", "gone", "was-wrong"), edits=3)
    row.missing, row.invented = keys("gone"), keys("wrong")
    assert [said.split(":")[0] for said in row.regressions] == ["lost", "invented"]
    assert row.lost == keys("gone", "was-wrong") and row.new == keys("right", "wrong")
    row.wrong.append("edit, a line: 1 lost")
    lines = primer.table([row]).splitlines()
    assert lines[2] == "| some | 7 | 3 | 2 | 2 | 2 | equal | **differs** | 1 | 1 | 1.0 |"
    assert "- edit, a line: 1 lost" in lines and len(lines) == 15, "\n".join(lines)


def test_bisect_names_the_commit_that_made_a_difference(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = BACKEND.replace("here.name", "'pyfmt'").replace("archive.writestr", f"{ENTRY}archive.writestr", 1)
    manifest = own_build("pyfmt")["pyfmt/pyproject.toml"]
    tree = Monorepo.create(tmp_path, {"pyproject.toml": manifest, "backend.py": backend, "reporting.py": REPORTING})
    tree.git("init", "--quiet")
    commits = []
    for number, found in enumerate(("old", "old", "old", "old new", "old new")):
        tree.write({"found": found, "number": str(number)})
        tree.git("add", "--all")
        tree.git("commit", "--quiet", "--message", str(number))
        commits.append(tree.git("rev-parse", "HEAD").strip())
    corpus = corpora.Corpus("some", "2026-01-01", ())
    monkeypatch.setenv("PYFMT_CORPORA", str(tmp_path / "corpora"))
    (tmp_path / "corpora" / corpus.key / "tree").mkdir(parents=True)
    (tmp_path / "corpora" / corpus.key / "made").touch()
    monkeypatch.setattr(primer, "ROOT", tree.root)

    scratch = tmp_path / "scratch"
    said = primer.bisect(commits[0], {"some": corpus}, scratch)
    assert said == f"{commits[3]} is the first whose findings are not those of {commits[0]}"
    assert primer.bisect(commits[3], {"some": corpus}, scratch) == f"no difference since {commits[3]}"
    assert tree.git("worktree", "list").count("\n") == 1, "nothing is left"
