"""Child processes: a clean environment, and killing them with all that they started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Mapping

# Variables that would change what a tool sees or does; the shared configuration is the only interface.
_DROPPED_PREFIXES = ("PYTHON", "MYPY", "PYLINT", "BLACK_", "ISORT_", "__PYVENV_LAUNCHER__")
_DROPPED = frozenset({"VIRTUAL_ENV", "CONDA_PREFIX"})


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


def kill_tree(pid: int) -> None:
    """Kill a process that leads its own session, and everything in it; nothing happens where it is gone."""
    if sys.platform == "win32":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(pid)], check=False, capture_output=True)
        return
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        pass  # gone; macOS says "not permitted" of a group of zombies


def popen_worker(command: list[str], stderr: int) -> subprocess.Popen[bytes]:
    """Start a worker with pipes for requests and events, in a session of its own."""
    return subprocess.Popen(  # pylint: disable=consider-using-with  # its life is the server object's
        command,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=stderr,
        env=clean_environ(os.environ),
        start_new_session=sys.platform != "win32",
        close_fds=True,
    )
