"""Syntax errors, tools that crash or take too long, missing environments: said once, loud, and hiding nothing."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end import trees
from tests.support.monorepo import Monorepo, command

FINE = '"""App."""\n'
WRONG = '"""Wrong."""\n\n\ndef collect(into: list[int] = []) -> list[str]:\n    """Collects."""\n    return into\n'
UGLY = '"""Ugly."""\nprint( 1 )\n'


@pytest.fixture
def tree(tmp_path: Path) -> Monorepo:
    return trees.one_project(tmp_path, {"app/__init__.py": FINE, "app/wrong.py": WRONG, "app/ugly.py": UGLY})


def test_a_syntax_error_is_said_once_and_hides_nothing(tree: Monorepo) -> None:
    tree.write({"app/app/broken.py": '"""Broken."""\n\ndef broken(:\n'})
    result, report = tree.check()
    result.expect(1)
    assert [item["line"] for item in report["findings"] if item["path"] == "app/app/broken.py"] == [3]
    rest = {(item["path"], item["rule"]) for item in report["findings"] if item["path"] != "app/app/broken.py"}
    assert rest == {("app/app/wrong.py", "W0102"), ("app/app/wrong.py", "return-value")}
    assert [edit["path"] for edit in report["edits"]] == ["app/app/ugly.py"]
    assert report["failures"] == []


def test_two_syntax_errors_are_each_said_once(tree: Monorepo) -> None:
    tree.write({"app/app/broken.py": "def broken(:\n", "app/app/worse.py": "import app.broken\nclass:\n"})
    _, report = tree.check()
    broken = [(item["path"], item["line"]) for item in report["findings"] if item["path"] != "app/app/wrong.py"]
    assert broken == [("app/app/broken.py", 1), ("app/app/worse.py", 2)]


def test_a_broken_file_is_left_as_it_is_by_a_run_and_the_others_are_mended(tree: Monorepo) -> None:
    broken = "import os\nimport sys\n\n\ndef broken(:\n  print( os,sys )\n"
    tree.write({"app/app/broken.py": broken})
    tree.run().expect(1)
    assert tree.read("app/app/broken.py") == broken
    assert tree.read("app/app/ugly.py") != UGLY


def test_a_unit_that_takes_too_long_is_a_failure_and_the_formatters_still_report(tree: Monorepo) -> None:
    result, report = tree.check("--timeout", "0.01", "--no-cache")
    result.expect(2)
    failed = {item["tool"]: item["reason"] for item in report["failures"]}
    assert set(failed) >= {"pylint", "mypy"}
    assert all("0.01" in reason for reason in failed.values()), failed
    # The limit holds for the formatters, too: on a busy machine they may need longer, and then that is said.
    told = [edit["path"] for edit in report["edits"]] == ["app/app/ugly.py"]
    assert told or not set(failed).isdisjoint({"isort", "black", "format"}), failed


def test_a_tool_that_crashes_is_a_failure_and_the_others_still_report(tree: Monorepo) -> None:
    crash_base_interpreter(tree)
    result, report = tree.check("--no-cache")
    result.expect(2)
    failures = [item for item in report["failures"] if item["tool"] == "pylint"]
    assert len(failures) == 1, report["failures"]
    assert failures[0]["projects"] == ["app"]
    assert "goodbye from the interpreter" in failures[0]["reason"] + failures[0]["detail"]
    assert {item["rule"] for item in report["findings"]} == {"return-value"}, "mypy needs no such interpreter"
    assert [edit["path"] for edit in report["edits"]] == ["app/app/ugly.py"]


def crash_base_interpreter(tree: Monorepo) -> None:
    """The environment's base looks whole on disk, and dies when it is started."""
    prefix = tree.root / "app/.venv"
    settings = dict(line.split(" = ", 1) for line in (prefix / "pyvenv.cfg").read_text("utf-8").splitlines())
    base = Path(settings["home"]).resolve()
    fake = tree.root.parent / "fake-python"
    (fake / "bin").mkdir(parents=True)
    for folder in ("lib", "include"):
        (fake / folder).symlink_to(base.parent / folder)
    name = sorted(path.name for path in base.glob("python3.[0-9][0-9]"))[-1]
    for alias in ("python", "python3", name):
        (fake / "bin" / alias).write_text("#!/bin/sh\necho goodbye from the interpreter >&2\nkill -9 $$\n")
        (fake / "bin" / alias).chmod(0o755)
    settings["home"] = str(fake / "bin")
    (prefix / "pyvenv.cfg").write_text("".join(f"{key} = {value}\n" for key, value in settings.items()))
    (prefix / "bin/python").unlink()
    (prefix / "bin/python").symlink_to(fake / "bin" / name)


def test_a_project_without_environment_is_formatted_and_its_lint_is_skipped(tree: Monorepo) -> None:
    shutil.rmtree(tree.root / "app/.venv")
    result, report = tree.check()
    result.expect(2)
    assert [edit["path"] for edit in report["edits"]] == ["app/app/ugly.py"]
    assert {(item["project"], item["tool"]) for item in report["skipped"]} >= {("app", "pylint"), ("app", "mypy")}
    assert all("pyfmt envs create app" in item["reason"] for item in report["skipped"]), report["skipped"]
    assert "pyfmt envs create app" in tree.run("check").stdout


def test_a_dangling_environment_is_named_with_its_cause(tree: Monorepo) -> None:
    python = tree.root / "app/.venv/bin/python"
    python.unlink()
    python.symlink_to("/nowhere/bin/python3.11")
    result = tree.run("check").expect(2)
    assert "app/.venv" in result.stdout
    assert "/nowhere" in result.stdout


def test_unknown_things_are_usage_errors_that_help(tree: Monorepo) -> None:
    assert "pylint" in tree.run("check", "--tool", "pilint").expect(2).stderr
    assert "--outptu" in tree.run("check", "--outptu", "json").expect(2).stderr
    assert "nowhere.py" in tree.run("check", "nowhere.py").expect(2).stderr
    assert "json" in tree.run("check", "--output", "jsn").expect(2).stderr
    named = tree.run("check", "/etc/passwd").expect(2).stderr
    assert "/etc/passwd: is not a Python file" in named and "help: " in named
    for result in (tree.run("check", "--tool", "pilint"), tree.run("check", "nowhere.py")):
        assert "Traceback" not in result.stderr


def test_a_damaged_manifest_is_one_failure_whoever_reads_it(tree: Monorepo) -> None:
    tree.write({"app/pyproject.toml": "[project\nname = 1\n"})
    result, report = tree.check()
    result.expect(2)
    (failure,) = report["failures"]
    assert (failure["tool"], failure["projects"]) == ("mypy", ["app"])
    assert "app/pyproject.toml" in failure["reason"] and "(at line 1" in failure["reason"]
    (failure,) = tree.check("--tool", "pylint")[1]["failures"]  # nobody else reads it: it is told for itself
    assert (failure["tool"], failure["projects"]) == ("projects", ["app"])
    assert "pyproject.toml cannot be read" in failure["reason"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full on this system")
@pytest.mark.parametrize(
    "arguments", [["--version"], ["envs"], ["explain", "PYF001"], ["check"]], ids=lambda words: words[0]
)
@pytest.mark.parametrize("buffered", ["", "1"], ids=["buffered", "unbuffered"])
def test_output_that_cannot_be_written_is_an_error_without_a_traceback(
    tree: Monorepo, arguments: list[str], buffered: str
) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*command(), *arguments],
            check=False,
            stdout=full,
            stderr=subprocess.PIPE,
            cwd=tree.root,
            env=tree.environment_variables({"PYTHONUNBUFFERED": buffered}),
        )
    said = done.stderr.decode()
    assert done.returncode == 2
    assert "No space left on device" in said and "Traceback" not in said and "Exception ignored" not in said


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[tool.pyfmt]\nexlude = []\n", ("exlude", "exclude", "pyproject.toml")),
        ('[tool.pyfmt]\njobs = "many"\n', ("jobs", "pyproject.toml")),
        ('[tool.pyfmt]\nfail-on = "eror"\n', ("fail-on", "error", "pyproject.toml")),
        ("[tool.pyfmt\n", ("pyproject.toml",)),
    ],
    ids=["unknown key", "wrong type", "unknown value", "no TOML"],
)
def test_a_mistake_in_the_configuration_is_named(tree: Monorepo, text: str, told: tuple[str, ...]) -> None:
    tree.write({"pyproject.toml": text})
    result = tree.run("check", "--root", ".").expect(2)
    assert all(word in result.stderr for word in told), result
    assert "Traceback" not in result.stderr


def test_an_environment_that_is_set_and_is_none_ends_the_run_or_fails(tree: Monorepo) -> None:
    tree.write({"pyproject.toml": '[tool.pyfmt.environments]\napp = "nowhere"\n'})
    result = tree.run("check").expect(2)
    assert "nowhere" in result.stdout + result.stderr
