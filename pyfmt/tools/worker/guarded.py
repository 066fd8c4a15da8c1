"""Runs a program that must not outlive who has started this: `python -I -S guarded.py FOLDER COMMAND...`.

Standard input is a pipe that the caller holds open. When it ends too soon, since the caller was killed, the program is
ended with all that it has started, and FOLDER, where its files are, is removed. Standard library only.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import threading


def main(folder: str, command: list[str]) -> int:
    """Run it to its end; its exit code, 128 and more where a signal has ended it."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):  # these end the caller, and then this
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True) as process:
        ending = threading.Event()
        thread = threading.Thread(target=_end_with_caller, args=(process, folder, ending), daemon=True)
        thread.start()
        code = process.wait()
        if ending.is_set():
            thread.join()  # which ends this process when the folder is gone
    return code if code >= 0 else 128 - code


def _end_with_caller(process: subprocess.Popen[bytes], folder: str, ending: threading.Event) -> None:
    while os.read(0, 1):
        pass
    ending.set()
    try:
        if hasattr(os, "killpg"):
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except OSError:
        pass  # it has just ended
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(1)


if __name__ == "__main__":
    # At once: the thread waits for its input.
    os._exit(main(sys.argv[1], sys.argv[2:]))
