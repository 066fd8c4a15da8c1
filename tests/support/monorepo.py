"""A monorepo in a scratch folder, and runs of the real `pyfmt` command in it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support import virtualenvs
from tests.support.pythons import clean_environ
from tests.support.virtualenvs import BuiltEnvironment, Recipe

ROOT = Path(__file__).resolve().parents[2]  # of the tree under test
# `-P`: a `pyfmt` folder in the working directory is not the one under test.
START = (
    f"import sys; sys.path.insert(0, {str(ROOT)!r}); from pyfmt.cli.main import main; sys.argv[0] = 'pyfmt'; "
    "sys.exit(main())"
)


@dataclass(frozen=True)
class Result:
    """What came of one command."""

    arguments: tuple[str, ...]
    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """Standard output, parsed."""
        try:
            return json.loads(self.stdout)
        except ValueError as error:
            raise AssertionError(f"standard output is not JSON ({error})\n{self}") from error

    def expect(self, code: int) -> Result:
        """Fails with everything that was said, unless the exit code is `code`."""
        assert self.code == code, f"exit code {self.code}, not {code}\n{self}"
        return self

    def __str__(self) -> str:
        call = " ".join(self.arguments)
        return f"$ pyfmt {call}\n--- stdout\n{self.stdout}\n--- stderr\n{self.stderr}\n--- exit code {self.code}"


@dataclass
class Monorepo:
    """A tree at `root`; `home` is an empty home folder, so that nothing of this user's settings or caches counts."""

    root: Path
    home: Path
    environ: dict[str, str] = field(default_factory=dict)

    @classmethod
    def create(cls, folder: Path, files: Mapping[str, str | bytes]) -> Monorepo:
        """Writes a tree to `folder`/monorepo, with an empty home beside it."""
        root, home = folder / "monorepo", folder / "home"
        root.mkdir(parents=True)
        home.mkdir()
        tree = cls(root.resolve(), home)
        tree.write(files)
        return tree

    def copied(self, folder: Path) -> Monorepo:
        """The same tree as `folder`/monorepo, with an empty home: for a test that writes where a tree is shared."""
        shutil.copytree(self.root, folder / "monorepo", symlinks=True)
        (folder / "home").mkdir()
        return Monorepo((folder / "monorepo").resolve(), folder / "home", dict(self.environ))

    def write(self, files: Mapping[str, str | bytes]) -> None:
        """Writes files; texts are dedented, so that tests can indent them. Bytes go in as they are."""
        for name, content in files.items():
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            if isinstance(content, bytes):
                path.write_bytes(content)
            else:
                path.write_bytes(textwrap.dedent(content).lstrip("\n").encode())

    def read(self, name: str) -> str:
        """A file's text, line endings untouched."""
        return (self.root / name).read_bytes().decode()

    def environment(
        self,
        project: str,
        *requirements: str,
        editable: Sequence[str] = (),
        python: str = virtualenvs.HERE,
        folder: str = ".venv",
    ) -> BuiltEnvironment:
        """Makes a real virtual environment in `project`; `editable` are folders relative to the monorepo's root."""
        folders = tuple(str(self.root / name) for name in editable)
        return virtualenvs.build(self.root / project / folder, Recipe(requirements, python, folders))

    def run(
        self,
        *arguments: str,
        cwd: str = ".",
        stdin: str | bytes = b"",
        environ: Mapping[str, str] | None = None,
        timeout: float = 600,
    ) -> Result:
        """Runs `pyfmt ARGUMENTS` in `cwd` (relative to the root) and waits for it."""
        done = subprocess.run(
            [*command(), *arguments],
            check=False,
            capture_output=True,
            cwd=self.root / cwd,
            env=self.environment_variables(environ),
            timeout=timeout,
            input=stdin.encode() if isinstance(stdin, str) else stdin,
        )
        return Result(arguments, done.returncode, done.stdout.decode(), done.stderr.decode())

    def check(self, *arguments: str, command_name: str = "check", **options: Any) -> tuple[Result, dict[str, Any]]:
        """Runs `pyfmt check --output json` and gives the result and the report."""
        result = self.run(command_name, "--output", "json", *arguments, **options)
        report = result.json
        assert isinstance(report, dict), result
        return result, report

    def git(self, *arguments: str) -> str:
        """Runs git in the root, with an author; gives what it prints."""
        done = subprocess.run(
            ["git", "-c", "user.name=Test", "-c", "user.email=test@example.org", *arguments],
            check=False,
            capture_output=True,
            text=True,
            cwd=self.root,
            env=self.environment_variables(),
        )
        assert done.returncode == 0, f"git {' '.join(arguments)}\n{done.stdout}{done.stderr}"
        return done.stdout

    def environment_variables(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """What a command sees: no active environment, an empty home, but this machine's download caches."""
        real_home = Path.home()
        variables = {name: value for name, value in clean_environ().items() if not name.startswith("XDG_")}
        real_cache = Path(os.environ.get("XDG_CACHE_HOME") or real_home / ".cache")
        variables |= {
            "HOME": str(self.home),
            "UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(real_cache / "uv")),
            "PIP_CACHE_DIR": os.environ.get("PIP_CACHE_DIR", str(real_cache / "pip")),
            "PIP_CONFIG_FILE": os.environ.get("PIP_CONFIG_FILE", str(real_home / ".config/pip/pip.conf")),
            "PYENV_ROOT": os.environ.get("PYENV_ROOT", str(real_home / ".pyenv")),
            "GIT_CONFIG_GLOBAL": os.devnull,
        }
        return variables | self.environ | dict(more or {})


def command() -> list[str]:
    """How to start the `pyfmt` under test: the installed script, else the tree itself."""
    script = Path(sys.executable).parent / "pyfmt"
    return [str(script)] if script.exists() else [sys.executable, "-P", "-c", START]


def findings(report: Mapping[str, Any], *tools: str) -> set[tuple[str, int, str, str]]:
    """(path, line, rule, message) of a JSON report's findings, of `tools` or of all."""
    return {
        (finding["path"], finding["line"], finding["rule"], finding["message"])
        for finding in said(report)
        if not tools or finding["tool"] in tools
    }


def said(report: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The findings of a JSON report, of each tool its own where several say the same."""
    for finding in report["findings"]:
        yield finding
        yield from ({**finding, **each} for each in finding.get("equivalents", ()))


def rules(report: Mapping[str, Any], path: str | None = None) -> list[str]:
    """The rules of a JSON report's findings (below `path`), in the report's order."""
    return [item["rule"] for item in report["findings"] if path is None or item["path"].startswith(path)]
