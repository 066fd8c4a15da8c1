"""One pipeline for all projects: the commands of the generated jobs, run in a repository after each kind of change."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

from tests.support.monorepo import Monorepo, command

LOCK = """
    [[package]]
    name = "six"
    version = "1.16.0"
    optional = false
    python-versions = "*"
    groups = ["main"]
    files = []

    [metadata]
    lock-version = "2.1"
    python-versions = ">=3.10"
    content-hash = "0"
"""
SCHEMA = {"type": "object", "additionalProperties": False, "properties": {"channel": {"type": "string"}}}
SCHEMA["properties"] |= {"test": {"type": "string"}, "deploy": {"type": "string"}}  # type: ignore[operator]
FILES = {
    "pyproject.toml": '[tool.pyfmt]\nproject-schema = "tools/ci/project.schema.json"\n',
    "tools/ci/project.schema.json": json.dumps(SCHEMA),
    "docs/page.md": "A page.\n",
    "lib/pyproject.toml": """
        [project]
        name = "acme-lib"
        version = "1"
        [tool.pyfmt.project]
        test = "echo test lib >> $LOG"
        """,
    "lib/acme_lib.py": "X = 1\n",
    "api/pyproject.toml": """
        [project]
        name = "api"
        version = "1"
        dependencies = ["acme-lib"]
        [tool.uv.sources]
        acme-lib = { path = "../lib" }
        """,
    # With characters that a pipeline could take for its own.
    "api/ci.yaml": """
        channel: "#api"
        test: test -f api.py && echo "test api '$VAR'" >> $LOG
        deploy: echo deploy api >> $LOG
        """,
    "api/api.py": "import acme_lib\n",
    "job/pyproject.toml": """
        [project]
        name = "job"
        version = "1"
        dependencies = ["six"]
        [tool.poetry]
        [tool.pyfmt.project]
        test = "echo test job >> $LOG"
        deploy = "echo deploy job >> $LOG"
        """,
    "job/poetry.lock": LOCK,
    "job/job.py": "",
    "bare/pyproject.toml": '[project]\nname = "bare"\nversion = "1"\n',
    "bare/bare.py": "",
}
CHANGES: dict[str, tuple[dict[str, str], list[str]]] = {
    "a library": ({"lib/acme_lib.py": "X = 2\n"}, ["test api $VAR", "test lib"]),
    "a service": ({"api/api.py": "import acme_lib as lib\n"}, ["test api $VAR", "deploy api"]),
    "a lock": ({"job/poetry.lock": LOCK.replace("1.16.0", "1.17.0")}, ["test job", "deploy job"]),
    "a page": ({"docs/page.md": "Another page.\n"}, []),
    "one without values": ({"bare/bare.py": "X = 1\n"}, []),
}


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Monorepo:
    tree = Monorepo.create(tmp_path_factory.mktemp("pipelines"), FILES)
    tree.git("init", "--quiet", "--initial-branch", "main")
    for name in ("github", "gitlab"):
        tree.run("init", "--hook", "none", "--ci", name, "--install", "git+https://x/y@1f", "--yes").expect(0)
    tree.git("add", "--all")
    tree.git("commit", "--quiet", "--message", "first")
    log = tree.root.parent / "log"
    tree.environ |= {"LOG": str(log), "VAR": "of the runner", "GITHUB_OUTPUT": str(tree.root.parent / "output")}
    tree.environ["PATH"] = f"{Path(command()[0]).parent}:/usr/local/bin:/usr/bin:/bin"
    return tree


def shell(tree: Monorepo, script: str, folder: str = ".", **variables: str) -> str:
    done = subprocess.run(
        ["bash", "-e", "-c", script],
        cwd=tree.root / folder,
        env=tree.environment_variables(variables),
        check=False,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, f"{script}\n{done.stdout}{done.stderr}"
    return done.stdout


def logged(tree: Monorepo) -> list[str]:
    """What the jobs have done since the last call."""
    log = Path(tree.environ["LOG"])
    lines = log.read_text("utf-8").splitlines() if log.exists() else []
    log.unlink(missing_ok=True)
    return lines


def github(tree: Monorepo) -> None:
    """The jobs of GitHub's workflow as a push to the default branch starts them."""
    jobs = yaml.safe_load(tree.read(".github/workflows/pyfmt.yml"))["jobs"]
    output = Path(tree.environ["GITHUB_OUTPUT"])
    output.write_text("", "utf-8")
    shell(tree, jobs["affected"]["steps"][-1]["run"])
    found = dict(line.split("=", 1) for line in output.read_text("utf-8").splitlines())
    for name in ("test", "deploy"):
        [step] = [step for step in jobs[name]["steps"] if "run" in step]
        assert step["if"] == f"matrix.values.{name}" and step["working-directory"] == "${{ matrix.path }}"
        for row in json.loads(found[name])["include"]:
            if row["values"].get(name):
                shell(tree, step["run"], row["path"], COMMAND=row["values"][name])


def gitlab(tree: Monorepo) -> None:
    """The jobs of GitLab's child pipeline."""
    [line] = [
        line
        for line in yaml.safe_load(tree.read(".gitlab/pyfmt.yml"))["pyfmt-affected"]["script"]
        if "affected" in line
    ]
    shell(tree, line)
    pipeline: dict[str, Any] = yaml.safe_load(tree.read("pyfmt-pipeline.yml"))
    (tree.root / "pyfmt-pipeline.yml").unlink()
    templates = yaml.safe_load(tree.read(pipeline.pop("include")[0]["local"]))
    stages = pipeline.pop("stages")
    for job in sorted(pipeline.values(), key=lambda job: int(stages.index(job["stage"]))):
        script = job.get("script") or templates[job["extends"]]["script"]
        variables = {name: text.replace("$$", "$") for name, text in job.get("variables", {}).items()}
        shell(tree, "\n".join(script), **variables)


@pytest.mark.parametrize("run", [github, gitlab])
def test_each_change_tests_what_is_affected_and_deploys_what_changed_itself(tree: Monorepo, run: Any) -> None:
    for what, (files, expected) in CHANGES.items():
        tree.write(files)
        tree.git("add", "--all")
        tree.environ["VAR"] = "$VAR"
        run(tree)
        assert logged(tree) == [line.replace("$VAR", "'$VAR'") for line in expected], what
        tree.git("reset", "--quiet", "--hard")


def test_values_that_do_not_fit_are_named(tree: Monorepo) -> None:
    tree.write({"api/ci.yaml": "chanel: x\ntest: 1\n"})
    said = tree.run("affected", "--github-matrix").expect(2).stderr
    assert "api/ci.yaml: unknown key 'chanel'" in said and "'channel'" in said
    assert "api/ci.yaml: test: 1 is not of type 'string'" in said
    tree.write({"api/ci.yaml": "when: 2020-01-01\n"})
    assert "api/ci.yaml" in tree.run("affected", "--github-matrix").expect(2).stderr
    tree.git("checkout", "--quiet", "api")
    tree.write({"job/ci.yaml": "test: x\n"})
    assert "both ci.yaml and [tool.pyfmt.project]" in tree.run("affected", "--gitlab-pipeline").expect(2).stderr
    (tree.root / "job/ci.yaml").unlink()
    # The table makes no root of a project.
    assert tree.run("config", "--json", cwd="job").expect(0).json["root"] == str(tree.root)
