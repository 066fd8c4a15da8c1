"""Notebooks are files like any other: formatted, linted in their project's environment, cached, staged, reported."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.monorepo import ROOT, Monorepo
from tests.support.notebooks import notebook

MANIFEST = """
    [project]
    name = "{name}"
    version = "1"
    dependencies = []
"""
LOAD = '''
    """Loads."""


    def load(name: str) -> list[int]:
        """Numbers of that name."""
        return [len(name)]
'''
# What is wrong, by cell: 3 an unused import (pylint), 4 an argument of a wrong type (mypy), 5 a redefinition (both).
TRAIN = (
    ("# Training", "markdown"),
    "%matplotlib inline\nfrom loading import load\n\nfiles = !ls",
    "import json\n\nrows = load('a')",
    "rows += load(1)\nprint(files, await missing_no_more())\nrows",
    "def load(name: str) -> str:\n    return name\n\n\nrows == [3];",
    "%%bash\nls",
    "async def missing_no_more() -> str:\n    '''Later.'''\n    display(load('b'))\n    return 'x'",
)


def files() -> dict[str, str | bytes]:
    """A data project with a notebook beside a module, and a library."""
    return {
        "pyproject.toml": "[tool.pyfmt]\n",
        "pylintrc": "[MESSAGES CONTROL]\nenable = all\ndisable = I\n",
        "mypy.ini": "[mypy]\nstrict = true\n",
        "batch/pyproject.toml": MANIFEST.format(name="batch"),
        "batch/book/loading.py": LOAD,
        "batch/book/train.ipynb": notebook(*TRAIN),
    }


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    """Shared by tests that leave it as they found it."""
    made = Monorepo.create(tmp_path_factory.mktemp("notebooks"), files())
    made.environment("batch")
    return made


@pytest.fixture(scope="module")
def report(tree: Monorepo) -> Mapping[str, Any]:
    result, found = tree.check("--no-cache")
    result.expect(1)
    return found


def places(report: Mapping[str, Any]) -> set[tuple[str, int, int, str]]:
    """Rule and place in its cell of each finding in the notebook."""
    found = [item for item in report["findings"] if item["path"] == "batch/book/train.ipynb"]
    return {(item["rule"], *(item["cell"][key] for key in ("number", "line")), item["tool"]) for item in found}


def test_findings_stand_in_their_cells(report: Mapping[str, Any]) -> None:
    assert report["failures"] == report["skipped"] == []
    assert {project["name"]: project["files"] for project in report["projects"]}["batch"] == 2
    assert places(report) == {
        ("W0611", 3, 1, "pylint"),
        ("arg-type", 4, 1, "mypy"),
        ("used-before-def", 4, 2, "mypy"),
        ("C0116", 5, 1, "pylint"),
        ("no-redef", 5, 1, "mypy"),
    }


def test_the_place_in_the_file_is_that_of_the_text(tree: Monorepo, report: Mapping[str, Any]) -> None:
    lines = tree.read("batch/book/train.ipynb").split("\n")
    for item in report["findings"]:
        if "cell" in item:
            text = item["cell"]["text"][item["cell"]["column"] - 1 :]
            assert lines[item["line"] - 1][item["column"] - 1 :].startswith(text), item
    alone = tree.run("lint", "--tool", "pylint", "batch").expect(1).stdout
    assert "cell 5:1:1: error: function already defined line 2 of cell 2 [pylint:E0102]" in alone


def test_the_text_names_the_cell_and_shows_its_line(tree: Monorepo) -> None:
    result = tree.run("check", "--format", "full", "batch/book/train.ipynb").expect(1)
    assert "cell 4:1:14" in result.stdout and "1 | rows += load(1)" in result.stdout
    assert result.stdout.count("would reformat batch/book/train.ipynb [black]") == 1
    again = tree.run("check", "batch/book/train.ipynb").expect(1)
    assert "\nbatch/book/train.ipynb cell 4:1:14: error: Argument 1" in again.stdout


def test_a_cached_run_says_the_same_until_the_notebook_changes(tmp_path: Path, tree: Monorepo) -> None:
    mine = tree.copied(tmp_path)
    first = mine.check()[1]
    second = mine.check()[1]
    assert all(unit["cached"] for unit in second["units"]) and places(second) == places(first)
    changed = mine.read("batch/book/train.ipynb").replace("rows += load(1)", "rows += load('c')")
    mine.write({"batch/book/train.ipynb": changed.encode()})
    third = mine.check()[1]
    assert places(first) - places(third) == {("arg-type", 4, 1, "mypy")}
    # The module beside it is judged in units of its own.
    assert [unit["tool"] for unit in third["units"] if unit["cached"] and unit["tool"] != "format"] == [
        "mypy",
        "pylint",
    ]


def test_formatting_keeps_every_other_byte(tmp_path: Path, tree: Monorepo) -> None:
    mine = tree.copied(tmp_path)
    before = mine.read("batch/book/train.ipynb")
    mine.run("format").expect(0)
    expected = before.replace("load('a')", 'load(\\"a\\")').replace("load('b')", 'load(\\"b\\")')
    expected = expected.replace("'''Later.'''", '\\"\\"\\"Later.\\"\\"\\"').replace("return 'x'", 'return \\"x\\"')
    assert mine.read("batch/book/train.ipynb") == expected
    mine.run("format", "--check").expect(0)


def test_notebooks_that_no_tool_can_be_given_are_said(tmp_path: Path) -> None:
    broken = {"three": b'{"nbformat": 3, "worksheets": []}', "cut": b'{"cells": ['}
    broken["torn"] = b"{\n<<<<<<< a\n=======\n>>>>>>> b\n}"
    mine = Monorepo.create(tmp_path, {f"a/{name}.ipynb": data for name, data in broken.items()})
    mine.write({"a/r.ipynb": notebook("x <- 1", language_info={"name": "R"}), "pyfmt.toml": ""})
    result = mine.run("format", "--check").expect(2)
    for said in ("a/three.ipynb has version 3", "a/cut.ipynb is no notebook", "a/torn.ipynb holds the marks"):
        assert said in result.stdout
    assert "a/r.ipynb: not checked, since it is written in r" in result.stdout
    assert all((mine.root / f"a/{name}.ipynb").read_bytes() == data for name, data in broken.items())
    mine.run("format", "--check", "a/r.ipynb").expect(0)


def test_a_project_of_notebooks_alone_needs_an_environment(tmp_path: Path) -> None:
    mine = Monorepo.create(tmp_path, {"a/pyproject.toml": MANIFEST.format(name="a"), "pyfmt.toml": ""})
    mine.write({"a/a.ipynb": notebook("x = 1")})
    assert "run `pyfmt envs create a`" in mine.run("lint").expect(2).stdout
    assert "a/.venv" in mine.run("envs", "create", "--dry-run").expect(0).stdout


def test_notebooks_can_be_left_out(tmp_path: Path) -> None:
    mine = Monorepo.create(tmp_path, {"pyfmt.toml": "notebooks = false", "a.ipynb": b"{"})
    assert "1 notebook is left out, as `notebooks = false` says" in mine.run("format", "--check").expect(0).stdout


def test_without_ipython_nothing_is_called_clean(tmp_path: Path) -> None:
    mine = Monorepo.create(tmp_path, {"pyfmt.toml": "", "a.ipynb": notebook("x = 1")})
    # What cannot be imported: https://docs.python.org/3/library/sys.html#sys.modules
    start = f"import sys; sys.path.insert(0, {str(ROOT)!r}); sys.modules['IPython'] = None; "
    start += "import pyfmt.cli.main as m; sys.exit(m.main())"
    done = subprocess.run(
        [sys.executable, "-P", "-c", start, "format", "--check"],
        check=False,
        capture_output=True,
        text=True,
        cwd=mine.root,
        env=mine.environment_variables(),
    )
    assert done.returncode == 2, done
    assert "1 notebook is not checked: ipython is not installed beside pyfmt" in done.stdout
    assert "pip install 'pyfmt-monorepo[jupyter]'" in done.stdout


def test_staged_notebooks_are_checked_as_they_are_staged(tmp_path: Path) -> None:
    data = notebook("x=1")
    mine = Monorepo.create(tmp_path, {"pyfmt.toml": "", "a.ipynb": data})
    mine.git("init", "-q")
    mine.git("add", ".")
    mine.write({"a.ipynb": notebook("x = 1")})
    assert "would reformat a.ipynb" in mine.run("format", "--check", "--staged").expect(1).stdout
    mine.write({"a.ipynb": data})
    mine.run("format", "--staged").expect(0)
    assert "x = 1" in mine.git("show", ":a.ipynb") and "x = 1" in mine.read("a.ipynb")


def test_since_finds_notebooks_that_changed_and_those_that_import_what_did(tmp_path: Path, tree: Monorepo) -> None:
    mine = tree.copied(tmp_path)
    mine.write({".gitignore": ".venv\n", "batch/other.ipynb": notebook("x = 1")})
    mine.git("init", "-q")
    mine.git("add", ".")
    mine.git("commit", "-qm", "a")
    mine.write({"batch/book/loading.py": LOAD.replace("-> list[int]", "-> list[float]")})
    _, report = mine.check("--since", "HEAD", "--tool", "mypy")
    assert report["summary"]["files"] == 2
    assert ("arg-type", 4, 1, "mypy") in places(report)
    mine.git("commit", "-qam", "b")
    mine.write({"batch/other.ipynb": notebook("x=1")})
    result, report = mine.check("--since", "HEAD", "--tool", "black")
    result.expect(1)
    assert [edit["path"] for edit in report["edits"]] == ["batch/other.ipynb"]


def test_findings_are_suppressed_in_cells_and_accepted_by_baselines(tmp_path: Path, tree: Monorepo) -> None:
    mine = tree.copied(tmp_path)
    mine.run("baseline", "write", "--tool", "mypy").expect(0)
    moved = mine.read("batch/book/train.ipynb").replace('"# Training"', '"# Training\\n",\n"more"')
    mine.write({"batch/book/train.ipynb": moved.encode()})
    mine.run("check", "--baseline", "--tool", "mypy").expect(0)
    mine.run("lint", "--add-ignores", "--tool", "mypy")
    assert "rows += load(1)  # type: ignore[arg-type]\\n" in mine.read("batch/book/train.ipynb")


def test_boundaries_hold_in_notebooks(tmp_path: Path) -> None:
    mine = Monorepo.create(
        tmp_path,
        {
            "pyfmt.toml": "tools = ['black']\n[boundaries]\n",
            "projects/one/pyproject.toml": MANIFEST.format(name="one"),
            "projects/one/one/__init__.py": "",
            "projects/two/pyproject.toml": MANIFEST.format(name="two"),
            "projects/two/two/__init__.py": "",
            "projects/two/a.ipynb": notebook("%pylab", "x = 1\nimport one"),
        },
    )
    result = mine.run("check", "--tool", "pyfmt").expect(1)
    assert "projects/two/a.ipynb cell 2:2:8: error: the project two" in result.stdout
