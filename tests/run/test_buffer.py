"""`lint -` and `check -`: what an editor holds is judged as if it were saved, and nothing on the disk changes."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end import trees
from tests.support.monorepo import Monorepo, rules

BASE = '"""Base."""\n\nNUMBER: int = 1\n'
USER = '"""Uses it."""\n\nfrom app.base import NUMBER\n\nprint(NUMBER)\n'
NAME = "app/app/user.py"


def contents(tree: Monorepo) -> dict[str, tuple[bytes, int]]:
    """Every file of the checkout outside of its environment, with its time."""
    files = [path for path in tree.root.rglob("*") if path.is_file() and ".venv" not in path.parts]
    return {str(path.relative_to(tree.root)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_the_buffer_counts_and_the_disk_stays_as_it_is(tmp_path: Path) -> None:
    tree = trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n', "app/base.py": BASE, "app/user.py": USER})
    before = contents(tree)

    def lint(text: str, *more: str, name: str = NAME, command: str = "lint", cwd: str = ".") -> list[str]:
        arguments = ("--output", "json", "-", "--stdin-filename", name, *more)
        result = tree.run(command, *arguments, stdin=text, cwd=cwd)
        assert result.code in (0, 1), result
        report = result.json
        assert report["root"] == str(tree.root) and str(tmp_path / "home") not in result.stdout
        assert {finding["path"] for finding in report["findings"]} <= {NAME, "app/app/new.py"}
        assert (result.code == 1) == bool(report["findings"] or report["edits"])
        return rules(report) + [edit["path"] for edit in report["edits"]]

    assert lint(USER) == []
    assert lint(USER + "print(missing)\n") == ["name-defined"]
    # The same length, within the same second: tools that look at size and seconds must see it all the same.
    assert lint(USER.replace("print(NUMBER)", "print(NUMBEX)")) == ["W0611", "name-defined"]
    assert lint(USER) == []
    # Other files are seen as they are saved, also through the environment; a new one may not be there yet.
    assert lint('"""New."""\n\nfrom app.base import NOTHING\n\nprint(NOTHING)\n', name="app/app/new.py") == [
        "attr-defined"
    ]
    tree.write({"app/app/base.py": BASE + "NOTHING = 2\n"})
    assert lint('"""New."""\n\nfrom app.base import NOTHING\n\nprint(NOTHING)\n', name="app/app/new.py") == []
    tree.write({"app/app/base.py": BASE})
    # In the command's folder, with isort and black, and without a cache.
    assert lint(USER.replace("(NUMBER)", "( NUMBER )"), name="app/user.py", command="check", cwd="app") == [NAME]
    assert lint(USER + "print(missing)\n", "--no-cache") == ["name-defined"]
    after = contents(tree)
    assert {name: text for name, (text, _time) in after.items()} == {
        name: text for name, (text, _time) in before.items()
    }
    assert after[NAME] == before[NAME]


def test_what_does_not_go_together_is_said(tmp_path: Path) -> None:
    tree = Monorepo.create(tmp_path, {"pyproject.toml": "[tool.pyfmt]\n"})
    assert "--stdin-filename FILE" in tree.run("lint", "-").expect(2).stderr
    assert "pyfmt check -" in tree.run("run", "-").expect(2).stderr
    assert "--add-ignores" in tree.run("lint", "-", "--add-ignores", "--stdin-filename", "x.py").expect(2).stderr
    assert "outside" in tree.run("check", "-", "--root", ".", "--stdin-filename", "../x.py").expect(2).stderr
