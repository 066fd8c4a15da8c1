"""`--unused-ignores` and `pyfmt lint --add-ignores`, with the real tools."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyfmt.cli.add_ignores import AnnotatedFile, Annotations
from pyfmt.core.report import Report
from pyfmt.core.request import Command
from tests.end_to_end import trees
from tests.reports.models import finding
from tests.support.monorepo import Monorepo, rules

LEGACY = '''\
"""Old."""

import os


def collect(value, into=[]):
    """Bad."""
    into.append(value)
    return into


QUERY = collect("""
    select *
""", 1, 2)
NUMBER: int = "no number"  # from the old days
ABSENT: int = collect(1).absent + NUMBER.absent
'''
USELESS = '''\
"""Useless."""

NUMBER: int = 1  # type: ignore[assignment]
OTHER: int = 2  # pylint: disable=dangerous-default-value
'''
TABLES = '''\
"""Tables."""

import os  # isort: skip
import sys

PATHS = (os.curdir, sys.path)
MATRIX = [1,0,
          0,1]  # fmt: skip
# fmt: off
SCALE = {
    "one": 1,
}
# fmt: on
NAMES = {'one': 'eins'}  # fmt: skip

NUMBERS = [1, 2]  # fmt: skip
'''
CONFIGS = '[tool.pyfmt]\nconfigs = "configs"\n'
QUIET = {
    "configs/pylintrc": "[MAIN]\n",
    "configs/mypy.ini": "[mypy]\n",
    "pyproject.toml": CONFIGS,
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    """A project with legacy code and one with comments that suppress nothing, under configurations that say little."""
    made = trees.one_project(tmp_path_factory.mktemp("ignores"), {"app/__init__.py": '"""App."""\n'})
    made.write(QUIET)
    made.write({"app/app/legacy.py": LEGACY.encode(), "app/app/useless.py": USELESS.encode()})
    return made


def test_useless_comments_are_reported_when_asked_and_not_otherwise(tree: Monorepo) -> None:
    for _ in range(2):  # the second time from the cache
        assert rules(tree.check("app/app/useless.py")[1]) == []
        _, report = tree.check("app/app/useless.py", "--unused-ignores")
        assert rules(report) == ["unused-ignore", "I0021"]


def test_under_the_built_in_configurations_they_are_reported_only_when_asked(tmp_path: Path) -> None:
    tree = trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n', "app/useless.py": USELESS})
    assert rules(tree.check()[1]) == []
    assert rules(tree.check("--unused-ignores")[1]) == ["unused-ignore", "I0021"]
    configs = "[MAIN]\nenable=useless-suppression\n", "[mypy]\nwarn_unused_ignores = True\n"
    tree.write({"configs/pylintrc": configs[0], "configs/mypy.ini": configs[1], "pyproject.toml": CONFIGS})
    assert rules(tree.check()[1]) == ["unused-ignore", "I0021"]  # an own configuration is obeyed


def test_comments_that_hold_back_the_formatters_from_nothing(tree: Monorepo) -> None:
    tree.write({"app/app/tables.py": TABLES.encode()})
    path = "app/app/tables.py"
    found = [(path, 3, "PYF010"), (path, 9, "PYF010"), (path, 16, "PYF010")]

    def told(*arguments: str, command: str = "check") -> list[tuple[str, int, str]]:
        report = tree.check(path, *arguments, command_name=command)[1]
        assert report["failures"] == []
        return [(each["path"], each["line"], each["rule"]) for each in report["findings"]]

    assert told() == []
    assert told("--unused-ignores") == told("--unused-ignores", command="lint") == found
    assert told("--unused-ignores", "--no-cache") == found
    assert told("--unused-ignores", "--tool", "black") == found[1:]
    assert told("--unused-ignores", "--tool", "isort") == found[:1]
    assert told("--unused-ignores", "--tool", "pylint") == []
    assert told() == []  # what the cache knows of it by now does not come unasked
    shown = tree.run("check", path, "--unused-ignores").expect(1).stdout
    assert "useless `# fmt: off` (to `# fmt: on` on line 13): without it black would write the same" in shown
    tree.write({path: TABLES.replace("[1, 2]", "[1,2]").encode()})  # now the comment has something to hold back
    assert told("--unused-ignores") == found[:2]
    tree.write({path: TABLES.encode(), "configs/black.toml": "[tool.black]\nskip-string-normalization = true\n"})
    assert told("--unused-ignores") == [*found[:2], (path, 14, "PYF010"), found[2]]
    tree.write({"configs/black.toml": "[tool.black]\nforce-exclude = 'tables'\n"})
    assert told("--unused-ignores") == found[:1]  # black does not look at the file at all


def test_many_files_are_judged_in_several_processes(tmp_path: Path) -> None:
    files = {f"app/m{number}.py": f'"""M."""\n\nX = {number}  # fmt: skip\n' for number in range(8)}
    tree = trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n', **files})
    report = tree.check("--unused-ignores", "--jobs", "2")[1]
    assert [(each["path"], each["rule"]) for each in report["findings"]] == [(f"app/{n}", "PYF010") for n in files]
    (unit,) = (unit for unit in report["units"] if unit["tool"] == "pyfmt")
    assert (unit["files"], unit["cached"]) == (9, False)
    (unit,) = (unit for unit in tree.check("--unused-ignores")[1]["units"] if unit["tool"] == "pyfmt")
    assert unit["cached"]
    tree.write({"pyproject.toml": "[tool.pyfmt.boundaries]\nlibraries = []\nprojects = ['app']\n"})
    alone = tree.check("--unused-ignores", "--tool", "pyfmt")[1]
    assert [each["rule"] for each in alone["findings"]] == ["PYF010"] * 8


def test_ignores_are_added_once_where_they_belong_and_what_remains_is_reported(tree: Monorepo) -> None:
    _, before = tree.check("app/app/legacy.py", "--tool", "pylint", "--tool", "mypy")
    assert [(item["line"], item["rule"]) for item in before["findings"]] == [
        (3, "W0611"),
        (6, "W0102"),
        (12, "call-arg"),
        (15, "assignment"),
        (16, "E1101"),
        (16, "attr-defined"),
    ]
    result, report = tree.check("app/app/legacy.py", "--add-ignores", command_name="lint")
    after = tree.read("app/app/legacy.py")
    added = after.splitlines()
    assert added[2] == "import os  # pylint: disable=unused-import"
    assert added[5] == "def collect(value, into=[]):  # pylint: disable=dangerous-default-value"
    assert added[14].startswith('NUMBER: int = "no number"  # type: ignore[assignment]  # from the old days')
    assert "# type: ignore[attr-defined]" in added[15]
    assert [line.split("  #")[0] for line in added] == [line.split("  #")[0] for line in LEGACY.splitlines()]
    # The call begins on a line that ends within a string: no comment can stand there, so it is still reported.
    assert {item["line"] for item in report["findings"]} == {12}
    result.expect(1)
    assert any("suppressions added in 1 file" in note for note in report["notes"])
    again = tree.check("app/app/legacy.py", "--add-ignores", command_name="lint")[1]
    assert tree.read("app/app/legacy.py") == after
    assert again["findings"] == report["findings"]
    assert rules(tree.check("app/app/legacy.py", "--unused-ignores")[1]) == rules(report)


def test_a_file_that_changed_meanwhile_is_a_failure_and_stays(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_bytes(b"x = 1  # saved just now\n")
    said = finding(path="a.py", line=1, tool="mypy", rule="misc", symbol="misc")
    work = Annotations(tmp_path, {"a.py": AnnotatedFile(b"x = 1\n", b"x = 1\n")})
    assert not work.take(Report(str(tmp_path), Command.LINT, findings=(said,)))
    assert "the file changed" in work.failures["a.py"].reason
    assert (tmp_path / "a.py").read_bytes() == b"x = 1  # saved just now\n"
    assert not work.take(Report(str(tmp_path), Command.LINT, findings=(said,)))
