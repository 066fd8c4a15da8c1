"""A file that makes a checker hang, die or eat memory is that file's failure: all the others are checked."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

import pytest

from pyfmt.runner.directives import DirectiveTask, find_useless
from pyfmt.tools import formatting
from tests.attack.hanging import ENDLESS, KINDS, processes_of, project
from tests.end_to_end import trees
from tests.support.monorepo import rules
from tests.tools.formatting.reference import BUILT_IN

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to its data, and has /proc")


@pytest.mark.slow
def test_each_bad_file_is_its_own_failure_and_the_others_are_checked(tmp_path: Path) -> None:
    tree = project(tmp_path, *KINDS)
    arguments = ("--trust", "--tool", "pylint", "--tool", "mypy", "--timeout", "20")
    result, report = tree.check(*arguments, environ={"PYFMT_MEMORY": "700"})
    result.expect(2)
    said = sorted((item["tool"], item["reason"]) for item in report["failures"])
    assert len(said) == 6, "\n".join(map(str, said))
    for tool in ("pylint", "mypy"):
        own = {
            kind: reason for name, reason in said for kind in KINDS if name == tool and f"app/app/{kind}.py" in reason
        }
        assert "killed by signal 9 (SIGKILL" in own["dies"], own
        assert own["hangs"] == f"app/app/hangs.py is not checked, {tool} was at it: timed out after 20 s"
        assert ("took more than 700 MiB of memory" if tool == "pylint" else "mypy crashes on") in own["eats"]
    assert Counter(rules(report)) == Counter(["W0102", "assignment"]), rules(report)
    assert processes_of(tree) == {}


def test_a_file_for_which_a_formatter_needs_too_much_memory(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {f"app/ugly{number}.py": "print( 1 )\n" for number in range(5)}
    tree = trees.one_project(tmp_path, {"app/__init__.py": "", "app/endless.py": ENDLESS, **files})
    for names in (("app/app/endless.py",), ()):  # in a process beside the main one, and in a pool
        result = tree.run("format", "--tool", "black", "--no-cache", *names, environ={"PYFMT_MEMORY": "150"}).expect(2)
        assert "app/app/endless.py: it takes more memory than a process may have" in result.stdout, str(result)
    assert [tree.read(f"app/{name}") for name in files] == ["print(1)\n"] * 5


@pytest.mark.slow
def test_the_time_limit_holds_for_useless_comments_too(tmp_path: Path) -> None:
    names = [f"few{number}.py" for number in range(5)]
    for name in names:
        (tmp_path / name).write_text("x = [1, 2]  # fmt: skip\n", "utf-8")
    (tmp_path / "endless.py").write_text(ENDLESS + "x = 1  # fmt: skip\n", "utf-8")
    settings = formatting.settings_for(None, tmp_path, BUILT_IN)
    tasks = [DirectiveTask(name, str(tmp_path), settings) for name in ("endless.py", *names)]
    endless, *others = find_useless(tasks, 2, 8.0)
    assert endless.error == "formatting took more than 8 s and was ended"
    assert [(len(each.useless), each.error) for each in others] == [(1, "")] * 5
