"""A lock is installed by the manager that wrote it, where that is on PATH and runs nothing that the checkout chose."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.environments.creating.trees import editable_folders, installed
from tests.environments.places import call
from tests.support.monorepo import Monorepo
from tests.support.virtualenvs import HERE, Recipe, kept

LOCKED = Path(__file__).parent / "data/managers"
MANAGERS = {"poetry": "poetry", "pdm": "pdm[locked]", "pipenv": "pipenv"}


@pytest.fixture(name="tree")
def _tree(tmp_path: Path) -> Monorepo:
    """A project for each manager with its lock, and a library that all have from its folder."""
    tree = Monorepo.create(tmp_path, {"pyfmt.toml": 'projects = ["base", "poetry", "pdm", "pipenv"]\n'})
    shutil.copytree(LOCKED, tree.root, dirs_exist_ok=True)
    tree.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"
    return tree


def on_path(tree: Monorepo, *names: str) -> None:
    """Put real managers at the end of PATH, by links: nothing else of their environments."""
    folder = tree.home / "bin"
    folder.mkdir()
    for name in names:
        (folder / name).symlink_to(kept(Recipe((MANAGERS[name],))).prefix / "bin" / name)
    tree.environ["PATH"] = f"{os.environ['PATH']}{os.pathsep}{folder}"


def names(prefix: Path) -> set[str]:
    """What is installed, "name==version"."""
    return {f"{name}=={version}" for name, version in installed(prefix).items()}


@pytest.mark.slow
def test_poetry_pdm_and_pipenv_install_their_locks(tree: Monorepo) -> None:
    on_path(tree, *MANAGERS)
    poetry, environ = tree.home / "bin/poetry", tree.environment_variables()
    # Poetry's own choice of another place counts: the environment there is made again, not one beside it.
    call(poetry, "env", "use", "-q", f"python{HERE}", cwd=tree.root / "poetry", environ=environ)
    central = Path(call(poetry, "env", "info", "--path", cwd=tree.root / "poetry", environ=environ).strip())
    assert "missing: base, pluggy 1.6.0; `pyfmt envs create poetry --recreate` makes" in tree.run("envs").stdout
    said = tree.run("envs", "create", "poetry", "pdm", "pipenv", "--recreate").expect(0).stdout
    assert re.findall(r": Python [\d.]+, (.*)", said) == [
        "pdm.lock by pdm",
        "Pipfile.lock by pipenv",
        "poetry.lock by poetry",
    ]
    common = {"base==1.0", "pluggy==1.6.0", "iniconfig==2.1.0", "idna==3.10"}  # no colorama: its marker is Windows'
    extra = {"typing-extensions==4.15.0"}  # imported, unlike `huge`
    places = {"poetry": central, "pdm": tree.root / "pdm/.venv", "pipenv": tree.root / "pipenv/.venv"}
    assert {name: names(prefix) for name, prefix in places.items()} == {
        "poetry": {*common, *extra, "app-of-poetry==1"},
        "pdm": {*common, *extra, "app-of-pdm==1"},
        "pipenv": common,
    }
    base = str(tree.root / "base")  # though Poetry's lock says `develop = false`
    assert all(base in map(os.path.normpath, editable_folders(prefix)) for prefix in places.values())
    assert said.count("left out: extra huge") == 2
    assert not (tree.root / "HOOK").exists() and not (tree.root / "poetry/.venv").exists()
    healths = {row["path"]: row["environment"]["status"] for row in tree.run("envs", "--json").json["projects"]}
    assert set(healths.values()) == {"ok"}


def test_where_a_manager_refuses_its_lock_it_is_read_without_it_and_hashes_count_all_the_same(tree: Monorepo) -> None:
    manifest = tree.read("poetry/pyproject.toml")
    tree.write({"poetry/pyproject.toml": manifest.replace("idna==3.10", "idna>=3.9")})
    said = tree.run("envs", "create", "poetry", "--fetch-managers").expect(0).stdout
    assert (
        "poetry.lock by uv" in said
        and "poetry.lock was read by pyfmt itself: poetry ended with 1: pyproject.toml changed" in said
    )
    assert "idna==3.10" in names(tree.root / "poetry/.venv")

    lock = tree.read("poetry/poetry.lock")
    tree.write(
        {
            "poetry/pyproject.toml": manifest,
            "poetry/poetry.lock": re.sub(r"(pluggy.*sha256:)\w{8}", r"\g<1>00000000", lock),
        }
    )
    said = tree.run("envs", "create", "poetry", "--recreate", "--fetch-managers").expect(2).stdout
    assert "failed   poetry/.venv" in said and "pluggy" in said
    assert "idna==3.10" in names(tree.root / "poetry/.venv"), "the old one is there"


def test_a_manager_that_would_run_what_the_checkout_chooses_is_not_asked_without_trust(tree: Monorepo) -> None:
    def planned() -> str:
        return tree.run("envs", "create", "poetry", "pdm", "--dry-run").expect(0).stdout

    on_path(tree, "poetry", "pdm")
    assert "poetry install --no-root" in planned() and "pdm sync --project" in planned()
    tree.write({"pdm/pdm.toml": 'cache_dir = "."\n', "poetry/.poetry/plugins/x.pth": "import os\n"})
    said = planned()
    assert "poetry.lock by uv" in said and "pdm.lock by uv" in said
    assert "pdm.lock was read by pyfmt itself: pdm.toml would have pdm run what the checkout chooses" in said
    tree.write(
        {"poetry/pyproject.toml": f'{tree.read("poetry/pyproject.toml")}[tool.poetry.requires-plugins]\nx = "*"\n'}
    )
    assert ".poetry, [tool.poetry.requires-plugins] would have poetry run" in planned()
    tree.run("trust").expect(0)
    assert "poetry install --no-root" in planned() and "pdm sync --project" in planned()
    tree.run("trust", "--revoke").expect(0)

    # One that lies in the checkout is none, nor a link to it.
    tree.write({"bin/poetry": "#!/bin/sh\ntouch RAN\n"})
    (tree.root / "bin/poetry").chmod(0o755)
    elsewhere = tree.home / "links"
    elsewhere.mkdir()
    (elsewhere / "poetry").symlink_to(tree.root / "bin/poetry")
    tree.environ["PATH"] = os.pathsep.join([str(tree.root / "bin"), str(elsewhere), os.environ["PATH"]])
    tree.write({"poetry/pyproject.toml": (LOCKED / "poetry/pyproject.toml").read_text("utf-8")})
    shutil.rmtree(tree.root / "poetry/.poetry")
    assert "poetry.lock by uv" in planned()
