"""The loop that a careful person writes, to compare pyfmt with: each tool, in each project, in its own environment.

pylint is installed in a *copy* of the project's environment, so that nothing of pylint becomes importable in the
original; mypy reads the original by `--python-executable`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tests.support import virtualenvs
from tests.support.pythons import clean_environ
from tests.support.virtualenvs import BuiltEnvironment

Said = tuple[str, int, str, str]  # path relative to the root, line, rule, message
PROJECT_WIDE = frozenset({"R0801", "R0401"})  # pylint pins them on whatever file came last


@dataclass(frozen=True)
class LoopProject:
    """One turn of the loop; paths are relative to the monorepo's root."""

    path: str
    environment: str  # its folder, e.g. "projects/billing/.venv"
    files: tuple[str, ...] = ()  # none: every .py and .pyi of the project
    source_roots: tuple[str, ...] = ()  # relative to the project: "src"; none: the project's folder
    python: str | None = None  # the least version of requires-python ("3.11"): pylint's --py-version


@dataclass(frozen=True)
class CarefulLoop:
    """What the whole loop needs: the tree, the shared configurations, and a scratch folder for copies and caches."""

    root: Path
    scratch: Path
    pylintrc: Path
    mypy_ini: Path
    # Absolute folders to import from, where an environment's import hooks are not seen
    more_roots: tuple[str, ...] = ()

    def pylint(self, projects: Iterable[LoopProject]) -> set[Said]:
        """What pylint says, installed in each project's environment; without R0801 and R0401."""
        said: set[Said] = set()
        for project in projects:
            said |= self._pylint(project)
        return said

    def mypy(self, projects: Iterable[LoopProject]) -> set[Said]:
        """What mypy says, run for each project with its environment's interpreter."""
        said: set[Said] = set()
        for project in projects:
            said |= self._mypy(project)
        return said

    def _pylint(self, project: LoopProject) -> set[Said]:
        files = self._files(project)
        if not files:
            return set()
        arguments = ["-m", "pylint", "--rcfile", str(self.pylintrc), "--output-format", "json2", "--jobs", "1"]
        arguments += ["--persistent", "n", "--score", "n", "--reports", "n"]
        if project.python:
            arguments += ["--py-version", project.python]
        roots = sorted(map(str, self._source_roots(project)), key=len, reverse=True)  # of two, the longer one counts
        done = self._with_pylint(project).run(
            *arguments,
            *("--source-roots", ",".join(roots)),
            *files,
            cwd=self.root / project.path,
            environ={"PYTHONPATH": os.pathsep.join(self.more_roots)} if self.more_roots else None,
        )
        assert done.returncode < 32, f"pylint could not run in {project.path}:\n{done.stdout}{done.stderr}"
        messages = json.loads(done.stdout)["messages"]
        return {
            (self._relative(item["path"], project), item["line"], item["messageId"], item["message"])
            for item in messages
            if item["messageId"] not in PROJECT_WIDE
        }

    def _with_pylint(self, project: LoopProject) -> BuiltEnvironment:
        copy = self.scratch / "with-pylint" / project.environment.replace("/", "-")
        if copy.exists():
            return BuiltEnvironment(copy)
        original = BuiltEnvironment(self.root / project.environment)
        return virtualenvs.clone(original, copy, f"pylint=={version('pylint')}", f"astroid=={version('astroid')}")

    def _mypy(self, project: LoopProject) -> set[Said]:
        files = self._files(project)
        if not files:
            return set()
        environment = BuiltEnvironment(self.root / project.environment)
        command = [sys.executable, "-P", "-m", "mypy", "--config-file", str(self.mypy_ini)]
        command += ["--cache-dir", str(self.scratch / "mypy" / project.path.replace("/", "-"))]
        command += ["--python-executable", str(environment.python), "--python-version", _python_version(environment)]
        command += ["--explicit-package-bases", "--output", "json", "--no-error-summary", *files]
        roots = [str(root) for root in self._source_roots(project)]
        done = subprocess.run(
            command,
            check=False,
            capture_output=True,
            text=True,
            cwd=self.root / project.path,
            env=clean_environ() | {"MYPYPATH": os.pathsep.join(roots)},
        )
        assert done.returncode in (0, 1), f"mypy could not run in {project.path}:\n{done.stdout}{done.stderr}"
        said = [json.loads(line) for line in done.stdout.splitlines()]
        return {
            (self._relative(item["file"], project), item["line"], item["code"] or "", item["message"]) for item in said
        }

    def _files(self, project: LoopProject) -> list[str]:
        folder = self.root / project.path
        if project.files:
            return [str(self.root / name) for name in project.files]
        found = [path for path in sorted(folder.rglob("*")) if path.suffix in (".py", ".pyi") and path.is_file()]
        return [str(path) for path in found if not any(part.startswith(".") for part in path.relative_to(folder).parts)]

    def _source_roots(self, project: LoopProject) -> list[Path]:
        folder = self.root / project.path
        own = [folder / name for name in project.source_roots] or [folder]
        return [*own, *map(Path, self.more_roots)]

    def _relative(self, path: str, project: LoopProject) -> str:
        return (self.root / project.path / path).resolve().relative_to(self.root.resolve()).as_posix()


def _python_version(environment: BuiltEnvironment) -> str:
    done = environment.run("-I", "-c", "import sys; print('%d.%d' % sys.version_info[:2])")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
