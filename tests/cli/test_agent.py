"""`pyfmt check --agent`: only what is new since the last commit, in few lines."""

from __future__ import annotations

import json
from pathlib import Path

from tests.git.staged.test_staged_dependents import LIBRARY, MAIN, two_projects
from tests.support.monorepo import Monorepo

LIB = "lib/storage/storage/files.py"
# Long enough for git to see a rename.
OLD = '"""Old."""\n\nNUMBER: int = "old"\n' + "# A line that stays.\n" * 9


def agent(tree: Monorepo, code: int, *more: str) -> list[str]:
    return tree.run("check", "--agent", *more).expect(code).stdout.splitlines()


def test_only_what_is_new_since_the_last_commit_is_said(tmp_path: Path) -> None:
    tree = two_projects(tmp_path)
    tree.write({"shop/shop/old.py": OLD, MAIN: tree.read(MAIN) + 'NUMBER: int = "old"\n'})
    tree.git("add", "--all")
    tree.git("commit", "--quiet", "--message", "with errors")
    assert agent(tree, 0)[-1].startswith("nothing new (")
    # A changed file: what it had is known, wherever its lines went, and also where it is renamed.
    start = '"""Old."""\n\nimport os\n\nprint(os)\nOTHER: int = "new"\n'
    tree.write({"shop/shop/old.py": OLD.replace('"""Old."""\n\n', start)})
    tree.git("mv", "shop/shop/old.py", "shop/shop/moved.py")
    new, last = agent(tree, 1)
    assert new.startswith("shop/shop/moved.py:6:14-6:19: error: ")
    assert new.endswith("[mypy:assignment] in shop/.venv; `pyfmt explain assignment`"), new
    assert last.startswith("1 new problem (") and last.endswith("; 1 known before"), last
    # What a change of a library breaks elsewhere is new, beside what the unchanged file has had all the time.
    tree.git("reset", "--quiet", "--hard")
    tree.write({LIB: LIBRARY.replace("def read", "def load")})
    *new_lines, last = agent(tree, 1)
    assert [line.partition(":")[0] for line in new_lines] == [MAIN] and "attr-defined" in new_lines[0], new_lines
    (row,) = map(json.loads, agent(tree, 1, "--output", "jsonl"))
    assert (row["path"], row["line"], row["rule"], row["cure"]) == (
        MAIN,
        3,
        "attr-defined",
        "pyfmt explain attr-defined",
    )
    assert row["environments"] == ["shop/.venv"] and row["end_line"] == 3
    # A file to reformat, and an explicit commit.
    tree.git("commit", "--quiet", "--all", "--message", "breaks")
    assert agent(tree, 0)[-1].startswith("nothing new (")
    assert MAIN in agent(tree, 1, "--since", "HEAD~1")[0]
    tree.write({"shop/shop/ugly.py": '"""Ugly."""\nx = ( 1)\n'})
    ugly, _last = agent(tree, 1)
    assert ugly.startswith("shop/shop/ugly.py:1:1: warning:") and ugly.endswith("; `pyfmt format shop/shop/ugly.py`")


def test_without_a_commit_all_is_new_and_some_options_make_no_sense(tmp_path: Path) -> None:
    tree = Monorepo.create(tmp_path, {"pyproject.toml": "[tool.pyfmt]\n", "a/b.py": "X = ( 1)\n"})
    assert "a/b.py:1:1: warning" in agent(tree, 1, "-t", "black")[0]
    for option in ("--staged", "--shard=1/2", "--watch"):
        assert "--agent" in tree.run("check", "--agent", option).expect(2).stderr
