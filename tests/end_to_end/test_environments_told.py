"""What is said of environments: drift from the lock, what was passed over and why, settings for nobody."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.trees import manifest
from tests.support.monorepo import Monorepo
from tests.support.virtualenvs import uv_binary

SOURCE = '"""App."""\n\nimport attrs\nimport packaging\n\nprint(attrs, packaging)\n'


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    """A project whose environment is not what its requirements say, and whose `.venv` is broken."""
    made = Monorepo.create(
        tmp_path_factory.mktemp("drift"),
        {
            "pyproject.toml": '[tool.pyfmt]\nprojects = ["app", "lib"]\n',
            "app/pyproject.toml": manifest("app", "app"),
            "app/requirements.txt": "attrs==25.3.0\npackaging==24.2\n",
            "app/app/__init__.py": SOURCE,
            "lib/pyproject.toml": manifest("lib", "lib"),
            "lib/lib/__init__.py": '"""Lib."""\n',
        },
    )
    made.environment("app", "attrs==23.2.0", editable=["lib"], folder="venv")
    made.environment("app")
    dangling = made.root / "app/.venv/bin/python"
    dangling.unlink()
    dangling.symlink_to("/nowhere/python3.11")
    return made


DRIFT = "differs from requirements.txt: missing: packaging 24.2; other version: attrs 23.2.0 (locked 25.3.0)"


def test_envs_tells_drift_and_what_was_passed_over(tree: Monorepo) -> None:
    said = tree.run("envs").expect(0).stdout
    (row,) = [line for line in said.splitlines() if line.startswith("app ")]
    assert "app/venv" in row and "3.11" in row and row.endswith("warning")
    assert said.count(DRIFT) == 1, "lib has the same environment"
    assert "; `pyfmt envs create app --recreate` makes app/venv again" in said
    (passed,) = [line for line in said.splitlines() if "passed over" in line]
    assert "app/.venv (.venv)" in passed and "/nowhere/python3.11" in passed
    assert "linted in that of app" in said


def test_envs_json_tells_the_same(tree: Monorepo) -> None:
    projects = {row["project"]: row for row in json.loads(tree.run("envs", "--json").expect(0).stdout)["projects"]}
    app = projects["app"]
    assert app["environment"]["status"] == "warning" and app["environment"]["reason"] == DRIFT
    assert "--recreate" in app["environment"]["cure"]
    assert app["found_by"] == "venv"
    (passed,) = app["passed_over"]
    assert passed["path"] == "app/.venv" and passed["rule"] == ".venv" and "/nowhere" in passed["reason"]
    assert projects["lib"]["found_by"] == "dependent" and projects["lib"]["passed_over"] == []


def test_vs_code_is_told_whose_environments_the_projects_have(tree: Monorepo) -> None:
    settings = tree.root / ".vscode/settings.json"
    venv = {"envManager": "ms-python.python:venv", "packageManager": "ms-python.python:pip"}
    wanted = [{"path": "app", **venv}, {"path": "lib", **venv}]
    assert tree.run("envs", "--vscode").expect(0).stdout == ".vscode/settings.json: made, with 2 projects\n"
    assert json.loads(settings.read_text()) == {"python-envs.pythonProjects": wanted}
    assert "nothing to change" in tree.run("envs", "--vscode").expect(0).stdout
    # What else stands there stays; what a rewriting would lose is left to the user.
    settings.write_text('{"editor.rulers": [80], "python-envs.pythonProjects": [], "files.eol": "\\n"}')
    tree.run("envs", "--vscode").expect(0)
    found = json.loads(settings.read_text())
    assert list(found) == ["editor.rulers", "python-envs.pythonProjects", "files.eol"]
    assert found["python-envs.pythonProjects"] == wanted
    settings.write_text(commented := '{\n    // ours\n    "editor.rulers": [80],\n}\n')
    said = tree.run("envs", "--vscode").expect(2).stderr
    assert "without comments" in said and '"envManager": "ms-python.python:venv"' in said
    assert settings.read_text() == commented


def test_check_says_the_drift_once_above_the_findings_that_it_explains(tree: Monorepo) -> None:
    said = tree.run("check", "--tool", "mypy").expect(1).stdout.splitlines()
    (finding,) = [index for index, line in enumerate(said) if "import-not-found" in line]
    (warning,) = [index for index, line in enumerate(said) if DRIFT in line]
    assert warning < finding and said[warning].startswith("warning: environment app/venv: ")
    assert said[warning + 1].startswith("  help: ")
    assert "packaging" in said[finding]


def test_one_cure_for_a_project_without_an_environment_and_none_where_none_is_needed(tmp_path: Path) -> None:
    hatch = manifest("made", "made") + "\n        [tool.hatch.envs.default]\n"
    tree = Monorepo.create(
        tmp_path,
        {
            "built/pyproject.toml": manifest("built", "built"),
            "built/built.py": '"""Built with hatchling, and no more."""\n',
            "made/pyproject.toml": hatch,
            "made/made.py": '"""Has Hatch\'s environments."""\n',
            "empty/pyproject.toml": hatch.replace("made", "empty"),
        },
    )
    said = tree.run("envs", environ={"HATCH_DATA_DIR": str(tmp_path / "hatch")}).stdout.splitlines()
    rows = {line.split()[0]: number for number, line in enumerate(said) if not line.startswith(" ")}
    assert said[rows["built"] + 1 : rows["empty"]] == [
        "    no environment found",
        "    create one: `pyfmt envs create built`",
    ]
    assert said[rows["empty"]].endswith("none needed") and rows["made"] == rows["empty"] + 1
    first, second = said[rows["made"] + 1 :]
    assert first.startswith(f"    no environment: hatch would have it at {tmp_path}/hatch/") and "`" not in first
    assert second == "    create one: `pyfmt envs create made`"


def test_an_editable_install_from_another_worktree_is_said(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        "app/pyproject.toml": manifest("app", "app", "lib"),
        "app/app/__init__.py": '"""App."""\n\nimport lib\n\nprint(lib)\n',
        "lib/pyproject.toml": manifest("lib", "lib"),
        "lib/lib/__init__.py": '"""Lib."""\n',
    }
    tree = Monorepo.create(tmp_path / "main", files)
    tree.git("init", "-q")
    tree.git("add", ".")
    tree.git("commit", "-qm", "all")
    tree.git("worktree", "add", "-q", str(tmp_path / "other"))
    tree.environment("app", editable=["../../other/lib"])
    said = tree.run("envs").expect(2).stdout  # nothing here has this lib installed
    line = (
        f"lib is installed from {tmp_path}/other/lib, not from here; `pyfmt envs create app --recreate` makes "
        "app/.venv again"
    )
    assert said.count(line) == 1
    assert f"warning: environment app/.venv: lib is installed from {tmp_path}/other/lib" in tree.run("check").stdout
    call = [
        str(uv_binary()),
        "pip",
        "install",
        "-q",
        "--python",
        str(tree.root / "app/.venv"),
        "-e",
        str(tree.root / "lib"),
    ]
    subprocess.run(call, check=True)
    assert "is installed from" not in tree.run("envs").expect(0).stdout


def test_a_run_over_some_files_tells_only_of_their_environments(tree: Monorepo) -> None:
    tree.write({"other/pyproject.toml": manifest("other", "other"), "other/other.py": '"""Other."""\n'})
    tree.write({"pyproject.toml": '[tool.pyfmt]\nprojects = ["app", "lib", "other"]\n'})
    tree.environment("other")
    whole = tree.check("--tool", "mypy")[1]
    assert [each["name"] for each in whole["environments"]] == ["app/.venv", "app/venv", "other/.venv"]
    result = tree.run("check", "other", "--tool", "mypy").expect(0)
    assert "environment" not in result.stdout
    part = tree.check("other", "--tool", "mypy")[1]
    assert [each["name"] for each in part["environments"]] == ["other/.venv"]
    # A library's files concern the environment that it borrows, found there by the rule of its owner.
    borrowed = tree.check("lib", "--tool", "mypy")[1]["environments"]
    assert [(each["name"], each["found_by"]) for each in borrowed] == [("app/venv", "venv")]


def test_an_environment_for_no_project_is_an_error_with_the_nearest_name(tmp_path: Path) -> None:
    settings = '[tool.pyfmt.environments]\n"projects/biling" = ".venv"\n'
    tree = Monorepo.create(
        tmp_path, {"pyproject.toml": settings, "projects/billing/pyproject.toml": manifest("billing", "billing")}
    )
    for words in (("check",), ("envs",)):
        said = tree.run(*words).expect(2).stderr
        assert "projects/biling" in said and "did you mean 'projects/billing'?" in said and "pyproject.toml" in said
