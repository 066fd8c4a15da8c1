"""PEP 723: a script that names its own dependencies is judged with those, in the environment that uv has made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.end_to_end import trees
from tests.support.monorepo import Monorepo, Result, said

BLOCK = '# /// script\n# requires-python = ">=3.9"\n# dependencies = [{}]\n# ///\n'
BODY = '"""Fetches."""\n\nimport iniconfig\n\nLIMIT: int = iniconfig.IniConfig("x", "y")\n'
MODULE = '"""Of the project."""\n\nimport iniconfig\n\nprint(iniconfig)\n'
SCRIPT = "app/tools/fetch.py"


def _run(tree: Monorepo, *arguments: str) -> Result:
    return tree.run(*arguments, environ={"UV_CACHE_DIR": str(tree.home / "uv")})


def _lint(tree: Monorepo, code: int, *arguments: str) -> tuple[set[tuple[str, str, tuple[str, ...]]], list[str]]:
    """(path, rule, environments) of the findings, and why something was skipped."""
    report = _run(tree, "lint", "--output", "json", *arguments).expect(code).json
    assert not report["failures"] and not any(each.get("only_in") for each in report["findings"])
    found = {(each["path"], each["rule"], tuple(each["environments"])) for each in said(report)}
    return found, sorted({each["reason"] for each in report["skipped"]})


def test_a_script_is_judged_with_its_own_dependencies_and_the_project_with_its(tmp_path: Path) -> None:
    plain = BLOCK.format("") + '"""Needs nothing."""\n\nimport json\n\nprint(json.nope)\n'
    files: dict[str, str | bytes] = {"tools/fetch.py": BLOCK.format('"iniconfig"') + BODY, "app/module.py": MODULE}
    tree = trees.one_project(tmp_path, files | {"app/__init__.py": "", "plain.py": plain})
    own = ("app/.venv",)
    project = {("app/app/module.py", "E0401", own), ("app/app/module.py", "import-not-found", own)}
    nothing = {("app/plain.py", rule, ("standard library",)) for rule in ("attr-defined", "E1101")}
    found, skipped = _lint(tree, 2)
    assert found == project | nothing
    (tree.home / "uv").mkdir(exist_ok=True)
    (tree.home / "uv/environments-v99").write_text("no folder", "utf-8")
    assert _lint(tree, 2) == (found, skipped)
    cure = f"run `pyfmt envs create {SCRIPT}` (or `uv sync --script {SCRIPT}`)"
    assert skipped == [f"{SCRIPT}: no environment has what its `# /// script` block names; {cure}"]
    assert _lint(tree, 1, "app/app") == (project, [])  # nobody asked for the script
    assert cure in _run(tree, "envs").expect(2).stdout and cure in _run(tree, "explain", SCRIPT).stdout

    assert f"{SCRIPT}: would run `uv sync" in _run(tree, "envs", "create", SCRIPT, "--dry-run").expect(0).stdout
    # What the shell has for other environments counts for none of pyfmt's.
    shell = {"UV_CACHE_DIR": str(tree.home / "uv"), "UV_PYTHON": "9.9", "UV_PROJECT_ENVIRONMENT": "elsewhere"}
    tree.run("envs", "create", SCRIPT, environ=shell).expect(0)
    script = {(SCRIPT, "assignment", (f"script {SCRIPT}",))}
    for option in ((), (), ("--no-cache",)):
        assert _lint(tree, 1, *option) == (project | nothing | script, [])
    assert _lint(tree, 1, SCRIPT) == (script, [])
    listed = _run(tree, "envs", "--json").expect(0).json["scripts"]
    assert [(each["path"], each["found_by"]) for each in listed] == [
        ("app/plain.py", "standard library"),
        (SCRIPT, "uv script"),
    ]

    tree.write({"app/odd.py": BLOCK.format('"no-such-distribution-anywhere-1"') + BODY})
    assert "no-such-distribution-anywhere-1" in _run(tree, "envs", "create", "app/odd.py").expect(2).stdout
    (tree.root / "app/odd.py").unlink()

    # What the block names now is not in the environment that was made for it before.
    tree.write({SCRIPT: BLOCK.format('"iniconfig", "attrs"') + BODY})
    assert _lint(tree, 2) == (project | nothing, [f"{SCRIPT}: its environment lacks attrs; {cure}"])
    tree.write({SCRIPT: BLOCK.format("oops") + BODY})
    (reason,) = _lint(tree, 2)[1]
    assert reason.startswith(f"{SCRIPT}: its `# /// script` block cannot be read: ")
    # Without a block it is a file of the project; and formatting never asked for an environment.
    tree.write({SCRIPT: BODY.replace("LIMIT: int", "LIMIT:int")})
    assert (SCRIPT, "E0401", own) in _lint(tree, 1, SCRIPT)[0]
    _run(tree, "format", SCRIPT).expect(0)
    assert tree.read(SCRIPT) == BODY


READING = """
import sys
from pyfmt import disk
from pyfmt.cli.main import main
real = disk.read_python
disk.read_python = lambda path: print("read", path, file=sys.stderr) or real(path)
sys.argv[0] = "pyfmt"
sys.exit(main())
"""


def test_of_loose_files_that_nobody_asks_for_none_is_parsed(tmp_path: Path) -> None:
    tree = trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n'})
    tree.write({"loose.py": '"""It imports what nobody has."""\n\nimport missing\n'})

    def read(*paths: str) -> str:
        done = subprocess.run(
            [sys.executable, "-P", "-c", READING, "lint", "--no-cache", "--tool", "mypy", *paths],
            cwd=tree.root,
            env=tree.environment_variables(),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == (2 if "loose.py" in paths else 0), done.stdout + done.stderr
        return done.stderr

    assert "loose.py" not in read("app")
    assert "read" in read("loose.py", "app")
