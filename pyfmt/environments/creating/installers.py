"""uv and pip: their calls, and how they are run so that an interrupt ends them."""

from __future__ import annotations

import contextlib
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pyfmt.environments.creating.marker import UnderConstruction
from pyfmt.environments.creating.recipes import Step
from pyfmt.environments.creating.values import CreateOptions, CreationError
from pyfmt.environments.layout import new_interpreter
from pyfmt.tools.worker import GUARDED

_SHOWN_LINES = 15
# Of whoever started pyfmt: they would make the new environment's python, or uv, look at another one.
_FOREIGN = (
    "VIRTUAL_ENV",
    "PYTHONHOME",
    "PYTHONPATH",
    "UV_PROJECT_ENVIRONMENT",
    "UV_PYTHON",
    "CONDA_PREFIX",
    "PIP_USER",
    *("PDM_PYTHON", "PDM_LOCKFILE", "PDM_PROJECT", "PDM_IGNORE_ACTIVE_VENV"),
    *("PIPENV_PYTHON", "PIPENV_SYSTEM", "PIPENV_CUSTOM_VENV_NAME", "PIPENV_IGNORE_VIRTUALENVS"),
)


@dataclass(frozen=True, slots=True)
class Installer:
    """`uv` where it is set, else the pip of the new environment."""

    uv: str | None = None

    @property
    def name(self) -> str:
        """ "uv" or "pip"."""
        return "uv" if self.uv else "pip"

    def command(self, step: Step, prefix: Path, requirements: Path | None, overrides: Path | None) -> list[str]:
        """The call for a step; `requirements` is the file that holds the step's lines, `overrides` that of its
        overrides."""
        if step.sync is not None:
            return [*step.sync.command]
        python = str(new_interpreter(prefix))
        if self.uv:
            start = [self.uv, "pip", "install", "--no-progress", "--python", python]
        else:
            start = [
                python,
                "-I",
                "-m",
                "pip",
                "install",
                "--no-input",
                "--progress-bar",
                "off",
                "--disable-pip-version-check",
            ]
        start += ["--no-deps"] if step.no_deps else []
        start += ["--only-binary", ":all:"] if step.wheels else []
        # For pip a constraint may be a direct reference, too.
        start += ["--override" if self.uv else "--constraint", str(overrides)] if overrides else []
        for index in step.indexes:
            start += ["--extra-index-url", index]
        for file in (*step.files, *((requirements,) if requirements else ())):
            start += ["-r", str(file)]
        for folder in step.folders:
            start += ["-e", folder.argument] if folder.editable else [folder.argument]
        return start


def find_installer(options: CreateOptions) -> Installer:
    """The installer that the options ask for; raises CreationError where uv is asked for and is not there."""
    if options.installer == "pip":
        return Installer()
    uv = find_uv(options.environ)
    if uv is None and options.installer == "uv":
        raise CreationError("uv is not installed", "install pyfmt again: it brings uv")
    return Installer(uv)


def find_uv(environ: Mapping[str, str]) -> str | None:
    """uv's binary: that of the PyPI package beside pyfmt, else the one on PATH."""
    try:
        from uv import find_uv_bin  # deferred: only where an environment is made; a system's package may leave it out
    except ImportError:
        return shutil.which("uv", path=environ.get("PATH"))
    try:
        return str(find_uv_bin())
    except FileNotFoundError:
        return shutil.which("uv", path=environ.get("PATH"))


@dataclass(frozen=True, slots=True)
class _Call:
    command: list[str]
    cwd: Path
    environ: dict[str, str]
    scratch: str  # a folder of this call alone
    locks: tuple[int, ...] = ()


@dataclass(slots=True)
class Calls:
    """The calls that run at the moment, so that `stop` can end them; and the folders that one call at a time may
    write."""

    timeout: float
    environ: Mapping[str, str]
    stopped: threading.Event = field(default_factory=threading.Event)
    _running: set[subprocess.Popen[bytes]] = field(default_factory=set)
    _guard: threading.Lock = field(default_factory=threading.Lock)
    _folders: dict[Path, threading.Lock] = field(default_factory=dict)

    def run(self, installer: Installer, step: Step, site: UnderConstruction) -> None:
        """Run one step to its end; raises CreationError with the last lines that it said."""
        with contextlib.ExitStack() as stack:
            scratch = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pyfmt-create-")))
            requirements = _written(scratch / "requirements.txt", step.lines)
            overrides = _written(scratch / "overrides.txt", step.overrides)
            for folder in step.written_to:  # sorted, so that two calls never wait for each other
                stack.enter_context(self._folder(folder))
            command = installer.command(step, site.prefix, requirements, overrides)
            environ = self._environ(site.prefix, step)
            code, said = self._call(_Call(command, step.cwd, environ, str(scratch), site.locks))
        self.raise_if_stopped()
        _check(installer, step.sync.program if step.sync is not None else installer.name, code, said)

    def sync_script(self, uv: str, script: str, cwd: Path) -> None:
        """Have uv make the environment of a script that names its own dependencies; raises CreationError."""
        command = [uv, "sync", "--no-progress", "--script", script]
        _check(Installer(uv), "uv", *self._apart(command, cwd))

    def ask(self, command: list[str], cwd: Path) -> tuple[int, str]:
        """The exit code of a call that installs nothing, and what it said; raises CreationError."""
        code, said = self._apart(command, cwd)
        self.raise_if_stopped()
        return code, said.decode("utf-8", "replace")

    def raise_if_stopped(self) -> None:
        """Raises CreationError after `stop`, so that no further step begins."""
        if self.stopped.is_set():
            raise CreationError("interrupted")

    def stop(self) -> None:
        """End every call that runs; what is not yet begun does not begin."""
        self.stopped.set()
        with self._guard:
            for process in self._running:
                _end(process)

    def _plain_environ(self) -> dict[str, str]:
        return {key: value for key, value in self.environ.items() if key not in _FOREIGN}

    def _environ(self, prefix: Path, step: Step) -> dict[str, str]:
        environ = self._plain_environ()
        environ["VIRTUAL_ENV"] = str(prefix)
        return environ | dict(step.sync.environ if step.sync is not None else ())

    @contextlib.contextmanager
    def _folder(self, path: Path) -> Iterator[None]:
        with self._guard:
            lock = self._folders.setdefault(path, threading.Lock())
        with lock:
            yield

    def _apart(self, command: list[str], cwd: Path) -> tuple[int, bytes]:
        with tempfile.TemporaryDirectory(prefix="pyfmt-create-") as scratch:
            return self._call(_Call(command, cwd, self._plain_environ(), scratch))

    def _call(self, call: _Call) -> tuple[int, bytes]:
        """Exit code and output. The output goes to a file: a grandchild that keeps a pipe open would make us wait."""
        with tempfile.TemporaryFile() as log:
            with self._guard:
                self.raise_if_stopped()
                # A session of its own: Ctrl-C reaches it only through `stop`, with its children. They end with this
                # process, too, however that ends.
                process = subprocess.Popen(  # pylint: disable=consider-using-with  # awaited below, whatever happens
                    [sys.executable, "-I", "-S", GUARDED, call.scratch, *call.command],
                    cwd=call.cwd,
                    env=call.environ,
                    stdin=subprocess.PIPE,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    pass_fds=call.locks,
                )
                self._running.add(process)
            try:
                code = process.wait(self.timeout)
            except subprocess.TimeoutExpired as error:
                raise CreationError(
                    f"took longer than {self.timeout:g} s: {call.command[0]}", "raise the time limit"
                ) from error
            finally:
                with self._guard:
                    self._running.discard(process)
                    _end(process)
                process.wait()
            log.seek(0)
            return code, log.read()


def _check(installer: Installer, program: str, code: int, said: bytes) -> None:
    """Raises CreationError with the last lines of a call that failed."""
    if code != 0:
        lines = said.decode("utf-8", "replace").strip().splitlines()
        raise CreationError(
            f"{program} ended with {code}: {_telling(lines)}", _cure(installer), "\n".join(lines[-_SHOWN_LINES:])
        )


def _written(file: Path, lines: Sequence[str]) -> Path | None:
    """A file of lines; None where there are none."""
    if not lines:
        return None
    file.write_text("\n".join(lines) + "\n", "utf-8")
    return file


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a guarded program, if it still runs, with all that it has started."""
    if process.stdin is not None:
        process.stdin.close()


def _telling(lines: list[str]) -> str:
    """The line that says most: the first that names an error, else the last."""
    for line in lines:
        if line.lower().lstrip(" ×x").startswith(("error", "no solution", "failed", "distribution")):
            return line.strip(" ×x")
    return lines[-1].strip() if lines else "it said nothing"


def _cure(installer: Installer) -> str:
    if installer.uv:
        return (
            "see the lines above it; uv does not read pip's configuration: your index belongs into UV_INDEX or uv.toml"
        )
    return "see the lines above it; pip takes your index from PIP_INDEX_URL or pip.conf"
