"""tox, virtualenvwrapper and direnv: where the real ones put environments is where they are found, or not found."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

from pyfmt.environments.resolve import resolve
from tests.environments.places import call, config, projects, pyproject, write
from tests.support import virtualenvs
from tests.support.pythons import clean_environ, require_python
from tests.support.virtualenvs import Recipe, kept

TOX = (
    "[tox]\nenv_list = py\nskipsdist = true\n\n[testenv]\npackage = skip\ndeps = attrs==25.3.0\ncommands = python -V\n"
)


@pytest.fixture(name="home")
def _home(tmp_path: Path) -> dict[str, str]:
    home = tmp_path / "home"
    home.mkdir()
    return {"HOME": str(home), "XDG_CONFIG_HOME": str(home / ".config"), "XDG_DATA_HOME": str(home / ".local/share")}


def test_toxs_environments_are_used_only_where_they_are_configured(tmp_path: Path, home: dict[str, str]) -> None:
    """They are made for one test run each: which of them the project is linted in is the user's choice."""
    root = write(tmp_path / "mono", {"a/pyproject.toml": pyproject("a"), "a/tox.ini": TOX})
    tox = kept(Recipe(("tox",))).prefix / "bin/tox"
    call(tox, "run", "-q", "-e", "py", "--notest", cwd=root / "a", environ=home)
    prefix = root / "a/.tox/py"
    assert (prefix / "pyvenv.cfg").is_file()

    (found,) = resolve(projects("a"), config(root), home)
    assert found.environment is None and ".tox" not in str(found)
    (found,) = resolve(projects("a"), config(root, [("a", "a/.tox/py")]), home)
    assert found.rule == "setting" and found.environment is not None
    assert found.environment.prefix == str(prefix) and found.environment.name == "a/.tox/py"
    assert [item.name for item in found.environment.distributions if item.name == "attrs"] == ["attrs"]


def test_virtualenvwrapper_that_knows_the_projects_folder(tmp_path: Path, home: dict[str, str]) -> None:
    root = write(tmp_path / "mono", {"a/pyproject.toml": pyproject("a"), "b/pyproject.toml": pyproject("b")})
    tools = kept(Recipe(("virtualenvwrapper", "setuptools<81"))).prefix
    script = (
        f"export VIRTUALENVWRAPPER_PYTHON={tools}/bin/python VIRTUALENVWRAPPER_VIRTUALENV={tools}/bin/virtualenv\n"
        f"export WORKON_HOME={tmp_path}/workon; source {tools}/bin/virtualenvwrapper.sh\n"
        f"mkvirtualenv --no-download -p {require_python('3.11')} -a {root}/a some-name\n"
    )
    variables = {**clean_environ(), **home, "PATH": f"{tools}/bin{os.pathsep}/usr/bin{os.pathsep}/bin"}
    done = subprocess.run(["bash", "-c", script], check=False, capture_output=True, text=True, env=variables)
    made = tmp_path / "workon/some-name"
    assert (made / "pyvenv.cfg").is_file(), done.stdout + done.stderr

    first, second = resolve(projects("a", "b"), config(root), {**home, "WORKON_HOME": f"{tmp_path}/workon"})
    assert first.rule == "virtualenvwrapper" and first.environment is not None
    assert first.environment.prefix == str(made.resolve())
    assert second.environment is None


def test_direnvs_python_layout(tmp_path: Path, home: dict[str, str]) -> None:
    direnv = find_direnv()
    if direnv is None:
        pytest.skip("there is no direnv: neither on PATH nor Debian's package to download")
    root = write(tmp_path / "mono", {"a/pyproject.toml": pyproject("a"), "a/.envrc": "layout python\n"})
    path = f"{require_python('3.11').parent}{os.pathsep}/usr/bin{os.pathsep}/bin"
    call(direnv, "allow", cwd=root / "a", environ={**home, "PATH": path})
    call(direnv, "exec", ".", "true", cwd=root / "a", environ={**home, "PATH": path})

    (found,) = resolve(projects("a"), config(root), home)
    assert found.environment is not None, list((root / "a").rglob("pyvenv.cfg"))
    assert found.rule == "direnv" and found.environment.prefix.startswith(f"{root}/a/.direnv/python-3.11")


def find_direnv() -> Path | None:
    """The direnv on PATH, else Debian's package unpacked in the tests' cache; None where there is neither."""
    found = shutil.which("direnv")
    if found:
        return Path(found)
    folder = virtualenvs.cache_folder() / "direnv-debian"
    program = folder / "usr/bin/direnv"
    with virtualenvs.locked(folder.with_suffix(".lock")):
        if not program.exists() and shutil.which("apt-get") and shutil.which("dpkg"):
            folder.mkdir(parents=True, exist_ok=True)
            subprocess.run(["apt-get", "download", "direnv"], check=False, capture_output=True, cwd=folder)
            for package in sorted(folder.glob("*.deb")):
                subprocess.run(["dpkg", "-x", package.name, "."], check=True, cwd=folder)
                package.unlink()
    return program if program.exists() else None
