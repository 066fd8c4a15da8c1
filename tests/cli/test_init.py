"""`pyfmt init`: what it writes is shown first, is taken by the real tools, and works."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml  # type: ignore[import-untyped]

from pyfmt.cli.init import contents
from pyfmt.cli.init.contents import CheckoutFacts, NoPlace
from tests.end_to_end import trees
from tests.environments.places import uv
from tests.support.monorepo import ROOT, Monorepo, command

UGLY = '"""Ugly."""\nimport sys\nimport os\nprint( os.sep,sys.path )\n'
NEAT = '"""Ugly."""\n\nimport os\nimport sys\n\nprint(os.sep, sys.path)\n'
BIN = Path(sys.executable).parent
HERE = CheckoutFacts("pyfmt-monorepo==1", pythons=("3.11",))
THERE = CheckoutFacts("pyfmt-monorepo @ git+https://x/y@1f", "https://x/y", "1f", ("3.10", "3.11"))


@pytest.fixture
def tree(tmp_path: Path) -> Monorepo:
    """A committed project without any configuration of pyfmt."""
    tree = trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n'})
    (tree.root / "pyproject.toml").unlink()
    tree.write({".gitignore": ".venv\n"})
    tree.environ["PATH"] = f"{BIN}{os.pathsep}{os.environ['PATH']}"
    tree.git("init", "--quiet")
    tree.git("add", "--all")
    tree.git("commit", "--quiet", "--message", "first")
    return tree


def call(tree: Monorepo, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        arguments, check=False, capture_output=True, text=True, cwd=tree.root, env=tree.environment_variables()
    )


def commit(tree: Monorepo, *arguments: str) -> subprocess.CompletedProcess[str]:
    author = ("-c", "user.name=Test", "-c", "user.email=test@example.org")
    return call(tree, "git", *author, "commit", "--message", "some", *arguments)


def test_nothing_is_written_without_an_answer(tree: Monorepo) -> None:
    done = tree.run("init", "--ci", "github", "--install", "x").expect(2)
    assert "pass --yes" in done.stderr
    said = tree.run("init", "--ci", "github", "--yes").expect(2).stderr
    assert "installed from a folder" in said and "`--install SPEC`" in said
    assert "is no requirement" in tree.run("init", "--ci", "github", "--install", "$(x)", "--yes").expect(2).stderr
    assert "+++ b/.github/workflows/pyfmt.yml" in done.stdout and "+[tool.pyfmt]" in done.stdout
    assert tree.git("status", "--porcelain") == ""


@pytest.mark.parametrize(("answer", "written"), [(b"y\n", True), (b"n\n", False), (b"\n", False)])
def test_somebody_at_a_terminal_is_asked(tree: Monorepo, answer: bytes, written: bool) -> None:
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*command(), "init", "--hook", "none"], cwd=tree.root, env=tree.environment_variables(), stdin=theirs, text=True
    ) as process:
        os.close(theirs)
        os.write(ours, answer)
        assert process.wait(timeout=60) == 0
    os.close(ours)
    assert (tree.root / "pyfmt.toml").exists() == written


def test_what_is_written_works_and_a_second_time_there_is_nothing_to_do(tree: Monorepo) -> None:
    tree.write({"pyproject.toml": "[tool.black]\nline-length = 100  # kept\n"})
    tree.run("init", "--ci", "gitlab", "--install", "git+https://x/y@1f", "--yes").expect(0)
    assert tree.read("pyproject.toml").startswith("[tool.black]\nline-length = 100  # kept\n\n[tool.pyfmt]\n")
    for tool in ("pre-commit", "prek"):
        assert call(tree, tool, "validate-config").returncode == 0
    tree.git("add", ".")
    assert call(tree, "pre-commit", "install").returncode == 0
    tree.write({"app/app/ugly.py": UGLY})
    tree.git("add", ".")
    assert "files were modified by this hook" in commit(tree).stderr
    assert tree.read("app/app/ugly.py") == NEAT
    tree.git("add", ".")
    done = commit(tree)
    assert done.returncode == 0, done.stdout + done.stderr
    assert (
        "nothing to write"
        in tree.run("init", "--ci", "gitlab", "--install", "git+https://x/y@1f", "--yes").expect(0).stdout
    )
    assert tree.git("status", "--porcelain") == ""


def test_the_commands_of_the_ci_files_are_understood(tree: Monorepo) -> None:
    tree.write({"app/app/ugly.py": UGLY, "pyfmt.toml": 'tools = ["isort", "black"]\n'})
    github, gitlab = yaml.safe_load(contents.filled("github.yml", THERE)), yaml.safe_load(
        contents.filled("gitlab.yml", THERE)
    )
    azure = yaml.safe_load(contents.filled("azure.yml", THERE))
    steps = github["jobs"]["pyfmt"]["steps"]
    assert [step["uses"].split("@")[0] for step in steps if "uses" in step] == [
        "actions/checkout",
        "actions/setup-python",
        "actions/cache",
    ]
    assert steps[1]["with"]["python-version"].split() == ["3.10", "3.11"]
    scripts = [
        [step["run"] for step in steps if "run" in step],
        gitlab["pyfmt"]["script"],
        [step["script"] for step in azure["steps"] if "script" in step],
    ]
    for script in scripts[1:]:  # GitHub has an action for it
        assert script.pop(1) == "python -m uv python install 3.10"
    assert call(tree, sys.executable, "-m", "uv", "python", "install", "--help").returncode == 0
    tree.environ["GITHUB_STEP_SUMMARY"] = str(tree.root / "summary.md")
    for script in scripts:
        assert script[0] == 'python -m pip install "pyfmt-monorepo @ git+https://x/y@1f"'
        assert [call(tree, "sh", "-c", line).returncode for line in script[1:]] == [0, 1]
    assert "ugly.py" in tree.read("summary.md") and "ugly.py" in tree.read("gl-code-quality-report.json")


@pytest.mark.parametrize("name", ["github", "gitlab", "azure"])
def test_the_ci_files_are_what_each_ci_takes(tree: Monorepo, name: str) -> None:
    """By the schemas of the CIs themselves, as check-jsonschema brings them."""
    schemas = {"github": "github-workflows", "gitlab": "gitlab-ci", "azure": "azure-pipelines"}
    tree.write({"ci.yml": contents.filled(f"{name}.yml", THERE), "action.yml": (ROOT / "action.yml").read_bytes()})
    checks: list[tuple[str, ...]] = [("check-jsonschema", "--builtin-schema", f"vendor.{schemas[name]}", "ci.yml")]
    if name == "github":  # and what pyfmt itself brings as an action; both as a security audit wants them
        checks.append(("check-jsonschema", "--builtin-schema", "vendor.github-actions", "action.yml"))
        checks.append(("zizmor", "--offline", "--no-progress", "ci.yml", "action.yml"))
    for check in checks:
        done = call(tree, uv(), "tool", "run", *check)
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_action_runs_pyfmt_with_its_arguments(tree: Monorepo, tmp_path: Path) -> None:
    tree.write({"app/app/ugly.py": UGLY, "pyfmt.toml": 'tools = ["isort", "black"]\n'})
    (tmp_path / "pyfmt").mkdir()
    (tmp_path / "pyfmt/bin").symlink_to(BIN)
    action = yaml.safe_load((ROOT / "action.yml").read_text())
    defaults = {f"${{{{ inputs.{name} }}}}": item["default"] for name, item in action["inputs"].items()}
    tree.environ |= {"RUNNER_TEMP": str(tmp_path), "CI": "true", "GITHUB_ACTIONS": "true"}
    tree.environ["GITHUB_STEP_SUMMARY"] = str(tmp_path / "summary.md")
    _install, make, check, link = [step for step in action["runs"]["steps"] if "run" in step]
    codes = []
    for step in (make, check):
        tree.environ |= {name: defaults[value] for name, value in step["env"].items()}
        done = call(tree, "bash", "-e", "-o", "pipefail", "-c", step["run"])
        codes.append(done.returncode)
    assert codes == [0, 1], done.stdout + done.stderr
    assert "::warning" in done.stdout and "ugly.py" in (tmp_path / "summary.md").read_text()
    assert "ugly.py" in (tmp_path / defaults["${{ inputs.report }}"]).read_text()
    tree.environ["URL"] = "https://example.org/artifacts/1"
    assert call(tree, "bash", "-e", "-o", "pipefail", "-c", link["run"]).returncode == 0
    assert "\n\n[The whole report](https://example.org/artifacts/1)" in (tmp_path / "summary.md").read_text()
    tree.environ["ARGUMENTS"] = "--tool black check -- app"
    done = call(tree, "bash", "-e", "-o", "pipefail", "-c", check["run"])
    assert done.returncode == 1 and "::warning" in done.stdout, "the log has it, too, where no output is named"


def test_existing_files_are_extended_and_nothing_of_them_is_lost() -> None:
    before = "# ours\nrepos:\n- repo: local\n  hooks:\n  - id: x\n    name: x # y\n\n# end\nci:\n  skip: [x]\n"
    after = contents.hook_config(before, THERE)
    assert after.replace("- repo: https://x/y\n  rev: 1f\n  hooks:\n    - id: pyfmt\n", "") == before
    data = yaml.safe_load(after)
    assert data["ci"] == {"skip": ["x"]} and data["repos"][0]["hooks"][0]["id"] == "x"
    assert data["repos"][1] == {"repo": "https://x/y", "rev": "1f", "hooks": [{"id": "pyfmt"}]}
    assert yaml.safe_load(contents.gitlab_main("stages: [a]\n"))["include"] == [{"local": contents.GITLAB_FILE}]
    assert contents.gitlab_main("include:\n  - local: a\n").endswith("  - local: a\n  - local: .gitlab/pyfmt.yml\n")
    with pytest.raises(NoPlace, match="pyfmt"):
        contents.hook_config("repos: []\n", HERE)
    with pytest.raises(NoPlace, match="pyfmt"):
        contents.prek_config("repos = []\n", HERE)


@pytest.mark.parametrize("known", [HERE, THERE])
def test_prek_takes_its_own_format(tree: Monorepo, known: CheckoutFacts) -> None:
    tree.write({"prek.toml": contents.prek_config("fail_fast = true\n", known)})
    done = call(tree, "prek", "validate-config", "prek.toml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_git_hook_formats_what_is_committed_in_every_way(tree: Monorepo) -> None:
    tree.write({"pyfmt.toml": 'tools = ["isort", "black"]\n'})
    tree.run("init", "--hook", "git", "--yes").expect(0)
    names = [f"app/app/{way}.py" for way in ("plain", "part", "all", "path")]
    tree.write({name: '"""Here."""\n' for name in names})
    tree.git("add", ".")
    assert commit(tree).returncode == 0
    plain, part, every, path = names
    tail = "# far\n" * 9
    tree.write({plain: UGLY, part: UGLY + tail})
    tree.git("add", ".")
    tree.write({part: UGLY + tail + "print( 'unstaged' )\n"})
    done = commit(tree)
    assert done.returncode == 0, done.stdout + done.stderr
    assert tree.git("show", f"HEAD:{plain}") == NEAT == tree.read(plain)
    assert tree.read(part) == NEAT + tail + "print( 'unstaged' )\n"
    tree.git("add", ".")
    tree.git("commit", "--quiet", "--no-verify", "--message", "the rest")
    tree.write({every: UGLY})
    assert commit(tree, "--all").returncode == 0
    tree.write({path: UGLY, plain: NEAT + "\nprint(1)\n"})
    tree.git("add", ".")
    assert commit(tree, "--", path).returncode == 0
    for name in (every, path):
        assert tree.git("show", f"HEAD:{name}") == NEAT == tree.read(name)
    # What was staged of other files still is, and nothing is left over of those that were committed.
    assert tree.git("status", "--porcelain") == f"M  {plain}\n"


def test_the_git_hook_stops_a_commit_with_findings_and_leaves_anothers_hook_alone(tree: Monorepo) -> None:
    hook = tree.root / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntrue\n")
    assert "stays as it is" in tree.run("init", "--hook", "git", "--yes").expect(0).stdout
    assert hook.read_text() == "#!/bin/sh\ntrue\n"
    hook.unlink()
    tree.run("init", "--hook", "git", "--yes").expect(0)
    tree.write({"app/app/wrong.py": '"""Wrong."""\n\nNUMBER: int = "text"\n'})
    tree.git("add", ".")
    done = commit(tree)
    assert done.returncode == 1
    assert re.search(r"app/app/wrong\.py:3:15: error: Incompatible", done.stdout + done.stderr)


def test_the_git_hook_finds_pyfmt_without_path_and_says_where_it_looked(tmp_path: Path) -> None:
    """As a git that a desktop program starts."""
    tree = trees.one_project(tmp_path, {"app/__init__.py": '"""App."""\n', "app/ugly.py": "print( 1 )\n"})
    # A package of that name in the checkout is not the one that runs.
    tree.write({".gitignore": ".venv\n", "pyfmt/__init__.py": "raise SystemExit('of the checkout')\n"})
    tree.git("init", "--quiet")
    tree.run("init", "--hook", "git", "--yes").expect(0)
    tree.git("add", "app")
    hook = tree.root / ".git/hooks/pre-commit"
    variables = {**tree.environment_variables(), "PATH": "/usr/bin:/bin"}

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run([str(hook)], cwd=tree.root, env=variables, check=False, capture_output=True, text=True)

    done = run()
    assert "reformatted app/app/ugly.py" in done.stdout, done.stdout + done.stderr
    assert tree.git("show", ":app/app/ugly.py") == "print(1)\n"
    hook.write_text(re.sub("python=.*", "python=/gone/python", hook.read_text(), count=1))
    done = run()
    assert done.returncode == 1 and "neither in /gone/python nor on the PATH" in done.stderr, done.stderr
