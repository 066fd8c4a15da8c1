"""What stands in the root where a tool looks for its configuration itself is the shared one; several are an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.monorepo import Monorepo

STRICT = "[mypy]\ndisallow_untyped_defs = true\n"
UNTYPED = '"""App."""\n\n\ndef one(it):  # type: ignore[no-untyped-def]\n    """One."""\n    return it\n'


def tree(folder: Path, files: dict[str, str | bytes]) -> Monorepo:
    """One project beside the root's files."""
    made = Monorepo.create(folder, {"app/pyproject.toml": '[project]\nname = "app"\nversion = "1"\n', **files})
    made.environment("app")
    return made


@pytest.mark.parametrize("name", ["mypy.ini", ".mypy.ini", "setup.cfg"])
def test_a_strict_mypy_stays_strict(tmp_path: Path, name: str) -> None:
    made = tree(tmp_path, {name: STRICT, "app/app.py": UNTYPED.replace("  # type: ignore[no-untyped-def]", "")})
    rules = {item["rule"] for item in made.check("--tool", "mypy")[1]["findings"]}
    assert rules == {"no-untyped-def"}
    assert f"mypy    {name}  (root)" in made.run("config").expect(0).stdout
    made.write({name: STRICT.replace("true", "false")})
    assert made.check("--tool", "mypy")[1]["findings"] == []


@pytest.mark.parametrize(
    ("name", "text"),
    [
        (".pylintrc", "[MAIN]\ndisable = all\nenable = line-too-long\n[FORMAT]\nmax-line-length = 20\n"),
        ("setup.cfg", "[pylint.main]\ndisable = all\nenable = line-too-long\n[pylint.format]\nmax-line-length = 20\n"),
        ("tox.ini", "[pylint.main]\ndisable = all\nenable = line-too-long\n[pylint.format]\nmax-line-length = 20\n"),
    ],
)
def test_pylint_keeps_its_root_configuration(tmp_path: Path, name: str, text: str) -> None:
    made = tree(tmp_path, {name: text, "app/app.py": "x = 'a text that is longer'\n"})
    assert [item["symbol"] for item in made.check("--tool", "pylint")[1]["findings"]] == ["line-too-long"]


@pytest.mark.parametrize(
    ("name", "text"),
    [(".isort.cfg", "[settings]\nforce_single_line = true\n"), ("tox.ini", "[isort]\nforce_single_line = true\n")],
)
def test_isort_keeps_its_root_configuration(tmp_path: Path, name: str, text: str) -> None:
    made = tree(tmp_path, {name: text, "app/app.py": '"""App."""\n\nfrom os import path, sep\n\nprint(path, sep)\n'})
    made.run("format", "--tool", "isort").expect(0)
    assert "from os import path\nfrom os import sep\n" in made.read("app/app.py")


def test_several_are_an_error_that_names_both(tmp_path: Path) -> None:
    made = Monorepo.create(tmp_path, {"mypy.ini": STRICT, "setup.cfg": STRICT, "app.py": '"""App."""\n'})
    said = made.run("check").expect(2).stderr
    assert "mypy is configured by both mypy.ini and setup.cfg [mypy]" in said
