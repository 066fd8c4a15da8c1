"""An untrusted checkout runs nothing, by any way that facts of Python, git and the tools offer; trust is told exactly.

Each vector leaves a sentinel file of its own name, so that a failure says which one ran.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.end_to_end.trees import manifest
from tests.environments.creating.trees import own_build
from tests.support import virtualenvs
from tests.support.monorepo import ROOT, Monorepo
from tests.support.pythons import clean_environ

# Modules that a tool or Python itself would import from a folder that comes first on the search path.
SHADOWING = "mypy pylint black isort astroid pathspec platformdirs argparse json tomllib sqlite3 plugin_host".split()


@dataclass
class Trap:
    """A monorepo full of traps, and where they leave their marks."""

    tree: Monorepo
    marks: Path

    def code(self, name: str) -> str:
        """Python that leaves the mark `name`."""
        return f"open({str(self.marks / name.replace('/', ' '))!r}, 'w').close()\n"

    def sprung(self) -> set[str]:
        """The vectors that ran since the last call."""
        found = {path.name for path in self.marks.iterdir()}
        for path in self.marks.iterdir():
            path.unlink()
        return found


@pytest.fixture(name="trap", scope="module")
def _trap(tmp_path_factory: pytest.TempPathFactory) -> Trap:
    folder = tmp_path_factory.mktemp("trap")
    (folder / "marks").mkdir()
    trap = Trap(Monorepo.create(folder, {}), folder / "marks")
    tree, code = trap.tree, trap.code
    plugin = code("mypy plugin") + "from mypy.plugin import Plugin\n\n\ndef plugin(version):\n    return Plugin\n"
    tree.write(
        {
            "pyproject.toml": '[tool.pyfmt]\nconfigs = "configs"\nprojects = ["app", "fake"]\n',
            "configs/mypy.ini": "[mypy]\nplugins = evil_mypy, own.py\npython_executable = ../fake/.venv/bin/python\n",
            "configs/own.py": plugin.replace("mypy plugin", "mypy plugin file"),
            "configs/pylintrc": "[MAIN]\nload-plugins=evil_pylint,local_pylint\nextension-pkg-allow-list=markupsafe\n"
            f"unsafe-load-any-extension=yes\ninit-hook={code('init-hook').strip()}\n",
            "app/pyproject.toml": manifest("app", "app") + '\n[tool.mypy]\nplugins = ["project_plugin"]\n',
            "app/mypy.ini": "[mypy]\nplugins = project_plugin.py\npython_executable = ../fake/.venv/bin/python\n",
            "app/project_plugin.py": plugin.replace("mypy plugin", "project mypy plugin"),
            "app/.pylintrc": f"[MAIN]\ninit-hook={code('project init-hook').strip()}\n",
            "app/local_pylint.py": code("pylint plugin of the checkout") + "def register(linter):\n    del linter\n",
            "app/setup.py": code("setup.py"),
            "app/conftest.py": code("conftest.py"),
            "app/app/__init__.py": "import markupsafe._speedups\nimport broken_import\n",
            "fake/pyproject.toml": manifest("fake", "fake"),
            "fake/fake/__init__.py": '"""Fake."""\n',
        }
    )
    for place in ("", "app/", "app/app/", "fake/"):
        tree.write({f"{place}{name}.py": code(f"{place}{name}.py") for name in (*SHADOWING, "sitecustomize")})
    environment = tree.environment("app", "markupsafe==3.0.2")
    site = environment.site_packages
    for name, text in {
        "evil.pth": f"import sys; exec({code('.pth').strip()!r}); sys.path.append({str(folder / 'marks')!r})\n",
        "sitecustomize.py": code("sitecustomize"),
        "usercustomize.py": code("usercustomize"),
        # Renamed folders are linked for mypy by their names: by such names anywhere.
        "__editable___x_finder.py": code("finder")
        + f"MAPPING = {{'x': '/x', 'x/y': '/usr', '{trap.marks}/link of a finder': '/usr'}}\n"
        + "\n\ndef install():\n    pass\n",
        "__editable__.x.pth": "import __editable___x_finder; __editable___x_finder.install()\n",
        "evil_mypy.py": plugin,
        "evil_pylint.py": code("pylint plugin") + "def register(linter):\n    del linter\n",
        "mypy.py": code("site-packages/mypy.py"),
        "pylint.py": code("site-packages/pylint.py"),
    }.items():
        (site / name).write_text(text, "utf-8")
    (site / "markupsafe/__init__.py").write_text(code("compiled package"), "utf-8")
    fake = tree.environment("fake")
    fake.python.unlink()
    fake.python.write_text(f"#!/bin/sh\n: > '{trap.marks}/checked-in interpreter'\n", "utf-8")
    fake.python.chmod(0o755)
    tree.git("init", "--quiet")
    tree.git("add", "--all", "--force")
    for key in ("core.fsmonitor", "core.pager", "diff.external", "core.sshCommand"):
        tree.git("config", key, f": > '{trap.marks}/git {key}'; false")
    tree.git("config", "core.hooksPath", "hooks")
    trap.sprung()
    return trap


def naive(command: list[str], cwd: Path, environ: Mapping[str, str] | None = None) -> None:
    """What a careless tool would do."""
    variables = {**clean_environ(), **(environ or {})}
    subprocess.run(command, cwd=cwd, env=variables, check=False, capture_output=True)


def test_the_traps_work(trap: Trap) -> None:
    """Else the other tests could not fail."""
    root = trap.tree.root
    naive([str(root / "app/.venv/bin/python"), "-I", "-c", "pass"], root)
    assert trap.sprung() >= {".pth", "sitecustomize", "finder"}
    naive([sys.executable, "-m", "mypy", "app"], root / "app")
    assert "app mypy.py" in trap.sprung()
    naive([sys.executable, "-c", "import black"], root, {"PYTHONPATH": os.pathsep})
    assert trap.sprung() >= {"black.py", "sitecustomize.py"}
    naive([str(root / "fake/.venv/bin/python"), "-V"], root)
    assert trap.sprung() == {"checked-in interpreter"}
    naive(["git", "status"], root)
    assert "git core.fsmonitor" in trap.sprung()


@pytest.mark.parametrize(
    ("words", "cwd"),
    [
        (("check",), "."),
        (("check", "--diff", "--no-cache"), "app/app"),
        (("envs",), "app/app"),
        (("explain", "app/app/__init__.py"), "app"),
        (("config",), "app"),
    ],
)
def test_nothing_of_an_untrusted_checkout_runs(trap: Trap, words: tuple[str, ...], cwd: str) -> None:
    words = tuple(str(trap.tree.root / word) if "/" in word or word == "app" else word for word in words)
    result = trap.tree.run(*words, cwd=cwd)
    assert trap.sprung() == set(), str(result)
    assert "Traceback" not in result.stderr, str(result)


def test_nor_does_it_without_fork(trap: Trap) -> None:
    result = trap.tree.run("check", environ={"PYFMT_NO_FORK": "1"})
    assert trap.sprung() == set(), str(result)


def test_nor_with_a_search_path_that_has_an_empty_part(trap: Trap) -> None:
    """All but sitecustomize, which that Python itself imports before anything of pyfmt."""
    trap.tree.write({"app/app/sitecustomize.py": ""})
    result = trap.tree.run("check", cwd="app/app", environ={"PYTHONPATH": os.pathsep})
    trap.tree.write({"app/app/sitecustomize.py": trap.code("app/app/sitecustomize.py")})
    assert trap.sprung() == set(), str(result)


def test_the_run_is_whole_and_says_what_was_not_run_why_and_what_to_do(trap: Trap) -> None:
    result, report = trap.tree.check("app")
    assert report["failures"] == [], result
    assert {item["rule"] for item in report["findings"]} >= {"import-not-found", "E0401"}
    (told,) = [note for note in report["notes"] if note.startswith("app/.venv is not trusted")]
    for part in (
        "git index",
        "mypy plugin evil_mypy",
        "pylint plugin evil_pylint",
        "init-hook",
        "markupsafe",
        "--trust",
    ):
        assert part in told
    trap.sprung()


def test_trust_lets_run_what_it_names_and_nothing_else(trap: Trap, tmp_path: Path) -> None:
    tree, home = trap.tree, {"XDG_CONFIG_HOME": str(tmp_path)}
    allowed = {"mypy plugin", "mypy plugin file", "init-hook", "pylint plugin"}
    # The last-resort start of an interpreter, which the .pth line makes necessary.
    started = {".pth", "sitecustomize", "finder", "usercustomize"}
    other = {"compiled package", "pylint plugin of the checkout", "app local_pylint.py"}

    tree.run("check", "--trust", "app", environ=home)
    sprung = trap.sprung()
    assert allowed <= sprung <= allowed | started | other, sprung

    said = tree.run("trust", environ=home).expect(0).stdout
    for part in ("mypy plugin evil_mypy (configs/mypy.ini)", "pylint plugin evil_pylint", "init-hook `open("):
        assert part in said
    assert trap.sprung() == set()
    result = tree.run("check", "app", "--no-cache", environ=home)
    assert trap.sprung() >= allowed, str(result)
    assert "not trusted" not in result.stdout

    tree.run("trust", "--revoke", environ=home).expect(0)
    tree.run("check", "app", environ=home)
    assert trap.sprung() == set()


def test_nor_as_a_module_started_in_the_checkout(trap: Trap) -> None:
    """`python -m` puts the working folder first on the search path."""
    tree = trap.tree
    done = subprocess.run(
        [sys.executable, "-m", "pyfmt", "check"],
        cwd=tree.root / "app",
        env={**tree.environment_variables(), "PYTHONPATH": str(ROOT)},
        check=False,
        capture_output=True,
        text=True,
    )
    assert trap.sprung() - {"app sitecustomize.py"} == set(), done.stderr
    assert "no module" not in done.stderr.lower() and "findings" in done.stdout, done.stderr


def test_an_environment_that_was_made_for_something_else_is_no_trust(tmp_path: Path) -> None:
    """It is the user's own, but what the checkout names would run: by a file of the checkout, or by the shell's."""
    folder = tmp_path / "marks"
    folder.mkdir()
    trap = Trap(Monorepo.create(tmp_path, own_build("app")), folder)
    plugin = f"{trap.code('plugin')}from mypy.plugin import Plugin\n\n\ndef plugin(version):\n    return Plugin\n"
    settings = '[tool.pyfmt]\nconfigs = "configs"\nprojects = ["app"]\n'
    files = {"configs/mypy.ini": "[mypy]\nplugins = own.py\n", "configs/own.py": plugin, "pyproject.toml": settings}
    trap.tree.write({**files, "configs/pylintrc": f"[MAIN]\ninit-hook={trap.code('init-hook').strip()}\n"})
    trap.tree.git("init", "--quiet")
    own = virtualenvs.build(trap.tree.home / ".pyenv/versions/own", virtualenvs.Recipe())

    def ran(environ: Mapping[str, str]) -> set[str]:
        result = trap.tree.run("check", "--no-cache", environ={"PYENV_ROOT": str(trap.tree.home / ".pyenv"), **environ})
        sprung = trap.sprung()
        assert "nothing of the checkout is installed in it" in result.stdout or sprung, str(result)
        return sprung

    shell = {"VIRTUAL_ENV": str(own.prefix)}
    assert ran(shell) == set()
    for name, text in {
        "pyproject.toml": f'{settings}[tool.pyfmt.environments]\napp = "{own.prefix}"\n',
        "app/.venv": f"{own.prefix}\n",
        "app/.python-version": "own\n",
    }.items():
        trap.tree.write({name: text})
        assert ran({}) == set(), name
        trap.tree.write({"pyproject.toml": settings})
        if name.startswith("app"):
            (trap.tree.root / name).unlink()
    (trap.tree.root / "app/.venv").symlink_to(own.prefix)
    assert ran({}) == set()
    (trap.tree.root / "app/.venv").unlink()
    own.install(editable=[trap.tree.root / "app"])
    assert ran(shell) == {"init-hook", "plugin"}, "whoever installs it has it run"
