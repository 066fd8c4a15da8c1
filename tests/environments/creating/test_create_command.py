"""`pyfmt envs create` as a command: which environments it makes, with what, and what it leaves alone."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from pyfmt.environments.managers.poetry import environment_name
from tests.end_to_end.trees import manifest
from tests.support.monorepo import Monorepo
from tests.support.virtualenvs import HERE


@pytest.fixture
def tree(tmp_path: Path) -> Monorepo:
    """A library and two services that use it; nothing is to be downloaded but what builds them."""
    files: dict[str, str | bytes] = {"pyproject.toml": '[tool.pyfmt]\nprojects = ["lib", "one", "two"]\n'}
    for name, needs in {"lib": (), "one": ("lib",), "two": ("lib",)}.items():
        files[f"{name}/pyproject.toml"] = manifest(name, name, *needs)
        files[f"{name}/{name}/__init__.py"] = f'"""The project {name}."""\n'
        files[f"{name}/{name}/py.typed"] = ""
    return Monorepo.create(tmp_path, files)


def made(tree: Monorepo) -> dict[str, str]:
    """The Python of each environment that is there."""
    found = {}
    for name in ("lib", "one", "two"):
        config = tree.root / name / ".venv/pyvenv.cfg"
        if config.exists():
            lines = dict(line.split(" = ", 1) for line in config.read_text("utf-8").splitlines())
            found[name] = ".".join(lines.get("version_info", lines.get("version", "")).split(".")[:2])
    return found


def test_dry_run_says_everything_and_makes_nothing(tree: Monorepo) -> None:
    said = tree.run("envs", "create", "--dry-run").expect(0).stdout
    assert "planned  one/.venv (one)" in said and "planned  two/.venv (two)" in said
    assert "lib/.venv" not in said, "it is linted where it is installed"
    assert "virtualenv " in said and f"-e {tree.root}/lib" in said
    assert made(tree) == {}


def test_the_missing_ones_then_all_then_anew_with_another_python(tree: Monorepo) -> None:
    result = tree.run("envs", "create").expect(0)
    assert sorted(made(tree)) == ["one", "two"]
    progress = [line for line in result.stderr.splitlines() if line.startswith("one/.venv: ")]
    assert any("creating" in line for line in progress) and any("ready" in line for line in progress)
    tree.run("check").expect(0)

    mark = tree.root / "one/.venv/mark"
    mark.touch()
    assert "every project has" in tree.run("envs", "create").expect(0).stdout
    assert "exists   one/.venv" in tree.run("envs", "create", "one").expect(0).stdout
    tree.run("envs", "create", "--all").expect(0)
    assert sorted(made(tree)) == ["lib", "one", "two"] and mark.exists()

    said = tree.run("envs", "create", "one", "--recreate", "--python", "3.12").expect(0).stdout
    assert "Python 3.12" in said
    assert made(tree)["one"] == "3.12" and not mark.exists()
    assert made(tree)["two"] != "3.12"
    assert not list(tree.root.glob("*/*.pyfmt-old"))


def test_a_python_that_is_not_there_or_does_not_fit_is_told_and_nothing_is_made(tree: Monorepo) -> None:
    said = tree.run("envs", "create", "one", "--python", "3.99").expect(2).stdout
    assert "failed   one/.venv" in said and "3.99" in said
    assert made(tree) == {}
    assert "did you mean 'one'" in tree.run("envs", "create", "onne").expect(2).stderr


def test_a_failed_replacement_leaves_the_old_one(tree: Monorepo) -> None:
    tree.run("envs", "create", "one").expect(0)
    mark = tree.root / "one/.venv/mark"
    mark.touch()
    tree.write({"one/pyproject.toml": manifest("one", "one", "lib", "no-such-distribution-anywhere==1")})
    said = tree.run("envs", "create", "one", "--recreate").expect(2).stdout
    assert "failed   one/.venv" in said and "no-such-distribution-anywhere" in said
    assert mark.exists() and sorted(made(tree)) == ["one"]


def test_the_environment_of_a_loose_script_serves_nobody_else(tmp_path: Path) -> None:
    tree = Monorepo.create(
        tmp_path,
        {
            "tool.py": '"""A loose script."""\n',
            "bare/setup.cfg": "[metadata]\nname = bare\n",
            "bare/bare.py": '"""Asks for nothing."""\n',
            "svc/pyproject.toml": manifest("svc", "svc", "iniconfig"),
            "svc/svc/__init__.py": '"""Needs something."""\n',
        },
    )
    said = tree.run("envs", "create", ".").expect(0).stdout
    assert "created  .venv (.)" in said and "nothing to install" in said
    rows = tree.run("envs", "--json").json["projects"]
    notes = {row["path"]: (row["environment"], row["note"]) for row in rows}
    assert notes["."][0] and not notes["bare"][0] and not notes["svc"][0]
    assert "alone" in notes["bare"][1]
    planned = tree.run("envs", "create", "--all", "--dry-run").expect(0).stdout
    assert "planned  bare/.venv" in planned and "planned  svc/.venv" in planned


def test_an_environment_elsewhere_that_the_checkout_names_is_never_replaced(tmp_path: Path) -> None:
    names = ("file", "hatch", "link", "pdm", "poetry")
    victims = {name: tmp_path / f"victims/{name}" for name in names}
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(victims["file"])], check=True)
    (victims["file"] / "precious").touch()
    for name in names[1:]:
        shutil.copytree(victims["file"], victims[name], symlinks=True)
    hatch = f'.hatch.envs.default]\npath = "{victims["hatch"]}"\n'
    tools = {"hatch": hatch, "pdm": ".pdm]\n", "poetry": ".poetry]\n"}
    project = '[project]\nname = "{}"\nversion = "1"\n[tool{}'
    tree = Monorepo.create(
        tmp_path / "checkout",
        {
            "file/.venv": f"{victims['file']}\n",
            "pdm/.pdm-python": f"{victims['pdm']}/bin/python\n",
            "poetry/poetry.toml": f'virtualenvs.path = "{tmp_path}/central"\n',
            **{f"{name}/main.py": '"""Nothing."""\n' for name in names},
            **{f"{name}/pyproject.toml": project.format(name, tools.get(name, ".uv]")) for name in names},
        },
    )
    (tree.root / "link/.venv").symlink_to(victims["link"])
    central = tmp_path / f"central/{environment_name('poetry', str(tree.root / 'poetry'))}-py{HERE}"
    central.parent.mkdir()
    central.symlink_to(victims["poetry"])
    rows = {row["path"]: row["environment"] for row in tree.run("envs", "--json").json["projects"]}
    assert {name: rows[name]["path"] for name in names} == {name: str(victims[name]) for name in names}

    said = tree.run("envs", "create", *names, "--recreate").expect(2).stdout
    assert said.count("a file of the checkout names this place") == said.count("--trust") == len(names)
    for victim in victims.values():
        assert (victim / "precious").exists()
        (victim / "pyvenv.cfg").rename(victim / "pyvenv.cfg.away")
    tree.run("envs", "create", *names)
    for victim in victims.values():
        assert (victim / "precious").exists()
        (victim / "pyvenv.cfg.away").rename(victim / "pyvenv.cfg")
    tree.run("--trust", "envs", "create", "hatch", "--recreate").expect(0)
    assert [name for name in names if not (victims[name] / "precious").exists()] == ["hatch"]
