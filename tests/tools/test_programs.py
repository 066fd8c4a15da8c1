"""ruff and ty, run by pyfmt and by hand over real code: the same findings."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pathspec
import pytest

from tests.conftest import MakeMonorepo
from tests.support.monorepo import Monorepo, findings

BIN = Path(sys.executable).parent
MANIFEST = '[project]\nname = "{0}"\nversion = "1"\nrequires-python = ">=3.11"\n'
FAULTS = """import os

import yaml


def one(number: int) -> str:
    return number


print(one("é"), yaml)
"""


def by_hand(tree: Monorepo, *command: str) -> Any:
    done = subprocess.run([str(BIN / command[0]), *command[1:]], cwd=tree.root, capture_output=True, check=False)
    return json.loads(done.stdout)


@pytest.fixture
def tree(monorepo: MakeMonorepo) -> Monorepo:
    """A real package in a project of its own, with some faults beside it."""
    files = {
        "pyfmt.toml": "",
        "lib/specs/pyproject.toml": MANIFEST.format("specs"),
        "lib/specs/src/faults.py": FAULTS,
    }
    tree = monorepo(files)
    shutil.copytree(
        Path(pathspec.__file__).parent,
        tree.root / "lib/specs/src/pathspec",
        ignore=shutil.ignore_patterns("__pycache__"),
    )
    return tree


def test_ruff_says_what_it_says_by_hand_and_needs_no_environment(tree: Monorepo) -> None:
    result, report = tree.check("--tool", "ruff")
    config = Path(__file__).parents[2] / "configs" / "ruff.toml"
    said = by_hand(tree, "ruff", "check", "--no-cache", "--output-format=json", "--config", str(config), "lib")
    expected = {
        (str(Path(each["filename"]).relative_to(tree.root)), each["location"]["row"], each["code"], each["message"])
        for each in said
    }
    assert result.code == 1 and findings(report, "ruff") == expected
    assert ("lib/specs/src/faults.py", 1, "F401", "`os` imported but unused") in expected
    assert not report["failures"] and not report["skipped"]


def test_ty_says_what_it_says_by_hand_in_each_environment(tree: Monorepo) -> None:
    tree.write(
        {"svc/pyproject.toml": MANIFEST.format("svc"), "svc/svc.py": "import iniconfig\n\niniconfig.nothing()\n"}
    )
    environment = tree.environment("lib/specs")
    tree.environment("svc", "iniconfig")
    result, report = tree.check("--tool", "ty")
    said = by_hand(
        tree, "ty", "check", "--output-format=gitlab", "--python", str(environment.prefix), "--extra-search-path",
        str(tree.root / "lib/specs/src"), "--python-version", "3.11", "lib/specs",
    )  # fmt: skip
    expected = {
        (
            each["location"]["path"],
            each["location"]["positions"]["begin"]["line"],
            each["check_name"],
            each["description"].removeprefix(f"{each['check_name']}: "),
        )
        for each in said
    }
    found = findings(report, "ty")
    assert result.code == 1 and {each for each in found if each[0].startswith("lib/")} == expected
    rules = {(path, line, rule) for path, line, rule, _ in found}
    assert {("lib/specs/src/faults.py", 3, "import-not-found"), ("svc/svc.py", 3, "missing-attribute")} <= rules
    assert not [each for each in rules if each[0] == "svc/svc.py" and "import" in each[2]]


def test_a_file_after_the_whole_is_answered_from_the_cache(tree: Monorepo) -> None:
    """What a hook asks for is a share of what a whole run has asked."""
    whole = tree.check("--tool", "ruff")[1]
    tree.write({"lib/specs/src/faults.py": FAULTS})  # as it was, with new times
    report = tree.check("--tool", "ruff", "lib/specs/src/faults.py")[1]
    assert [(unit["cached"], unit["files"]) for unit in report["units"]] == [(True, 1)]
    assert report["findings"] == [each for each in whole["findings"] if each["path"].endswith("faults.py")]
    tree.write({"lib/specs/src/more.py": "import os\n"})
    tree.check("--tool", "ruff", "lib/specs/src/more.py")
    report = tree.check("--tool", "ruff")[1]
    assert report["units"][0]["cached"], "nor does a whole run ask again for what a hook has asked"
    assert {each["path"] for each in report["findings"]} >= {"lib/specs/src/more.py", "lib/specs/src/faults.py"}


def test_a_file_that_cannot_be_parsed_is_told_once(tree: Monorepo) -> None:
    tree.write({"lib/specs/src/faults.py": "def broken(:\n"})
    _, report = tree.check("--tool", "ruff", "--tool", "black", "lib/specs/src/faults.py")
    assert [(each["path"], each["line"]) for each in report["findings"]] == [("lib/specs/src/faults.py", 1)]


def test_ruffs_findings_are_suppressed_by_its_own_comment(tree: Monorepo) -> None:
    tree.run("lint", "--tool", "ruff", "--add-ignores", "lib/specs/src/faults.py")
    assert tree.read("lib/specs/src/faults.py").startswith("import os  # noqa: F401\n")
    assert tree.run("lint", "--tool", "ruff", "lib/specs/src/faults.py").code == 0


def test_a_configuration_that_extends_another_is_not_answered_from_the_cache(tree: Monorepo) -> None:
    tree.write({"pyfmt.toml": 'configs = "conf"\n', "conf/ruff.toml": 'extend = "../base.toml"\n', "base.toml": ""})
    assert "F401" in tree.run("lint", "--tool", "ruff", "lib/specs/src/faults.py").expect(1).stdout
    tree.write({"base.toml": 'lint.ignore = ["F401", "I001"]\n'})
    tree.run("lint", "--tool", "ruff", "lib/specs/src/faults.py").expect(0)
