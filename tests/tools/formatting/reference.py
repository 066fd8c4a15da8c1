"""What the real `isort` and `black` commands make of a tree: the reference that pyfmt is compared with."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from pyfmt.core.model import Edit, Outcome, Part, Project, ToolConfig, Unit
from pyfmt.runner.format_chunks import FormatOptions
from pyfmt.runner.formatting import format_units

CONFIGS = Path(__file__).resolve().parents[3] / "configs"
BUILT_IN = (
    ToolConfig("isort", str(CONFIGS / "isort.cfg"), "built-in"),
    ToolConfig("black", str(CONFIGS / "black.toml"), "built-in"),
)
ISORT, BLACK = BUILT_IN


def write_tree(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Write files below `root`, text as UTF-8 with its line endings as given."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def read_tree(root: Path, names: Iterable[str]) -> dict[str, bytes]:
    """The bytes of each of the files."""
    return {name: (root / name).read_bytes() for name in names}


def python_files(folder: Path) -> tuple[str, ...]:
    """All .py and .pyi files below, relative, sorted."""
    return tuple(
        sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*.py*") if path.suffix in (".py", ".pyi"))
    )


@dataclass(frozen=True)
class Commands:
    """The real commands, with shared configurations, run in a project's folder."""

    isort: Path = Path(ISORT.path)
    black: Path = Path(BLACK.path)
    black_options: tuple[str, ...] = ()

    def format(self, folder: Path) -> None:
        """`isort .`, then `black .`; what black refuses is put back as it was, without stopping it."""
        before = read_tree(folder, python_files(folder))
        done = self._run([*self._isort(folder), "."], folder)
        assert done.returncode == 0, done.stdout + done.stderr
        done = self._run([*self._black(), "."], folder)
        assert done.returncode in (0, 123), done.stdout + done.stderr
        for name in _refused(done.stderr, folder):
            (folder / name).write_bytes(before[name])

    def agree(self, folder: Path) -> tuple[bool, bool]:
        """Whether `isort --check` and `black --check` find nothing to do."""
        sorted_ = self._run([*self._isort(folder), "--check-only", "."], folder).returncode == 0
        return sorted_, self._run([*self._black(), "--check", "."], folder).returncode == 0

    def black_errors(self, folder: Path) -> set[str]:
        """The files that `black --check` says it cannot format."""
        return _refused(self._run([*self._black(), "--check", "."], folder).stderr, folder)

    def _isort(self, folder: Path) -> list[str]:
        # isort takes relative `--src` from the settings file's folder, so they are absolute here.
        source = ["--src", str(folder / "src"), "--src", str(folder)]
        return [sys.executable, "-P", "-m", "isort", "--settings-file", str(self.isort), *source]

    def _black(self) -> list[str]:
        return [sys.executable, "-P", "-m", "black", "--no-cache", "--config", str(self.black), *self.black_options]

    @staticmethod
    def _run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
        environ = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "BLACK", "ISORT"))
        }
        return subprocess.run(command, cwd=folder, env=environ, check=False, capture_output=True, text=True)


def _refused(said: str, folder: Path) -> set[str]:
    found = re.findall(r"^error: cannot (?:format|parse:) (.+?\.pyi?):", said, re.M)
    return {Path(match).relative_to(folder).as_posix() for match in found}


def unit_for(project: Project) -> Unit:
    """The formatters' unit of a project."""
    return Unit("format", None, (Part(project, project.files),))


def run(root: Path, *projects: Project, **options: object) -> list[Outcome]:
    """Format projects below `root` in place with pyfmt's own configs, unless other options are given."""
    values: dict[str, object] = {"configs": BUILT_IN, "jobs": 2} | options
    chosen = FormatOptions(root, **values)  # type: ignore[arg-type]
    return format_units([unit_for(project) for project in projects], chosen, lambda _: None)


def run_tree(root: Path, **options: object) -> Outcome:
    """Format all files below `root` as one project."""
    return run(root, Project("tree", ".", python_files(root)), **options)[0]


def twin(root: Path) -> Path:
    """A copy of a tree beside it, for the reference."""
    copy = root.parent / f"{root.name}-reference"
    shutil.copytree(root, copy, symlinks=True)
    return copy


def edited(edits: Iterable[Edit]) -> dict[str, tuple[str, ...]]:
    """Which tools changed which file."""
    return {edit.path: edit.tools for edit in edits}
