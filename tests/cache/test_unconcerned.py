"""What an edit costs does not grow with projects that it does not concern: counted, not timed."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.support.monorepo import Monorepo

# In the main process: what it opens and lists below the root. The log is opened first: who writes is not remembered.
HEARD = """
import os, sys

def hear(event, arguments, log=os.open({log!r}, os.O_WRONLY | os.O_CREAT | os.O_APPEND), process=os.getpid()):
    if event in ("open", "os.scandir", "os.listdir") and str(arguments[0]).startswith({root!r}):
        if os.getpid() == process:
            os.write(log, f"{{event}} {{arguments[0]}}\\n".encode("utf-8", "replace"))

sys.addaudithook(hear)
"""
MANIFEST = '[project]\nname = "{0}"\nversion = "1.0"\n'
MODULE = '"""Module."""\n\n\ndef value() -> int:\n    """One."""\n    return 1\n'
SETTLED = 2.2  # seconds after which a file is believed to be as its time says


class Services:
    """A monorepo of projects that have nothing to do with each other, and what a run opens and lists in them."""

    def __init__(self, place: Path) -> None:
        files: dict[str, str | bytes] = {"pyproject.toml": "[tool.pyfmt]\n", ".gitignore": ".venv\n"}
        self.names = [f"service{number:02}" for number in range(4)]
        for name in self.names:
            files[f"{name}/pyproject.toml"] = MANIFEST.format(name)
            files[f"{name}/{name}/__init__.py"] = '"""Package."""\n'
            files[f"{name}/{name}/module.py"] = MODULE
            files[f"{name}/tests/test_it.py"] = '"""Test."""\n'
        self.place = place
        self.tree = Monorepo.create(place, files)
        for name in self.names:
            self.tree.environment(name)
        self.tree.git("init", "-q")
        self.tree.git("add", ".")
        self.tree.git("-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-q", "-m", "x")
        (place / "sitecustomize.py").write_text(
            HEARD.format(root=f"{self.tree.root}/", log=str(place / "log")), "utf-8"
        )
        self._settle()

    def _settle(self) -> None:
        for _ in range(3):  # what has been looked at closely is known afterwards
            time.sleep(SETTLED)
            self.run("--verbose")

    def run(self, *arguments: str) -> None:
        """A run that finds nothing."""
        environ = {"PYTHONPATH": str(self.place), "PYFMT_SERVER": "off", "CI": ""}
        self.tree.run("check", "--tool", "mypy", "--tool", "black", *arguments, environ=environ).expect(0)

    def heard(self, *arguments: str) -> dict[str, list[str]]:
        """What a run opens and lists, by project."""
        log = self.place / "log"
        log.write_text("")
        self.run(*arguments)
        lines = [line.partition(f"{self.tree.root}/") for line in log.read_text("utf-8").splitlines()]
        assert lines
        found: dict[str, list[str]] = {}
        for what, _, path in lines:
            found.setdefault(path.partition("/")[0], []).append(what + path)
        return {name: said for name, said in sorted(found.items()) if name in self.names}

    def edit(self) -> None:
        """A line of the first project."""
        file = f"{self.names[0]}/{self.names[0]}/module.py"
        self.tree.write({file: self.tree.read(file).replace("return 1", "return 1 + 1")})


@pytest.fixture(scope="module", name="services")
def _services(tmp_path_factory: pytest.TempPathFactory) -> Services:
    return Services(tmp_path_factory.mktemp("services"))


@pytest.mark.parametrize("arguments", [["--verbose"], ["--output", "json"]], ids=" ".join)
def test_a_settled_run_opens_and_lists_nothing_of_a_project(services: Services, arguments: list[str]) -> None:
    assert not services.heard(*arguments)


def test_an_edit_opens_and_lists_nothing_of_other_projects(services: Services) -> None:
    services.edit()
    assert list(services.heard("--verbose")) == services.names[:1]
