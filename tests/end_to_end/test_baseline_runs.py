"""New findings only: baselines in a real repository."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end import trees
from tests.support.monorepo import Monorepo

OLD = '''\
"""Old code."""

import os


def collect(into: list[int] = []) -> list[str]:
    """Collects."""
    return into
'''
FILE = ".pyfmt-baseline.jsonl"
LOCAL = {"CI": "", "GITHUB_BASE_REF": "", "CI_MERGE_REQUEST_DIFF_BASE_SHA": ""}
ON_GITHUB = {"CI": "true", "GITHUB_BASE_REF": "main"}


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    """Two projects below one environment, with three findings each, accepted and committed; the cache is inside."""
    settings = '[tool.pyfmt]\ncache-dir = ".cache"\n'
    ignored = ".venv/\n.cache/\n*.sarif\n"
    found = Monorepo.create(tmp_path_factory.mktemp("kept"), {"pyproject.toml": settings, ".gitignore": ignored})
    for name in ("billing", "ledger"):
        found.write(
            {
                f"{name}/pyproject.toml": trees.manifest(name, name),
                f"{name}/{name}/__init__.py": '"""A service."""\n',
                f"{name}/{name}/old.py": OLD,
            }
        )
    found.environment(".")
    found.environ |= LOCAL
    found.git("init", "--quiet", "--initial-branch=main")
    commit(found)
    result = found.run("baseline", "write").expect(0)
    assert "6 findings accepted" in result.stdout
    commit(found)
    return found


@pytest.fixture
def tree(kept: Monorepo, tmp_path: Path) -> Monorepo:
    """A copy of `kept`."""
    return kept.copied(tmp_path)


def commit(tree: Monorepo) -> None:
    tree.git("add", "--all")
    tree.git("commit", "--quiet", "--message", "state")


def lint(tree: Monorepo, *arguments: str, **options: Any) -> tuple[int, list[str], list[str], dict[str, Any]]:
    """Exit code, paths of new findings, paths of what is gone, and the report."""
    result, report = tree.check("--baseline", *arguments, command_name="lint", **options)
    new = [f"{item['path']}:{item['rule']}" for item in report["findings"] if not item["baselined"]]
    return result.code, new, [f"{item['path']}:{item['rule']}" for item in report["gone"]], report


def test_only_new_findings_fail_wherever_old_lines_went(tree: Monorepo) -> None:
    code, new, gone, report = lint(tree)
    assert (code, new, gone) == (0, [], [])
    assert report["summary"]["baselined"] == len(report["findings"]) == 6
    assert tree.check(command_name="lint")[0].code == 1
    tree.write({"billing/billing/old.py": OLD.replace("import os", "# more\n\nimport  os") + "\n\nX: int = 'a'\n"})
    assert lint(tree)[:3] == (1, ["billing/billing/old.py:assignment"], [])
    # A second one that is equal to an accepted one in all but its place is new.
    tree.write({"billing/billing/old.py": OLD, "billing/billing/copy.py": OLD})
    code, new, gone, _ = lint(tree, "--tool", "pylint")
    assert (code, sorted(new), gone) == (1, ["billing/billing/copy.py:W0102", "billing/billing/copy.py:W0611"], [])


def test_a_setting_switches_baselines_on(tree: Monorepo) -> None:
    tree.write({"pyproject.toml": '[tool.pyfmt]\nbaseline = true\ncache-dir = ".cache"\n'})
    tree.run("lint").expect(0)
    tree.run("lint", "--no-baseline").expect(1)


def test_renamed_files_keep_what_is_accepted(tree: Monorepo) -> None:
    (tree.root / "billing/billing/old.py").rename(tree.root / "billing/billing/elder.py")
    assert lint(tree)[:3] == (0, [], [])  # not yet in the index
    tree.git("add", "--all")
    tree.git("mv", "ledger/ledger/old.py", "billing/billing/from_ledger.py")
    tree.write({"billing/billing/from_ledger.py": "# Moved.\n" + OLD})
    assert lint(tree)[:3] == (0, [], [])
    commit(tree)
    result = tree.run("baseline", "prune", environ={"CI": "true"}).expect(0)
    assert f"billing/{FILE}: 3 added, 3 in renamed files, 6 accepted" in result.stdout
    assert not (tree.root / f"ledger/{FILE}").exists()
    commit(tree)
    assert lint(tree)[:3] == (0, [], [])


def test_partial_runs_drop_nothing_and_whole_ones_report_what_is_gone(tree: Monorepo) -> None:
    before = tree.read(f"ledger/{FILE}")
    tree.write({"billing/billing/old.py": OLD.replace("import os\n\n\n", "")})
    (tree.root / "ledger/ledger/old.py").unlink()
    billing = "billing/billing/old.py:W0611"
    assert lint(tree, "billing/billing/__init__.py")[:3] == (0, [], [])
    assert lint(tree, "billing", "--tool", "mypy")[:3] == (0, [], [])
    assert lint(tree, "billing/billing/old.py")[:3] == (0, [], [billing])
    ledger = [f"ledger/ledger/old.py:{rule}" for rule in ("return-value", "W0102", "W0611")]
    assert lint(tree)[:3] == (0, [], [billing, *ledger])
    tree.run("baseline", "prune", "billing/billing/__init__.py").expect(0)
    tree.run("baseline", "prune", "billing", "--tool", "mypy").expect(0)
    assert not tree.git("status", "--porcelain", "--", f"*{FILE}")
    tree.run("baseline", "write", "billing").expect(0)
    assert "W0611" not in tree.read(f"billing/{FILE}")
    assert tree.read(f"ledger/{FILE}") == before
    tree.run("baseline", "prune").expect(0)
    assert not (tree.root / f"ledger/{FILE}").exists()


def test_what_was_not_checked_is_not_gone(tree: Monorepo) -> None:
    tree.write({"billing/billing/old.py": "def broken(:\n"})
    code, new, gone, _ = lint(tree)
    assert (code, gone) == (1, [])
    assert [item.split(":")[0] for item in new] == ["billing/billing/old.py"]
    result = tree.run("baseline", "write").expect(1)
    assert "not accepted: billing/billing/old.py:1:" in result.stdout
    (tree.root / ".venv").rename(tree.root.parent / "away")
    code, _, gone, report = lint(tree)
    assert (code, gone) == (2, [])
    assert report["skipped"]
    tree.run("baseline", "write").expect(2)
    assert not tree.git("status", "--porcelain", "--", f"*{FILE}")


def test_in_ci_the_baseline_may_only_shrink(tree: Monorepo) -> None:
    tree.git("update-ref", "refs/remotes/origin/main", "HEAD")
    tree.git("checkout", "--quiet", "-b", "topic")
    tree.write({"billing/billing/new.py": '"""New."""\n\nimport os\n'})
    refused = tree.run("baseline", "write", environ={"CI": "true"}).expect(2)
    assert "billing/billing/new.py: W0611 Unused import os [pylint]" in refused.stderr
    tree.run("baseline", "write", "--no-baseline-locked", environ={"CI": "true"}).expect(0)
    commit(tree)
    assert lint(tree)[:2] == (0, [])
    code, new, _, report = lint(tree, environ=ON_GITHUB)
    assert (code, new) == (1, ["billing/billing/new.py:W0611"])
    assert any("is locked and has 1 more than at " in note for note in report["notes"])
    assert lint(tree, "--no-baseline-locked", environ=ON_GITHUB)[:2] == (0, [])
    code, new, _, report = lint(tree, environ=ON_GITHUB | {"GITHUB_BASE_REF": "nowhere"})
    assert any("is unknown" in note for note in report["notes"])
    # A project's first baseline is taken as it is.
    tree.git("rm", "--quiet", f"billing/{FILE}")
    commit(tree)
    tree.git("update-ref", "refs/remotes/origin/main", "HEAD")
    tree.run("baseline", "write").expect(0)
    assert lint(tree, environ=ON_GITHUB)[:2] == (0, [])


def test_without_history_renames_are_said_not_to_be_known(tree: Monorepo, tmp_path: Path) -> None:
    tree.git("mv", "billing/billing/old.py", "billing/billing/renamed.py")
    commit(tree)
    shallow = Monorepo(tmp_path / "shallow", tree.home, dict(tree.environ))
    tree.git("clone", "--quiet", "--depth=1", f"file://{tree.root}", str(shallow.root))
    (tree.root / ".venv").rename(shallow.root / ".venv")
    code, new, gone, report = lint(shallow)
    assert (code, len(new), len(gone)) == (1, 3, 3)
    assert any("whether renamed is unknown (the clone is shallow" in note for note in report["notes"])


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        ("<<<<<<< HEAD\n", ":2: has marks of a merge conflict"),
        ("{}\n", ":2: is damaged"),
    ],
)
def test_a_damaged_baseline_is_an_error_that_says_where(tree: Monorepo, damage: str, said: str) -> None:
    head, *rest = tree.read(f"billing/{FILE}").splitlines(keepends=True)
    tree.write({f"billing/{FILE}": "".join([head, damage, *rest])})
    assert f"billing/{FILE}{said}" in tree.run("lint", "--baseline").expect(2).stderr


def test_two_branches_that_accept_findings_in_two_projects_merge(tree: Monorepo) -> None:
    tree.git("checkout", "--quiet", "-b", "one")
    tree.write({"billing/billing/new.py": '"""New."""\n\nimport os\n'})
    tree.run("baseline", "write", "billing").expect(0)
    commit(tree)
    tree.git("checkout", "--quiet", "-b", "two", "main")
    tree.write({"ledger/ledger/new.py": '"""New."""\n\nimport os\n'})
    tree.run("baseline", "write").expect(0)
    commit(tree)
    tree.git("merge", "--quiet", "--no-edit", "one")
    assert lint(tree)[:3] == (0, [], [])


def test_two_branches_that_change_one_baseline_merge_by_union(tree: Monorepo) -> None:
    """Also where both begin it: two heads, and what only one side has kept, do no harm."""
    for branch, name in (("one", "billing/billing/first.py"), ("two", "billing/billing/second.py")):
        tree.git("checkout", "--quiet", "-B", branch, "main")
        (tree.root / "billing" / FILE).unlink()
        tree.write(
            {name: '"""New."""\n\nimport os\n', "billing/billing/old.py": OLD if branch == "one" else '"""New."""\n'}
        )
        said = tree.run("baseline", "write").expect(0).stdout
        assert f"echo '{FILE} merge=union' >> .gitattributes" in said
        tree.write({".gitattributes": f"{FILE} merge=union\n"})
        assert ".gitattributes" not in tree.run("baseline", "write").expect(0).stdout
        commit(tree)
    tree.git("merge", "--quiet", "--no-edit", "--strategy-option", "ours", "one")
    text = tree.read(f"billing/{FILE}")
    tree.write({f"billing/{FILE}": text + text.splitlines()[0] + "\n"})
    code, new, gone, _report = lint(tree)
    assert (code, new) == (0, []), text
    assert sorted(gone) == [f"billing/billing/old.py:{rule}" for rule in ("W0102", "W0611", "return-value")]
    tree.run("baseline", "prune").expect(0)
    assert tree.read(f"billing/{FILE}").count("pyfmt-baseline") == 1


def test_the_status_counts_by_rule_owner_and_project_and_over_time(tree: Monorepo) -> None:
    tree.write({".github/CODEOWNERS": "* @everybody\n/billing/ @money @banks\n"})
    tree.write({"ledger/ledger/old.py": '"""Mended."""\n'})
    tree.run("baseline", "prune").expect(0)
    said = tree.run("baseline", "status").expect(0).stdout
    assert said.startswith("3 findings accepted\n"), said
    assert "\nby owner (.github/CODEOWNERS)\n  3  @money @banks\n" in said
    assert "\nby project\n  3  billing\n" in said
    assert "\n  1  W0102 [pylint]\n" in said
    assert re.search(r"\nover time .*\n  \d{4}-\d\d-\d\d  [0-9a-f]{12}  6\n  now {21}  3  -3\n$", said), said
    commit(tree)
    assert re.search(
        r"  6\n  \d{4}-\d\d-\d\d  [0-9a-f]{12}  3  -3\n  now {21}  3\n$", tree.run("baseline", "status").stdout
    )


def test_the_gate_in_one_run(tree: Monorepo) -> None:
    tree.write({"billing/billing/new.py": '"""New."""\n\nimport os\n'})
    result = tree.run("check", "--baseline", "--output", "github", "--output", "sarif=pyfmt.sarif", environ=ON_GITHUB)
    result.expect(1)
    assert "::warning file=billing/billing/new.py,line=3" in result.stdout
    assert "file=billing/billing/old.py" not in result.stdout
    assert "6 accepted (`--show-baselined`)" in result.stdout
    assert tree.read("pyfmt.sarif").count('"status": "accepted"') == 6


def test_staged_findings_are_compared_with_the_baseline_of_the_index(tree: Monorepo) -> None:
    tree.write({"billing/billing/old.py": "# More.\n" + OLD})
    tree.git("add", "--all")
    assert lint(tree, "--staged")[:3] == (0, [], [])
    tree.write({"billing/billing/new.py": '"""New."""\n\nimport os\n'})
    tree.git("add", "--all")
    (tree.root / "billing/billing/new.py").write_text('"""Not staged."""\n')
    assert lint(tree, "--staged")[:3] == (1, ["billing/billing/new.py:W0611"], [])


def test_since_a_commit_only_what_was_looked_at_is_gone(tree: Monorepo) -> None:
    tree.write({"billing/billing/old.py": OLD.replace("import os\n\n\n", "")})
    assert lint(tree, "--since", "HEAD")[:3] == (0, [], ["billing/billing/old.py:W0611"])


def test_findings_of_the_boundaries_are_accepted_and_gone_like_any_other(tree: Monorepo) -> None:
    settings = tree.read("pyproject.toml") + '[tool.pyfmt.boundaries]\nlibraries = ["ledger"]\nprojects = ["billing"]\n'
    tree.write(
        {"pyproject.toml": settings, "ledger/ledger/uses.py": '"""Uses."""\n\nimport billing\n\nprint(billing)\n'}
    )
    assert any("PYF" in found for found in lint(tree)[1])
    tree.run("baseline", "write").expect(0)
    assert lint(tree)[:3] == (0, [], [])
    tree.write({"ledger/ledger/uses.py": '"""Uses nothing."""\n'})
    assert any("PYF" in found for found in lint(tree)[2])
    tree.run("baseline", "prune").expect(0)
    assert lint(tree)[:3] == (0, [], [])
