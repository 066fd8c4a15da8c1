"""Locks of real managers that the manifests have left behind; ranges that the own libraries do not meet."""

from __future__ import annotations

import json
import os
import subprocess
from importlib.metadata import version
from pathlib import Path

from tests.environments.places import uv
from tests.support.monorepo import ROOT, Monorepo

LIBRARY = (
    '[project]\nname = "acme-storage"\nversion = "1.4"\nrequires-python = ">=3.11"\n'
    'dependencies = ["typing-extensions{0}"{1}]\n'
)
BILLING = ROOT / "examples/monorepo/projects/billing"  # its lock is Poetry's own, and has ../../lib/storage
UV = """
    [project]
    name = "{0}"
    version = "1"
    requires-python = ">=3.11"
    dependencies = ["acme-storage"]
    [tool.uv.sources]
    acme-storage = {{path = "../../lib/storage", editable = true}}
"""


def lock(made: Monorepo, folder: str, *command: str) -> None:
    """Has a real manager write its lock."""
    environ = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    done = subprocess.run(
        [uv(), *command], cwd=made.root / folder, capture_output=True, text=True, check=False, env=environ
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_lock_that_a_librarys_manifest_has_left_behind_is_told_everywhere(tmp_path: Path) -> None:
    made = Monorepo.create(
        tmp_path,
        {
            "pyproject.toml": "[tool.pyfmt]\n",
            "lib/storage/pyproject.toml": LIBRARY.format("", ""),
            "lib/storage/acme_storage.py": '"""Storage."""\n',
            "services/a/pyproject.toml": (BILLING / "pyproject.toml").read_bytes(),
            "services/a/poetry.lock": (BILLING / "poetry.lock").read_bytes(),
            "services/a/a.py": '"""A."""\n',
            "services/b/pyproject.toml": UV.format("b"),
            "services/b/b.py": '"""B."""\n',
        },
    )
    lock(made, "services/b", "lock", "--upgrade-package", "typing-extensions==4.16.0")
    for folder in ("services/a", "services/b", "lib/storage"):
        made.environment(folder)
    made.git("init", "--quiet")
    made.git("add", "--all")
    made.git("commit", "--quiet", "--message", "locked")
    assert "stale" not in made.run("envs").stdout
    made.write({"lib/storage/pyproject.toml": LIBRARY.format("<4.10", ', "six"')})
    lines = {
        f"services/{name}/{file} is stale: lib/storage asks for typing-extensions<4.10, locked is 4.16.0, six, which "
        f"is not locked; `{cure}` in services/{name}"
        for name, file, cure in (("a", "poetry.lock", "poetry lock"), ("b", "uv.lock", "uv lock"))
    }
    assert lines <= {line.strip() for line in made.run("envs").stdout.splitlines()}
    assert lines <= {line for row in json.loads(made.run("envs", "--json").stdout)["projects"] for line in row["stale"]}
    assert lines <= {*made.run("affected", "--since", "HEAD").expect(0).stdout.splitlines()}
    for _ in range(2):  # from the lock, and from what was remembered
        assert lines <= {*made.check("--tool", "mypy")[1]["notes"]}
    made.write({"services/a/a.py": '"""A, and more."""\n'})
    made.git("add", "--all")
    assert {line for line in lines if "services/a/" in line} <= {*made.check("--staged", "--tool", "mypy")[1]["notes"]}
    lock(made, "services/b", "lock")
    (left,) = [note for note in made.check("--tool", "mypy")[1]["notes"] if "stale" in note]
    assert left.startswith("services/a/poetry.lock")


def test_a_range_that_a_library_of_the_monorepo_does_not_meet_is_told(tmp_path: Path) -> None:
    files = {"lib/storage/pyproject.toml": LIBRARY.format("", ""), "lib/storage/acme_storage.py": ""}
    made = Monorepo.create(tmp_path, {**files, "a/pyproject.toml": UV.replace("../../", "../").format("a")})
    assert "asks for" not in made.run("envs").stdout
    text = (
        UV.replace("../../", "../").format("a").replace('"acme-storage"]', "\"acme-storage>=2; python_version > '3'\"]")
    )
    made.write({"a/pyproject.toml": text})
    assert 'a asks for acme-storage>=2; python_version > "3", and lib/storage is 1.4' in made.run("envs").stdout
    made.write({"lib/storage/pyproject.toml": LIBRARY.format("", "").replace("1.4", "2.0.dev1")})
    assert "lib/storage is 2.0.dev1" in made.run("envs").stdout, "a development version comes before 2"
    made.write({"lib/storage/pyproject.toml": LIBRARY.format("", "").replace("1.4", "2.1")})
    assert "asks for" not in made.run("envs").stdout


def test_other_versions_of_tools_in_locks_are_told_in_one_line(tmp_path: Path) -> None:
    text = '[project]\nname = "{0}"\nversion = "1"\nrequires-python = ">=3.11"\n'
    text += '[dependency-groups]\ndev = ["black=={1}"]\n'
    made = Monorepo.create(tmp_path, {"pyfmt.toml": 'tools = ["black", "isort"]\n'})
    ours = version("black")
    for name, wanted in (("a", "25.1.0"), ("b", "25.1.0"), ("c", ours)):
        made.write({f"{name}/pyproject.toml": text.format(name, wanted), f"{name}/{name}.py": '"""M."""\n'})
        lock(made, name, "lock")
    line = f"locks say other versions of tools than those that pyfmt uses (black {ours}): "
    line += "a/uv.lock, b/uv.lock: black 25.1.0"
    for _ in range(2):
        assert made.check()[1]["notes"] == [line]
    assert made.check("c")[1]["notes"] == made.check("--tool", "isort")[1]["notes"] == []
    made.write({"b/uv.lock": "damaged"})
    assert line.replace(", b/uv.lock", "") in made.check()[1]["notes"]


def test_each_of_two_equal_locks_is_told_with_its_own_place(tmp_path: Path) -> None:
    library = '[project]\nname = "acme-storage"\nversion = "1"\nrequires-python = ">=3.11"\ndependencies = [{0}]\n'
    made = Monorepo.create(
        tmp_path,
        {
            "pyproject.toml": "[tool.pyfmt]\n",
            "lib/storage/pyproject.toml": library.format(""),
            "lib/storage/acme_storage.py": '"""Storage."""\n',
            "services/b/pyproject.toml": UV.format("copied"),
            "services/c/pyproject.toml": UV.format("copied"),
        },
    )
    lock(made, "services/b", "lock", "--offline")
    made.write({"services/c/uv.lock": made.read("services/b/uv.lock")})
    made.git("init", "--quiet")
    made.git("add", "--all")
    made.git("commit", "--quiet", "--message", "locked")
    made.write({"lib/storage/pyproject.toml": library.format('"six"')})
    said = made.run("affected", "--since", "HEAD").stdout
    for place in ("services/b", "services/c"):
        assert f"{place}/uv.lock is stale: lib/storage asks for six, which is not locked; `uv lock` in {place}" in said
