"""A tool that pyfmt has never heard of: registered as one value, it is in everything that pyfmt does."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.monorepo import ROOT, Monorepo, Result

# Finds the word TOY in the files that it is given, and takes `# toy: off[T1]`.
PROGRAM = """#!/usr/bin/env python3
import json, sys
rows = []
for file in open(sys.argv[-1][1:], encoding="utf-8").read().split("\\n")[:-1]:
    for number, line in enumerate(open(file, encoding="utf-8"), 1):
        if "TOY" in line and "toy: off[T1]" not in line:
            rows.append({"file": file, "line": number, "rule": "T1", "message": "a toy lies about"})
print(json.dumps(rows))
"""
# What a tool's package and the line in the registry are.
REGISTER = """
import json, re, sys
sys.path.insert(0, {root!r})
sys.path.insert(0, {distributions!r})
sys.argv[0] = "pyfmt"
from pyfmt.core.tool_values import Comment
from pyfmt.tools.program.adapter import Program, ProgramFinding
from pyfmt.tools.registry import TOOLS
from pyfmt.tools.tool import Kind, Tool

TOOLS["toy"] = Tool(
    name="toy",
    kind=Kind.LINTER,
    config_file="toy.toml",
    home="https://toy.example/",
    distributions=("toydist",),
    own_files=("toy.toml",),
    on_by_default=False,
    linter=Program(
        "toy",
        lambda unit, context: (),
        lambda text: [ProgramFinding(**row) for row in json.loads(text)],
        find=lambda name: {program!r},
    ),
    reads_environment=False,
    comment=Comment(re.compile(r"# toy: off\\[(?P<names>[^]]*)\\]"), "# toy: off[{{}}]", name=re.compile("T")),
    rule_url=lambda rule, symbol: "https://toy.example/" + rule,
    rule_texts=lambda name: ["toy T1\\n  A toy lies about."] if name == "T1" else [],
)
from pyfmt.cli.main import main
sys.exit(main(sys.argv[1:]))
"""
Run = Callable[..., Result]


@pytest.fixture
def tree(tmp_path: Path) -> Monorepo:
    manifest = '[project]\nname = "a"\nversion = "1"\n'
    tree = Monorepo.create(
        tmp_path,
        {"pyfmt.toml": 'configs = "conf"\n', "conf/toy.toml": "", "a/pyproject.toml": manifest, "a/b.py": "TOY = 1\n"},
    )
    install(tmp_path, "1.0")
    program = tmp_path / "toy"
    program.write_text(PROGRAM.replace("/usr/bin/env python3", sys.executable))
    program.chmod(0o755)
    return tree


def install(folder: Path, version: str) -> None:
    """Make this the version of the toy's distribution."""
    for path in (folder / "dist").glob("*"):
        path.rmdir()
    (folder / "dist" / f"toydist-{version}.dist-info").mkdir(parents=True)


@pytest.fixture
def run(tree: Monorepo, tmp_path: Path) -> Run:
    code = REGISTER.format(root=str(ROOT), distributions=str(tmp_path / "dist"), program=str(tmp_path / "toy"))

    def call(*arguments: str) -> Result:
        command = [sys.executable, "-P", "-c", code, *arguments]
        environ = tree.environment_variables()
        done = subprocess.run(command, cwd=tree.root, env=environ, capture_output=True, text=True, check=False)
        return Result(arguments, done.returncode, done.stdout, done.stderr)

    return call


def test_it_checks_and_lints(run: Run) -> None:
    for arguments in (("check", "--tool", "toy"), ("lint", "--tool", "toy"), ("lint", "--tool", "toy", "a/b.py")):
        done = run(*arguments)
        assert done.code == 1 and "a toy lies about" in done.stdout and "T1" in done.stdout, done


def test_it_is_off_by_default(run: Run) -> None:
    units = json.loads(run("check", "--output", "json").stdout)["units"]
    assert units and not [unit for unit in units if unit["tool"] == "toy"]


def test_machines_are_told(run: Run) -> None:
    log = json.loads(run("lint", "--tool", "toy", "--output", "sarif").stdout)
    (found,) = log["runs"]
    assert (
        found["tool"]["driver"]["name"] == "toy" and found["tool"]["driver"]["informationUri"] == "https://toy.example/"
    )
    assert found["tool"]["driver"]["rules"][0]["helpUri"] == "https://toy.example/T1"
    assert [result["ruleId"] for result in found["results"]] == ["T1"]


def test_commands_about_tools_know_it(run: Run) -> None:
    assert "toydist 1.0" in run("--version").stdout
    assert "toydist 1.0" in run("doctor").stdout
    assert "conf/toy.toml" not in run("config").stdout
    assert "A toy lies about." in run("explain", "T1").stdout


def test_a_configuration_that_names_it_turns_it_on(run: Run, tree: Monorepo) -> None:
    tree.write({"pyfmt.toml": 'configs = "conf"\ntools = ["toy"]\n'})
    assert "conf/toy.toml" in run("config").stdout
    assert run("check").code == 1
    said = run("explain", "a/b.py").stdout
    assert "toy" in said and "conf/toy.toml" in said, said
    tree.write({"a/b.py": "TOY = 3\n", "a/c.py": ""})
    explained = run("explain", "a/b.py")
    assert explained.code == 0 and "miss: changed" in explained.stdout, explained


def test_a_finding_stands_at_the_file_that_it_is_about(run: Run, tree: Monorepo) -> None:
    tree.write({"a/b.py": "", "a/sub/a/b.py": "TOY = 1\n"})
    report = json.loads(run("lint", "--tool", "toy", "--output", "json").stdout)
    assert [each["path"] for each in report["findings"]] == ["a/sub/a/b.py"]


def test_what_is_said_of_a_file_that_was_not_given_is_not_lost(run: Run, tmp_path: Path) -> None:
    row = {"file": "elsewhere.py", "line": 1, "rule": "T1", "message": "lost"}
    (tmp_path / "toy").write_text(f"#!{sys.executable}\nprint({json.dumps(json.dumps([row]))})\n")
    done = run("lint", "--tool", "toy", "--no-cache")
    assert done.code == 2 and "elsewhere.py" in done.stdout, done


def test_its_findings_are_suppressed(run: Run, tree: Monorepo) -> None:
    done = run("lint", "--tool", "toy", "--add-ignores")
    assert done.code == 0 and tree.read("a/b.py") == "TOY = 1  # toy: off[T1]\n", done


def test_its_answers_are_kept_until_it_is_another_version(run: Run, tree: Monorepo, tmp_path: Path) -> None:
    def cached() -> bool:
        report = json.loads(run("lint", "--tool", "toy", "--output", "json").stdout)
        (unit,) = [unit for unit in report["units"] if unit["tool"] == "toy"]
        assert isinstance(unit["cached"], bool)
        return unit["cached"]

    assert [cached(), cached()] == [False, True]
    install(tmp_path, "2.0")
    assert [cached(), cached()] == [False, True]
    tree.write({"conf/toy.toml": "# other\n"})
    assert [cached(), cached()] == [False, True]
    tree.write({"a/b.py": "TOY = 2\n"})
    assert [cached(), cached()] == [False, True]


def test_rubbish_and_a_crash_are_failures(run: Run, tmp_path: Path) -> None:
    for text in ("print('no JSON')", "raise SystemExit(3)", "print('[{}]')"):
        (tmp_path / "toy").write_text(f"#!{sys.executable}\n{text}\n")
        done = run("lint", "--tool", "toy", "--no-cache")
        assert done.code == 2 and "toy" in done.stdout and "Traceback" not in done.stdout + done.stderr, done


@pytest.mark.parametrize(("command", "tool"), [("lint", "black"), ("format", "toy")])
def test_a_tool_that_was_asked_for_and_got_no_file_is_no_success(run: Run, command: str, tool: str) -> None:
    done = run(command, "--tool", tool, "--check") if command == "format" else run(command, "--tool", tool)
    assert done.code == 2 and "no file was given to it" in done.stdout, done
