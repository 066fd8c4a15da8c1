"""What is said, and what is not, where somebody made a slip or nothing is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyfmt.reports.registry import FORMATS
from tests.support.monorepo import Monorepo


def one_project(folder: Path) -> Monorepo:
    """A monorepo of one project, which has one file."""
    manifest = '[project]\nname = "one"\nversion = "1"\n'
    return Monorepo.create(
        folder, {"pyproject.toml": "[tool.pyfmt]\n", "one/pyproject.toml": manifest, "one/one.py": "X = 1\n"}
    )


def test_formatting_says_nothing_of_environments(tmp_path: Path) -> None:
    tree = one_project(tmp_path)
    tree.write({"one/.venv/pyvenv.cfg": "home = /nowhere\nversion = 3.11.0\n", "one/one.py": "X = ( 1)\n"})
    assert "one/.venv" in tree.run("check", "--tool", "pylint").stdout
    for output in ("text", "html", "github-summary"):
        assert "one/.venv" not in tree.run("format", "--check", "--output", output).expect(1).stdout


def test_a_rule_that_is_not_there_is_answered_at_a_glance(tmp_path: Path) -> None:
    tree = one_project(tmp_path)
    said = tree.run("explain", "nosuchrule").expect(2).stderr
    assert "neither a file nor a rule; rules are called like W0102 or attr-defined" in said
    assert len(said) < 200
    assert "did you mean 'attr-defined'?" in tree.run("explain", "atr-defined").expect(2).stderr


@pytest.mark.parametrize("arguments", [("chek",), ("-v", "chek")])
def test_a_command_that_was_typed_wrong_is_named(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    tree = one_project(tmp_path)
    said = tree.run(*arguments).expect(2).stderr
    assert "chek: no such file or folder" in said and "help: did you mean the command 'check'?" in said


@pytest.mark.parametrize("arguments", [("check", "forma"), ("chek/",), ("xylophone",), ("chek", "one")])
def test_no_command_is_named_where_a_path_was_meant(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert "did you mean" not in one_project(tmp_path).run(*arguments).expect(2).stderr


def test_a_folder_that_is_called_nearly_like_a_command_is_taken(tmp_path: Path) -> None:
    tree = one_project(tmp_path)
    tree.write({"chek/pyproject.toml": "[project]\nname = 'chek'\nversion = '1'\n", "chek/chek.py": "X = 1\n"})
    assert "all clean (1 file in 1 project)" in tree.run("--tool", "black", "chek").expect(0).stdout


def test_the_help_names_every_format(tmp_path: Path) -> None:
    said = one_project(tmp_path).run("check", "--help", environ={"COLUMNS": "1000"}).expect(0).stdout
    assert set(FORMATS) <= set(said.replace(",", " ").replace(";", " ").split())


def test_a_report_that_is_not_there_is_said_in_words(tmp_path: Path) -> None:
    said = one_project(tmp_path).run("merge", "nofile.json").expect(2).stderr
    assert "nofile.json: cannot be read: No such file or directory" in said and "Errno" not in said


def test_the_two_plans_of_a_run_are_told_apart(tmp_path: Path) -> None:
    said = one_project(tmp_path).run("check", "--tool", "black", "--timings").expect(0).stderr
    assert "format: plan" in said and "lint: plan" in said


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("check --tol mypy", ["--tol: `pyfmt check` has no such option", "did you mean '--tool'?"]),
        ("--fix", ["`pyfmt run` and `pyfmt format` change files", "usage: pyfmt run [OPTION]... [PATH]..."]),
        ("check --add-ignores", ["it is one of `pyfmt lint`", "usage: pyfmt check [OPTION]... [PATH]..."]),
        ("envs --json --xylophone", ["`pyfmt envs --help` lists the options", "usage: pyfmt envs [OPTION]..."]),
        ("completion bash zsh", ["zsh: `pyfmt completion` does not take this word", "usage: pyfmt completion"]),
    ],
)
def test_an_option_that_is_not_there_is_answered_with_the_nearest(tmp_path: Path, line: str, said: list[str]) -> None:
    text = one_project(tmp_path).run(*line.split()).expect(2).stderr
    assert all(part in text for part in said), text


def test_what_everybody_tries_first_is_there(tmp_path: Path) -> None:
    tree = one_project(tmp_path)
    tree.run("check", "-j", "1", "-t", "black", "-o", "json=report.json", "one").expect(0)
    assert '"tools": [' in tree.read("report.json")
    assert tree.run("-V").expect(0).stdout == tree.run("--version").expect(0).stdout != ""
    assert tree.run("help").expect(0).stdout == tree.run("--help").expect(0).stdout
    assert tree.run("help", "check").expect(0).stdout == tree.run("check", "--help").expect(0).stdout
    tree.write({"help/help.py": "X = 1\n", "help/pyproject.toml": "[project]\nname = 'help'\nversion = '1'\n"})
    assert "1 file in 1 project" in tree.run("-t", "black", "help").stdout  # a folder of that name is meant


def test_a_path_that_is_not_there_is_answered_with_the_nearest(tmp_path: Path) -> None:
    tree = one_project(tmp_path)
    tree.write(
        {"lib/core/pyproject.toml": "[project]\nname = 'core'\nversion = '1'\n", "lib/core/core/disk.py": "X = 1\n"}
    )
    assert "did you mean lib/core?" in tree.run("check", "libs/core").expect(2).stderr
    assert "did you mean core/core/disk.py?" in tree.run("check", "core/core/dsk.py", cwd="lib").expect(2).stderr


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[tool.black]\nexclude = "x"\n\n[tool.pyfmt]\n# jobs\njobs = "two"\n', "pyproject.toml:6: jobs: must be"),
        ("[tool.pyfmt]\njobs = 1\ntols = []\n", "pyproject.toml:3: unknown key 'tols'"),
        ('[tool.pyfmt]\ntools = [\n  "black",\n  "mipy",\n]\n', "pyproject.toml:4: tools: unknown tool 'mipy'"),
        ('[tool.pyfmt]\nprojects = ["one", "nowhere/*"]\n', "pyproject.toml:2: projects: 'nowhere/*' matches no"),
        (
            "[tool.pyfmt.environments]\none = 'x'\nother = 'x'\n",
            "pyproject.toml:3: environments: no project has the name or path 'other'",
        ),
        (
            "[tool.pyfmt]\n\n[[tool.pyfmt.overrides]]\npaths = ['a']\n[[tool.pyfmt.overrides]]\npats = ['a']\n",
            "toml:6:",
        ),
    ],
)
def test_an_error_of_the_configuration_names_the_line(tmp_path: Path, text: str, said: str) -> None:
    tree = one_project(tmp_path)
    tree.write({"pyproject.toml": text})
    assert said in tree.run("check", "-t", "black").expect(2).stderr


def test_the_empty_projects_are_said_in_words(tmp_path: Path) -> None:
    assert "every folder with a manifest  (default)" in one_project(tmp_path).run("config").expect(0).stdout


def test_a_run_fails_from_the_severity_that_is_asked_for(tmp_path: Path) -> None:
    """The exit code goes by --fail-on alone; --severity is about what the text lists."""
    tree = one_project(tmp_path)
    tree.write(
        {
            "pyproject.toml": "[tool.pyfmt]\n[tool.pyfmt.boundaries]\nlibraries = ['one']\nprojects = ['two']\n"
            "[[tool.pyfmt.overrides]]\npaths = ['*']\nseverity = 'info'\n",
            "one/one.py": "import two\n\nprint(two)\n",
            "two/pyproject.toml": "[project]\nname = 'two'\nversion = '1'\n",
            "two/two.py": "X = 1\n",
        }
    )
    assert "one/one.py:1:8: info: " in tree.run("check", "-t", "pyfmt").expect(1).stdout
    tree.run("check", "-t", "pyfmt", "--fail-on", "warning").expect(0)
    quiet = tree.run("check", "-t", "pyfmt", "--severity", "error").expect(1).stdout
    assert "one/one.py" not in quiet and "\n1 milder than error (`--severity info`)\n" in quiet, quiet
