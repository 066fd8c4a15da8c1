"""Serves requests for one task module: preloads it once, then forks a child for each request.

Started as `python -s -S server.py [--once] [--single] [--serve] TASK TOOL_PATH...`. Requests are JSON lines on stdin:
`{"id": 1, "payload": {...}, "answer": FILE, "log": FILE, "at": FILE}`; events are JSON lines on stdout:
`{"event": "ready", "pid": 1}`, `{"event": "started", "id": 1, "pid": 2}`,
`{"event": "ended", "id": 1, "status": 0, "cpu": 1.5}`, where `cpu` is what the child and its own children took of
a processor, in seconds.
A child writes what the task's `run(payload)` returns to `answer`, everything it prints to `log`, and which file it is
at to `at` (`limits.py`).
When stdin ends, children that still run are killed: a pyfmt that died leaves nothing behind.
With `--once` a single request is served without fork, in this very process. With `--single` (and `--once`) the task is
told that preparing what several requests share is not worth it: `PYFMT_SINGLE` is set. With `--serve` the server
outlives the run, and stdin is a socket on which runs connect (`warm.py`).
"""

import contextlib
import faulthandler
import gc
import importlib.util
import json
import os
import select
import signal
import sys
import tempfile
import traceback
from types import ModuleType
from typing import Any

# A child that raised: BSD's EX_SOFTWARE, so that it is told apart from a tool's own exit codes.
EXIT_RAISED = 70


def load_task(name: str) -> ModuleType:
    """`worker/task.py` of the tool NAME, loaded by path: nothing of pyfmt becomes importable."""
    tools = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    return load(f"_pyfmt_{name}_task", os.path.join(tools, name, "worker", "task.py"))


def load(name: str, path: str) -> ModuleType:
    """A module by its path."""
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None, path
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


FOLDER = os.path.dirname(os.path.abspath(__file__))
limits = load("_pyfmt_limits", os.path.join(FOLDER, "limits.py"))


def forget_script_folder() -> None:
    """Drop the script's own folder from the search path, where the interpreter put it."""
    own = os.path.dirname(os.path.abspath(__file__))
    sys.path[:] = [entry for entry in sys.path if os.path.abspath(entry or ".") != own]


def serve_one(task: ModuleType, request: dict[str, Any]) -> int:
    """Run the task for one request and write its answer; returns the exit code."""
    try:
        # What the task leaves where it is killed goes away with the run's own folder.
        tempfile.tempdir = os.environ["TMPDIR"] = os.path.dirname(request["answer"])
        limits.begin(request)
        answer = task.run(request["payload"])
        partial = request["answer"] + ".part"
        with open(partial, "w", encoding="utf-8", errors="surrogateescape") as file:
            json.dump(answer, file)
        os.replace(partial, request["answer"])
        return 0
    except MemoryError:
        if not limits.exhausted():
            traceback.print_exc()
            return EXIT_RAISED
        return int(limits.EXIT_MEMORY)
    except BaseException:  # pylint: disable=broad-exception-caught  # whatever it was, the log must hold it
        traceback.print_exc()
        return EXIT_RAISED


def redirect_output(path: str) -> None:
    """Point stdin to nothing, stdout and stderr to the log file."""
    nothing = os.open(os.devnull, os.O_RDONLY)
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(nothing, 0)
    os.dup2(log, 1)
    os.dup2(log, 2)


def child(task: ModuleType, request: dict[str, Any], inherited: tuple[int, ...]) -> None:
    """The life of a forked child: never returns."""
    status = EXIT_RAISED
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        redirect_output(request["log"])
        for descriptor in inherited:
            os.close(descriptor)
        faulthandler.enable()  # where a crash in compiled code happened is in the log then
        status = serve_one(task, request)
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(status)


class Server:
    """The loop of the forking server."""

    def __init__(self, task: ModuleType, events: int) -> None:
        self.task = task
        self.events = events
        self.running: dict[int, dict[str, Any]] = {}  # pid -> request
        self.buffer = b""
        # The number of a signal that arrives is written here, so that `select` wakes up for a child's end.
        self.wake_read, self.wake_write = os.pipe()
        os.set_blocking(self.wake_write, False)
        os.set_blocking(self.wake_read, False)
        signal.set_wakeup_fd(self.wake_write, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        # Ctrl-C reaches the whole group of the terminal; pyfmt decides, and closes our stdin.
        signal.signal(signal.SIGINT, signal.SIG_IGN)

    def say(self, **event: object) -> None:
        """One event line to pyfmt."""
        os.write(self.events, (json.dumps(event) + "\n").encode())

    def start(self, request: dict[str, Any]) -> None:
        """Fork a child in a session of its own, so that it can be killed with all that it starts."""
        self.ask_task("prepare", request["payload"])
        session_read, session_write = os.pipe()
        try:
            pid = os.fork()
        except OSError as error:
            os.close(session_read)
            os.close(session_write)
            self.refuse(request, error)
            return
        if pid == 0:
            os.setsid()
            os.close(session_write)
            child(self.task, request, (session_read, self.events, self.wake_read, self.wake_write))
        os.close(session_write)
        # Once told of, the child may be killed by its session: wait until it has one (the pipe ends).
        os.read(session_read, 1)
        os.close(session_read)
        self.running[pid] = request
        self.say(event="started", id=request["id"], pid=pid)

    def refuse(self, request: dict[str, Any], error: OSError) -> None:
        """A request for which no process can be had (memory, number of processes): the others go on."""
        with open(request["log"], "a", encoding="utf-8") as log:
            log.write(f"no process can be started: {error}\n")
        self.say(event="ended", id=request["id"], status=EXIT_RAISED)

    def reap(self) -> None:
        """Report every child that has ended."""
        while self.running:
            pid, status, usage = os.wait4(-1, os.WNOHANG)
            if pid == 0:
                return
            request = self.running.pop(pid, None)
            if request is not None:
                if status:  # what it has forked must not go on without it
                    with contextlib.suppress(OSError):
                        os.killpg(pid, signal.SIGKILL)
                elif hasattr(self.task, "learn"):
                    with contextlib.suppress(OSError, ValueError), open(request["answer"], encoding="utf-8") as file:
                        self.ask_task("learn", json.load(file))
                cpu = round(usage.ru_utime + usage.ru_stime, 3)
                self.say(event="ended", id=request["id"], status=os.waitstatus_to_exitcode(status), cpu=cpu)

    def ask_task(self, name: str, value: dict[str, Any]) -> None:
        """Call what the task may have for this process: `prepare(payload)` before a fork, `learn(answer)` after it.

        Both only save time: what goes wrong in them is told in the server's log.
        """
        try:
            getattr(self.task, name, lambda _: None)(value)
        except Exception:  # pylint: disable=broad-exception-caught  # a request must be served in any case
            traceback.print_exc()

    def read(self) -> bool:
        """Take in what stdin has; False when it has ended."""
        try:
            data = os.read(0, 1 << 20)
        except ConnectionError:  # pyfmt was killed
            return False
        if not data:
            return False
        *lines, self.buffer = (self.buffer + data).split(b"\n")
        for line in lines:
            self.start(json.loads(line))
        return True

    def loop(self) -> None:
        """Serve until stdin ends."""
        self.say(event="ready", pid=os.getpid())
        try:
            while True:
                ready, _, _ = select.select([0, self.wake_read], [], [])
                if self.wake_read in ready:
                    try:
                        os.read(self.wake_read, 4096)
                    except BlockingIOError:
                        pass
                self.reap()
                if 0 in ready and not self.read():
                    return
        finally:
            for pid in self.running:
                try:
                    os.killpg(pid, signal.SIGKILL)
                except OSError:
                    pass


def main(arguments: list[str]) -> int:
    """Entry point; see the module's docstring."""
    options = {argument for argument in arguments[:2] if argument.startswith("--")}
    name, *tool_paths = arguments[len(options) :]
    once = "--once" in options
    if options & {"--once", "--single"}:
        os.environ["PYFMT_SINGLE"] = "1"
    forget_script_folder()
    if once:
        request = json.loads(sys.stdin.readline())
        redirect_output(request["log"])
        faulthandler.enable()
        task = load_task(name)
        task.preload(tool_paths)
        return serve_one(task, request)
    # The task's own prints must not be taken for events: events get a descriptor of their own.
    events = os.dup(1)
    os.set_inheritable(events, False)
    os.dup2(2, 1)
    warm = load("_pyfmt_warm", os.path.join(FOLDER, "warm.py")) if "--serve" in options else None
    task = load_task(name)
    task.preload(tool_paths)
    # A child would write what is still in these buffers once more, to its own log.
    sys.stdout.flush()
    sys.stderr.flush()
    if "--single" not in options:  # looking for garbage takes longer than one request would with it
        gc.collect()
    gc.freeze()
    if warm is None:
        Server(task, events).loop()
        return 0
    events, end = warm.serve(task)
    Server(task, events).loop()
    end()
    os._exit(0)  # there is nothing to tidy up in a copy


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
