"""Runs the real worker in real environments, and the loop that it must agree with."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pylint

from pyfmt.core.model import Environment, Part, Project, PythonVersion, ToolConfig, Unit
from pyfmt.tools.protocol import LintContext, Reading
from pyfmt.tools.pylint.adapter import PylintLinter
from tests.support.pythons import clean_environ
from tests.support.virtualenvs import BuiltEnvironment

SERVER = Path(__file__).parents[3] / "pyfmt" / "tools" / "worker" / "server.py"
TOOLS = str(Path(pylint.__file__).parents[1])
PYLINT = (f"pylint=={pylint.__version__}", f"astroid=={version('astroid')}", f"isort=={version('isort')}")
WIDE = ("R0801", "R0401")

PROBE = """import json, sys, sysconfig
print(json.dumps({"path": [p for p in sys.path if p], "base": sys._base_executable, "prefix": sys.prefix,
                  "site": [sysconfig.get_path("purelib")], "version": sys.version_info[:3]}))"""

Said = tuple[str, int, str, str]


def write(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write files below `root` and give it back, symlinks resolved."""
    for name, text in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root.resolve()


def described(built: BuiltEnvironment) -> Environment:
    """The environment as pyfmt would read it from disk; here it is simply asked."""
    done = built.run("-I", "-c", PROBE, cwd=Path("/"))
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    hooks = [path for path in told["path"] if not path.startswith("__editable__")]
    return Environment(
        name="env",
        prefix=told["prefix"],
        python=PythonVersion(*told["version"]),
        base_executable=told["base"],
        search_path=tuple(hooks),
        site_packages=tuple(told["site"]),
    )


@dataclass(frozen=True)
class Lint:
    """One call of the worker: projects (folders below root) in one environment."""

    root: Path
    environment: Environment
    rcfile: Path
    trusted: bool = False
    context: tuple[str, ...] = ()  # files to take into account only
    requires_python: str | None = None
    import_roots: tuple[str, ...] = ()  # below each project, besides itself
    no_fork: bool = False

    def payload(self, projects: Sequence[str]) -> tuple[Unit, dict[str, Any]]:
        """The unit of all files of the projects, and what the worker is given for it."""
        unit = Unit("pylint", self.environment, tuple(self._part(path) for path in projects))
        config = ToolConfig("pylint", str(self.rcfile), "configs")
        context = LintContext(str(self.root), config, (TOOLS,), None, (), self.trusted)
        return unit, PylintLinter().payload(unit, context)

    def run(self, *projects: str) -> Reading:
        """What pyfmt reads from the worker's answer."""
        unit, payload = self.payload(projects)
        return PylintLinter().parse(unit, self.answer(payload))

    def answer(self, payload: dict[str, Any]) -> dict[str, Any]:
        """The worker's answer, from a server process in a clean environment."""
        scratch = self.root.parent / f"{self.root.name}-answers"
        scratch.mkdir(exist_ok=True)
        request = {"id": 1, "payload": payload, "answer": str(scratch / "answer"), "log": str(scratch / "log")}
        (scratch / "answer").unlink(missing_ok=True)
        home = scratch / "home"
        home.mkdir(exist_ok=True)
        environ = clean_environ() | {"PYTHONHASHSEED": "0", "HOME": str(home), "XDG_CACHE_HOME": str(home)}
        if self.no_fork:
            environ["PYFMT_NO_FORK"] = "1"
        interpreter = PylintLinter().interpreter(self.environment)
        command = [interpreter, "-s", "-S", str(SERVER), "--once", "pylint", TOOLS]
        subprocess.run(command, input=json.dumps(request) + "\n", text=True, env=environ, check=False, cwd=scratch)
        log = (scratch / "log").read_text(errors="replace") if (scratch / "log").exists() else ""
        assert (scratch / "answer").exists(), log
        assert not any(home.iterdir()), "pylint wrote into the user's home"
        answer: dict[str, Any] = json.loads((scratch / "answer").read_text())
        return answer

    def _part(self, path: str) -> Part:
        files = tuple(python_files(self.root, path))
        reported = tuple(file for file in files if file not in self.context)
        roots = (path, *(f"{path}/{root}" for root in self.import_roots))
        name = path.replace("/", "-")
        project = Project(name, path, files, requires_python=self.requires_python, import_roots=roots)
        return Part(project, reported, tuple(file for file in files if file in self.context))


def python_files(root: Path, path: str) -> list[str]:
    """The Python files of a project, relative to the root."""
    found = [file for file in sorted((root / path).rglob("*")) if file.suffix in (".py", ".pyi")]
    return [file.relative_to(root).as_posix() for file in found if ".venv" not in file.parts]


def careful_loop(
    with_pylint: BuiltEnvironment, root: Path, project: str, rcfile: Path, import_roots: Sequence[str] = ()
) -> set[Said]:
    """What `cd PROJECT && pylint --rcfile SHARED --source-roots ROOTS FILES...` says, with pylint installed there.

    `import_roots` are those below the project, besides itself, as for `Lint`.
    """
    roots = sorted(
        [root / project, *(root / project / name for name in import_roots)], key=lambda path: -len(str(path))
    )
    files = [os.path.relpath(root / file, root / project) for file in python_files(root, project)]
    arguments = ["-m", "pylint", "--rcfile", str(rcfile), "-f", "json2", "--score=n", "--persistent=n", "--jobs=1"]
    arguments += ["--source-roots", ",".join(map(str, roots))]
    done = with_pylint.run(*arguments, *files, cwd=root / project)
    assert done.returncode < 32, done.stderr
    return {
        (f"{project}/{message['path']}", message["line"], message["messageId"], message["message"])
        for message in json.loads(done.stdout)["messages"]
        if message["messageId"] not in WIDE
    }


def said(reading: Reading) -> set[Said]:
    """The findings of a reading in the loop's terms, without the project-wide ones."""
    assert not reading.failures, reading.failures
    return {(each.path, each.line, each.rule, each.message) for each in reading.findings if each.rule not in WIDE}


def rules(reading: Reading, *wanted: str) -> list[tuple[str, int, str, str]]:
    """The findings whose rule is one of `wanted`, as (path, line, rule, message)."""
    return [(each.path, each.line, each.rule, each.message) for each in reading.findings if each.rule in wanted]
