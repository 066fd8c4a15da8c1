"""The supports themselves: a wrong one would make every test above it worthless."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import MakeEnvironment, MakeLoop, MakeMonorepo
from tests.support.careful_loop import LoopProject
from tests.support.pythons import find_python, require_python
from tests.support.virtualenvs import Recipe, build, clone, kept


@pytest.mark.parametrize("version", ["3.10", "3.11", "3.12", "3.13"])
def test_a_python_is_found_as_a_real_interpreter_of_that_version(version: str) -> None:
    python = require_python(version)
    environment = kept(Recipe((), version))
    assert f"version_info = {version}." in (environment.prefix / "pyvenv.cfg").read_text(encoding="utf-8")
    assert "shims" not in python.parts


def test_a_python_that_does_not_exist_is_none() -> None:
    assert find_python("3.99") is None


def test_kept_environments_are_made_once_for_a_recipe_whatever_its_order(kept_environment: MakeEnvironment) -> None:
    one, two = kept_environment("six==1.17.0", "iniconfig==2.1.0"), kept_environment("iniconfig==2.1.0", "six==1.17.0")
    assert one == two
    assert one.run("-c", "import six; print(six.__version__)").stdout == "1.17.0\n"


def test_a_clone_has_more_and_its_original_does_not(kept_environment: MakeEnvironment, tmp_path: Path) -> None:
    original = kept_environment("six==1.17.0")
    copy = clone(original, tmp_path / "copy", "iniconfig==2.1.0")
    assert copy.run("-c", "import six, iniconfig").returncode == 0
    assert original.run("-c", "import iniconfig").returncode == 1


def test_the_careful_loop_sees_what_each_environment_has(monorepo: MakeMonorepo, careful_loop: MakeLoop) -> None:
    source = "import iniconfig\nimport six\n\nprint(six, iniconfig.IniConfig(1))\n"
    tree = monorepo({"a/app_a.py": source, "b/app_b.py": source, "pylintrc": "", "mypy.ini": "[mypy]\nstrict = true\n"})
    tree.environment("a", "six==1.17.0")
    tree.environment("b", "six==1.17.0", "iniconfig==2.1.0")
    loop = careful_loop(tree, pylintrc=tree.root / "pylintrc", mypy_ini=tree.root / "mypy.ini")
    projects = [LoopProject("a", "a/.venv"), LoopProject("b", "b/.venv")]
    unimportable = {said for said in loop.pylint(projects) if said[2] == "E0401"}
    assert unimportable == {("a/app_a.py", 1, "E0401", "Unable to import 'iniconfig'")}
    missing = {said[:3] for said in loop.mypy(projects) if said[2] == "import-not-found"}
    assert missing == {("a/app_a.py", 1, "import-not-found")}


def test_a_package_of_a_built_environment_shares_no_file_with_the_installers_cache(tmp_path: Path) -> None:
    """A test may edit it; through a hard link it would edit uv's cache, and so every other environment."""
    made = build(tmp_path / "env", Recipe(("iniconfig",)))
    files = list((made.site_packages / "iniconfig").rglob("*.py"))
    assert files and {path.stat().st_nlink for path in files} == {1}
