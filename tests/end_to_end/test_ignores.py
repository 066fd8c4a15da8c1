"""`--unused-ignores` and `pyfmt lint --add-ignores`, with the real tools."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyfmt.adding_ignores import File, Work
from pyfmt.model import Command, Report
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
QUIET = {
    "configs/pylintrc": "[MAIN]\n",
    "configs/mypy.ini": "[mypy]\n",
    "pyproject.toml": '[tool.pyfmt]\nconfigs = "configs"\n',
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


def test_ignores_are_added_once_where_they_belong_and_what_remains_is_reported(tree: Monorepo) -> None:
    _, before = tree.check("app/app/legacy.py", "--tool", "pylint", "--tool", "mypy")
    assert len(before["findings"]) >= 6
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
    work = Work(tmp_path, {"a.py": File(b"x = 1\n", b"x = 1\n")})
    assert not work.take(Report(str(tmp_path), Command.LINT, findings=(said,)))
    assert "the file changed" in work.failures["a.py"].reason
    assert (tmp_path / "a.py").read_bytes() == b"x = 1  # saved just now\n"
    assert not work.take(Report(str(tmp_path), Command.LINT, findings=(said,)))
