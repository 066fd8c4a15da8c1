"""Plugins run only where they can and may, and whatever is left out is said."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from mypy.version import __version__ as mypy_version

from tests.conftest import MakeEnvironment, MakeMonorepo
from tests.support import virtualenvs
from tests.support.pythons import clean_environ
from tests.tools.mypy.checking import Checker, said, sound, told
from tests.tools.mypy.test_mypy_against_loop import service

CONFIG = "[mypy]\nplugins = pydantic.mypy\n\n[pydantic-mypy]\ninit_typed = True\n"
FILES = {
    "mypy.ini": CONFIG,
    "p/pyproject.toml": service("p"),
    "p/a.py": """
        from pydantic import BaseModel

        class Item(BaseModel):
            size: int

        Item(size="1")
        Item(nothing=1)
        """,
}


def test_a_plugin_of_the_environment_answers_as_in_the_environment(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment, tmp_path: Path
) -> None:
    """Compared with mypy installed in a copy of the environment, where the plugin is at home."""
    tree = monorepo(FILES)
    environment = kept_environment("pydantic>=2.11,<3")
    copy = virtualenvs.clone(environment, tmp_path / "copy", f"mypy=={mypy_version}")
    done = subprocess.run(
        [copy.python, "-m", "mypy", "--config-file", "../mypy.ini", "--cache-dir", tmp_path / "c", "-O", "json", "."],
        capture_output=True,
        text=True,
        cwd=tree.root / "p",
        env=clean_environ(),
        check=False,
    )
    loop = {
        (f"p/{item['file']}", item["line"], item["code"], item["message"])
        for item in map(json.loads, done.stdout.splitlines())
    }

    checker = Checker(tree, {"p": str(environment.prefix)}, config=tree.root / "mypy.ini", trusted=True)
    reading = checker.check()

    assert sound(reading) == loop, done.stderr
    assert any(line == 6 and rule == "arg-type" for _, line, rule, _ in loop), "init_typed is the plugin's own"
    assert not reading.notes


def test_an_untrusted_environment_runs_no_plugin_and_that_is_said(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    tree = monorepo(
        FILES
        | {
            "mypy.ini": "[mypy]\nplugins = pydantic.mypy, tools/own.py\n",
            "tools/own.py": f"open({str(mark)!r}, 'w')\n",
        }
    )
    environment = str(kept_environment("pydantic>=2.11,<3").prefix)
    reading = Checker(tree, {"p": environment}, config=tree.root / "mypy.ini").check()

    assert not reading.failures and not mark.exists()
    assert any("pydantic.mypy" in note and "not trusted" in note for note in reading.notes)
    assert any("tools/own.py" in note and "not trusted" in note for note in reading.notes)


def test_a_trusted_plugin_file_is_found_beside_the_config(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment, tmp_path: Path
) -> None:
    mark = tmp_path / "ran"
    plugin = f"""
        from mypy.plugin import Plugin

        def make(version: str) -> type[Plugin]:
            open({str(mark)!r}, "w").close()
            return Plugin
        """
    tree = monorepo(
        FILES | {"pyproject.toml": "[tool.mypy]\nplugins = ['tools/own.py:make']\n", "tools/own.py": plugin}
    )
    environments = {"p": str(kept_environment("pydantic>=2.11,<3").prefix)}
    sound(Checker(tree, environments, config=tree.root / "pyproject.toml", trusted=True).check())

    assert mark.exists()


def test_a_plugin_for_a_python_that_mypy_does_not_run_on_is_left_out_with_a_note(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment
) -> None:
    tree = monorepo(FILES)
    environments = {"p": str(kept_environment("pydantic>=2,<2.11", python="3.9").prefix)}
    reading = Checker(tree, environments, config=tree.root / "mypy.ini", trusted=True).check()

    assert not reading.failures
    assert any("pydantic.mypy" in note and "3.9" in note and "does not run" in note for note in reading.notes)


def test_an_environment_without_the_plugin_is_checked_without_it(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment
) -> None:
    tree = monorepo({"mypy.ini": CONFIG, "p/pyproject.toml": service("p"), "p/a.py": "x: int = ''\n"})
    environments = {"p": str(kept_environment().prefix)}
    reading = Checker(tree, environments, config=tree.root / "mypy.ini", trusted=True).check()

    assert {rule for _, _, rule, _ in sound(reading)} == {"assignment"}
    assert any("pydantic.mypy" in note and "not installed" in note for note in reading.notes)


def test_a_plugin_that_fails_is_a_failure_and_never_clean(
    monorepo: MakeMonorepo, kept_environment: MakeEnvironment
) -> None:
    tree = monorepo(FILES | {"mypy.ini": "[mypy]\nplugins = own.py\n", "own.py": "1 / 0\n"})
    environments = {"p": str(kept_environment("pydantic>=2.11,<3").prefix)}
    checker = Checker(tree, environments, config=tree.root / "mypy.ini", trusted=True)

    reading = checker.check()
    assert "division by zero" in told(reading.failures) and not said(reading.findings)

    (tree.root / "own.py").unlink()
    assert "own.py does not exist" in told(checker.check().failures)
