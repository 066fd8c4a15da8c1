"""An environment higher up serves a project only where it has what the project needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from pyfmt.environments.resolve import resolve
from pyfmt.projects import find_projects
from tests.environments.places import EDITABLE_KINDS, call, config, pyproject, uv, write
from tests.support.pythons import require_python

POETRY = '[tool.poetry]\nname = "{}"\nversion = "1"\n[tool.poetry.dependencies]\npython = "^3.9"\n{}\n'


def make(prefix: Path, *arguments: str | Path) -> None:
    call(uv(), "venv", "--no-project", "--python", require_python("3.11"), prefix)
    if arguments:
        call(uv(), "pip", "install", "--python", prefix / "bin/python", *arguments)


def found(root: Path, home: Path) -> dict[str, tuple[str, str]]:
    """The rule and the note of every project."""
    survey = find_projects(config(root))
    resolutions = resolve(survey.projects, config(root), {"HOME": str(home / "home")})
    return {item.project: (item.rule, item.note) for item in resolutions}


@pytest.mark.parametrize(
    ("files", "lacks"),
    [
        ({"pyproject.toml": pyproject("a", 'dependencies = ["six>=1.16"]')}, ""),
        ({"pyproject.toml": pyproject("a", 'dependencies = ["Six>=2", '
        '"attrs"]')}, "lacks Six>=2 (1.16.0 is there), attrs"),
        ({"pyproject.toml": pyproject("a", "dependencies = [\"attrs; python_version < '3'\"]")}, ""),
        # What only development needs is no reason to have none.
        ({"pyproject.toml": pyproject("a", 'dependencies = []\n[dependency-groups]\ndev = ["attrs"]')}, ""),
        ({"pyproject.toml": POETRY.format("a", 'six = "^1.15"')}, ""),
        ({"pyproject.toml": POETRY.format("a", 'six = {version = "<1.16"}\nacme = {path = '
        '"../b"}')}, "lacks six<1.16 (1.1"),
        ({"pyproject.toml": POETRY.format("a", 'attrs = [{version = "1", python = "<3.0"}]')}, ""),
        ({"setup.cfg": "[metadata]\nname = a\n[options]\ninstall_requires =\n    attrs>=20\n"}, "lacks attrs"),
        ({"setup.py": "from setuptools import setup\nsetup(name='a', install_requires=['six', "
        "'idna'])\n"}, "lacks idna"),
        ({"setup.py": "from setuptools import setup\nsetup(name='a', "
        "install_requires=read())\n"}, "is not known to have"),
        ({"setup.cfg": "", "requirements.txt": "-e ../b\nsix==1.16.0 --hash=sha256:1\nattrs  # why\n"}, "lacks attrs"),
        ({"setup.cfg": "", "Pipfile": '[packages]\nsix = "*"\n[dev-packages]\nattrs = "*"\n'}, ""),
    ],
)  # fmt: skip
def test_only_where_the_requirements_are_satisfied(tmp_path: Path, files: dict[str, str], lacks: str) -> None:
    root = tmp_path / "mono"
    make(root / ".venv", "six==1.16.0")
    write(root / "svc/a", {**files, "a.py": ""})
    rule, note = found(root, tmp_path)["svc/a"]
    if lacks:
        assert rule == "" and note.startswith("no environment") and f"; .venv {lacks}" in note
    else:
        assert (rule, note) == ("inherited", "inherited from .venv")


def test_a_project_that_is_installed_above_needs_nothing_more(tmp_path: Path) -> None:
    root = tmp_path / "mono"
    kind = EDITABLE_KINDS["hatchling"]
    asking = kind["pyproject.toml"].replace('version = "1.0"', 'version = "1.0"\ndependencies = ["attrs"]')
    lib = write(root / "lib", {**kind, "pyproject.toml": asking})
    make(root / ".venv", "--no-deps", "-e", lib)
    assert found(root, tmp_path)["lib"][0] == "inherited"


def test_each_lacking_one_is_said_and_the_rest_is_counted(tmp_path: Path) -> None:
    root = tmp_path / "mono"
    make(root / ".venv")
    names = [f"name-{number}" for number in range(7)]
    write(root / "a", {"pyproject.toml": pyproject("a", f"dependencies = {names}"), "a.py": ""})
    assert found(root, tmp_path)["a"][1].endswith(".venv lacks name-0, name-1, name-2, name-3, name-4 and 2 more")
