"""`pyfmt`, `pyfmt run`, `pyfmt check` and `pyfmt format`: what is written, what is not, and how it ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.end_to_end import trees
from tests.support.monorepo import ROOT, Monorepo

UGLY = '"""Something."""\nimport sys\nimport os\nprint( os.sep,sys.path )\n'
NEAT = '"""Something."""\n\nimport os\nimport sys\n\nprint(os.sep, sys.path)\n'


@pytest.fixture
def ugly(tmp_path: Path) -> Monorepo:
    return trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n', "app/ugly.py": UGLY})


def test_check_reports_what_would_be_reformatted_and_writes_nothing(ugly: Monorepo) -> None:
    result, report = ugly.check()
    result.expect(1)
    assert [(edit["path"], sorted(edit["tools"])) for edit in report["edits"]] == [
        ("app/app/ugly.py", ["black", "isort"])
    ]
    assert report["summary"]["edits"] == 1
    assert ugly.read("app/app/ugly.py") == UGLY


def test_check_shows_the_difference_when_asked(ugly: Monorepo) -> None:
    result = ugly.run("check", "--diff").expect(1)
    assert "+print(os.sep, sys.path)" in result.stdout.splitlines()
    assert ugly.read("app/app/ugly.py") == UGLY


@pytest.mark.parametrize("words", [(), ("run",)], ids=["pyfmt", "pyfmt run"])
def test_a_run_that_mends_everything_is_clean(ugly: Monorepo, words: tuple[str, ...]) -> None:
    ugly.run(*words).expect(0)
    assert ugly.read("app/app/ugly.py") == NEAT
    ugly.run("check").expect(0)


def test_paths_without_a_command_are_a_run_over_them(ugly: Monorepo) -> None:
    ugly.write({"app/app/other.py": UGLY})
    ugly.run("app/app/ugly.py").expect(0)
    assert (ugly.read("app/app/ugly.py"), ugly.read("app/app/other.py")) == (NEAT, UGLY)


def test_a_run_that_mends_the_form_still_reports_what_is_left(ugly: Monorepo) -> None:
    ugly.write({"app/app/wrong.py": '"""Wrong."""\nNUMBER :int=  "text"\n'})
    result, report = ugly.check(command_name="run")
    result.expect(1)
    assert [(item["path"], item["line"], item["rule"]) for item in report["findings"]] == [
        ("app/app/wrong.py", 3, "assignment")
    ], "the linters see the file as it is after formatting"


def test_format_writes_and_does_not_lint(ugly: Monorepo) -> None:
    ugly.write({"app/app/wrong.py": '"""Wrong."""\n\nNUMBER: int = "text"\n'})
    ugly.run("format").expect(0)
    assert ugly.read("app/app/ugly.py") == NEAT


def test_format_check_writes_nothing(ugly: Monorepo) -> None:
    ugly.run("format", "--check").expect(1)
    result = ugly.run("format", "--check", "--diff").expect(1)
    assert "+import os" in result.stdout or "-import sys" in result.stdout
    assert ugly.read("app/app/ugly.py") == UGLY


def test_lint_says_nothing_of_the_form(ugly: Monorepo) -> None:
    result, report = ugly.check(command_name="lint")
    result.expect(0)
    assert report["edits"] == []
    assert {unit["tool"] for unit in report["units"]} == {"pylint", "mypy"}
    assert ugly.read("app/app/ugly.py") == UGLY


def test_stdin_is_formatted_to_stdout(ugly: Monorepo) -> None:
    result = ugly.run("format", "-", "--stdin-filename", "app/app/new.py", stdin=UGLY).expect(0)
    assert result.stdout == NEAT
    assert not (ugly.root / "app/app/new.py").exists()


def test_stdin_is_checked_without_output_of_the_text(ugly: Monorepo) -> None:
    ugly.run("format", "--check", "-", "--stdin-filename", "app/app/new.py", stdin=UGLY).expect(1)
    ugly.run("format", "--check", "-", "--stdin-filename", "app/app/new.py", stdin=NEAT).expect(0)


def test_line_endings_encoding_and_mode_are_kept(ugly: Monorepo) -> None:
    name = "app/app/ugly.py"
    ugly.write({name: ('# -*- coding: latin-1 -*-\r\n"""Größe."""\r\n' + 'print( "ä" )\r\n').encode("latin-1")})
    (ugly.root / name).chmod(0o750)
    ugly.run("format").expect(0)
    content = (ugly.root / name).read_bytes()
    assert 'print("ä")\r\n'.encode("latin-1") in content
    assert content.count(b"\n") == content.count(b"\r\n")
    assert (ugly.root / name).stat().st_mode & 0o777 == 0o750


def test_black_and_isort_themselves_agree_afterwards(ugly: Monorepo) -> None:
    files = {f"app/app/copy_{name}": (ROOT / "pyfmt/core" / name).read_bytes() for name in ("model.py", "merging.py")}
    mangled = {name: content.replace(b", ", b" ,").replace(b" = ", b"=") for name, content in files.items()}
    ugly.write({**mangled, "app/app/first.py": "import app.ugly\nimport sys, pydantic\nfrom app import *\n"})
    ugly.run("format").expect(0)
    configs = ROOT / "configs"
    for command in (
        ["black", "--check", "--config", str(configs / "black.toml"), "--target-version", "py311"],
        [
            "isort",
            "--check",
            "--settings-file",
            str(configs / "isort.cfg"),
            "--src",
            str(ugly.root / "app"),
            "-p",
            "app",
        ],
    ):
        done = subprocess.run(
            [sys.executable, "-P", "-m", *command, str(ugly.root / "app/app")],
            check=False,
            capture_output=True,
            text=True,
            cwd=ugly.root,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_one_unformatted_file_is_told_every_time(tmp_path: Path) -> None:
    tree = Monorepo.create(tmp_path, {"app/pyproject.toml": "[project]\nname = 'app'\n", "app/a.py": "a=1\n"})
    for _ in range(3):
        tree.run("format", "--check", "app/a.py").expect(1)
