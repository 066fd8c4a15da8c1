"""`python -m pyfmt.cli.cluster.child PARENT ARGUMENT...`: pyfmt with these arguments, ended where the process PARENT is
gone: a worker of a cluster that is killed leaves nothing behind."""

from __future__ import annotations

import os
import signal
import sys
import time

_LOOK = 0.2  # seconds between two looks at the parent
_END = 20.0  # seconds for pyfmt to end its own workers


def main(parent: int, arguments: list[str]) -> int:
    """The exit code of pyfmt."""
    pid = os.fork()
    if pid == 0:
        from pyfmt.cli.start import main as pyfmt  # deferred: only there

        sys.argv = ["pyfmt", *arguments]
        return pyfmt()
    signal.signal(signal.SIGTERM, _raise)
    code: int | None = None
    try:
        while code is None and os.getppid() == parent:
            code = _ended(pid, _LOOK)
    except KeyboardInterrupt:
        pass
    if code is None:
        os.kill(pid, signal.SIGTERM)
        code = _ended(pid, _END)
    if code is None:
        os.kill(pid, signal.SIGKILL)
    return 128 + signal.SIGTERM if code is None else code


def _ended(pid: int, seconds: float) -> int | None:
    """The exit code of a child; None where it has not ended after so many seconds."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.02)
    return None


def _raise(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:]))
