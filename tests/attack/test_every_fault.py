"""Whatever call of the system fails, or is a killed process's last: no file is harmed, and the next run is right.

A run that ends with 0 did all of its work: a cache that cannot be written or read costs time alone.
"""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.attack.faults import FAILING, Failing, Faulty, everything, library
from tests.end_to_end import trees
from tests.environments.creating.trees import own_build
from tests.support.monorepo import Monorepo, Result

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="the library is for Linux")

UGLY = '"""Ugly."""\nimport sys\nimport os\nprint( os.sep,sys.path )\n'
NEAT = '"""Ugly."""\n\nimport os\nimport sys\n\nprint(os.sep, sys.path)\n'
WRONG = '"""Wrong."""\n\nNUMBER: int = "text"\n'
NAMES = tuple(f"app/app/ugly{number}.py" for number in range(2))
STAGED = ("run", "--staged", "--tool", "black", "--tool", "isort")


@pytest.fixture(name="faulty", scope="module")
def _faulty(tmp_path_factory: pytest.TempPathFactory) -> Faulty:
    folder = tmp_path_factory.mktemp("faults")
    tree = trees.one_project(folder / "run", {"app/__init__.py": '"""App."""\n', "app/wrong.py": WRONG})
    tree.write({".gitignore": ".venv\n", **dict.fromkeys(NAMES, UGLY)})
    tree.git("init", "--quiet")
    tree.git("add", "--all")
    return Faulty(tree, library(folder))


def _afresh(tree: Monorepo) -> None:
    """The tree and the index as before, and no cache."""
    shutil.rmtree(tree.home)
    tree.home.mkdir()
    (tree.root / ".git/index.lock").unlink(missing_ok=True)  # a killed git's own; its message says so
    (tree.root / "app/.pyfmt-baseline").unlink(missing_ok=True)
    for path in tree.root.rglob("*pyfmt-baseline*"):
        path.unlink()
    tree.write(dict.fromkeys(NAMES, UGLY))
    tree.git("add", "--all")


def _check_end(what: str, result: Result, codes: tuple[int, ...]) -> None:
    assert result.code in codes, f"{what}\n{result}"
    assert "Traceback" not in result.stderr, f"{what}\n{result}"
    assert "this is a bug" not in result.stderr, f"{what}\n{result}"


@pytest.mark.parametrize("failing", FAILING, ids=str)
def test_format(faulty: Faulty, failing: Failing) -> None:
    tree = faulty.tree
    for what, result in faulty.every(failing, ("format",), lambda: _afresh(tree)):
        _check_end(what, result, (0, 2, -9))
        texts = [tree.read(name) for name in NAMES]
        assert set(texts) <= {UGLY, NEAT}, f"{what}\n{result}"
        assert result.code != 0 or texts == [NEAT, NEAT], f"{what}\n{result}"
        tree.run("format").expect(0)
        assert [tree.read(name) for name in NAMES] == [NEAT, NEAT], what
        assert not list(tree.root.rglob(".pyfmt-*.tmp")), what


@pytest.mark.parametrize("failing", FAILING, ids=str)
def test_staged(faulty: Faulty, failing: Failing) -> None:
    tree = faulty.tree
    for what, result in faulty.every(failing, STAGED, lambda: _afresh(tree)):
        _check_end(what, result, (0, 2, -9))
        (tree.root / ".git/index.lock").unlink(missing_ok=True)
        staged, texts = ([tree.git("show", f":{name}") for name in NAMES], [tree.read(name) for name in NAMES])
        assert set(staged) | set(texts) <= {UGLY, NEAT}, f"{what}\n{result}"
        assert result.code != 0 or staged == texts == [NEAT, NEAT], f"{what}\n{result}"
        assert tree.git("fsck", "--no-dangling") == "", what
        tree.run(*STAGED).expect(0)
        assert [tree.git("show", f":{name}") for name in NAMES] == [NEAT, NEAT], what
        assert [tree.read(name) for name in NAMES] == [NEAT, NEAT], what


# In the suite only what a run that fills the cache has not: the calls about the baselines themselves.
@pytest.mark.slow
@pytest.mark.parametrize(
    "failing", [each for each in FAILING if everything() or each.call in ("write", "rename", "open")], ids=str
)
def test_baseline_write(faulty: Faulty, failing: Failing) -> None:
    tree = faulty.tree
    _afresh(tree)
    tree.run("baseline", "write").expect(0)
    (place,) = (path for path in tree.root.rglob("*pyfmt-baseline*"))
    whole = place.read_bytes()
    assert b"assignment" in whole
    for what, result in faulty.every(failing, ("baseline", "write"), lambda: _afresh(tree), "/.pyfmt-"):
        _check_end(what, result, (0, 2, -9))
        assert not place.exists() or place.read_bytes() == whole, f"{what}\n{result}"
        assert result.code != 0 or place.exists(), f"{what}\n{result}"
        tree.run("baseline", "write").expect(0)
        assert place.read_bytes() == whole, what


@pytest.mark.slow
@pytest.mark.parametrize("failing", FAILING, ids=str)
def test_a_run_that_fills_the_cache(faulty: Faulty, failing: Failing) -> None:
    tree = faulty.tree
    _afresh(tree)
    _, report = tree.check()
    findings = sorted((item["path"], item["rule"]) for item in report["findings"])
    assert ("app/app/wrong.py", "assignment") in findings
    for what, result in faulty.every(failing, ("check",), lambda: _afresh(tree)):
        _check_end(what, result, (1, 2, -9))
        _, report = tree.check()
        assert sorted((item["path"], item["rule"]) for item in report["findings"]) == findings, f"{what}\n{result}"
        assert report["failures"] == [], f"{what}\n{report['failures']}"


@pytest.mark.parametrize("failing", FAILING if everything() else FAILING[:1], ids=str)
def test_envs_create(faulty: Faulty, tmp_path_factory: pytest.TempPathFactory, failing: Failing) -> None:
    """An environment is whole, or nobody takes it for one; uv and the build of the project fail as well."""
    files = own_build("tool") | {"pyproject.toml": "[tool.pyfmt]\n"}
    tree = Monorepo.create(tmp_path_factory.mktemp("creating"), files)
    before = {name: tree.read(name) for name in files}
    python = tree.root / "tool/.venv/bin/python"
    creating = Faulty(tree, faulty.library)

    def prepare() -> None:
        shutil.rmtree(tree.root / "tool/.venv", ignore_errors=True)

    for what, result in creating.every(failing, ("envs", "create", "--trust"), prepare):
        _check_end(what, result, (0, 2, -9))
        (row,) = [row for row in tree.run("envs", "--json").json["projects"] if row["path"] == "tool"]
        taken = row["environment"] is not None and row["environment"]["path"].endswith(".venv")
        assert taken or result.code != 0, f"{what}\n{result}"
        if not taken:
            tree.run("envs", "create", "--trust").expect(0)
        subprocess.run([python, "-c", "import tool"], check=True, cwd="/")
        assert {name: tree.read(name) for name in files} == before, what
