"""A run that several machines share, joined again to the report that one machine gives."""

from __future__ import annotations

import json
import re
import shutil
import time
from pathlib import Path

import pytest

from tests.cache.remote.test_entries import SIGNING
from tests.cache.remote.test_remote_runs import KEY, URL
from tests.end_to_end import trees
from tests.support.http_cache import http_cache
from tests.support.monorepo import Monorepo

BLOCK = "".join(f"    total += first_{number}(value, {number}) * 2\n" for number in range(8))
TWIN = f'"""A twin."""\n\n\ndef compute(value, total=0):\n    """Computes."""\n{BLOCK}    return total\n'
FILES: dict[str, str | bytes] = {
    "pyproject.toml": '[tool.pyfmt]\ncache-dir = ".cache"\nbaseline = true\nfail-on = "warning"\n'
    '[tool.pyfmt.boundaries]\nlibraries = ["services/b"]\nprojects = ["services/a"]\n'
    '[tool.pylint.main]\ndisable = ["undefined-variable"]\n',
    ".gitignore": ".venv/\n.cache/\n",
    "services/a/pyproject.toml": trees.manifest("a", "a"),
    "services/a/a/__init__.py": '"""A."""\n',
    "services/a/a/broken.py": "def broken(:\n",
    "services/a/a/wrong.py": '"""Wrong."""\nimport os\nX: int = "no"\n',
    "services/a/tests/__init__.py": '"""Tests."""\n',
    "services/a/tests/test_a.py": '"""Tests."""\n\nfrom tests.gone import nothing\n\nprint(nothing)\n',
    "services/b/pyproject.toml": trees.manifest("b", "b"),
    "services/b/b/__init__.py": '"""B."""\n',
    "services/b/b/one.py": TWIN,
    "services/b/b/two.py": TWIN,
    "services/b/b/left.py": '"""Left."""\n\nfrom b import right\n\nprint(right)\n',
    "services/b/b/right.py": '"""Right."""\n\nfrom b import left\n\nprint(left)\n',
    "services/b/b/uses.py": '"""Uses."""\n\nimport a\n\nprint(a)\n',
    "services/b/tests/__init__.py": '"""Tests."""\n',
    "homeless/pyproject.toml": trees.manifest("homeless", "homeless"),
    "homeless/homeless.py": '"""Has no environment."""\nimport os\n',
}
OWN = re.compile(r'("(?:seconds|started|ended)": )[0-9.e-]+|("cached": )(?:true|false)')
LOCAL = {"CI": "", "GITHUB_BASE_REF": "", "CI_MERGE_REQUEST_DIFF_BASE_SHA": ""}


def shards(tree: Monorepo, count: int, *arguments: str) -> list[str]:
    """Run all shards; the names of their reports, which are written beside the tree."""
    names = [f"../{index}-of-{count}.json" for index in range(1, count + 1)]
    for index, name in enumerate(names, start=1):
        tree.run("check", f"--shard={index}/{count}", f"--output=json={name}", *arguments)
    return names


def timeless(file: Path) -> str:
    """A report's text without what tells of the run itself."""
    return OWN.sub(r"\1\2", file.read_text())


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    """A little monorepo with something of everything that a report can hold, and the whole report in `whole.json`."""
    found = Monorepo.create(tmp_path_factory.mktemp("sharded"), FILES)
    found.environment("services")
    found.environ |= LOCAL
    found.git("init", "--quiet", "--initial-branch=main")
    found.write({"services/b/b/old.py": '"""Old."""\n\nimport os\nimport sys\n'})
    found.run("baseline", "write", "services/b").expect(0)
    found.write({"services/b/b/old.py": '"""Old."""\n\nimport os\n\nX: int = "new"\n'})
    found.git("add", "--all")
    found.git("commit", "--quiet", "--message", "all")
    outputs = ("--output=json=../whole.json", "--output=text=../whole.txt", "--output=sarif=../whole.sarif")
    found.run("check", "--no-cache", *outputs).expect(2)
    return found


def test_the_whole_report_has_something_of_everything(tree: Monorepo) -> None:
    report = json.loads((tree.root / "../whole.json").read_text())
    rules = {item["rule"] for item in report["findings"]}
    assert any(rule.startswith("PYF") for rule in rules)
    assert {"R0801", "R0401", "W0611", "assignment", "import-not-found"} <= rules
    assert {item["syntax"] for item in report["findings"]} == {True, False}
    assert {item["baselined"] for item in report["findings"]} == {True, False}
    assert all(report[key] for key in ("edits", "skipped", "notes", "gone"))
    assert "shard" not in report


@pytest.mark.parametrize(("count", "arguments"), [(3, ("--no-cache",)), (2, ())])
def test_merged_shards_are_the_whole_report(tree: Monorepo, count: int, arguments: tuple[str, ...]) -> None:
    names = shards(tree, count, *arguments)
    outputs = [f"--output={name}=../merged.{end}" for name, end in (("json", "json"), ("text", "txt"), ("sarif",) * 2)]
    tree.run("merge", *reversed(names), *outputs).expect(2)
    for end in ("json", "txt", "sarif"):
        assert timeless(tree.root / f"../merged.{end}") == timeless(tree.root / f"../whole.{end}")
    units = [json.loads((tree.root / name).read_text())["units"] for name in names]
    assert all(units)


def test_balanced_by_recorded_times_it_is_the_same_report(tree: Monorepo) -> None:
    # A time that turns the plan around: one file takes longer than all the rest.
    report = json.loads((tree.root / "../whole.json").read_text())
    for unit in report["units"]:
        unit["seconds"] = 1000.0 if (unit["tool"], unit["projects"]) == ("format", ["homeless"]) else 1.0
    (tree.root / "../times.json").write_text(json.dumps(report))
    names = shards(tree, 2, "--shard-times=../times.json")
    units = [json.loads((tree.root / name).read_text())["units"] for name in names]
    planned = [sum(unit["tool"] != "pyfmt" for unit in part) for part in units]  # the boundaries are shard 1's
    assert sorted(planned) == [1, len(report["units"]) - 2]
    tree.run("merge", *names, "--output=json=../merged.json").expect(2)
    assert timeless(tree.root / "../merged.json") == timeless(tree.root / "../whole.json")
    other = "../other.json"
    tree.run("check", "--shard=2/2", f"--output=json={other}")
    assert "differ in the plan" in tree.run("merge", names[0], other).expect(2).stderr


def test_balanced_by_what_merging_has_put_into_a_remote_cache(tree: Monorepo, tmp_path: Path) -> None:
    """All shards of a commit make one plan, whatever is published on its day."""
    option = "--shard-times=remote"
    assert "there is no remote cache" in tree.run("check", "--shard=1/2", option).expect(2).stderr
    with http_cache(tmp_path) as server:
        environ = {URL: server.url, KEY: SIGNING}
        names = shards(tree, 2)
        for name in names:
            report = json.loads((tree.root / name).read_text())
            for unit in report["units"]:
                homeless = (unit["tool"], unit["projects"]) == ("format", ["homeless"])
                unit |= {"seconds": 1000.0 if homeless else 1.0, "cached": False}
            (tree.root / name).write_text(json.dumps(report))
        tree.run("merge", *names, environ=environ).expect(2)
        loads = []
        for ahead in (0, 2):  # days: only then is what was published today of a day before the commit's own
            tree.environ["GIT_COMMITTER_DATE"] = f"{int(time.time()) + ahead * 86_400} +0000"
            tree.git("commit", "--quiet", "--amend", "--no-edit")
            units = []
            for index, name in enumerate(names, start=1):
                tree.run("check", f"--shard={index}/2", f"--output=json={name}", option, environ=environ)
                units.append(json.loads((tree.root / name).read_text())["units"])
            loads.append(sorted(sum(unit["tool"] != "pyfmt" for unit in part) for part in units))
            tree.run("merge", *names, "--output=json=../merged.json").expect(2)
        assert loads[0][0] > 1 == loads[1][0], loads
    away = tree.run("check", "--shard=1/2", option, environ={URL: server.url}).expect(2).stderr
    assert "is not used" in away and "run this shard again" in away
    merged = tree.run("merge", *names, "--output=json=../merged.json", environ={URL: server.url}).expect(2)
    assert "no times are published" in merged.stderr


def test_merging_fails_where_a_shard_is_missing_twice_or_none(tree: Monorepo) -> None:
    one, two, three = shards(tree, 3)
    assert "shard is missing: 2/3" in tree.run("merge", one, three).expect(2).stderr
    assert "shard 1/3 is given twice" in tree.run("merge", one, two, three, one).expect(2).stderr
    assert "is a whole report" in tree.run("merge", one, "../whole.json").expect(2).stderr
    assert "differ in the number of shards" in tree.run("merge", one, *shards(tree, 2)).expect(2).stderr
    older = (tree.root / two).read_text().replace('"pyfmt": "', '"pyfmt": "0.', 1)
    (tree.root / "../older.json").write_text(older)
    assert "was written by pyfmt 0." in tree.run("merge", one, "../older.json", three).expect(2).stderr


def test_merging_fails_where_shards_are_of_different_trees(tree: Monorepo, tmp_path: Path) -> None:
    shutil.copytree(tree.root, tmp_path / "monorepo", symlinks=True)
    copy = Monorepo(tmp_path / "monorepo", tree.home, dict(tree.environ))
    one = "../1-of-2.json"

    def differ() -> str:
        copy.run("lint", "--tool=mypy", "--shard=2/2", "--output=json=../other.json")
        return copy.run("merge", one, "../other.json").expect(2).stderr

    copy.run("lint", "--tool=mypy", "--shard=1/2", f"--output=json={one}")
    settings = copy.read("pyproject.toml")
    copy.write({"services/b/b/one.py": TWIN + "\n# more\n"})
    assert "files (local changes)" in differ()
    copy.write({"services/b/b/one.py": TWIN, "pyproject.toml": settings.replace('"warning"', '"error"')})
    assert "configuration" in differ()
    copy.write({"pyproject.toml": settings})
    copy.git("commit", "--quiet", "--allow-empty", "--message", "later")
    assert "commit" in differ()


def test_a_report_to_merge_quotes_no_file_of_another_place(tree: Monorepo, tmp_path: Path) -> None:
    """Whoever made it would get that into the report that is published."""
    (tmp_path / "secret.txt").write_text("TOLD TO NOBODY\n" * 20, "utf-8")
    (whole,) = shards(tree, 1)
    made, quoted = json.loads((tree.root / whole).read_text("utf-8")), "services/a/a/broken.py"
    assert any(item["path"] == quoted for item in made["findings"])
    for root, path in ((made["root"], str(tmp_path / "secret.txt")), (str(tmp_path), "secret.txt")):
        text = json.dumps({**made, "root": root}).replace(quoted, path)
        (tmp_path / "one.json").write_text(text, "utf-8")
        tree.run("merge", str(tmp_path / "one.json"), "--output", f"html={tmp_path / 'one.html'}")
        page = (tmp_path / "one.html").read_text("utf-8")
        assert "secret.txt" in page and "TOLD TO NOBODY" not in page


def test_a_shard_writes_nothing_and_names_a_part(tree: Monorepo) -> None:
    for arguments in (
        ("run", "--shard=1/2"),
        ("format", "--shard=1/2"),
        ("check", "--shard=3/2"),
        ("check", "--shard=x"),
    ):
        assert "--shard" in tree.run(*arguments).expect(2).stderr
    assert "--shard-times" in tree.run("check", "--shard-times=../whole.json").expect(2).stderr
