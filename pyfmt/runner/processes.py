"""Child processes: a clean environment, and killing them with all that they started."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping
from functools import cache
from typing import IO, TYPE_CHECKING, Protocol

from pyfmt import disk

if TYPE_CHECKING:
    import subprocess

# Variables that would change what a tool sees or does; the shared configuration is the only interface.
_DROPPED_PREFIXES = ("PYTHON", "MYPY", "PYLINT", "BLACK_", "ISORT_", "__PYVENV_LAUNCHER__")
_DROPPED = frozenset({"VIRTUAL_ENV", "CONDA_PREFIX"})


class ProcessLike(Protocol):
    """What a worker's client needs of its process, as subprocess.Popen has it."""

    pid: int
    stdin: IO[bytes] | None
    stdout: IO[bytes] | None

    def poll(self) -> int | None: ...

    def wait(self, timeout: float | None = None) -> int: ...


def clean_environ(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables for a worker: nothing that changes a tool's answer, and a fixed hash seed (pylint's R0801 and
    R0401 depend on the order of sets)."""
    kept = {
        name: value
        for name, value in environ.items()
        if name not in _DROPPED and not name.startswith(_DROPPED_PREFIXES)
    }
    kept["PYTHONHASHSEED"] = "0"
    kept["PYTHONUTF8"] = "1"
    return kept


@cache
def memory_limit() -> int:
    """What one process of a tool may take, in MiB: `PYFMT_MEMORY`, else three quarters of the machine's memory (or of
    what this process's control group may take), so that one file ends its tool before it ends the machine; 0: no
    limit."""
    if asked := os.environ.get("PYFMT_MEMORY", ""):
        return int(asked) if asked.isdecimal() else 0
    try:
        size = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 0  # Windows
    try:
        size = min(size, int(disk.read_text("/sys/fs/cgroup/memory.max")))
    except (OSError, ValueError):
        pass  # not Linux, or "max"
    return max(1024, (size * 3 // 4) >> 20)


def limit_memory() -> None:
    """Let this process take no more than `memory_limit`: what it asks for beyond that is a MemoryError."""
    try:
        import resource  # pylint: disable=import-outside-toplevel  # not on Windows

        if memory_limit():
            resource.setrlimit(
                resource.RLIMIT_DATA, (memory_limit() << 20, resource.getrlimit(resource.RLIMIT_DATA)[1])
            )
    except (ImportError, OSError, ValueError):
        pass  # less is allowed already


def is_stopped(process: ProcessLike) -> bool:
    """Whether a signal has stopped (not ended) a child; False where the system does not say."""
    if sys.platform == "win32" or not hasattr(os, "waitid"):
        return False
    try:
        return os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOHANG | os.WNOWAIT) is not None
    except ChildProcessError:
        return is_stopped_process(process.pid)  # of a server that another run has started
    except OSError:
        return False


def is_stopped_process(pid: int) -> bool:
    """The same of any process, where there is a /proc."""
    return _process_state(pid) in ("T", "t")


def is_alive(pid: int) -> bool:
    """Whether a process runs, by /proc; one of which only its exit code is left does not."""
    return _process_state(pid) not in ("", "Z", "X")


def _process_state(pid: int) -> str:
    try:
        return disk.read_text(f"/proc/{pid}/stat", "replace").rpartition(")")[2].split()[0]
    except (OSError, IndexError):
        return ""


def kill_tree(pid: int) -> None:
    """Kill a process that leads its own session, and everything in it; nothing happens where it is gone."""
    if sys.platform == "win32":
        import subprocess

        subprocess.run(["taskkill", "/F", "/T", "/PID", str(pid)], check=False, capture_output=True)
        return
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # gone; macOS says "not permitted" of a group of zombies


def popen_server(command: list[str], listening: int, environ: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start a worker that outlives this process: it has nothing of it but a socket that listens, and these
    variables."""
    import subprocess  # deferred, see below

    return subprocess.Popen(  # pylint: disable=consider-using-with  # see above
        command,
        stdin=listening,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=environ,
        cwd="/",
        start_new_session=True,
    )


def popen_worker(command: list[str], stderr: int) -> subprocess.Popen[bytes]:
    """Start a worker with pipes for requests and events, in a session of its own."""
    import subprocess  # deferred for start-up time: formatting alone starts none

    return subprocess.Popen(  # pylint: disable=consider-using-with  # its life is the server object's
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env={**clean_environ(os.environ), "PYFMT_MEMORY": str(memory_limit() or "")},
        start_new_session=sys.platform != "win32",
        close_fds=True,
    )
